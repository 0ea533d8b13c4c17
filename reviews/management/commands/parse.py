"""Show what the portal reads from a log file: events on stdout, rejected records on stderr, one JSON object a line."""

import datetime as dt
import json
import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reviews.engine.catalogue import load_actions
from reviews.engine.formats import Format, get_format
from reviews.engine.reading import Context, detect, open_plain, read_file
from reviews.errors import PortalError

SAMPLE_BYTES = 1 << 18


class Command(BaseCommand):
    help = (
        "Read a log file as an import would, and print one JSON object for each event on standard output "
        "and one for each rejected record on standard error. Nothing is stored."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", default="", help="id of the format; left out, it is guessed")
        parser.add_argument("--timezone", default="", help="zone of times that carry none; left out, UTC is assumed")
        parser.add_argument("--year", type=int, help="year of the first record, for times that carry none")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            fmt = get_format(options["format"]) if options["format"] else self._guess(file)
            context = Context(
                time_zone=options["timezone"],
                reference_time=self._modified(file),
                catalogue=load_actions(),
                after=self._start(options["year"]),
            )
            for part in read_file(file, fmt, context):
                for event in part.events.to_pylist():
                    self.stdout.write(_line(event))
                for reject in part.rejects.to_pylist():
                    told = {"line": reject["line"], "reason": reject["reason"]}
                    self.stderr.write(_line(told), style_func=str)
            self.stdout.flush()
        except PortalError as error:
            raise CommandError(str(error)) from error
        except BrokenPipeError:  # whoever read has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    @staticmethod
    def _guess(file: Path) -> Format:
        with open_plain(file) as plain:
            guesses = detect(plain.read(SAMPLE_BYTES))
        if not guesses:
            raise CommandError(f"The format of {file.name} cannot be guessed. Name it with --format.")
        return get_format(guesses[0].format)

    @staticmethod
    def _modified(file: Path) -> dt.datetime:
        try:
            return dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC)
        except OSError as error:
            raise CommandError(f"{file.name} cannot be read: {error.strerror}.") from error

    @staticmethod
    def _start(year: int | None) -> dt.datetime | None:
        if year is None:
            return None
        if not 1900 <= year <= 9000:
            raise CommandError(f"{year} is no year of a log file.")
        # In the middle of the year no first record is taken for one of the year before or after.
        return dt.datetime(year, 7, 2)  # noqa: DTZ001 - local time, in whatever zone the file is


def _line(value: dict[str, object]) -> str:
    """JSON in which letters stand as they are, and what would steer a terminal or turn its text as an escape."""
    text = json.dumps(value, default=_moment, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def _moment(value: object) -> str:
    """Times of events are UTC."""
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="microseconds") + "Z"
    raise TypeError(f"{value!r} has no JSON form")
