"""`manage.py demo`: fills an empty demo installation, or prints what is planted in it."""

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from reviews.errors import PortalError
from reviews.workflows.demo import commands


class Command(BaseCommand):
    help = "Fill the demo: people, services and sources, and two quarters of log files with planted incidents."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--import", action="store_true", dest="at_once", help="import the logs now, not by schedule"
        )
        parser.add_argument("--today", type=dt.date.fromisoformat, help="the day on which the logs end: YYYY-MM-DD")
        parser.add_argument("--plan", action="store_true", help="only print what is planted and when")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            if options["plan"]:
                commands.print_plan(options["today"], now, self.stdout.write)
            else:
                commands.fill(options["today"], now, self.stdout.write, at_once=options["at_once"])
        except PortalError as problem:
            raise CommandError(str(problem)) from None
