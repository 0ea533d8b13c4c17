"""Times are sane, as far as counts tell. They do not say when an entry was received: at best unknown."""

import datetime as dt

from reviews.engine.checks._declare import ATTENTION, FAIL, UNKNOWN, Check, Outcome, listed
from reviews.engine.checks.inputs import ClockFacts

_TOLERATED = dt.timedelta(minutes=10)
_WRONG_ZONE = dt.timedelta(minutes=30)


def judge(clocks: tuple[ClockFacts, ...]) -> Outcome:
    if not clocks:
        return Outcome(UNKNOWN, "", "No log source to look at.")
    ahead = [clock for clock in clocks if clock.ahead is not None and clock.ahead > _TOLERATED]
    if ahead:
        furthest = max(clock.ahead for clock in ahead if clock.ahead is not None)
        words = [f"{clock.source} ({_hours(clock.ahead)})" for clock in ahead if clock.ahead is not None]
        return Outcome(
            FAIL if furthest >= _WRONG_ZONE else ATTENTION,
            _hours(furthest),
            f"Entries lie in the future of the moment they were read: {listed(words)}. "
            "A clock or the time zone of the source is wrong.",
        )
    assumed = [clock for clock in clocks if clock.assumed]
    if assumed:
        total = sum(clock.assumed for clock in assumed)
        words = [f"{clock.source} ({clock.assumed:,} of {clock.entries:,})" for clock in assumed]
        return Outcome(ATTENTION, f"{total:,}", f"The time zone was assumed: {listed(words)}.")
    return Outcome(
        UNKNOWN, "", "No entry lies in the future and no zone was assumed. When entries were received is not known."
    )


def _hours(span: dt.timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


CHECK = Check("log.clock", "Time stamps are sane", ("clocks",), judge)
