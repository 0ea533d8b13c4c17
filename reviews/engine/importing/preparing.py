"""A batch becomes what can be registered: sealed bytes, events in the store, a ledger for each piece.

Sealing runs beside normalising, in a thread: hashing, compressing and DuckDB all let go of Python's lock. Nothing of
this counts until the caller registers it in one transaction; files that never get registered are swept away.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from reviews.engine.archive import ArchiveStore
from reviews.engine.archive.segments import About, Member, Sealed, rfc3339, seal
from reviews.engine.catalogue import ActionCatalogue
from reviews.engine.events import READ_SCHEMA, REJECT_SCHEMA, STORED_SCHEMA
from reviews.engine.formats import Format
from reviews.engine.importing.batches import Batch, Piece
from reviews.engine.importing.showing import printable
from reviews.engine.reading import Context, Spans, normalise
from reviews.engine.store import EventStore, StoredFile

REJECT_ROWS: Final = 1000  # rejected records listed per segment; all are counted, and all bytes are sealed
BEGINNING: Final = 200
_DAY: Final = 86_400_000_000
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Source:
    """What importing must know of a source."""

    id: int
    format: Format
    time_zone: str
    routing_field: str
    routes: frozenset[str]  # the values that lead to a service
    catalogue: ActionCatalogue


@dataclass(frozen=True)
class Places:
    """Where bytes and events go."""

    archive: ArchiveStore
    events: EventStore


@dataclass(frozen=True)
class Ledger:
    """records = events + duplicates + ignored + rejected."""

    records: int
    events: int
    duplicates: int
    ignored: int
    rejected: int
    first_event: dt.datetime | None
    last_event: dt.datetime | None


@dataclass(frozen=True)
class Reject:
    """A rejected record that gets a row."""

    piece: int
    offset: int  # in the decompressed file
    length: int
    reason: str
    beginning: str  # of the record, made printable


@dataclass(frozen=True)
class Prepared:
    """Everything of one batch, durable but not registered."""

    batch: Batch
    sealed: Sealed
    members: tuple[Member, ...]
    about: About
    ledgers: tuple[Ledger, ...]  # of the pieces, in order
    rejects: tuple[Reject, ...]
    files: tuple[tuple[dt.date, str, int], ...]  # day, name, rows
    unrouted: int
    now: dt.datetime
    catalogue_version: str  # by which critical actions were told


StoredFiles = Callable[[Sequence[dt.date]], Collection[StoredFile]]


def prepare(
    batch: Batch,
    source: Source,
    places: Places,
    *,
    import_id: int,
    name: str,
    stored: StoredFiles,
    now: dt.datetime,
    sealed: tuple[Sealed, tuple[Member, ...]] | None = None,
) -> Prepared:
    """Seal (unless `sealed` already), read and store one batch. `stored` gives the files already counted of some days.

    `name` is the name of its files in the store: new for each attempt, so that no registered file is ever replaced.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="seal") as thread:
        sealing = thread.submit(_seal, places.archive, batch) if sealed is None else None
        events, rejects, records = read(batch, source, now)
        piece = pieces_of(batch, events["offset"])
        repeated = repeated_in(events, source, places.events, stored)
        fresh = events.filter(pa.array(~repeated)) if repeated.any() else events
        ledgers = ledgers_of(records, fresh, piece, repeated, pieces_of(batch, rejects["offset"]))
        seal_of, members = sealing.result() if sealing is not None else sealed or _nothing()
    files = store_days(fresh, batch, source.id, import_id, seal_of.stored_sha256, name, places.events)
    return Prepared(
        batch=batch,
        sealed=seal_of,
        members=members,
        about=about(source, import_id, ledgers),
        ledgers=ledgers,
        rejects=listed(batch, rejects),
        files=files,
        unrouted=unrouted_in(fresh, source),
        now=now,
        catalogue_version=source.catalogue.version,
    )


def _nothing() -> tuple[Sealed, tuple[Member, ...]]:
    raise AssertionError("a batch is sealed by the call or before it")


def _seal(archive: ArchiveStore, batch: Batch) -> tuple[Sealed, tuple[Member, ...]]:
    with memoryview(batch.plain) as plain:
        sealed = seal(archive, plain)
        alone = len(batch.pieces) == 1 and batch.pieces[0].length == len(plain)  # the piece is the segment
        members = tuple(
            Member(
                file=piece.key,
                name=piece.name,
                modified_at=rfc3339(piece.modified_at),
                offset=piece.start,
                length=piece.length,
                sha256=sealed.plain_sha256 if alone else _sha256(plain, piece),
                file_offset=piece.file_offset,
                continues=piece.continues,
                cut_off=piece.cut_off,
                heading=piece.heading,
            )
            for piece in batch.pieces
        )
        return sealed, members


def _sha256(plain: memoryview, piece: Piece) -> str:
    return sha256(plain[piece.start : piece.start + piece.length]).hexdigest()


def read(batch: Batch, source: Source, now: dt.datetime) -> tuple[pa.Table, pa.Table, Integers]:
    """Events and rejects of all pieces, in the order of the batch, and how many records each piece holds."""
    rejects = [piece.rejects for piece in batch.pieces]
    records = np.asarray([piece.rejects.num_rows for piece in batch.pieces], dtype=np.int64)
    table = READ_SCHEMA.empty_table()
    if batch.pieces:
        spans = Spans(
            np.concatenate([piece.offsets for piece in batch.pieces]),
            np.concatenate([piece.lengths for piece in batch.pieces]),
            len(batch.plain),
            REJECT_SCHEMA.empty_table(),
        )
        times = [piece.modified_at for piece in batch.pieces]
        context = Context(
            time_zone=source.time_zone,
            reference_time=max(times),
            routing_field=source.routing_field,
            catalogue=source.catalogue,
            now=now,
        )
        # One call for all files: preparing the statement takes longer than reading a small file.
        starts = np.asarray([piece.start for piece in batch.pieces], dtype=np.int64)
        headings = [piece.heading for piece in batch.pieces]
        found = normalise(source.format, batch.plain, spans, context, starts, times, headings)
        table = found.events
        rejects.append(found.rejects)
        borders = np.cumsum([0, *(len(piece.offsets) for piece in batch.pieces)])
        records += np.diff(np.concatenate(([0], np.cumsum(found.records)))[borders])
    refused = pa.concat_tables(rejects).sort_by("offset") if rejects else REJECT_SCHEMA.empty_table()
    return _with_ids(table, batch), refused, records


def pieces_of(batch: Batch, offsets: pa.ChunkedArray) -> Integers:
    """For each offset the index of the piece that it lies in."""
    starts = np.asarray([piece.start for piece in batch.pieces], dtype=np.int64)
    found: Integers = np.searchsorted(starts, offsets.to_numpy(), side="right") - 1
    return found


def _with_ids(events: pa.Table, batch: Batch) -> pa.Table:
    """Events without a native id are known by logical file, offset in its decompressed stream, and number there."""
    column = events["event_id"]
    if not events.num_rows or not column.null_count:
        return events
    piece = pieces_of(batch, events["offset"])
    shift = np.asarray([piece.file_offset - piece.start for piece in batch.pieces], dtype=np.int64)
    keys = pa.array([piece.key for piece in batch.pieces]).take(pa.array(piece))
    place = pa.array(events["offset"].to_numpy() + shift[piece]).cast(pa.string())
    element = events["element"].to_numpy()
    if element.any():
        number = pc.binary_join_element_wise("#", events["element"].cast(pa.string()), "")
        place = pc.binary_join_element_wise(place, pc.if_else(pa.array(element > 0), number, ""), "")
    made = pc.binary_join_element_wise(keys, place, "+")
    index = READ_SCHEMA.get_field_index("event_id")
    return events.set_column(index, READ_SCHEMA.field(index), pc.coalesce(column.combine_chunks(), made))


def _days(events: pa.Table) -> Integers:
    times = events["occurred_at"].cast(pa.int64()).to_numpy()
    found: Integers = times // _DAY
    return found


def repeated_in(events: pa.Table, source: Source, store: EventStore, stored: StoredFiles) -> npt.NDArray[np.bool_]:
    """Which events were stored before, or come twice among these."""
    if not events.num_rows or not source.format.has_native_id:
        return np.zeros(events.num_rows, dtype=np.bool_)  # (file, offset) is imported once by construction
    days = _days(events)
    dates = [_date(day) for day in np.unique(days)]
    column = pa.array(days.astype(np.int32)).cast(pa.date32())
    return store.duplicates(source.id, column, events["event_id"].combine_chunks(), stored(dates))


def _date(day: int) -> dt.date:
    return (_EPOCH + dt.timedelta(days=int(day))).date()


def ledgers_of(
    records: Integers, fresh: pa.Table, piece: Integers, repeated: npt.NDArray[np.bool_], rejected_in: Integers
) -> tuple[Ledger, ...]:
    count = len(records)
    events = np.bincount(piece[~repeated], minlength=count)
    duplicates = np.bincount(piece[repeated], minlength=count)
    rejected = np.bincount(rejected_in, minlength=count)
    first, last = _spans_of_time(fresh, piece[~repeated], count)
    return tuple(
        Ledger(
            records=int(records[index]),
            events=int(events[index]),
            duplicates=int(duplicates[index]),
            ignored=int(records[index] - events[index] - duplicates[index] - rejected[index]),
            rejected=int(rejected[index]),
            first_event=_moment(first[index]) if events[index] else None,
            last_event=_moment(last[index]) if events[index] else None,
        )
        for index in range(count)
    )


def _spans_of_time(events: pa.Table, piece: Integers, count: int) -> tuple[Integers, Integers]:
    times = events["occurred_at"].cast(pa.int64()).to_numpy()
    first = np.full(count, np.iinfo(np.int64).max)
    last = np.full(count, np.iinfo(np.int64).min)
    np.minimum.at(first, piece, times)
    np.maximum.at(last, piece, times)
    return first, last


def _moment(microseconds: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=int(microseconds))


def store_days(
    events: pa.Table, batch: Batch, source_id: int, import_id: int, segment: str, name: str, store: EventStore
) -> tuple[tuple[dt.date, str, int], ...]:
    """Write one file for each day."""
    if not events.num_rows:
        return ()
    count = events.num_rows
    keys = pa.array([piece.key for piece in batch.pieces])
    table = (
        events.append_column("import_id", pa.repeat(pa.scalar(import_id, pa.int64()), count))
        .append_column("file", keys.take(pa.array(pieces_of(batch, events["offset"]))))
        .append_column("segment", pa.repeat(pa.scalar(segment, pa.string()), count))
        .select(STORED_SCHEMA.names)
    )
    days = _days(table)
    if np.any(days[1:] < days[:-1]):
        order = np.argsort(days, kind="stable")
        table, days = table.take(pa.array(order)), days[order]
    borders = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), count]
    files = []
    for start, end in pairwise(borders):
        day = _date(days[start])
        files.append((day, name, store.write(source_id, day, name, table.slice(start, end - start))))
    return tuple(files)


def unrouted_in(events: pa.Table, source: Source) -> int:
    if not source.routing_field:
        return 0
    known = pc.is_in(events["route"], value_set=pa.array(sorted(source.routes), pa.string()))
    return int(events.num_rows) - int(pc.sum(known).as_py() or 0)


def about(source: Source, import_id: int, ledgers: Sequence[Ledger]) -> About:
    return About(
        source_id=source.id,
        import_id=import_id,
        format=source.format.id,
        format_version=source.format.version,
        format_parameters=source.format.parameters,
        time_zone=source.time_zone,
        record_count=sum(one.records for one in ledgers),
        first_event=min((one.first_event for one in ledgers if one.first_event), default=None),
        last_event=max((one.last_event for one in ledgers if one.last_event), default=None),
    )


def listed(batch: Batch, rejects: pa.Table) -> tuple[Reject, ...]:
    """The first rejects of each piece, evenly, up to REJECT_ROWS."""
    if not rejects.num_rows:
        return ()
    piece = pieces_of(batch, rejects["offset"])
    starts = np.searchsorted(piece, piece, side="left")
    rank = np.arange(len(piece)) - starts  # rejects are in order, hence each piece's stand together
    chosen = np.sort(np.argsort(rank, kind="stable")[:REJECT_ROWS])
    rows: Sequence[Mapping[str, object]] = rejects.take(pa.array(chosen)).to_pylist()
    return tuple(_reject(batch, int(piece[at]), row) for at, row in zip(chosen, rows, strict=True))


def _reject(batch: Batch, index: int, row: Mapping[str, object]) -> Reject:
    offset, length = int(str(row["offset"])), int(str(row["length"]))
    piece = batch.pieces[index]
    beginning = bytes(batch.plain[offset : offset + min(length, BEGINNING)])
    return Reject(
        piece=index,
        offset=offset - piece.start + piece.file_offset,
        length=length,
        reason=str(row["reason"])[:300],
        beginning=printable(beginning)[:BEGINNING],
    )
