"""Registering a batch: segment, parts, files, rejected records, stored events and the ledger in one transaction.

Everything heavy (sealed bytes, Parquet files) is durable before; the transaction only says that it counts. The chain
of segments is written under one lock for the whole installation, so that parallel imports make one chain.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from django.db import connection

from reviews.engine.archive import ArchiveStore
from reviews.engine.archive.segments import FIRST_PREV, header_bytes
from reviews.engine.importing.preparing import Ledger, Prepared
from reviews.models import (
    DirtyDay,
    FileProblem,
    Import,
    ImportedPart,
    LogFile,
    RejectedRecord,
    Segment,
    StoredEvents,
)
from reviews.workflows.background import small_write
from reviews.workflows.leases import still_mine

CHAIN_LOCK: Final = 7_295_403_118  # any number, as long as nothing else of the portal's database uses it
HEADERS_LOOKED_AT: Final = 1000
_FILE_FIELDS: Final = (
    "name", "size", "modified_ns", "inode", "version", "head_length", "head_sha256", "length", "sha256", "complete",
    "unfinished", "last_seen_at",
)  # fmt: skip
NUMBERS: Final = ("records", "events", "duplicates", "ignored", "rejected")  # of a ledger; the first is the sum
_RUN_FIELDS: Final = (
    "files_seen", "files_older", "files_read", "bytes_read", *NUMBERS, "unrouted", "first_event_at", "last_event_at",
)  # fmt: skip


@dataclass
class Changes:
    """What an import learned about files since the last registration, beside the batch itself."""

    files: dict[str, LogFile] = field(default_factory=dict)  # by key, as they stand now
    copies: dict[str, tuple[LogFile, str]] = field(default_factory=dict)  # by key: the copy, and what it is a copy of
    problems: list[tuple[str, str]] = field(default_factory=list)
    shrunk: list[tuple[str, str]] = field(default_factory=list)  # files that lost what was imported of them
    files_seen: int = 0
    files_older: int = 0  # of them
    files_read: int = 0

    def __len__(self) -> int:
        return len(self.files) + len(self.copies) + len(self.problems) + len(self.shrunk)


def register(
    import_id: int, owner: str, prepared: Prepared | None, changes: Changes, archive: ArchiveStore, now: dt.datetime
) -> Import:
    """Make the batch count. LeaseLost, and nothing is written, when the import is another worker's by now."""
    segment: Segment | None = None
    with small_write():
        run = still_mine(import_id, owner)
        pks = _save_files(run, prepared, changes)
        if prepared is not None and prepared.batch.pieces:
            segment = _chain(prepared)
            _save_parts(run, segment, prepared, pks)
            _add_to_ledger(run, prepared)
        FileProblem.objects.bulk_create(
            FileProblem(run=run, kind=kind, name=name, problem=problem[:300])
            for kind, found in (
                (FileProblem.Kind.UNREAD, changes.problems),
                (FileProblem.Kind.CHANGED, changes.shrunk),
            )
            for name, problem in found
        )
        run.files_seen += changes.files_seen
        run.files_older += changes.files_older
        run.files_read += changes.files_read
        run.save(update_fields=_RUN_FIELDS)
    if segment is not None:
        archive.put_header(segment.seq, bytes(segment.header))
    return run


def repair_headers(archive: ArchiveStore) -> int:
    """Write the header files that a process died before writing. How many. The newest segments are looked at."""
    newest = Segment.objects.order_by("-seq").values_list("seq", flat=True)[:HEADERS_LOOKED_AT]
    missing = [seq for seq in newest if not archive.header_path(seq).exists()]
    for seq, header in Segment.objects.filter(seq__in=missing).values_list("seq", "header"):
        archive.put_header(seq, bytes(header))
    return len(missing)


def mark_dirty(source_id: int, days: Iterable[dt.date], run_id: int | None = None) -> None:
    """Inside a transaction: the counts of these days must be made anew, because of this import if one is named."""
    DirtyDay.objects.bulk_create(
        [DirtyDay(source_id=source_id, day=day, run_id=run_id) for day in sorted(set(days))],
        # An update takes the row's lock: a count that is just deleting the row is waited for, and the mark stays.
        update_conflicts=True,
        unique_fields=["source", "day"],
        update_fields=["run"],
    )


def lock_chain() -> None:
    """Inside a transaction: nobody else appends to the chain. SQLite's one writer is lock enough."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])


def _chain(prepared: Prepared) -> Segment:
    lock_chain()
    head = Segment.objects.order_by("-seq").values_list("seq", "header_sha256").first()
    seq, prev = (head[0] + 1, head[1]) if head is not None else (0, FIRST_PREV)
    header = header_bytes(seq, prev, prepared.sealed, prepared.members, prepared.about, prepared.now)
    return Segment.objects.create(
        seq=seq,
        header=header,
        header_sha256=sha256(header).hexdigest(),
        prev=prev,
        stored_sha256=prepared.sealed.stored_sha256,
        plain_length=prepared.sealed.plain_length,
        stored_length=prepared.sealed.stored_length,
        source_id_sealed=prepared.about.source_id,
        sealed_at=prepared.now,
    )


def _save_files(run: Import, prepared: Prepared | None, changes: Changes) -> dict[str, int]:
    """Logical files as they stand after this batch; their primary keys by key."""
    files = dict(changes.files)
    if files:
        LogFile.objects.bulk_create(
            files.values(), update_conflicts=True, unique_fields=["key"], update_fields=_FILE_FIELDS
        )
    wanted = {original for _, original in changes.copies.values()} | set(files)
    if prepared is not None:
        wanted |= {piece.key for piece in prepared.batch.pieces}
    pks = dict(LogFile.objects.filter(source_id=run.source_id, key__in=wanted).values_list("key", "pk"))
    for copy, original in changes.copies.values():
        copy.copy_of_id = pks[original]
    if changes.copies:
        LogFile.objects.bulk_create(
            [copy for copy, _ in changes.copies.values()],
            update_conflicts=True,
            unique_fields=["key"],
            update_fields=(*_FILE_FIELDS, "copy_of"),
        )
    return pks


def _save_parts(run: Import, segment: Segment, prepared: Prepared, pks: dict[str, int]) -> None:
    pieces = list(zip(prepared.batch.pieces, prepared.ledgers, strict=True))
    names = {file.pk: file.name for file in LogFile.objects.filter(pk__in=pks.values()).only("name")}
    parts = ImportedPart.objects.bulk_create(
        ImportedPart(
            run=run,
            file_id=pks[piece.key],
            segment=segment,
            name=names[pks[piece.key]],
            file_offset=piece.file_offset,
            segment_offset=piece.start,
            length=piece.length,
            **numbers(ledger),
        )
        for piece, ledger in pieces
    )
    save_rejects(parts, prepared)
    StoredEvents.objects.bulk_create(stored_rows(run.source_id, segment, prepared))
    mark_dirty(run.source_id, (day for day, _, _ in prepared.files), run.pk)


def stored_rows(source_id: int, segment: Segment, prepared: Prepared) -> list[StoredEvents]:
    """The rows by which the files of a batch count."""
    return [
        StoredEvents(
            source_id=source_id,
            segment=segment,
            day=day,
            name=name,
            rows=rows,
            catalogue_version=prepared.catalogue_version,
        )
        for day, name, rows in prepared.files
    ]


def save_rejects(parts: Sequence[ImportedPart], prepared: Prepared) -> None:
    """The rejected records that get a row; `parts` in the order of the pieces."""
    RejectedRecord.objects.bulk_create(
        RejectedRecord(
            part=parts[reject.piece],
            offset=reject.offset,
            length=reject.length,
            reason=reject.reason,
            format_version=prepared.about.format_version,
            beginning=reject.beginning,
        )
        for reject in prepared.rejects
    )


def replace_numbers(parts: Sequence[ImportedPart], ledgers: Sequence[Ledger], prepared: Prepared) -> Counter[str]:
    """Give the parts of a segment that was read again other ledgers and rejected records. How much each number grew."""
    grown: Counter[str] = Counter()
    for part, ledger in zip(parts, ledgers, strict=True):
        grown.update({name: getattr(ledger, name) - getattr(part, name) for name in NUMBERS})
        for name, value in numbers(ledger).items():
            setattr(part, name, value)
    ImportedPart.objects.bulk_update(parts, [*NUMBERS, "first_event_at", "last_event_at"], batch_size=100)
    RejectedRecord.objects.filter(part__in=parts).delete()
    save_rejects(parts, prepared)
    return grown


def numbers(ledger: Ledger) -> dict[str, Any]:
    """The columns of a part."""
    return {
        "records": ledger.records,
        "events": ledger.events,
        "duplicates": ledger.duplicates,
        "ignored": ledger.ignored,
        "rejected": ledger.rejected,
        "first_event_at": ledger.first_event,
        "last_event_at": ledger.last_event,
    }


def _add_to_ledger(run: Import, prepared: Prepared) -> None:
    for ledger in prepared.ledgers:
        run.records += ledger.records
        run.events += ledger.events
        run.duplicates += ledger.duplicates
        run.ignored += ledger.ignored
        run.rejected += ledger.rejected
    run.bytes_read += prepared.sealed.plain_length
    run.unrouted += prepared.unrouted
    first, last = prepared.about.first_event, prepared.about.last_event
    run.first_event_at = min((one for one in (run.first_event_at, first) if one), default=None)
    run.last_event_at = max((one for one in (run.last_event_at, last) if one), default=None)
