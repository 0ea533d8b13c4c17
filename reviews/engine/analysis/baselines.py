"""What is usual: a rate for each hour of the week, and how much hours, days and weeks scatter around it.

The method is G3 of the design notes: a Gamma-Poisson rate per hour of the week that leans on the pooled profile of
weekdays or weekends while history is short, and a negative binomial scatter by moments. One odd burst does not
move it: no hour counts for more than about twice the next highest of the same hour of the week.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from reviews.engine.analysis.calendars import HOURS_OF_WEEK, LocalHours, local_hours

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

PRIOR_WEEKS: Final = 2  # the pooled profile weighs as much as two weeks of the hour itself
POISSON: Final = 1e6  # a scatter parameter this large is a Poisson process
SMALLEST_SCATTER: Final = 0.1


@dataclass(frozen=True, eq=False)
class Series:
    """Events per hour. Where `imported` is False nobody has read the hour: its count says nothing."""

    start: dt.datetime  # aware, UTC, on the hour
    counts: npt.NDArray[np.int64]
    imported: Mask
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.start.utcoffset() != dt.timedelta(0) or self.start.minute or self.start.second:
            raise ValueError("a series starts on a full hour in UTC")
        if len(self.counts) != len(self.imported):
            raise ValueError("counts and imported hours differ in length")

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def local(self) -> LocalHours:
        return local_hours(self.zone, self.start, len(self.counts))

    def at(self, index: int) -> dt.datetime:
        """The moment at which hour `index` begins."""
        return self.start + dt.timedelta(hours=index)

    def index(self, moment: dt.datetime) -> int:
        """Index of the hour that holds the moment; may lie outside the series."""
        return int((moment - self.start) // dt.timedelta(hours=1))


@dataclass(frozen=True, eq=False)
class Baseline:
    """Expected events of each hour of a series, and the scatter around it.

    `scatter` holds pairs (hours of a block, k of the negative binomial of its count); the smaller k, the wilder.
    """

    expected: Floats
    weeks: float  # of history behind it
    scatter: tuple[tuple[int, float], ...]


def fit(series: Series, usable: Mask) -> Baseline:
    """The baseline from the usable hours; `usable` leaves out what is under test, and hours nobody imported."""
    local = series.local
    usable = usable & series.imported & ~local.holiday
    table = _by_hour_of_week(series.counts, local.slot, usable)
    weights = np.sum(~np.isnan(table), axis=0).astype(np.float64)
    capped = np.minimum(table, _caps(table))
    sums = np.nansum(capped, axis=0)
    rates = (sums + PRIOR_WEEKS * _profile(sums, weights)) / (weights + PRIOR_WEEKS)
    expected = np.minimum(rates[local.slot], rates[local.weekday])  # they differ on public holidays only
    counts = np.minimum(series.counts, _caps(table)[local.slot])
    weeks = float(np.sum(usable)) / HOURS_OF_WEEK
    scatter = [(1, _scatter(counts[usable], expected[usable], weeks))]
    for block, number, least in ((24, local.day, 2), (HOURS_OF_WEEK, (local.day - 1) // 7, 4)):
        seen, due = _totals(number, usable, block - 1, counts, expected)
        if len(seen) >= least:
            scatter.append((block, _scatter(seen, due, weeks)))
    return Baseline(expected, weeks, tuple(scatter))


def _by_hour_of_week(counts: npt.NDArray[np.int64], slot: npt.NDArray[np.int64], usable: Mask) -> Floats:
    """A row a week, a column an hour of the week; NaN where there is nothing to learn from."""
    chosen = np.flatnonzero(usable)
    order = chosen[np.argsort(slot[chosen], kind="stable")]
    sorted_slots = slot[order]
    firsts = np.searchsorted(sorted_slots, np.arange(HOURS_OF_WEEK))
    rank = np.arange(len(order)) - firsts[sorted_slots]
    table = np.full((int(rank.max(initial=0)) + 2, HOURS_OF_WEEK), np.nan)
    table[rank, sorted_slots] = counts[order]
    return table


def _caps(table: Floats) -> Floats:
    """Per hour of the week: twice its second highest count, and a little. One burst then hardly counts."""
    known = np.where(np.isnan(table), 0.0, table)
    second = np.partition(known, -2, axis=0)[-2]
    return np.asarray(2 * second + 5, dtype=np.float64)


def _profile(sums: Floats, weights: Floats) -> Floats:
    """The pooled rate of each hour of the day, weekdays and weekends apart, as 168 values."""
    weekend = np.arange(HOURS_OF_WEEK) // 24 >= 5
    result = np.zeros(HOURS_OF_WEEK)
    for group in (weekend, ~weekend):
        s = sums[group].reshape(-1, 24).sum(axis=0)
        w = weights[group].reshape(-1, 24).sum(axis=0)
        pooled = np.divide(s, w, out=np.zeros(24), where=w > 0)
        result[group] = np.tile(pooled, int(group.sum()) // 24)
    return result


def _totals(block: npt.NDArray[np.int64], usable: Mask, hours: int, *values: Floats) -> list[Floats]:
    """Sums of the values over each block (day, week) of which at least `hours` hours are usable."""
    number = block - block[0]
    size = int(number[-1]) + 1
    whole = np.bincount(number, usable, size) >= hours
    return [np.bincount(number, np.where(usable, value, 0.0), size).astype(np.float64)[whole] for value in values]


def _scatter(seen: Floats, due: Floats, weeks: float) -> float:
    """k of a negative binomial by moments, taken low by twice its own uncertainty.

    The rate was learnt from the same weeks, which makes the residuals too small: hence weeks / (weeks - 1).
    """
    if len(seen) < 2 or not due.any():
        return SMALLEST_SCATTER
    excess = float(np.sum((seen - due) ** 2)) * weeks / max(weeks - 1, 1) - float(np.sum(due))
    if excess <= 0:
        return POISSON
    k = float(np.sum(due**2)) / excess / (1 + 2 * np.sqrt(2 / len(seen)))
    return float(np.clip(k, SMALLEST_SCATTER, POISSON))


def log_chances(due: Floats, baseline: Baseline) -> Floats:
    """Logarithm of the chance of no event in the first 1, 2, … hours of a span with these expected events.

    Hours, days and weeks are each taken as draws of their own with their scatter; the largest chance holds.
    """
    chances = [_log_chances(due, block, k) for block, k in baseline.scatter]
    return np.asarray(np.maximum.reduce(chances), dtype=np.float64)


def _log_chances(due: Floats, block: int, k: float) -> Floats:
    """Σ over blocks of k·log(k / (k + expected in the block)), for each length of the span."""
    if len(due) == 0:
        return np.zeros(0)
    running = np.cumsum(due)
    number = np.arange(len(due)) // block
    before = np.concatenate(([0.0], running))[number * block]
    last = -k * np.log1p((running - before) / k)
    ends = last[block - 1 :: block]
    finished = np.concatenate(([0.0], np.cumsum(ends)))[number]
    return np.asarray(finished + last, dtype=np.float64)
