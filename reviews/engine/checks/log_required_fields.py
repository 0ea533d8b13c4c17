"""Critical entries carry who, what, when, from where, on what, and whether it worked."""

from reviews.engine.checks._declare import ATTENTION, PASS, UNKNOWN, Check, Outcome, listed
from reviews.engine.checks.inputs import FieldShare

COMPLETE_PERCENT = 99  # field_completeness_percent of the template's settings


def judge(fields: tuple[FieldShare, ...], not_judged: tuple[str, ...]) -> Outcome:
    fields = tuple(share for share in fields if share.entries)
    if not fields:
        unjudged = f" Actions are not judged of {listed(not_judged)}." if not_judged else ""
        return Outcome(UNKNOWN, "", f"No critical entry in the period.{unjudged}")
    low = [share for share in fields if 100 * (share.entries - share.missing) < COMPLETE_PERCENT * share.entries]
    worst = sorted(low, key=lambda share: -share.missing / share.entries)[:3]
    number = f"{len(fields) - len(low)} of {len(fields)}"
    if worst:
        parts = [f"{one.missing:,} of {one.entries:,} lack “{one.field}” ({one.source})" for one in worst]
        more = f", and {len(low) - len(worst)} more" if len(low) > len(worst) else ""
        return Outcome(ATTENTION, number, f"{'; '.join(parts)}{more}.")
    if not_judged:
        words = "Where actions are judged, the fields are filled. Which entries are critical is not known of"
        return Outcome(UNKNOWN, number, f"{words} {listed(not_judged)}.")
    return Outcome(PASS, number, f"Each field is filled in at least {COMPLETE_PERCENT} % of the critical entries.")


CHECK = Check("log.required_fields", "Needed fields are filled", ("fields", "not_judged"), judge)
