"""Beat without a file: its one entry is the tick, so there is no state worth keeping."""

from celery.beat import Scheduler


class MemoryScheduler(Scheduler):
    """The schedule lives in memory; celery's own base class does that when nothing persists it."""
