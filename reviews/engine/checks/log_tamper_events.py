"""Entries that tell of logging switched off, changed or erased. None counts as approved: linking comes later."""

from reviews.engine.checks._declare import ATTENTION, PASS, UNKNOWN, Check, Outcome, count_words
from reviews.engine.checks.inputs import LoggingControl


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
    if not logging_control.entries_in_period:
        return Outcome(UNKNOWN, "", "No entry in the period: nothing can be said.")
    if not logging_control.observable:
        return Outcome(UNKNOWN, "", "These logs cannot show changes to logging.")
    return Outcome(PASS, "0", "No entry tells of a change to logging.")


CHECK = Check("log.tamper_events", "Actions against logging", ("logging_control",), judge)
