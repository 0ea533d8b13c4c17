"""No silent stretch, judged by the history of each service. Deciding on a gap comes later: none counts as explained."""

from reviews.engine.checks._declare import ATTENTION, PASS, UNKNOWN, Check, Outcome, count_words, listed
from reviews.engine.checks.inputs import SilenceFacts

_MATTERS = 3.0  # rule of three: fewer expected events in hours that nobody imported prove nothing either way


def judge(silences: tuple[SilenceFacts, ...]) -> Outcome:
    if not silences:
        return Outcome(UNKNOWN, "", "No service to look at.")
    found = [one for facts in silences for one in facts.found]
    unknown = [_why(facts, len(silences) > 1) for facts in silences if _cannot_tell(facts)]
    hours = sum(one.hours for one in found if not one.category)  # while only a category is silent, others arrive
    number = f"{len(found)}, {hours:,} h" if hours else str(len(found))
    if unknown:
        also = f" Found so far: {listed([one.sentence for one in found], 3)}" if found else ""
        return Outcome(UNKNOWN, number if found else "", " ".join(unknown) + also)
    if found:
        gaps = count_words(len(found), "span")
        return Outcome(
            ATTENTION, number, f"{gaps} without events, not decided yet. " + " ".join(one.sentence for one in found)
        )
    longest = max((facts.noticed_after_hours or 0 for facts in silences), default=0)
    rare = sorted({name for facts in silences for name in facts.categories_not_judged})
    alone = f" Too rare to be judged by themselves: {', '.join(rare)}." if rare else ""
    return Outcome(
        PASS,
        number,
        f"No silence in {count_words(sum(facts.hours_judged for facts in silences), 'hour')}. "
        f"One of up to {count_words(longest, 'hour')} could have gone unnoticed.{alone}",
    )


def _cannot_tell(facts: SilenceFacts) -> bool:
    return not facts.judged or (facts.hours_not_imported > 0 and facts.expected_not_imported >= _MATTERS)


def _why(facts: SilenceFacts, named: bool) -> str:
    reason = facts.reason
    if facts.judged:
        reason = (
            f"{count_words(facts.hours_not_imported, 'hour')} of the period were not imported; "
            f"about {facts.expected_not_imported:,.0f} events are usual in them."
        )
    return f"{facts.service}: {reason}" if named else reason


CHECK = Check("log.gaps", "No silent stretches", ("silences",), judge)
