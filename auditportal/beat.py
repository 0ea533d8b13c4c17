"""Beat without a file: its one entry is the tick, so there is no state worth keeping."""

import datetime as dt

from celery.beat import Scheduler


class MemoryScheduler(Scheduler):
    """The schedule lives in memory, and the first tick comes at once: work may have waited while nothing ran."""

    def setup_schedule(self) -> None:
        super().setup_schedule()
        for entry in self.schedule.values():
            entry.last_run_at = entry.default_now() - dt.timedelta(days=1)
