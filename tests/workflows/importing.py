"""Running imports in tests: a source, a clock that stands still, and what came of it."""

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from reviews.engine.store import event_store, examples
from reviews.models import FileProblem, HourCount, Import, ImportedPart, LogSource, StoredEvents
from reviews.workflows import counting, imports
from reviews.workflows.scanning import stored_files

NOW = dt.datetime(2026, 10, 21, 12, 0, tzinfo=dt.UTC)


@dataclass
class Importer:
    """Imports one source again and again."""

    source: LogSource
    directory: Path
    now: dt.datetime = NOW
    lines: list[str] = field(default_factory=list)

    def run(self, *paths: Path) -> Import:
        """Import once; the clock goes on a minute each time."""
        self.now += dt.timedelta(minutes=1)
        queued = imports.ask(None, self.source, [str(path) for path in paths])
        done = imports.run(queued.pk, f"test {random.random()}", clock=lambda: self.now, progress=self.lines.append)
        assert done is not None
        done.refresh_from_db()
        require_sums(done)
        return done

    def ledger(self) -> Counter[str]:
        """The sum of all imports so far."""
        total: Counter[str] = Counter()
        for run in Import.objects.filter(source=self.source):
            total += Counter(imports.ledger(run))
        return total

    def problems(self, run: Import) -> dict[str, str]:
        return dict(FileProblem.objects.filter(run=run).values_list("name", "problem"))

    def events(self) -> list:
        """All events of the store that are registered, latest first."""
        days = StoredEvents.objects.filter(source=self.source).values_list("day", flat=True).distinct()
        found = examples(
            event_store(settings.EVENTS_URL), self.source.pk, stored_files(self.source.pk, list(days)),
            counting.service_routes(self.source), limit=1_000_000,
        )  # fmt: skip
        assert len({event.event_id for event in found}) == len(found), "an event is stored twice"
        return found

    def counted(self) -> int:
        return sum(HourCount.objects.filter(source=self.source).values_list("n", flat=True))


def require_sums(run: Import) -> None:
    """The ledger balances, and is the sum of its parts; parts of a file follow each other without a gap."""
    told = imports.ledger(run)
    assert told["records"] == told["events"] + told["duplicates"] + told["ignored"] + told["rejected"]
    parts = list(ImportedPart.objects.filter(run=run))
    for name, value in told.items():
        assert sum(getattr(part, name) for part in parts) == value, name
    assert sum(StoredEvents.objects.filter(source=run.source).values_list("rows", flat=True)) == sum(
        Import.objects.filter(source=run.source, kind="import").values_list("events", flat=True)
    )
    ends: dict[int, int] = {}
    for part in ImportedPart.objects.filter(file__source=run.source).order_by("file", "file_offset"):
        assert part.file_offset == ends.get(part.file_id, 0)
        ends[part.file_id] = part.file_offset + part.length
