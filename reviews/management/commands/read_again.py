"""Do at once what the portal does by itself after an update: judge events anew, and read rejected records again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reviews.management.commands.import_logs import find_source
from reviews.models import ImportedPart, ImportKind, ImportState, LogSource
from reviews.workflows import imports, remapping
from reviews.workflows.leases import worker_name


class Command(BaseCommand):
    help = (
        "Judge the events of open quarters by the catalogue as it is now, and read rejected records again by format "
        "and settings as they are now. Both from the sealed bytes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("sources", nargs="*", metavar="source", help="names or ids of log sources; none: all")

    def handle(self, *args: Any, **options: Any) -> None:
        sources = [find_source(wanted) for wanted in options["sources"]] or list(LogSource.objects.order_by("pk"))
        failed = sum(not self._source(source) for source in sources)
        if failed:
            raise CommandError(f"{failed} of {len(sources)} sources could not be read again.")

    def _source(self, source: LogSource) -> bool:
        kinds = [ImportKind.REMAP] if remapping.is_due(source, timezone.now()) else []
        if ImportedPart.objects.filter(run__source=source, rejected__gt=0).exists():
            kinds.append(ImportKind.REPLAY)
        if not kinds:
            self.stdout.write(f"{source}: nothing to read again.")
        return all(self._run(source, kind) for kind in kinds)

    def _run(self, source: LogSource, kind: ImportKind) -> bool:
        queued = imports.ask_here(source, (), kind)
        run = imports.run(queued.pk, worker_name()) if queued is not None else None
        if run is None:
            self.stderr.write(f"{source}: An import is under way. Try again when it is done.")
            return False
        if run.state == ImportState.FAILED:
            self.stderr.write(f"{source}: {run.problem}")
            return False
        said = f"{run.files_read} segments read again"
        if kind == ImportKind.REPLAY:
            said += (
                f"; of {run.records:,} rejected records {run.events:,} are events now, {run.rejected:,} stay rejected"
            )
        self.stdout.write(f"{source}: {kind.label}: {said}. {run.problem}".rstrip())
        return True
