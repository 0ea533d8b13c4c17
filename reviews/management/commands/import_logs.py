"""Import a source now, here, and print the ledger."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count, QuerySet, Sum

from reviews.engine.importing.showing import shown_name
from reviews.models import FileProblem, Import, ImportedPart, ImportState, LogSource, RejectedRecord
from reviews.workflows import imports
from reviews.workflows.leases import worker_name
from reviews.workflows.registering import NUMBERS

SHOWN = 20


class Command(BaseCommand):
    help = "Import what is new in a source, or the given files and directories, and print the ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="name or id of the log source")
        parser.add_argument(
            "paths", nargs="*", metavar="path", help="files or directories, instead of the source's own"
        )
        parser.add_argument("--quiet", action="store_true", help="print no line for each file")

    def handle(self, *args: Any, **options: Any) -> None:
        source = find_source(options["source"])
        paths = [Path(path).absolute() for path in options["paths"]]
        for path in paths:
            if not path.exists():
                raise CommandError(f"{path} is not there.")
        begun = time.monotonic()
        run = self._run(source, [str(path) for path in paths], quiet=options["quiet"])
        self._print(run, paths, time.monotonic() - begun)
        if run.state == ImportState.FAILED:
            raise CommandError(run.problem)

    def _run(self, source: LogSource, paths: list[str], *, quiet: bool) -> Import:
        queued = imports.ask_here(source, paths)
        if queued is None:
            raise CommandError(f"An import of {source} is under way. Try again when it is done.")
        progress = (lambda line: None) if quiet else (lambda line: self.stdout.write(f"  {line}"))
        run = imports.run(queued.pk, worker_name(), progress=progress)
        if run is None:
            raise CommandError("A worker of the portal took this import over; its page shows the ledger.")
        return run

    def _print(self, run: Import, paths: list[Path], seconds: float) -> None:
        directory = Path(run.source.directory)
        parts = ImportedPart.objects.filter(run=run)
        for path in paths:
            name = shown_name(path, directory)
            below = parts.filter(name=name) | parts.filter(name__startswith=name.rstrip("/") + "/")
            self._line(str(path), below if name != "." else parts)
        size = run.bytes_read / 1e6
        self._line(f"{run.source} (import {run.pk})", parts)
        self.stdout.write(
            f"{run.files_read} of {run.files_seen} files had something new; {run.bytes_read:,} bytes "
            f"in {seconds:.1f} s ({size / max(seconds, 0.001):.1f} MB/s)."
        )
        if run.unrouted:
            self.stdout.write(f"{run.unrouted:,} events lead to no service.")
        rejected = RejectedRecord.objects.filter(part__run=run).values("reason").annotate(n=Count("pk")).order_by("-n")
        for row in rejected[:SHOWN]:
            self.stdout.write(f"Rejected, {row['n']:,} listed: {row['reason']}")
        for problem in FileProblem.objects.filter(run=run)[:SHOWN]:
            self.stdout.write(f"{problem.name}: {problem.problem}")

    def _line(self, title: str, parts: QuerySet[ImportedPart]) -> None:
        sums = parts.aggregate(files=Count("file", distinct=True), **{name: Sum(name) for name in NUMBERS})
        numbers = [sums[name] or 0 for name in NUMBERS]
        records, *rest = numbers
        balanced = "balanced" if records == sum(rest) else "NOT BALANCED"
        told = " + ".join(f"{n:,} {name}" for n, name in zip(rest, NUMBERS[1:], strict=True))
        self.stdout.write(f"{title}: {sums['files']} files, {records:,} records = {told} ({balanced})")


def find_source(wanted: str) -> LogSource:
    """The source of that id or name."""
    found = LogSource.objects.filter(name__iexact=wanted).first()
    if found is None and wanted.isdecimal():
        found = LogSource.objects.filter(pk=int(wanted)).first()
    if found is None:
        names = ", ".join(LogSource.objects.values_list("name", flat=True)[:SHOWN]) or "none yet"
        raise CommandError(f"There is no log source {wanted!r}. There are: {names}.")
    return found
