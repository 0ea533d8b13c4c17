"""Normalising: records of a buffer become events, or rejects with a reason. DuckDB does all of it in columns."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reviews.engine.catalogue import ActionCatalogue
from reviews.engine.events import READ_SCHEMA, REJECT_SCHEMA
from reviews.engine.formats import Format, TextRecords
from reviews.engine.reading.attempts import Attempts, Files, Found
from reviews.engine.reading.joining import together
from reviews.engine.reading.matches import Meaning
from reviews.engine.reading.spans import Buffer, Positions, Records, Spans, holds, positions
from reviews.engine.reading.statements import Asked
from reviews.errors import ReadingError

THREADS = 2


@dataclass(frozen=True)
class Context:
    """What reading must be told because the records do not say it."""

    time_zone: str  # of times that carry none; empty: unknown, UTC is assumed and each event says so
    reference_time: dt.datetime  # the file's modification time, aware: no year-less time lies after it
    routing_field: str = ""  # a key of the format's `routes`; empty: events have no route
    catalogue: ActionCatalogue | None = field(default=None, compare=False)
    # With it, a record more than a day later is rejected: it is no time of this world.
    now: dt.datetime | None = None
    # The local time of the record before these, where it is known: times without a year then follow it.
    after: dt.datetime | None = None


@dataclass(frozen=True)
class Normalised:
    """What the spans turned out to be, and how many records they are.

    `records` says it for each span: one as a rule; several where a span holds several events (JsonRecords.each); none
    where it belongs to the record that an earlier span began. Every record is an event, a reject or ignored:
    records.sum() = events + rejects + ignored. Ignored is only what a rule of the format names; a span of which the
    format says nothing at all is a defect of the portal and raises.
    """

    events: pa.Table  # READ_SCHEMA, in the order of the records
    rejects: pa.Table  # REJECT_SCHEMA
    ignored: int
    records: Positions
    within: Mapping[str, int] = field(default_factory=dict)  # envelopes that events were taken out of, by their number


def normalise(
    fmt: Format,
    buffer: Buffer,
    spans: Spans,
    context: Context,
    file_starts: Positions | None = None,
    file_times: Sequence[dt.datetime] = (),
    file_headings: Sequence[str] = (),
) -> Normalised:
    """Events and rejects of the spans, with the spans' offsets.

    A buffer may hold several files one after the other. For a format whose times carry no year (`fmt.yearless`) the
    order within a file decides the year: then say in `file_starts` where in the buffer each file begins, and in
    `file_times` when each was modified (without: `context.reference_time` holds for all). Where a format's lines are
    named by one before them, `file_headings` says for each file which holds at its start: of a file that is read in
    parts, the last of the parts before (LastHeading).
    """
    if not len(spans):
        return Normalised(READ_SCHEMA.empty_table(), REJECT_SCHEMA.empty_table(), 0, positions())
    asked = _asked(fmt, buffer, context)
    files = Files(
        file_starts,
        [_local(time, context.time_zone) for time in file_times or (context.reference_time,)],
        context.after,
        file_headings,
    )
    with connect() as connection:
        found = Attempts(connection, context.catalogue, asked, files).read(fmt, buffer, spans)
    return _sorted_out(found, _shown(fmt, buffer, spans, file_starts), Meaning(context.catalogue))


def _shown(fmt: Format, buffer: Buffer, spans: Spans, file_starts: Positions | None) -> Spans:
    """The spans, each with what goes on with it directly behind it."""
    joined_by = fmt.layout.joined_by if isinstance(fmt.layout, TextRecords) else None
    if joined_by is None:
        return spans
    return replace(spans, lengths=together(joined_by, Records(buffer, spans.offsets, spans.lengths, file_starts)))


def connect() -> duckdb.DuckDBPyConnection:
    """A connection of one's own: a shared one hangs after a fork."""
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "threads": THREADS,
            "preserve_insertion_order": True,
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _asked(fmt: Format, buffer: Buffer, context: Context) -> Asked:
    if context.routing_field and context.routing_field not in fmt.route_columns:
        raise ReadingError(
            f"{fmt.title} has no routing field {context.routing_field!r}. It has: {', '.join(fmt.routes) or 'none'}."
        )
    latest = ""
    if context.now is not None:
        latest = (context.now.astimezone(dt.UTC) + dt.timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")
    _zone(context.time_zone)
    return Asked(context.time_zone, context.routing_field, latest, _may_hold_nul(buffer))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ReadingError(f"There is no time zone {name!r}. Write it like Europe/Berlin or UTC.") from error


def _local(moment: dt.datetime, zone: str) -> dt.datetime:
    """The moment as the clock on the wall of the zone shows it."""
    return moment.astimezone(_zone(zone)).replace(tzinfo=None)


def _may_hold_nul(buffer: Buffer) -> bool:
    """Whether a NUL occurs, as a byte or escaped in JSON: only then columns are cleaned of it."""
    return holds(buffer, b"\0") or (holds(buffer, b"\\") and holds(buffer, b"\\u0000"))


def _sorted_out(found: Found, spans: Spans, meaning: Meaning) -> Normalised:
    """Put events, rejects and ignored records apart; add category and critical actions."""
    table = (
        found.rows.append_column("offset", pa.array(spans.offsets[found.span]))
        .append_column("length", pa.array(spans.lengths[found.span]))
        .append_column("element", pa.array(found.element))
    )
    problem = table["problem"]
    rejects, ignored = REJECT_SCHEMA.empty_table(), 0
    if problem.null_count < len(problem):
        refused = table.filter(problem.is_valid())
        skipped = pc.equal(refused["problem"], "")
        ignored = int(pc.sum(skipped).as_py())
        refused = refused.filter(pc.invert(skipped))
        rejects = pa.table([refused["offset"], refused["length"], refused["problem"]], names=REJECT_SCHEMA.names).cast(
            REJECT_SCHEMA
        )
        table = table.filter(problem.is_null())
    records = positions(np.bincount(found.span, minlength=len(spans)))
    within: dict[str, int] = {}
    if "within" in table.column_names:
        counted = pc.value_counts(table["within"].drop_null()).to_pylist()
        within = {one["values"]: one["counts"] for one in counted}
    return Normalised(_events(table.combine_chunks(), meaning), rejects, ignored, records, within)


def _events(found: pa.Table, meaning: Meaning) -> pa.Table:
    matched, values = _encoded(found["matched"])
    outcome, outcomes = _encoded(found["outcome"])
    lists = pa.array([meaning.ids(value) for value in values], pa.list_(pa.string()))
    categories = pa.array([meaning.category(value, end) for value in values for end in outcomes], pa.string())
    codes = pa.array(matched * len(outcomes) + outcome)
    category = pc.coalesce(categories.take(codes), found["fallback"].combine_chunks())
    made = {
        "category": category,
        "critical_actions": lists.take(pa.array(matched)),
    }
    return pa.table(
        [made[field.name] if field.name in made else found[field.name] for field in READ_SCHEMA],
        names=READ_SCHEMA.names,
    ).cast(READ_SCHEMA)


def _encoded(column: pa.ChunkedArray) -> tuple[Positions, list[str]]:
    """A text column as numbers and the few texts they stand for."""
    encoded = column.combine_chunks().dictionary_encode()
    return positions(encoded.indices.to_numpy(zero_copy_only=False)), encoded.dictionary.to_pylist()
