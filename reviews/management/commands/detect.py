"""Say which log format a file is in."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reviews.engine.reading import detect, open_plain
from reviews.engine.reading.suggesting import suggest
from reviews.errors import ReadingError

SAMPLE_BYTES = 1 << 18


class Command(BaseCommand):
    help = (
        "Say which log format a file is in, by reading its beginning: id, share of the records that it reads, and why. "
        "The formats that come next follow, one a line. Compressed files are unpacked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            with open_plain(file) as plain:
                sample = plain.read(SAMPLE_BYTES)
        except ReadingError as error:
            raise CommandError(str(error)) from error
        guesses = detect(sample)
        if not guesses:
            suggestion = suggest(sample)
            hint = f" It can be mapped by hand: choose {suggestion.format} in a log source." if suggestion else ""
            raise CommandError(
                f"{file.name} is in no format that the portal reads. `formats` lists those it does.{hint}"
            )
        for guess in guesses:
            self.stdout.write(f"{guess.format}  {guess.share:.0%}  {guess.why}")
        if len(guesses) == 1:
            self.stdout.write("No other format reads anything of it.")
