"""Events and counts made anew from the archive, with the formats, routes and catalogue as they are now.

Segment by segment in the order of the chain, each replaced in one transaction; an import of the same source waits
meanwhile. Bytes are read only when they are what the sealed header says. Dying in between leaves some segments new
and the others old, and the days concerned marked to be counted; a second run does the rest.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.models import Max, Min

from reviews.engine.archive.segments import read_header
from reviews.engine.importing.preparing import Prepared, prepare
from reviews.engine.importing.unsealing import sealed_of, unseal
from reviews.errors import Conflict
from reviews.models import Import, ImportedPart, LogSource, Segment, StoredEvents
from reviews.workflows import counting, imports, trail
from reviews.workflows.background import small_write
from reviews.workflows.leases import Clock, claim, heartbeat, still_mine
from reviews.workflows.registering import NUMBERS, mark_dirty, replace_numbers, stored_rows
from reviews.workflows.scanning import Progress, engine_places, engine_source, limits, stored_files


@dataclass(frozen=True)
class Rebuilt:
    """What was made anew."""

    segments: int
    events: int
    days: int


def rebuild(source: LogSource, owner: str, clock: Clock, progress: Progress = lambda line: None) -> Rebuilt:
    """Make the events and counts of a source anew. Conflict while an import is under way."""
    with _held(source, owner, clock) as run:
        return _Rebuilding(source, run, owner, progress)()


@contextmanager
def _held(source: LogSource, owner: str, clock: Clock) -> Iterator[Import]:
    """Keep imports of the source away: a running import of ours, which goes when we are done.

    Should we die, its lease ends and it becomes an ordinary import, which tidies up.
    """
    queued = imports.ask_here(source, ())
    run = claim(queued.pk, owner, clock()) if queued is not None else None
    if run is None:
        raise Conflict(f"An import of {source} is under way. Try again when it is done.")
    try:
        with heartbeat(run.pk, owner, clock):
            yield run
    finally:
        with small_write():
            Import.objects.filter(pk=run.pk, lease_owner=owner).delete()


class _Rebuilding:
    def __init__(self, source: LogSource, run: Import, owner: str, progress: Progress) -> None:
        self.model, self.run, self.owner, self.progress = source, run, owner, progress
        self.source, self.places = engine_source(source), engine_places()
        self.unrouted: Counter[int] = Counter()
        self.events = 0

    def __call__(self) -> Rebuilt:
        registered = StoredEvents.objects.filter(source=self.model).values_list("day", "name")
        self.places.events.sweep(self.source.id, set(registered))
        seqs = list(
            Segment.objects.filter(source_id_sealed=self.source.id).order_by("seq").values_list("seq", flat=True)
        )
        for done, seq in enumerate(seqs, start=1):
            self._segment(Segment.objects.get(seq=seq))
            self.progress(f"segment {seq}: {done} of {len(seqs)}")
        self._finish_imports()
        days = counting.recount(self.model)
        with small_write():
            still_mine(self.run.pk, self.owner)
            trail.log(None, "source.rebuilt", self.model, after={"segments": len(seqs), "events": self.events})
        return Rebuilt(len(seqs), self.events, days)

    def _segment(self, segment: Segment) -> None:
        header = read_header(bytes(segment.header))
        batch = unseal(self.places.archive, header, self.source.format, limits().record_bytes)
        prepared = prepare(
            batch,
            self.source,
            self.places,
            import_id=header.import_id,
            name=f"r{self.run.pk}-{segment.seq}",
            stored=lambda days: stored_files(self.source.id, days, before_seq=segment.seq),
            now=segment.sealed_at,
            sealed=(sealed_of(header), header.members),
        )
        old = self._replace(segment, prepared)
        self.places.events.remove(self.source.id, old)
        self.unrouted[header.import_id] += prepared.unrouted
        self.events += sum(ledger.events for ledger in prepared.ledgers)

    def _replace(self, segment: Segment, prepared: Prepared) -> list[tuple[dt.date, str]]:
        """Register the new files and numbers in place of the old. The files that no longer count."""
        with small_write():
            still_mine(self.run.pk, self.owner)
            parts = list(ImportedPart.objects.filter(segment=segment).order_by("segment_offset"))
            run = Import.objects.select_for_update().get(pk=parts[0].run_id)
            for name, more in replace_numbers(parts, prepared.ledgers, prepared).items():
                setattr(run, name, getattr(run, name) + more)  # its ledger stays the sum of its parts
            run.save(update_fields=NUMBERS)
            rows = StoredEvents.objects.filter(source=self.model, segment=segment)
            old = list(rows.values_list("day", "name"))
            rows.delete()
            StoredEvents.objects.bulk_create(stored_rows(self.source.id, segment, prepared))
            mark_dirty(self.source.id, [*(day for day, _ in old), *(day for day, _, _ in prepared.files)])
        return old

    def _finish_imports(self) -> None:
        """First and last event, and what leads to no service, of each import that was made anew."""
        for run_id, unrouted in self.unrouted.items():
            span = ImportedPart.objects.filter(run=run_id).aggregate(
                first=Min("first_event_at"), last=Max("last_event_at")
            )
            with small_write():
                Import.objects.filter(pk=run_id).update(
                    unrouted=unrouted, first_event_at=span["first"], last_event_at=span["last"]
                )
