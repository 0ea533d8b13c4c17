"""Make events and counts anew from the archive."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reviews.errors import PortalError
from reviews.management.commands.import_logs import find_source
from reviews.models import LogSource
from reviews.workflows.leases import worker_name
from reviews.workflows.rebuilding import rebuild


class Command(BaseCommand):
    help = "Make events and counts anew from the sealed bytes, with formats, routes and catalogue as they are now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("sources", nargs="*", metavar="source", help="names or ids of log sources; none: all")

    def handle(self, *args: Any, **options: Any) -> None:
        sources = [find_source(wanted) for wanted in options["sources"]] or list(LogSource.objects.order_by("pk"))
        failed = 0
        for source in sources:
            begun = time.monotonic()
            try:
                done = rebuild(source, worker_name(), timezone.now, lambda line: self.stdout.write(f"  {line}"))
            except PortalError as problem:
                failed += 1
                self.stderr.write(f"{source}: {problem}")
                continue
            self.stdout.write(
                f"{source}: {done.segments} segments, {done.events:,} events, {done.days} days counted "
                f"in {time.monotonic() - begun:.1f} s."
            )
        if failed:
            raise CommandError(f"{failed} of {len(sources)} sources could not be made anew.")
