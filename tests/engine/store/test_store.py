"""The event store: writing, sweeping, duplicates, counts, and DuckDB in a forked child."""

import datetime as dt
import os
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reviews.engine.events import STORED_SCHEMA
from reviews.engine.store import EventStore, StoredFile, count, event_store, examples, routes_table
from reviews.engine.store.counts import OTHER_ACTIONS, UNMAPPED_ROWS
from reviews.engine.store.files import connect
from reviews.errors import ConfigurationError, StoreError

DAY = dt.date(2026, 10, 14)
NEXT = dt.date(2026, 10, 15)
SOURCE = 5
ONE_SERVICE = routes_table(9, {})


def event(hour: int = 8, minute: int = 0, **values: object) -> dict[str, object]:
    day = values.pop("day", DAY)
    assert isinstance(day, dt.date)
    return {
        "occurred_at": dt.datetime.combine(day, dt.time(hour, minute)),
        "time_basis": "explicit",
        "observed_at": None,
        "actor": "ines",
        "action": "CreateUser",
        "category": "administrative_change",
        "outcome": "success",
        "target": "jonas",
        "source_ip": "192.0.2.7",
        "event_id": f"{hour}:{minute}",
        "sequence_stream": None,
        "sequence_number": None,
        "critical_actions": ["ct.create_user"],
        "route": "111",
        "offset": hour * 100 + minute,
        "length": 10,
        "element": 0,
        "import_id": 1,
        "file": "f" * 16,
        "segment": "a" * 64,
        **values,
    }


def table(*events: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist(list(events), schema=STORED_SCHEMA)


@pytest.fixture
def store(tmp_path: Path) -> EventStore:
    return EventStore(tmp_path / "events [of] a* portal?")  # patterns in a path are no patterns


def fill(store: EventStore, name: str, seq: int, *events: dict[str, object], day: dt.date = DAY) -> StoredFile:
    assert store.write(SOURCE, day, name, table(*events)) == len(events)
    return StoredFile(day, name, seq)


def test_a_file_lies_in_its_partition_and_no_temporary_stays(store: EventStore) -> None:
    fill(store, "1-1-0", 3, event())
    path = store.root / "source=5" / "day=2026-10-14" / "1-1-0.parquet"
    assert pq.read_table(path, partitioning=None).schema.equals(STORED_SCHEMA)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_hours_count_by_service_category_and_outcome(store: EventStore) -> None:
    files = [
        fill(store, "a", 1, event(8), event(8, 59), event(9, outcome="failure"), event(9, category="other")),
        fill(store, "b", 2, event(0, day=NEXT), day=NEXT),
    ]
    fill(store, "unregistered", 3, event(8), event(8, 1))
    hours = count(store, SOURCE, files, ONE_SERVICE).hours
    told = {(row.service_id, row.hour.isoformat(), row.category, row.outcome): row.n for row in hours}
    assert told == {
        (9, "2026-10-14T08:00:00", "administrative_change", "success"): 2,
        (9, "2026-10-14T09:00:00", "administrative_change", "failure"): 1,
        (9, "2026-10-14T09:00:00", "other", "success"): 1,
        (9, "2026-10-15T00:00:00", "administrative_change", "success"): 1,
    }


def test_routes_tell_the_service_and_what_no_route_explains_has_none(store: EventStore) -> None:
    file = fill(store, "a", 1, event(route="111"), event(route="222"), event(route="333"), event(route=None))
    hours = count(store, SOURCE, [file], routes_table(None, {"111": 1, "222": 2})).hours
    assert {row.service_id: row.n for row in hours} == {1: 1, 2: 1, None: 2}
    assert count(store, SOURCE, [file], routes_table(None, {})).hours[0].service_id is None


def test_an_action_has_its_missing_fields_and_the_way_to_its_last_event(store: EventStore) -> None:
    files = [
        fill(store, "a", 4, event(8, actor=None), event(10, source_ip="", target=None), event(9)),
        fill(store, "b", 7, event(10, time_basis="assumed", action="", critical_actions=["ct.create_user", "x"])),
        fill(store, "c", 8, event(11, outcome="unknown", critical_actions=[])),
    ]
    counts = count(store, SOURCE, files, ONE_SERVICE)
    rows = {row.action: row for row in counts.actions}
    assert set(rows) == {"ct.create_user", "x"}
    row = rows["ct.create_user"]
    assert (row.service_id, row.day, row.outcome, row.n) == (9, DAY, "success", 4)
    assert row.missing == (1, 1, 1, 0, 1, 1)
    assert (row.first_at.hour, row.last_at.hour) == (8, 10)
    assert (row.last_segment, row.last_offset, row.last_length) == (7, 1000, 10)
    assert [(one.action, one.n) for one in counts.unmapped] == [("CreateUser", 1)]


def test_many_unmapped_actions_are_listed_up_to_a_limit_and_the_rest_is_counted(store: EventStore) -> None:
    many = [event(1, action=f"GET /{number:04}", critical_actions=[]) for number in range(UNMAPPED_ROWS + 50)]
    often = [event(2, action="POST /often" + "x" * 300, critical_actions=[])] * 3
    unmapped = count(store, SOURCE, [fill(store, "a", 1, *many, *often)], ONE_SERVICE).unmapped
    told = {row.action: row.n for row in unmapped}
    assert len(told) == UNMAPPED_ROWS + 1
    assert told["POST /often" + "x" * 189] == 3
    assert told[OTHER_ACTIONS] == 51
    assert sum(told.values()) == len(many) + 3


def test_duplicates_are_told_in_the_batch_and_in_the_day_that_is_stored(store: EventStore) -> None:
    stored = [fill(store, "a", 1, event(8, event_id="one"), event(8, event_id="two"))]
    ids = ["three", "one", "three", "two", "one", "four"]
    days = [DAY, DAY, DAY, NEXT, DAY, DAY]
    found = store.duplicates(SOURCE, pa.array(days, pa.date32()), pa.array(ids), stored)
    assert found.tolist() == [False, True, True, False, True, False]
    alone = store.duplicates(SOURCE, pa.array(days, pa.date32()), pa.array(ids), [])
    assert alone.tolist() == [False, False, True, False, True, False]


def test_sweeping_keeps_what_is_registered_and_nothing_else_of_the_source(store: EventStore) -> None:
    kept = fill(store, "kept", 1, event())
    fill(store, "left", 1, event())
    fill(store, "alone", 1, event(day=NEXT), day=NEXT)
    (store.root / "source=5" / "day=2026-10-14" / ".writing-1-a").write_bytes(b"half")
    store.write(SOURCE + 1, DAY, "other", table(event()))
    assert store.sweep(SOURCE, {(kept.day, kept.name)}) == 3
    left = sorted(str(path.relative_to(store.root)) for path in store.root.rglob("*.parquet"))
    assert left == ["source=5/day=2026-10-14/kept.parquet", "source=6/day=2026-10-14/other.parquet"]
    assert not (store.root / "source=5" / "day=2026-10-15").exists()


def test_examples_are_the_latest_first_and_lead_to_their_bytes(store: EventStore) -> None:
    file = fill(store, "a", 6, event(8), event(10), event(9, category="other", critical_actions=[]))
    found = examples(store, SOURCE, [file], ONE_SERVICE, limit=2)
    assert [one.occurred_at.hour for one in found] == [10, 9]
    assert (found[0].segment, found[0].seq, found[0].offset, found[0].length) == ("a" * 64, 6, 1000, 10)
    assert [one.occurred_at.hour for one in examples(store, SOURCE, [file], ONE_SERVICE, category="other")] == [9]
    assert len(examples(store, SOURCE, [file], ONE_SERVICE, critical="ct.create_user")) == 2
    assert examples(store, SOURCE, [file], ONE_SERVICE, service_id=8) == []


def test_a_missing_or_damaged_file_is_one_sentence(store: EventStore) -> None:
    file = fill(store, "a", 1, event())
    path = store.path(SOURCE, DAY, "a")
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(StoreError, match="Run rebuild"):
        count(store, SOURCE, [file], ONE_SERVICE)
    path.unlink()
    with pytest.raises(StoreError, match="Run rebuild"):
        count(store, SOURCE, [file], ONE_SERVICE)


def test_nothing_stored_counts_nothing(store: EventStore) -> None:
    counts = count(store, SOURCE, [], ONE_SERVICE)
    assert (counts.hours, counts.actions, counts.unmapped) == ((), (), ())
    assert examples(store, SOURCE, [], ONE_SERVICE) == []


def test_a_forked_child_groups_and_counts(store: EventStore) -> None:
    """A connection that the parent holds hangs in a child; one of its own does not."""
    file = fill(store, "a", 1, *[event(hour) for hour in range(24)] * 500)
    assert len(count(store, SOURCE, [file], ONE_SERVICE).hours) == 24
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of a fork beside threads: our case
        child = os.fork()
    if child == 0:
        try:
            answer = sum(row.n for row in count(store, SOURCE, [file], ONE_SERVICE).hours)
            os.write(writing, str(answer).encode())
        finally:
            os._exit(0)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    assert (os.read(reading, 20), status) == (b"12000", 0)
    os.close(reading)


def test_the_database_fetches_nothing_from_elsewhere() -> None:
    with connect() as database:
        told = database.execute(
            "SELECT current_setting('autoinstall_known_extensions'), current_setting('autoload_known_extensions')"
        ).fetchone()
    assert told == (False, False)


def test_the_address_names_a_local_directory() -> None:
    assert event_store("file:///srv/events").root == Path("/srv/events")
    with pytest.raises(ConfigurationError, match="EVENTS_URL"):
        event_store("s3://bucket")


def test_marks_are_of_the_length_of_the_batch(store: EventStore) -> None:
    found = store.duplicates(SOURCE, pa.array([], pa.date32()), pa.array([], pa.string()), [])
    assert found.dtype == np.bool_
    assert len(found) == 0
