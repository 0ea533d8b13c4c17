"""Which offset from UTC times without a zone have, told by moments that are known: when entries were received, or when
the file that ends with them was written.

A guess for a person to judge. It is made only where the difference is that of a zone in use, give or take the short
while that passes between an entry and its writing.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import pyarrow as pa

EARLY = dt.timedelta(minutes=1)  # a clock that is a little ahead
LATE = dt.timedelta(minutes=5)  # between an entry and its receipt, or the writing of its file
_AGREE = 0.8  # of the moments
_FEWEST_RECEIVED = 5  # entries that say when they were received


@dataclass(frozen=True)
class OffsetGuess:
    """An offset, the moment that it was told by, and how many known moments agree of how many."""

    offset: dt.timedelta
    at: dt.datetime  # aware
    agree: int
    of: int


def offset_between(local: dt.datetime, known: dt.datetime) -> dt.timedelta | None:
    """The offset of a local time that stands for a moment at most LATE before the known one; None: no zone fits.

    `local` is naive, `known` aware.
    """
    ahead = local - known.astimezone(dt.UTC).replace(tzinfo=None)
    for offset in sorted(zones_by_offset(known.date())):
        if -EARLY <= offset - ahead <= LATE:
            return offset
    return None


def guess_offset(pairs: Sequence[tuple[dt.datetime, dt.datetime]]) -> OffsetGuess | None:
    """The offset that most pairs of a local time (naive) and a known moment (aware) agree on."""
    found = [offset_between(local, known) for local, known in pairs]
    offsets = [one for one in found if one is not None]
    if not offsets:
        return None
    best = max(sorted(set(offsets)), key=offsets.count)
    agree = offsets.count(best)
    return (
        OffsetGuess(best, max(known for _, known in pairs), agree, len(pairs)) if agree >= _AGREE * len(pairs) else None
    )


def guess_by_receipt(events: pa.Table) -> OffsetGuess | None:
    """By the entries without a zone that say when they were received. `events` as read with UTC (READ_SCHEMA)."""
    pairs = [
        (row["occurred_at"], row["observed_at"].replace(tzinfo=dt.UTC))
        for row in events.select(["occurred_at", "observed_at", "time_basis"]).to_pylist()
        if row["time_basis"] != "explicit" and row["observed_at"] is not None
    ]
    return guess_offset(pairs) if len(pairs) >= _FEWEST_RECEIVED else None


def last_local(events: pa.Table) -> dt.datetime | None:
    """The newest time without a zone, naive. `events` as read with UTC."""
    rows: Iterable[dict[str, dt.datetime]] = events.select(["occurred_at", "time_basis"]).to_pylist()
    return max((row["occurred_at"] for row in rows if row["time_basis"] != "explicit"), default=None)


@lru_cache(maxsize=64)
def zones_by_offset(day: dt.date) -> dict[dt.timedelta, tuple[str, ...]]:
    """Every offset that is in use at noon (UTC) of a day, with the names of its zones in alphabetical order."""
    noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
    found: dict[dt.timedelta, list[str]] = {}
    for name in sorted(available_timezones()):
        if "/" in name and not name.startswith(("Etc/", "posix/", "right/")):
            offset = noon.astimezone(ZoneInfo(name)).utcoffset()
            if offset is not None:
                found.setdefault(offset, []).append(name)
    return {offset: tuple(names) for offset, names in found.items()}
