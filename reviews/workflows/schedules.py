"""When a source is read next: by its schedule, or after a failure by a back-off."""

import datetime as dt
from typing import Final

from cronsim import CronSim, CronSimError

from reviews.models import LogSource

FIRST_RETRY: Final = dt.timedelta(minutes=1)
LONGEST_RETRY: Final = dt.timedelta(hours=6)
UNREADABLE_SCHEDULE: Final = dt.timedelta(days=1)


def next_run(source: LogSource, after: dt.datetime) -> dt.datetime:
    """The next time by the source's own schedule, later than `after`."""
    if source.every_minutes is not None:
        return after + dt.timedelta(minutes=source.every_minutes)
    try:
        upcoming: dt.datetime = next(CronSim(source.cron, after))
        return upcoming
    except (CronSimError, StopIteration):
        # Forms refuse such a line; should one get in all the same, the source is still read once a day.
        return after + UNREADABLE_SCHEDULE


def next_retry(failures: int, after: dt.datetime) -> dt.datetime:
    """After `failures` failed imports in a row: one minute, then twice as long each time, at most six hours."""
    doublings = min(max(failures, 1) - 1, 16)
    return after + min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)
