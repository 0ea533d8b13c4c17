"""What stands before a signature: each condition with its verdict, and who had which part in the review."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviews.models import Answer, Evidence, Review
from reviews.queries import parts, readiness, statement
from reviews.queries.times import moment

if TYPE_CHECKING:
    from auditportal.accounts.models import User


@dataclass(frozen=True)
class Condition:
    """One line before the signature. pass: met; attention: noted; fail: blocks."""

    title: str
    v: str
    words: str
    note: str


@dataclass(frozen=True)
class PartRow:
    """One person of the review."""

    name: str
    is_signer: bool
    did: str
    operates: bool
    keeps: bool


@dataclass(frozen=True)
class Signing:
    """The page."""

    conditions: tuple[Condition, ...]
    people: tuple[PartRow, ...]

    @property
    def blocked(self) -> list[str]:
        return [condition.note for condition in self.conditions if condition.v == "fail"]

    def counted(self, v: str) -> int:
        return sum(condition.v == v for condition in self.conditions)

    @property
    def met(self) -> int:
        return self.counted("pass")

    @property
    def noted(self) -> int:
        return self.counted("attention")


def signing(review: Review, person: "User", against: list[str]) -> Signing:
    """`against`: reasons why this person cannot sign."""
    items = list(review.items.all())
    return Signing(
        conditions=(
            _answered(review),
            _frozen(review),
            _second_person(against),
            _silences(review),
            _told(review),
            _period(review),
        ),
        people=_people(review, person, len(items)),
    )


def _met(title: str, note: str) -> Condition:
    return Condition(title, "pass", "Met", note)


def _blocks(title: str, note: str) -> Condition:
    return Condition(title, "fail", "Blocks", note)


def _note(title: str, note: str) -> Condition:
    return Condition(title, "attention", "Note", note)


def _answered(review: Review) -> Condition:
    items = list(review.items.all())
    title = f"All {len(items)} questions are answered, with what each answer needs"
    lacking = readiness.what_is_open(review)
    if lacking:
        return _blocks(title, " ".join(lacking))
    n = {answer: sum(item.answer == answer for item in items) for answer in Answer.values}
    files = Evidence.objects.filter(links__item__review=review, links__removed_at__isnull=True).distinct().count()
    return _met(
        title,
        f"{n[Answer.MEETS]} met, {n[Answer.DOES_NOT_MEET]} not met, {n[Answer.NOT_APPLICABLE]} not applicable. "
        f"Files: {files}.",
    )


def _frozen(review: Review) -> Condition:
    title = "Numbers and check results are frozen"
    if review.frozen_at is None:
        return _blocks(title, "They are still provisional.")
    return _met(title, f"Since {moment(review.frozen_at)}.")


def _second_person(against: list[str]) -> Condition:
    title = "A second person signs"
    if against:
        return _blocks(title, " ".join(against))
    return _met(title, "You gave no answer, attached no evidence and do not operate it.")


def _silences(review: Review) -> Condition:
    title = "Every silence has a decision"
    found, unsearched = statement.silences(review), statement.unsearched(review)
    if not found and not unsearched:
        return _met(title, "No silence was found.")
    sentences = []
    if unsearched:
        sentences.append(f"Whether there were any could not be told. {' '.join(unsearched)}")
    if found:
        sentences.append(f"{len(found)} without a decision: {' '.join(str(one['sentence']) for one in found)}")
    return _note(title, f"{' '.join(sentences)} You may sign; the statement names them.")


def _told(review: Review) -> Condition:
    title = "Every automatic check could tell"
    items = list(review.items.all())
    unknown, unchecked = statement.could_not_tell(review, items), statement.unchecked(review, items)
    if not unknown and not unchecked:
        return _met(title, "Each question has at least one check, and none is unknown.")
    sentences = []
    if unknown:
        sentences.append(f"Unknown for {', '.join(item.item for item in unknown)}.")
    if unchecked:
        sentences.append(
            f"No check exists for {', '.join(item.item for item in unchecked)}: evidence and people decide."
        )
    return _note(title, f"{' '.join(sentences)} You may sign; the statement says so.")


def _period(review: Review) -> Condition:
    title = "Evidence covers the quarter"
    cycle = review.cycle
    files = Evidence.objects.filter(links__item__review=review, links__removed_at__isnull=True).distinct()
    partly = [file.name for file in files if file.covers_from > cycle.starts_on or file.covers_to < cycle.ends_on]
    if not files:
        return _note(title, "No file is attached. You may sign; the record shows it.")
    if not partly:
        return _met(title, "Each file covers the whole quarter.")
    return _note(
        title, f"Only in part, or not at all: {', '.join(partly)}. You may sign; the record shows each period."
    )


def _people(review: Review, person: "User", total: int) -> tuple[PartRow, ...]:
    rows = [
        PartRow(part.person.name, part.person.pk == person.pk, _did(part, total), part.operates, part.keeps)
        for part in parts.of(review)
    ]
    if not any(row.is_signer for row in rows):
        own = parts.part_of(review, person)
        rows.append(PartRow(person.name, True, "Nothing so far", own.operates, own.keeps))
    return tuple(rows)


def _did(part: parts.Part, total: int) -> str:
    did = []
    if part.answered:
        did.append(f"answered {part.answered} of {total}")
    if part.attached:
        did.append(f"attached or took off evidence {part.attached} {'time' if part.attached == 1 else 'times'}")
    if part.confirmed:
        did.append(f"confirmed {part.confirmed} as second person")
    if part.submitted:
        did.append("handed over")
    words = ", ".join(did)
    return words[:1].upper() + words[1:]
