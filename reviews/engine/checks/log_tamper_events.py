"""Entries that tell of logging switched off, changed or erased. None counts as approved: linking comes later."""

from reviews.engine.checks._declare import ATTENTION, PASS, UNKNOWN, Check, Outcome, count_words, listed
from reviews.engine.checks.inputs import LoggingControl, Watched

_NOT_YET_HOURS = 24  # files may be delivered a day late


def judge(logging_control: LoggingControl) -> Outcome:
    found = logging_control.found
    total = sum(one.entries for one in found)
    if total:
        parts = [
            f"{one.label}, {one.service}: {count_words(one.entries, 'time')}, last on "
            f"{one.last_at.day} {one.last_at:%b %Y, %H:%M} UTC"
            for one in found
        ]
        return Outcome(ATTENTION, f"{total:,}", f"{'; '.join(parts)}. No approved change is linked.")
    services = logging_control.services
    reasons = [_why_not(one, len(services) > 1) for one in services if _cannot_tell(one)]
    if reasons or not services:
        return Outcome(UNKNOWN, "", " ".join(reasons) or "No service to look at.")
    return Outcome(PASS, "0", "No entry tells of a change to logging.")


def _cannot_tell(one: Watched) -> bool:
    return bool(one.not_judged) or not one.observable or not one.entries or one.hours_not_imported > _NOT_YET_HOURS


def _why_not(one: Watched, named: bool) -> str:
    if one.not_judged:
        reason = f"Actions are not judged of {listed(one.not_judged)}."
    elif not one.observable:
        reason = "These logs cannot show changes to logging."
    elif not one.entries:
        reason = "No entry in the period in logs that could show it: nothing can be said."
    else:
        reason = f"{count_words(one.hours_not_imported, 'hour')} of the period were not imported."
    return f"{one.service}: {reason}" if named else reason


CHECK = Check("log.tamper_events", "Actions against logging", ("logging_control",), judge)
