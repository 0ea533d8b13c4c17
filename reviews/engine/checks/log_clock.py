"""Times are sane: none in the future, zones known, and received soon after they happened, where entries say when.

A source whose entries do not say when they were received leaves the answer unknown.
"""

import datetime as dt
from typing import Final

from reviews.engine.checks._declare import ATTENTION, FAIL, PASS, UNKNOWN, Check, Outcome, listed
from reviews.engine.checks.inputs import ClockFacts

_TOLERATED: Final = dt.timedelta(minutes=10)
_WRONG_ZONE: Final = dt.timedelta(minutes=30)
_NEARLY_ALL: Final = 0.99  # of the entries must say when they were received
_NONE: Final = dt.timedelta()


def judge(clocks: tuple[ClockFacts, ...]) -> Outcome:
    if not clocks:
        return Outcome(UNKNOWN, "", "No log source to look at.")
    return _future(clocks) or _received(clocks) or _assumed(clocks) or _known(clocks)


def _future(clocks: tuple[ClockFacts, ...]) -> Outcome | None:
    """Entries after the moment at which they were read, or received before they happened."""
    ahead = {clock.source: clock.ahead for clock in clocks if clock.ahead is not None and clock.ahead > _TOLERATED}
    if ahead:
        return _wrong(ahead, "Entries lie in the future of the moment they were read")
    early = {clock.source: -clock.early for clock in clocks if clock.early is not None and -clock.early > _TOLERATED}
    return _wrong(early, "Entries were received before they happened") if early else None


def _wrong(spans: dict[str, dt.timedelta], what: str) -> Outcome:
    furthest = max(spans.values())
    words = [f"{source} ({_hours(span)})" for source, span in spans.items()]
    return Outcome(
        FAIL if furthest >= _WRONG_ZONE else ATTENTION,
        _hours(furthest),
        f"{what}: {listed(words)}. A clock or the time zone of the source is wrong.",
    )


def _received(clocks: tuple[ClockFacts, ...]) -> Outcome | None:
    late = {clock.source: clock.late for clock in clocks if clock.late is not None and clock.late > _TOLERATED}
    if not late:
        return None
    words = [f"{source} ({_hours(span)})" for source, span in late.items()]
    return Outcome(
        ATTENTION,
        _hours(max(late.values())),
        f"On some day half of the entries were received long after they happened: {listed(words)}. "
        "They were held back, or a clock or the time zone of the source is wrong.",
    )


def _assumed(clocks: tuple[ClockFacts, ...]) -> Outcome | None:
    assumed = [clock for clock in clocks if clock.assumed]
    if not assumed:
        return None
    words = [f"{clock.source} ({clock.assumed:,} of {clock.entries:,})" for clock in assumed]
    total = sum(clock.assumed for clock in assumed)
    return Outcome(ATTENTION, f"{total:,}", f"The time zone was assumed: {listed(words)}.")


def _known(clocks: tuple[ClockFacts, ...]) -> Outcome:
    silent = [clock for clock in clocks if not clock.entries or clock.received < _NEARLY_ALL * clock.entries]
    if silent:
        words = [f"{clock.source} ({clock.received:,} of {clock.entries:,} entries say it)" for clock in silent]
        return Outcome(
            UNKNOWN,
            "",
            "No entry lies in the future and no zone was assumed. When entries were received is not known: "
            f"{listed(words)}.",
        )
    latest = max(clock.late or _NONE for clock in clocks)
    return Outcome(
        PASS,
        _hours(latest),
        "No entry lies in the future, no zone was assumed, and entries say when they were received: "
        f"on no day is the median more than {_hours(latest)} after they happened.",
    )


def _hours(span: dt.timedelta) -> str:
    if span < dt.timedelta(minutes=1):
        return f"{max(int(span.total_seconds()), 0)} s"
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


CHECK = Check("log.clock", "Time stamps are sane", ("clocks",), judge)
