"""Events of open quarters judged again when the catalogue has another version; what was pinned stays as it is.

Segment by segment, each registered in one transaction. Dying in between leaves whole segments done, and those that
are not are found by their version.
"""

import datetime as dt

from reviews.engine.archive.segments import read_header
from reviews.engine.catalogue import load_actions
from reviews.engine.importing.remapping import Remapped, remap
from reviews.engine.store import StoredFile
from reviews.models import Import, ImportKind, ImportState, LogSource, Segment, StoredEvents
from reviews.queries.days import in_part, open_since, outdated
from reviews.workflows.background import small_write
from reviews.workflows.leases import Clock, set_out, still_mine
from reviews.workflows.registering import mark_dirty
from reviews.workflows.scanning import Outcome, Progress, engine_places, engine_source, limits


class Remap:
    """One re-mapping of one source, as the owner of its lease."""

    def __init__(self, run: Import, owner: str, clock: Clock, progress: Progress) -> None:
        self.run, self.owner, self.clock, self.progress = run, owner, clock, progress
        self.source, self.places = engine_source(run.source), engine_places()
        self.version = self.source.catalogue.version
        self.outcome = Outcome(told={"catalogue_version": self.version})

    def __call__(self) -> Outcome:
        """Judge every stored event of the open quarters that another version of the catalogue has judged."""
        files = outdated(self.run.source, open_since(self.clock()), self.version)
        seqs = list(files.order_by("segment__seq").values_list("segment__seq", flat=True).distinct())
        set_out(self.run.pk, self.owner, len(seqs))
        kept = 0
        for seq in seqs:
            kept += self._segment(Segment.objects.get(seq=seq), list(files.filter(segment__seq=seq)))
            self.progress(f"segment {seq}")
        if kept:
            self.outcome.note = (
                f"{kept:,} events were not found again in the sealed bytes by the format as it is now. They keep what "
                "the catalogue said of them before. Run manage.py rebuild for this source to read them anew."
            )
        return self.outcome

    def _segment(self, segment: Segment, own: list[StoredEvents]) -> int:
        done = remap(
            read_header(bytes(segment.header)),
            self.source,
            self.places,
            own=[StoredFile(file.day, file.name, segment.seq) for file in own],
            name=f"m{self.run.pk}-{self.run.attempt}-{segment.seq}",
            record_bytes=limits().record_bytes,
            now=segment.sealed_at,
        )
        self._register(segment, own, done)
        self.places.events.remove(self.source.id, [(file.day, file.name) for file in own])
        return done.events_kept

    def _register(self, segment: Segment, own: list[StoredEvents], done: Remapped) -> None:
        """The new files count in place of the old."""
        with small_write():
            run = still_mine(self.run.pk, self.owner)
            StoredEvents.objects.filter(pk__in=[file.pk for file in own]).delete()
            StoredEvents.objects.bulk_create(
                StoredEvents(
                    source_id=self.source.id,
                    segment=segment,
                    day=day,
                    name=name,
                    rows=rows,
                    catalogue_version=in_part(self.version) if day in done.kept else self.version,
                )
                for day, name, rows in done.files
            )
            mark_dirty(self.source.id, (day for day, _, _ in done.files), run.pk)
            run.files_read += 1
            run.save(update_fields=["files_read"])


def is_due(source: LogSource, now: dt.datetime) -> bool:
    """Whether events of an open quarter were judged by another version of the catalogue than today's."""
    return outdated(source, open_since(now), load_actions().version).exists()


def is_awaited(source: LogSource, first: dt.date, last: dt.date) -> bool:
    """Whether days of this span are going to be judged anew. A re-mapping that failed is not waited for."""
    runs = Import.objects.filter(source=source, kind=ImportKind.REMAP)
    if runs.filter(state__in=[ImportState.QUEUED, ImportState.RUNNING]).exists():
        return True
    newest = runs.order_by("-id").first()
    failed = newest is not None and newest.state == ImportState.FAILED
    return not failed and outdated(source, first, load_actions().version).filter(day__lte=last).exists()
