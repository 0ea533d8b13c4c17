"""The required kinds of the categories that the question is about are seen."""

from reviews.engine.analysis.coverage import Coverage
from reviews.engine.checks._declare import ATTENTION, FAIL, PASS, UNKNOWN, Check, Outcome, listed
from reviews.engine.events import CATEGORY_NAMES


def judge(coverage: Coverage, categories: tuple[str, ...]) -> Outcome:
    kinds = [kind for kind in coverage.required if not categories or kind.category in categories]
    counted = [kind for kind in kinds if kind.state != "waived"]
    if not counted:
        names = ", ".join(CATEGORY_NAMES.get(name, name) for name in categories) or "any category"
        return Outcome(UNKNOWN, "", f"No kind of {names} is expected of this kind of service.")
    in_state = {
        state: [kind.label for kind in counted if kind.state == state]
        for state in ("seen", "seen_incomplete", "not_seen", "stopped", "not_judged", "not_observable")
    }
    number = f"{len(in_state['seen'])} of {len(counted)}"
    rest = " ".join(
        f"{words}: {listed(in_state[state])}."
        for state, words in (
            ("stopped", "Regular before and stopped"),
            ("not_seen", "Not seen"),
            ("not_judged", "Cannot tell, because actions of these logs are not judged"),
            ("not_observable", "Not observable in these logs"),
            ("seen_incomplete", "Seen with fields missing"),
        )
        if in_state[state]
    )
    if in_state["stopped"]:
        return Outcome(FAIL, number, rest)
    if in_state["not_seen"] or in_state["not_judged"] or in_state["not_observable"]:
        return Outcome(UNKNOWN, number, rest)
    if in_state["seen_incomplete"]:
        return Outcome(ATTENTION, number, rest)
    return Outcome(PASS, number, "Every required kind was seen with complete fields.")


CHECK = Check("log.category_coverage", "Required kinds are seen", ("coverage", "categories"), judge)
