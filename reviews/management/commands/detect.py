"""Say which log format a file is in."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reviews.engine.reading import detect, open_plain
from reviews.errors import ReadingError

SAMPLE_BYTES = 1 << 18


class Command(BaseCommand):
    help = "Say which log format a file is in, by reading its beginning. Compressed files are unpacked."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            with open_plain(file) as plain:
                guesses = detect(plain.read(SAMPLE_BYTES))
        except ReadingError as error:
            raise CommandError(str(error)) from error
        if not guesses:
            raise CommandError(f"{file.name} is in no format that the portal reads. `formats` lists those it does.")
        for guess in guesses:
            self.stdout.write(f"{guess.format}  {guess.share:.0%}  {guess.why}")
