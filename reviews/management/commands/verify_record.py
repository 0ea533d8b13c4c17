"""`manage.py verify_record FILE`: check a record. Exit code 0 valid, 1 tampered, 2 unknown, 3 wrong usage."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from reviews.engine.records import verify
from reviews.errors import PortalError
from reviews.queries.records import known_fingerprints


class Command(BaseCommand):
    help = (
        "Check a signed record, a ZIP file or the folder it was unpacked to. Without --fingerprint the signer must be"
        " this portal. Exit code: 0 valid, 1 tampered, 2 unknown, 3 wrong usage."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """A wrong call ends with 3: argparse's own 2 means unknown here."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)

        def wrong(message: str) -> None:
            parser.print_usage(sys.stderr)
            print(message, file=sys.stderr)
            sys.exit(verify.USAGE)

        parser.error = wrong  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("record", help="the ZIP file, or the folder it was unpacked to")
        parser.add_argument(
            "--fingerprint", action="append", default=[], help="SHA-256 of the certificate; default: this portal's own"
        )

    def handle(self, *args: Any, record: str, fingerprint: list[str], **options: Any) -> None:
        given = list(fingerprint)
        if not given:
            try:
                given = sorted(known_fingerprints())
            except PortalError as problem:
                print(problem, file=sys.stderr)
        arguments = [part for one in given for part in ("--fingerprint", one)]
        sys.exit(verify.main([*arguments, "--", record]))
