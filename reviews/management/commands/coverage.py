"""Coverage of one service in one quarter: `manage.py coverage SERVICE QUARTER`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from reviews.engine.analysis.quarters import Quarter
from reviews.errors import PortalError
from reviews.models import Service
from reviews.queries.services import service_coverage


class Command(BaseCommand):
    """One line per required kind, then the sum."""

    help = "Show which required kinds of action a service's logs showed in a quarter, such as 2026-Q3."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("service", help="its name")
        parser.add_argument("quarter", help="such as 2026-Q3")

    def handle(self, *args: Any, **options: Any) -> None:
        service = Service.objects.filter(name__iexact=options["service"]).first()
        if service is None:
            raise CommandError(f"No service has the name {options['service']!r}.")
        try:
            quarter = Quarter.parse(options["quarter"])
        except PortalError as problem:
            raise CommandError(str(problem)) from None
        found = service_coverage(service, quarter, timezone.now())
        for kind in found.required:
            self.stdout.write(
                f"{kind.word:<32} {kind.count:>9,}  {kind.label}" + (f": {kind.sentence}" if kind.sentence else "")
            )
        share = "nothing is required" if found.percent is None else f"{found.percent} %"
        self.stdout.write(
            f"{found.numerator} of {found.denominator} required kinds seen with complete fields ({share})."
        )
