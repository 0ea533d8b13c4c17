"""List the log formats that the portal reads."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from reviews.engine.formats import all_formats


class Command(BaseCommand):
    help = "List the log formats that the portal reads."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON array instead of lines for people")

    def handle(self, *args: Any, **options: Any) -> None:
        formats = all_formats().values()
        if options["json"]:
            rows = [
                {
                    "id": fmt.id,
                    "title": fmt.title,
                    "version": fmt.version,
                    "routes": dict(fmt.routes),
                    "has_native_id": fmt.has_native_id,
                    "times_without_year": fmt.yearless,
                }
                for fmt in formats
            ]
            self.stdout.write(json.dumps(rows, indent=2))
            return
        width = max(len(fmt.id) for fmt in formats)
        for fmt in formats:
            self.stdout.write(f"{fmt.id:<{width}}  {fmt.title}")
