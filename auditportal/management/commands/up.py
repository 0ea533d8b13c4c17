"""`manage.py up`: web server, worker and beat together, until Ctrl-C."""

from typing import Any

from django.core.management.base import BaseCommand

from auditportal.supervision.run import run


class Command(BaseCommand):
    requires_system_checks = ()  # the worker makes them; a start should be quick
    help = "Run the portal: web server, worker and beat, with an embedded broker when REDIS_URL is unset."

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        run()
