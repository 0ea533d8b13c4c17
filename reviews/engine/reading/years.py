"""Years for times that carry none.

Within one file, times run forwards but for small disorder. A step back of more than half a year is New Year; a step
from the first days of January to the last of December right behind it is disorder around New Year. So the file falls
into parts of one year each, whose years follow one another. The last part takes the latest year in which the file
lies before its modification time, and in which each 29 February falls into a leap year.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from reviews.engine.reading.spans import Positions, positions

LEAP: Final = 2000  # the year in which the moments are given
_DAY: Final = 86_400_000_000  # microseconds
_HALF_YEAR: Final = 183 * _DAY
_WEEK: Final = 7 * _DAY
_NEW_YEAR: Final = int(np.datetime64(f"{LEAP}-01-01", "us").astype(np.int64))
_NEXT_NEW_YEAR: Final = int(np.datetime64(f"{LEAP + 1}-01-01", "us").astype(np.int64))
_LEAP_DAY: Final = int(np.datetime64(f"{LEAP}-02-29", "us").astype(np.int64))
_FARTHEST: Final = 40  # years back in which a fitting leap year is looked for


def find_years(
    moments: pa.ChunkedArray,
    offsets: Positions,
    file_starts: Positions | None,
    latest: Sequence[dt.datetime],
    after: dt.datetime | None = None,
) -> pa.Array:
    """The year of each moment (given in a leap year; NULL: it needs none).

    `latest` holds the local modification time of each file, or one for all. With `after`, the first moment follows
    that one, whatever `latest` says.
    """
    given = np.flatnonzero(moments.is_valid().to_numpy())
    years = np.full(len(moments), latest[0].year, dtype=np.int64)
    if len(given):
        times = moments.drop_null().cast(pa.int64()).to_numpy()
        starts = positions([0]) if file_starts is None else np.asarray(file_starts, dtype=np.int64)
        files = np.searchsorted(starts, offsets[given], side="right")
        cuts = np.flatnonzero(np.diff(files)) + 1
        for part in np.split(np.arange(len(given)), cuts):
            if after is None:
                modified = latest[files[part[0]] - 1] if len(latest) > 1 else latest[0]
                years[given[part]] = _years_before(times[part], modified)
            else:
                known = np.datetime64(_in_leap_year(after), "us").astype(np.int64)
                years[given[part]] = _turns(np.concatenate(([known], times[part])))[1:] + after.year
    return pa.array(years)


def _in_leap_year(moment: dt.datetime) -> dt.datetime:
    return moment.replace(year=LEAP, tzinfo=None)


def _years_before(times: Positions, latest: dt.datetime) -> Positions:
    """The year of each moment of one file, none of which lies after `latest`."""
    turn = _turns(times)
    turn -= turn[-1]  # 0 in the last part, -1 in the one before
    leap_days = np.unique(turn[(times >= _LEAP_DAY) & (times < _LEAP_DAY + _DAY)])
    last = times[turn == turn.max()].max()
    # The last part may end up to a day after the modification time: clocks differ, and zones may be wrong.
    bound = latest + dt.timedelta(days=1)
    into_year = np.datetime64(_in_leap_year(bound), "us").astype(np.int64)
    year = bound.year - int(turn.max()) - (0 if last <= into_year else 1)
    for back in range(_FARTHEST):
        if all(_is_leap(year - back + int(part)) for part in leap_days):
            year -= back
            break
    return turn + year


def _turns(times: Positions) -> Positions:
    """How many New Years have passed at each moment, counted from the first."""
    turn = np.zeros(len(times), dtype=np.int64)
    step = np.diff(times)
    forwards = step < -_HALF_YEAR
    backwards = (step > _HALF_YEAR) & (times[:-1] < _NEW_YEAR + _WEEK) & (times[1:] >= _NEXT_NEW_YEAR - _WEEK)
    turn[1:] = np.cumsum(forwards.astype(np.int64) - backwards)
    return turn


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
