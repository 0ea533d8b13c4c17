"""When events happen: office hours, machines, web visitors, a weekly batch; weekends, public holidays, clock changes.

Everything is drawn from a generator seeded by stream and day, so a day comes out the same whenever it is made.
"""

import datetime as dt
import zlib
from dataclasses import dataclass
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from reviews.workflows.demo import cast

SEED: Final = 20261124
MICROSECONDS: Final = 1_000_000
HOUR: Final = 3600 * MICROSECONDS
Times = npt.NDArray[np.int64]  # microseconds since 1970, UTC, ascending

_SHAPES: Final = {
    # Weights of the local hours 0 to 23.
    "office": (0.2, 0.2, 0.2, 0.2, 0.2, 0.4, 1.5, 5, 9, 11, 11, 10, 7, 9, 10, 10, 8, 5, 2.5, 1.5, 1, 0.8, 0.5, 0.3),
    "machine": (5, 6, 6, 5, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5),
    "web": (2, 1, 1, 1, 1, 1, 2, 4, 6, 7, 7, 7, 8, 7, 6, 6, 6, 7, 8, 9, 9, 8, 6, 4),
    "batch": (0, 0, 0, 6, 4, *[0] * 19),
}
_DAYS: Final = {
    # Share of a working day's events on Saturdays, Sundays and public holidays.
    "office": (0.06, 0.05, 0.05),
    "machine": (0.95, 0.95, 0.95),
    "web": (0.85, 0.9, 0.85),
}
BATCH_WEEKDAY: Final = 3  # Thursdays, public holiday or not


@dataclass(frozen=True)
class Stream:
    """Events of one sort at one place: so many on a working day (on the batch's day), at these hours."""

    key: str
    per_day: float
    rhythm: str
    day_spread: float = 30.0  # shape of the gamma noise; more is steadier
    hour_spread: float = 25.0


@cache
def public_holidays(year: int) -> frozenset[dt.date]:
    """Public holidays of Ireland."""
    import holidays  # slow to load, and only the demo wants it

    return frozenset(holidays.country_holidays("IE", years=[year]))


@cache
def _weights(rhythm: str, day: dt.date) -> tuple[float, ...]:
    """Share of a working day's events that falls into each UTC hour of the day."""
    zone, shape = ZoneInfo(cast.TIME_ZONE), _SHAPES[rhythm]
    found = []
    for hour in range(24):
        local = dt.datetime.combine(day, dt.time(hour), dt.UTC).astimezone(zone)
        found.append(shape[local.hour] / sum(shape) * _share(rhythm, local.date()))
    return tuple(found)


def _share(rhythm: str, day: dt.date) -> float:
    """How much of a working day this day is."""
    if rhythm == "batch":
        return float(day.weekday() == BATCH_WEEKDAY)
    saturday, sunday, holiday = _DAYS[rhythm]
    share = {5: saturday, 6: sunday}.get(day.weekday(), 1.0)
    return min(share, holiday) if day in public_holidays(day.year) else share


def expected(stream: Stream, day: dt.date) -> float:
    """Events expected on the UTC day, before noise."""
    return stream.per_day * sum(_weights(stream.rhythm, day))


def generator(*names: object) -> np.random.Generator:
    """Random numbers that belong to these names alone."""
    return np.random.default_rng([SEED, zlib.crc32("/".join(map(str, names)).encode())])


def times(stream: Stream, day: dt.date, factor: float = 1.0) -> Times:
    """Moments of the stream's events on the UTC day."""
    rng = generator(stream.key, day)
    means = np.array(_weights(stream.rhythm, day)) * stream.per_day * factor
    means *= rng.gamma(stream.day_spread, 1 / stream.day_spread)
    means *= rng.gamma(stream.hour_spread, 1 / stream.hour_spread, 24)
    counts = rng.poisson(means)
    start = midnight(day)
    hours = np.repeat(np.arange(24, dtype=np.int64), counts)
    found = start + hours * HOUR + (rng.random(len(hours)) * HOUR).astype(np.int64)
    found.sort()
    return found


def midnight(day: dt.date) -> int:
    """The day's first moment in UTC, in microseconds."""
    return micros(dt.datetime.combine(day, dt.time(), dt.UTC))


def micros(moment: dt.datetime) -> int:
    """The moment in microseconds since 1970."""
    return int(moment.timestamp()) * MICROSECONDS + moment.microsecond


def iso(moments: Times) -> list[str]:
    """`2026-11-23T08:15:02.123456`, one for each."""
    found: list[str] = np.datetime_as_string(moments.astype("datetime64[us]"), unit="us").tolist()
    return found


def picks(rng: np.random.Generator, weights: tuple[float, ...], n: int) -> list[int]:
    """n places of the weighted list."""
    share = np.array(weights)
    found: list[int] = np.searchsorted(np.cumsum(share / share.sum()), rng.random(n), side="right").tolist()
    return [min(place, len(weights) - 1) for place in found]
