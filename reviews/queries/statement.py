"""The signature statement: what the person who signs says, in full. Its exact text is kept with the signature.

It names what does not meet, what could not be told and the silences nobody has decided on, before it says that the
answers were read. Where a small team limits the separation of duties, it says so instead of pretending.
"""

import hashlib
from typing import TYPE_CHECKING, Any

from reviews.engine.analysis.quarters import Quarter
from reviews.models import Answer, Review, ReviewItem, Scope
from reviews.queries import parts, readiness

if TYPE_CHECKING:
    from auditportal.accounts.models import User

_SUBJECT = {Scope.SERVICE: "this service", Scope.LOG_STORE: "this log store", Scope.CYCLE: "the log stores"}


def silences(review: Review) -> list[dict[str, Any]]:
    """The silences in the frozen numbers. None of them has a decision: deciding on them comes later."""
    numbers = (review.frozen or {}).get("numbers", {})
    found: list[dict[str, Any]] = numbers.get("silences", [])
    return found


def unsearched(review: Review) -> list[str]:
    """Services whose silences could not be searched for, each with the reason. Nothing found there means nothing."""
    searches = (review.frozen or {}).get("numbers", {}).get("silence_search", [])
    return [f"{one['service']}: {one['reason'] or 'no reason is known.'}" for one in searches if not one["judged"]]


def could_not_tell(review: Review, items: "list[ReviewItem]") -> list[ReviewItem]:
    """Questions with an automatic check that could not tell."""
    results = readiness.check_results(review)
    return [
        item
        for item in items
        if any(
            result.verdict == readiness.UNKNOWN and readiness.is_built(result) for result in results.get(item.item, ())
        )
    ]


def met_against_failure(review: Review, items: "list[ReviewItem]") -> list[ReviewItem]:
    """Questions that people call met although an automatic check failed."""
    results = readiness.check_results(review)
    return [
        item
        for item in items
        if item.answer == Answer.MEETS and readiness.verdict(results.get(item.item, ())) == readiness.FAIL
    ]


def unchecked(review: Review, items: "list[ReviewItem]") -> list[ReviewItem]:
    """Questions that no automatic check of this version looks at: what people attached and judged is all there is."""
    results = readiness.check_results(review)
    return [item for item in items if not any(readiness.is_built(result) for result in results.get(item.item, ()))]


def limits(review: Review, person: "User") -> list[str]:
    """Where the separation of duties is narrower than it looks, in the first person."""
    part = parts.part_of(review, person)
    found = []
    if part.confirmed:
        found.append(
            f"I also confirmed {_count(part.confirmed, 'answer')} “not applicable” as the second person, "
            "so for these the same two people answered and signed."
        )
    if part.keeps:
        found.append("I also keep log sources that this review speaks of.")
    givers = {other.person.pk for other in parts.of(review) if other.prepared}
    if len(givers) == 1:
        found.append("One person alone prepared this review.")
    return found


def text(review: Review, person: "User") -> str:
    """The statement; paragraphs are separated by an empty line."""
    items = list(review.items.all())
    quarter = Quarter.parse(review.cycle.quarter)
    name = review.subject_name if review.scope != Scope.CYCLE else "the whole quarter"
    paragraphs = [
        f"I, {person.name}, have read the {_count(len(items), 'answer')} and their evidence in the review of {name} "
        f"for the {quarter.title[0].lower()}{quarter.title[1:]}, version {review.version}.",
        _totals(items),
        *_gaps(review, items),
        " ".join(
            [
                f"I gave none of the answers, attached none of the evidence and do not operate "
                f"{_SUBJECT[Scope(review.scope)]}.",
                *limits(review, person),
                "To my knowledge the record is complete and true.",
            ]
        ),
    ]
    return "\n\n".join(paragraphs)


def digest(words: str) -> str:
    """SHA-256 of a statement: the form carries it, so that nobody signs another text than the one they read."""
    return hashlib.sha256(words.encode()).hexdigest()


def _count(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def _totals(items: list[ReviewItem]) -> str:
    counted = {answer: sum(item.answer == answer for item in items) for answer in Answer.values}
    return (
        f"Met: {counted[Answer.MEETS]}. Not met: {counted[Answer.DOES_NOT_MEET]}. "
        f"Not applicable: {counted[Answer.NOT_APPLICABLE]}."
    )


def _gaps(review: Review, items: list[ReviewItem]) -> list[str]:
    found = []
    failed = [item for item in items if item.answer == Answer.DOES_NOT_MEET]
    if failed:
        found.append("Not met: " + _listed(failed))
    against = met_against_failure(review, items)
    if against:
        found.append("Met for the reason given, though an automatic check failed: " + _listed(against))
    unknown = could_not_tell(review, items)
    if unknown:
        found.append("Automatic checks could not tell: " + _listed(unknown))
    people_only = unchecked(review, items)
    if people_only:
        found.append(
            f"For {len(people_only)} of {len(items)} questions no automatic check exists; people judged them by the "
            f"evidence: {', '.join(item.item for item in people_only)}."
        )
    unknown_silences = unsearched(review)
    if unknown_silences:
        found.append("Whether there were silences could not be told. " + " ".join(unknown_silences))
    undecided = silences(review)
    if undecided:
        sentences = " ".join(str(silence.get("sentence", "")) for silence in undecided)
        found.append(f"Silences without a decision ({len(undecided)}): {sentences}")
    return found


def _listed(items: list[ReviewItem]) -> str:
    return "; ".join(f"{item.item} {item.text.get('title', '')}" for item in items) + "."
