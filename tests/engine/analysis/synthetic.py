"""Seeded counts with the shape of real services: nights, weekends, holidays, noisy days and hours."""

import datetime as dt

import numpy as np

from reviews.engine.analysis.baselines import Series
from reviews.engine.analysis.calendars import local_hours

BERLIN = "Europe/Berlin"
START = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)


def hours(moment: dt.datetime, start: dt.datetime = START) -> int:
    return int((moment - start) // dt.timedelta(hours=1))


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


def business(rng, mean: float, *, weeks: int = 26, zone: str = BERLIN, day_k=6.0, hour_k=3.0, start=START):
    """Counts of a service that people use in business hours; `mean` events an hour over the whole week."""
    local = local_hours(zone, start, weeks * 168)
    hour, weekday = local.slot % 24, local.slot // 24
    shape = np.where((hour >= 8) & (hour < 18), 1.0, np.where((hour >= 6) & (hour < 22), 0.35, 0.06))
    shape = shape * np.where(weekday >= 5, 0.15, 1.0)
    noise = rng.gamma(day_k, 1 / day_k, int(local.day[-1] - local.day[0]) + 1)[local.day - local.day[0]]
    noise = noise * rng.gamma(hour_k, 1 / hour_k, len(shape))
    return rng.poisson(shape * noise * mean / shape.mean())


def series(counts, zone: str = BERLIN, start: dt.datetime = START, imported=None) -> Series:
    counts = np.asarray(counts, np.int64)
    known = np.ones(len(counts), np.bool_) if imported is None else np.asarray(imported, np.bool_)
    return Series(start, counts, known, zone)
