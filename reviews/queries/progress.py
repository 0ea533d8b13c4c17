"""How far an import is, as far as that can be told while it runs."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from reviews.models import Import, ImportKind, ImportState

_FEWEST_FILES: Final = 20  # looked at, before the rest is estimated by them
_FEWEST: Final = dt.timedelta(seconds=30)


@dataclass(frozen=True)
class Progress:
    """Files of one pass; for replays and re-mappings, sealed segments. `found` 0: how many there are is not known."""

    seen: int
    found: int
    older: int  # of those seen: left alone
    estimate: str  # what can be said of the rest; empty: nothing that would help

    @property
    def share(self) -> int:
        """Percent looked at, rounded down."""
        return 100 * self.seen // self.found if self.found else 0


def progress_of(run: Import | None, *, first: bool, now: dt.datetime) -> Progress | None:
    """Of a run under way; `first`: no import of the source is done. None when nothing is under way."""
    if run is None:
        return None
    proper = run.kind == ImportKind.IMPORT
    seen = run.files_seen if proper else run.files_read
    found = max(run.files_found, seen) if run.files_found else 0
    found = found if proper else run.files_seen
    estimate = _estimate(run, found, now) if proper and first and run.state == ImportState.RUNNING else ""
    return Progress(seen, found, run.files_older, estimate)


def _estimate(run: Import, found: int, now: dt.datetime) -> str:
    """Only the first import reads nearly all that it finds: a later one passes over most, at no pace that tells."""
    if not found:
        return "How many files there are is known at the end."
    looked_at, left = run.files_seen - run.files_older, found - run.files_seen
    elapsed = now - run.started_at if run.started_at is not None else dt.timedelta()
    if not left or run.attempt > 1:
        return ""
    if looked_at < _FEWEST_FILES or elapsed < _FEWEST:
        return "How long it will take cannot be told yet."
    minutes = max(round(elapsed * left / looked_at / dt.timedelta(minutes=1)), 1)
    words = f"{minutes} minute{'s' if minutes > 1 else ''}" if minutes < 120 else f"{round(minutes / 60)} hours"
    return f"About {words} more, if the other files are like those so far."
