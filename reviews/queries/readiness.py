"""What a review still lacks before it can be handed over, and what its automatic checks say.

One place decides it for pages, for handing over and for signing. Drafts may lack anything: typing is never lost.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Q

from reviews.engine.checks import CheckResult
from reviews.models import Answer, Review, ReviewItem, ReviewState
from reviews.queries import inputs
from reviews.queries.times import date

Results = tuple[CheckResult, ...]

ATTENTION: Final = "attention"
FAIL: Final = "fail"
PASS: Final = "pass"  # noqa: S105 # a verdict
UNKNOWN: Final = "unknown"
# Checks of the files that people attach.
OF_EVIDENCE: Final = frozenset({"evidence.hash"})
# The worst one speaks for the question. Unknown is worse than attention: it is never read as nearly passed.
WORST_FIRST: Final = (FAIL, UNKNOWN, ATTENTION, PASS)


@dataclass(frozen=True)
class Missing:
    """One thing an answer still lacks. `field` is where it is given."""

    field: str  # answer, note, reason, until, second_person or evidence
    sentence: str


def check_results(review: Review) -> dict[str, Results]:
    """Results by question: the frozen ones where there are, those of this moment otherwise.

    What looks at the evidence itself is judged anew until the review is handed over: files come after the freeze.
    """
    if review.frozen is None:
        return inputs.check_results(review)
    frozen = {
        item: tuple(CheckResult(**result) for result in results)
        for item, results in review.frozen.get("checks", {}).items()
    }
    if review.state != ReviewState.OPEN or not any(one.check in OF_EVIDENCE for row in frozen.values() for one in row):
        return frozen
    now = {item: {one.check: one for one in results} for item, results in inputs.check_results(review).items()}
    return {
        item: tuple(now.get(item, {}).get(one.check, one) if one.check in OF_EVIDENCE else one for one in results)
        for item, results in frozen.items()
    }


def is_built(result: CheckResult) -> bool:
    """Whether the check exists in this version. One that does not exist judges nothing and binds nobody."""
    return result.sentence != inputs.NO_SUCH_CHECK


def verdict(results: Iterable[CheckResult]) -> str | None:
    """The worst verdict of the checks that exist; None when none does."""
    verdicts = {result.verdict for result in results if is_built(result)}
    return next((verdict for verdict in WORST_FIRST if verdict in verdicts), None)


def needs_reason(results: Iterable[CheckResult]) -> str | None:
    """Why `meets` needs a reason here: the verdict it stands against."""
    found = verdict(results)
    return None if found in (None, PASS) else found


_AGAINST: Final = {
    FAIL: "an automatic check failed",
    UNKNOWN: "an automatic check could not tell",
    ATTENTION: "an automatic check needs attention",
}


def items_of(review: Review) -> Sequence[ReviewItem]:
    """The questions with the number of files attached to each (`files`)."""
    return list(
        review.items.annotate(
            files=Count("evidence_links", filter=Q(evidence_links__removed_at__isnull=True))
        ).select_related("answered_by", "second_person")
    )


def missing(item: ReviewItem, results: Results, files: int) -> list[Missing]:
    """What the answer still lacks; empty when it is complete."""
    if item.answer == Answer.MEETS:
        return _missing_of_meets(item, results, files)
    if item.answer == Answer.DOES_NOT_MEET:
        return [] if item.note.strip() else [Missing("note", "Say in the note what is not met.")]
    if item.answer == Answer.NOT_APPLICABLE:
        return _missing_of_not_applicable(item)
    return [Missing("answer", "No answer yet.")]


def _missing_of_meets(item: ReviewItem, results: Results, files: int) -> list[Missing]:
    found = []
    against = needs_reason(results)
    if against and not item.reason.strip():
        found.append(Missing("reason", f"Give a reason: {_AGAINST[against]}."))
    # That some files are unchanged shows nothing of what the question asks.
    if not files and not any(result.verdict == PASS and result.check not in OF_EVIDENCE for result in results):
        found.append(Missing("evidence", "Attach evidence: no automatic check passed."))
    return found


def _missing_of_not_applicable(item: ReviewItem) -> list[Missing]:
    found = []
    if not item.reason.strip():
        found.append(Missing("reason", "Give the reason why it does not apply."))
    if item.not_applicable_until is None:
        found.append(Missing("until", "Give the day until which it does not apply."))
    elif item.not_applicable_until < item.review.cycle.ends_on:
        found.append(Missing("until", f"Choose a day from the quarter's end, {date(item.review.cycle.ends_on)}, on."))
    if not found and item.second_person_id is None:
        found.append(Missing("second_person", "A second person has not confirmed yet that it does not apply."))
    return found


def what_is_open(review: Review) -> list[str]:
    """One sentence for each thing that stands between the review and its signature."""
    results = check_results(review)
    return [
        f"{item.item} {item.text.get('title', '')}: {lack.sentence}"
        for item in items_of(review)
        for lack in missing(item, results.get(item.item, ()), item.files)  # type: ignore[attr-defined]
    ]
