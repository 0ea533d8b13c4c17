"""A replay: rejected records are read again from their sealed bytes, by the format and settings as they are now.

Segment by segment, each registered in one transaction: what reads now becomes events, what does not keeps its row
with the reason of today. Events that are stored already stay untouched. Dying in between leaves whole segments done;
doing a segment twice changes nothing the second time.
"""

import datetime as dt
from collections import Counter
from dataclasses import replace

from django.db.models import F, Sum

from reviews.engine.archive.segments import read_header
from reviews.engine.formats import all_formats
from reviews.engine.importing.preparing import Ledger, Prepared
from reviews.engine.importing.replaying import replay
from reviews.engine.importing.unsealing import unseal
from reviews.engine.store import StoredFile
from reviews.models import Import, ImportedPart, LedgerChange, LogSource, RejectedRecord, Segment, StoredEvents
from reviews.workflows.background import small_write
from reviews.workflows.leases import Clock, set_out, still_mine
from reviews.workflows.registering import NUMBERS, mark_dirty, replace_numbers, stored_rows
from reviews.workflows.scanning import Outcome, Progress, engine_places, engine_source, limits, stored_files


def is_due(source: LogSource, now: dt.datetime) -> bool:
    """Whether an older version of the source's format rejected records."""
    fmt = all_formats().get(source.format)
    rejected = RejectedRecord.objects.filter(part__run__source=source)
    return fmt is not None and rejected.filter(format_version__lt=fmt.version).exists()


class Replay:
    """One replay of one source, as the owner of its lease."""

    def __init__(self, run: Import, owner: str, clock: Clock, progress: Progress) -> None:
        self.run, self.owner, self.clock, self.progress = run, owner, clock, progress
        self.source, self.places = engine_source(run.source), engine_places()
        self.outcome = Outcome()

    def __call__(self) -> Outcome:
        """Read again every segment of the source that holds rejected records."""
        parts = ImportedPart.objects.filter(run__source=self.run.source, rejected__gt=0)
        seqs = list(parts.order_by("segment__seq").values_list("segment__seq", flat=True).distinct())
        set_out(self.run.pk, self.owner, len(seqs))
        rejected = 0
        for seq in seqs:
            rejected += self._segment(Segment.objects.get(seq=seq))
            self.progress(f"segment {seq}")
        with small_write():
            run = still_mine(self.run.pk, self.owner)
            run.rejected = rejected
            run.records = run.events + run.duplicates + run.ignored + rejected
            run.save(update_fields=["rejected", "records"])
        return self.outcome

    def _segment(self, segment: Segment) -> int:
        """Read one segment again. How many of its records are still rejected."""
        header = read_header(bytes(segment.header))
        own = StoredEvents.objects.filter(segment=segment).values_list("day", "name")
        prepared = replay(
            unseal(self.places.archive, header, self.source.format, limits().record_bytes),
            self.source,
            self.places,
            header=header,
            name=f"p{self.run.pk}-{self.run.attempt}-{segment.seq}",
            own=[StoredFile(day, name, segment.seq) for day, name in own],
            stored=lambda days: stored_files(self.source.id, days),
            now=segment.sealed_at,
        )
        self._register(segment, prepared)
        return sum(ledger.rejected for ledger in prepared.ledgers)

    def _register(self, segment: Segment, prepared: Prepared) -> None:
        """New events beside the old, corrected numbers, and the rows of what is still rejected."""
        with small_write():
            run = still_mine(self.run.pk, self.owner)
            parts = list(ImportedPart.objects.filter(segment=segment).order_by("segment_offset"))
            widened = [_widened(part, ledger) for part, ledger in zip(parts, prepared.ledgers, strict=True)]
            changed = replace_numbers(parts, widened, prepared)
            StoredEvents.objects.bulk_create(stored_rows(self.source.id, segment, prepared))
            mark_dirty(self.source.id, (day for day, _, _ in prepared.files), self.run.pk)
            self._correct(parts[0].run_id, changed, prepared)
            self._add_up(run)

    def _correct(self, run_id: int, changed: Counter[str], prepared: Prepared) -> None:
        """The ledger of the import that sealed the segment stays the sum of its parts; the change is told."""
        if not any(changed.values()):
            return
        original = Import.objects.select_for_update().get(pk=run_id)
        for name in NUMBERS:
            setattr(original, name, getattr(original, name) + changed[name])
        original.unrouted += prepared.unrouted
        original.first_event_at = _least(original.first_event_at, prepared.about.first_event)
        original.last_event_at = _most(original.last_event_at, prepared.about.last_event)
        original.save(update_fields=[*NUMBERS, "unrouted", "first_event_at", "last_event_at"])
        change, _ = LedgerChange.objects.get_or_create(by_id=self.run.pk, run_id=run_id)
        LedgerChange.objects.filter(pk=change.pk).update(**{name: F(name) + changed[name] for name in NUMBERS})

    def _add_up(self, run: Import) -> None:
        """What this replay has come to so far."""
        made = LedgerChange.objects.filter(by=run).aggregate(*(Sum(name) for name in NUMBERS))
        for name in ("events", "duplicates", "ignored"):
            setattr(run, name, max(made[f"{name}__sum"] or 0, 0))
        run.rejected = 0  # told at the end
        run.records = run.events + run.duplicates + run.ignored
        run.files_read += 1
        run.save(update_fields=[*NUMBERS, "files_read"])


def _widened(part: ImportedPart, ledger: Ledger) -> Ledger:
    """The new numbers, with first and last event of old and new together."""
    first, last = _least(part.first_event_at, ledger.first_event), _most(part.last_event_at, ledger.last_event)
    return replace(ledger, first_event=first, last_event=last)


def _least(*moments: dt.datetime | None) -> dt.datetime | None:
    return min((one for one in moments if one is not None), default=None)


def _most(*moments: dt.datetime | None) -> dt.datetime | None:
    return max((one for one in moments if one is not None), default=None)
