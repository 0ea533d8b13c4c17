"""Counting and reading the registered events of a source. Times are UTC, naive.

Only files that the caller names are read: a file that is not registered does not exist for a count.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import pyarrow as pa

from reviews.engine.store.files import EventStore, StoredFile, connect, run

UNMAPPED_ROWS: Final = 200  # actions listed per day; the rest of the day is one row
OTHER_ACTIONS: Final = "(further actions)"
MISSING: Final = ("time", "actor", "action", "outcome", "target", "source_ip")

_EVENTS: Final = """
    CREATE TEMP VIEW events AS
    SELECT e.* EXCLUDE (filename), r.service_id, f.seq, f.sealed_at, CAST(e.occurred_at AS DATE) AS day
    FROM read_parquet({files}, filename = true, hive_partitioning = false) AS e
    JOIN files AS f USING (filename)
    LEFT JOIN routes AS r ON {route}
"""
_HOURS: Final = """
    SELECT service_id, date_trunc('hour', occurred_at) AS hour, category, outcome, count(*) AS n
    FROM events GROUP BY ALL ORDER BY ALL
"""
_ACTIONS: Final = """
    WITH single AS (SELECT *, unnest(critical_actions) AS critical FROM events)
    SELECT service_id, day, critical, outcome, count(*) AS n,
        count(*) FILTER (time_basis = 'assumed'),
        count(*) FILTER (coalesce(actor, '') = ''),
        count(*) FILTER (action = ''),
        count(*) FILTER (outcome = 'unknown'),
        count(*) FILTER (coalesce(target, '') = ''),
        count(*) FILTER (coalesce(source_ip, '') = ''),
        min(occurred_at),
        max({'at': occurred_at, 'seq': seq, 'at_byte': "offset", 'length': length})
    FROM single GROUP BY service_id, day, critical, outcome ORDER BY ALL
"""
_UNMAPPED: Final = f"""
    WITH counted AS (
        SELECT day, left(action, 200) AS action, count(*) AS n FROM events
        WHERE len(critical_actions) = 0 GROUP BY ALL
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY day ORDER BY n DESC, action) AS place FROM counted
    )
    SELECT day, CASE WHEN place <= {UNMAPPED_ROWS} THEN action ELSE '{OTHER_ACTIONS}' END AS shown, sum(n)
    FROM ranked GROUP BY day, shown ORDER BY ALL
"""  # noqa: S608 # constants
# Each lag with how often it comes: few rows, however many events, and quantiles that do not depend on any order.
_CLOCKS: Final = """
    WITH lags AS (
        SELECT day, round(epoch(observed_at) - epoch(occurred_at)) AS lag, count(*) AS n,
            count(*) FILTER (time_basis = 'assumed') AS assumed,
            count(*) FILTER (occurred_at > sealed_at) AS ahead
        FROM events GROUP BY ALL
    ), running AS (
        SELECT *, sum(n) FILTER (lag IS NOT NULL) OVER (PARTITION BY day ORDER BY lag NULLS LAST) AS upto,
            sum(n) FILTER (lag IS NOT NULL) OVER (PARTITION BY day) AS total
        FROM lags
    )
    SELECT day, coalesce(max(total), 0),
        min(lag) FILTER (upto * 20 >= total), min(lag) FILTER (upto * 2 >= total),
        min(lag) FILTER (upto * 20 >= total * 19),
        sum(assumed), sum(ahead)
    FROM running GROUP BY day ORDER BY day
"""
_EXAMPLES: Final = """
    SELECT occurred_at, time_basis, actor, action, category, outcome, target, source_ip, event_id, route,
        critical_actions, service_id, segment, seq, "offset", length
    FROM events
    WHERE ($service IS NULL OR service_id = $service)
        AND ($category = '' OR category = $category)
        AND ($critical = '' OR list_contains(critical_actions, $critical))
    ORDER BY occurred_at DESC, seq DESC, "offset" DESC LIMIT $limit
"""


@dataclass(frozen=True)
class HourRow:
    """Events of one service in one hour. Service None: no route explains them."""

    service_id: int | None
    hour: dt.datetime
    category: str
    outcome: str
    n: int


@dataclass(frozen=True)
class ActionRow:
    """Events that show one critical action, on one day and with one outcome."""

    service_id: int | None
    day: dt.date
    action: str
    outcome: str
    n: int
    missing: tuple[int, int, int, int, int, int]  # as in MISSING
    first_at: dt.datetime
    last_at: dt.datetime
    last_segment: int  # seq
    last_offset: int
    last_length: int


@dataclass(frozen=True)
class UnmappedRow:
    """An action of one day that the catalogue does not know."""

    day: dt.date
    action: str
    n: int


@dataclass(frozen=True)
class ClockRow:
    """What the entries of one day say of the clock: lower quantiles of observed_at - occurred_at, in whole seconds."""

    day: dt.date
    entries: int  # that say when they were observed
    low: float | None  # 5 % of them were observed so soon after they happened, or sooner; below 0: before
    median: float | None
    high: float | None  # 95 %
    assumed: int  # of all entries: the zone is assumed
    ahead: int  # of all entries: later than the moment at which they were sealed


@dataclass(frozen=True)
class Counts:
    """All counts of the days that were asked for."""

    hours: tuple[HourRow, ...]
    actions: tuple[ActionRow, ...]
    unmapped: tuple[UnmappedRow, ...]
    clocks: tuple[ClockRow, ...]


@dataclass(frozen=True)
class StoredEvent:
    """One event, with the way back to its sealed bytes."""

    occurred_at: dt.datetime
    time_basis: str
    actor: str | None
    action: str
    category: str
    outcome: str
    target: str | None
    source_ip: str | None
    event_id: str
    route: str | None
    critical_actions: tuple[str, ...]
    service_id: int | None
    segment: str  # SHA-256 of the sealed bytes
    seq: int
    offset: int
    length: int


def routes_table(service_id: int | None, routes: Mapping[str, int]) -> pa.Table:
    """Which service an event belongs to: one service for all, or one per value of the routing field."""
    if service_id is not None:
        return pa.table({"value": pa.array([None], pa.string()), "service_id": pa.array([service_id], pa.int64())})
    return pa.table(
        {"value": pa.array(list(routes), pa.string()), "service_id": pa.array(list(routes.values()), pa.int64())}
    )


def count(store: EventStore, source_id: int, stored: Collection[StoredFile], routes: pa.Table) -> Counts:
    """Counts of the registered files of some days."""
    if not stored:
        return Counts((), (), (), ())
    with connect() as database:
        _open(database, store, source_id, stored, routes)
        hours = tuple(HourRow(*row) for row in _rows(database, _HOURS))
        actions = tuple(_action(row) for row in _rows(database, _ACTIONS))
        unmapped = tuple(UnmappedRow(day, action, int(n)) for day, action, n in _rows(database, _UNMAPPED))
        clocks = tuple(_clock(row) for row in _rows(database, _CLOCKS))
    return Counts(hours, actions, unmapped, clocks)


def examples(
    store: EventStore,
    source_id: int,
    stored: Collection[StoredFile],
    routes: pa.Table,
    *,
    service_id: int | None = None,
    category: str = "",
    critical: str = "",
    limit: int = 20,
) -> list[StoredEvent]:
    """The latest events of some days: of one service, one category or one critical action, if given."""
    if not stored:
        return []
    with connect() as database:
        _open(database, store, source_id, stored, routes)
        wanted = {"service": service_id, "category": category, "critical": critical, "limit": limit}
        found = run(database, _EXAMPLES, wanted).fetchall()
    return [_event(row) for row in found]


def _open(
    database: duckdb.DuckDBPyConnection,
    store: EventStore,
    source_id: int,
    stored: Collection[StoredFile],
    routes: pa.Table,
) -> None:
    names = [str(store.path(source_id, file.day, file.name)) for file in stored]
    seqs = pa.array([file.seq for file in stored], pa.int64())
    sealed = pa.array([file.sealed_at and file.sealed_at.replace(tzinfo=None) for file in stored], pa.timestamp("us"))
    database.register("files", pa.table({"filename": pa.array(names, pa.string()), "seq": seqs, "sealed_at": sealed}))
    database.register("routes", routes)
    one_service = routes.num_rows == 1 and routes["value"][0].as_py() is None
    listed = ", ".join(_literal(path) for path in store.paths(source_id, stored))
    route = "true" if one_service else "e.route = r.value"
    run(database, _EVENTS.format(files=f"[{listed}]", route=route), {})


def _rows(database: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    yield from run(database, query, {}).fetchall()


def _clock(row: tuple[Any, ...]) -> ClockRow:
    day, entries, low, median, high, assumed, ahead = row
    return ClockRow(day, int(entries), low, median, high, int(assumed), int(ahead))


def _event(row: tuple[Any, ...]) -> StoredEvent:
    values = list(row)
    values[10] = tuple(values[10])  # critical_actions
    return StoredEvent(*values)


def _action(row: tuple[Any, ...]) -> ActionRow:
    service_id, day, action, outcome, n, *missing, first_at, last = row
    return ActionRow(
        service_id=service_id,
        day=day,
        action=action,
        outcome=outcome,
        n=n,
        missing=tuple(missing),
        first_at=first_at,
        last_at=last["at"],
        last_segment=last["seq"],
        last_offset=last["at_byte"],
        last_length=last["length"],
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
