"""Check every sealed byte. Exit 0: all as it was. 1: something was changed. 2: it cannot be told. 3: wrong usage."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from reviews.engine.archive import archive_store
from reviews.engine.archive.verifying import TAMPERED, UNKNOWN, VALID, Report, verify
from reviews.errors import PortalError
from reviews.queries import archive

USAGE = 3
_WORDS = {"tampered": "CHANGED", "unknown": "UNKNOWN", "note": "note"}
_VERDICTS = {
    VALID: "The archive is as it was sealed.",
    TAMPERED: "The archive is not as it was sealed.",
    UNKNOWN: "Nothing changed was found, but not everything could be checked.",
}


class Command(BaseCommand):
    help = "Check every byte of the archive against the chain of segments and the database."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.error = _usage  # type: ignore[method-assign] # argparse would exit with 2, which says unknown
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="print findings and verdict only")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            store = archive_store(settings.ARCHIVE_URL)
            report = verify(store, archive.segment_rows(), archive.evidence_files(), archive.record_files())
        except (PortalError, DatabaseError) as problem:
            self.stderr.write(f"UNKNOWN {problem}")
            sys.exit(UNKNOWN)
        self._print(report, str(store.root), quiet=options["quiet"])
        sys.exit(report.code)

    def _print(self, report: Report, place: str, *, quiet: bool) -> None:
        for finding in report.findings:
            if finding.weight != "note" or not quiet:
                self.stdout.write(f"{_WORDS[finding.weight]} {finding}")
        if not report.checked and not report.findings:
            self.stdout.write(f"Nothing is sealed yet in {place}: there is nothing to check.")
            return
        if not quiet:
            self.stdout.write(
                f"Checked {report.segments} segments, {report.evidence} evidence files and {report.records} records, "
                f"{report.stored_bytes:,} stored bytes in {place}."
            )
        self.stdout.write(_VERDICTS[report.code])


def _usage(message: str) -> None:
    sys.stderr.write(f"{message}\n")
    sys.exit(USAGE)
