"""Sign-ins that worked and sign-ins that were refused are both logged."""

from reviews.engine.analysis.coverage import Coverage
from reviews.engine.checks._declare import FAIL, PASS, UNKNOWN, Check, Outcome, listed

_KINDS = {"sign_in_succeeded": "succeeded", "sign_in_refused": "was refused"}


def judge(coverage: Coverage) -> Outcome:
    found = {kind.kind: kind for kind in coverage.kinds if kind.kind in _KINDS}
    seen = [name for name in _KINDS if name in found and found[name].state in ("seen", "seen_incomplete")]
    number = f"{len(seen)} of 2"
    stopped = [kind.label for kind in found.values() if kind.state == "stopped"]
    if stopped:
        return Outcome(FAIL, number, f"Regular before and stopped: {', '.join(stopped)}.")
    if len(seen) == 2:
        good, refused = (found[name].count for name in _KINDS)
        return Outcome(PASS, number, f"{good:,} sign-ins succeeded and {refused:,} were refused.")
    if not found:
        return Outcome(UNKNOWN, number, "No sign-in is expected of this kind of service, and none was seen.")
    if any(kind.state == "not_judged" for kind in found.values()):
        return Outcome(UNKNOWN, number, f"Cannot tell: actions are not judged of {listed(coverage.not_judged)}.")
    missing = " and none that ".join(words for name, words in _KINDS.items() if name not in seen)
    return Outcome(UNKNOWN, number, f"No sign-in that {missing} was seen, and no test proved that it would be.")


CHECK = Check("log.both_outcomes", "Good and refused sign-ins are logged", ("coverage",), judge)
