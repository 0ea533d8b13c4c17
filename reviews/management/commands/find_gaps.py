"""Find silences in a series of counts: `manage.py find_gaps SERIES.csv`."""

import csv
import datetime as dt
import io
import zoneinfo
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from reviews.engine.analysis.baselines import Series
from reviews.engine.analysis.gaps import find_gaps
from reviews.engine.reading import open_plain
from reviews.errors import PortalError

HOUR = dt.timedelta(hours=1)
LONGEST = 20 * 366 * 24  # hours


class Command(BaseCommand):
    """Two columns: a time and a count. Rows are added up by hour; an hour without a row is empty."""

    help = "Find spans without events in a CSV of times and counts (with or without a header, compressed or not)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("series", type=Path, metavar="SERIES.csv")
        parser.add_argument("--timezone", default="UTC", help="of the people whose work it is, for nights and weekends")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            zone = str(zoneinfo.ZoneInfo(options["timezone"]))
        except (ValueError, zoneinfo.ZoneInfoNotFoundError):
            raise CommandError(f"{options['timezone']!r} is no time zone. Write it as Europe/Berlin.") from None
        series = _series(_rows(options["series"]), zone)
        end = series.at(len(series))
        found = find_gaps(series, series.start, end)
        for gap in found.gaps:
            self.stdout.write(gap.sentence)
        if found.verdict == "unknown":
            self.stdout.write(f"Cannot tell. {found.reason}")
        elif not found.gaps:
            self.stdout.write(f"No silence in {found.hours_judged:,} hours.")
        if found.noticed_after_hours is not None:
            self.stdout.write(f"A silence of up to {found.noticed_after_hours:,} hours could go unnoticed.")


def _rows(path: Path) -> list[tuple[dt.datetime, int]]:
    try:
        with open_plain(path) as plain:
            pieces = []
            while piece := plain.read(1 << 20):
                pieces.append(piece)
    except (OSError, PortalError) as problem:
        raise CommandError(f"{path} cannot be read: {problem}") from None
    rows = []
    text = io.StringIO(b"".join(pieces).decode("utf-8-sig", "replace"), newline="")
    for number, row in enumerate(csv.reader(text), start=1):
        if not row:
            continue
        try:
            rows.append((_moment(row[0]), int(float(row[1]))))
        except (ValueError, IndexError, OverflowError):
            if number > 1:
                raise CommandError(f"{path}, line {number}: a time and a count are expected, not {row!r}.") from None
    if not rows:
        raise CommandError(f"{path} holds no row with a time and a count.")
    return rows


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text.strip())
    moment = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    return moment.replace(minute=0, second=0, microsecond=0)


def _series(rows: list[tuple[dt.datetime, int]], zone: str) -> Series:
    start = min(moment for moment, _ in rows)
    length = int((max(moment for moment, _ in rows) - start) // HOUR) + 1
    if length > LONGEST:
        raise CommandError("The series spans more than 20 years. Is a time wrong?")
    counts = np.zeros(length, np.int64)
    for moment, n in rows:
        counts[int((moment - start) // HOUR)] += n
    return Series(start, counts, np.ones(length, np.bool_), zone)
