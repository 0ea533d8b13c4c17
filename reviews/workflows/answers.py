"""Answers: saved as people type, complete or not, and never over somebody else's words.

A form carries the revision it was drawn from. When the question was saved in the meantime, nothing is written and
the person sees both versions. What an answer lacks (reason, evidence, second person) is asked for when the review
is handed over, not when a letter is typed.
"""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.utils import timezone

from reviews import access
from reviews.errors import Conflict, Invalid, NotAllowed
from reviews.models import Answer, ReviewItem
from reviews.queries import parts, readiness
from reviews.workflows import trail
from reviews.workflows.holding import hold_open, require_preparer

if TYPE_CHECKING:
    from auditportal.accounts.models import User

MOST_LETTERS: Final = 20_000
JUST_NOW: Final = dt.timedelta(seconds=10)
# A change of one of these is another "not applicable" than the one that was confirmed.
_CONFIRMED: Final = ("answer", "reason", "not_applicable_until")


@dataclass(frozen=True)
class Version:
    """What one person wrote for one question."""

    answer: str
    note: str
    reason: str
    not_applicable_until: dt.date | None

    def told(self) -> dict[str, Any]:
        """As the trail keeps it."""
        until = self.not_applicable_until
        return {
            "answer": self.answer,
            "note": self.note,
            "reason": self.reason,
            "not_applicable_until": until.isoformat() if until else None,
        }


class AnswerConflict(Conflict):
    """Somebody saved the same question in the meantime. `mine` was not written; `saved` is what stands there."""

    def __init__(self, item: ReviewItem, mine: Version) -> None:
        who = item.answered_by.name if item.answered_by else "Somebody"
        super().__init__(f"{who} saved this question while you were writing. Nothing was overwritten; choose one.")
        self.item = item
        self.mine = mine
        self.saved = version_of(item)


def version_of(item: ReviewItem) -> Version:
    """What is saved now."""
    return Version(item.answer, item.note, item.reason, item.not_applicable_until)


def answer(
    person: "User",
    item: ReviewItem,
    revision: int,
    answer: str,
    note: str = "",
    reason: str = "",
    until: dt.date | None = None,
) -> ReviewItem:
    """Save what the person wrote, drawn from `revision`. Saving the same again changes nothing."""
    mine = _checked(item, answer, note, reason, until)
    with transaction.atomic():
        review = hold_open(item.review_id)
        require_preparer(person, review)
        current = ReviewItem.objects.select_for_update().get(pk=item.pk)
        saved = version_of(current)
        if mine == saved:
            return current
        if current.revision != revision and not _own_letters(person, current, revision):
            raise AnswerConflict(current, mine)
        _write(person, current, saved, mine)
        return current


def _own_letters(person: "User", item: ReviewItem, revision: int) -> bool:
    """The form was sent while the same person's last letters were still being saved from it."""
    just_now = item.answered_at is not None and timezone.now() - item.answered_at < JUST_NOW
    return item.answered_by_id == person.pk and item.revision == revision + 1 and just_now


def _checked(item: ReviewItem, answer: str, note: str, reason: str, until: dt.date | None) -> Version:
    if answer not in Answer.values:
        raise Invalid("Choose one of the answers.", "answer")
    if answer == Answer.NOT_APPLICABLE and not item.text.get("not_applicable_allowed", False):
        raise Invalid("“Not applicable” is not allowed for this question.", "answer")
    for field, text in (("note", note), ("reason", reason)):
        if len(text) > MOST_LETTERS:
            raise Invalid(f"The {field} is longer than {MOST_LETTERS:,} letters. Attach it as a file instead.", field)
    kept_until = until if answer == Answer.NOT_APPLICABLE else None
    note, reason = (text.replace("\x00", "").replace("\r\n", "\n") for text in (note, reason))
    return Version(answer, note, reason, kept_until)


def _write(person: "User", item: ReviewItem, saved: Version, mine: Version) -> None:
    before, after = trail.changes(saved.told(), mine.told())
    item.answer, item.note, item.reason = mine.answer, mine.note, mine.reason
    item.not_applicable_until = mine.not_applicable_until
    item.answered_by, item.answered_at = person, timezone.now()
    item.revision += 1
    if item.second_person_id is not None and set(after) & set(_CONFIRMED):
        before["second_person"], after["second_person"] = item.second_person.name if item.second_person else "", None
        item.second_person, item.second_person_at = None, None
    item.save(
        update_fields=[
            "answer",
            "note",
            "reason",
            "not_applicable_until",
            "answered_by",
            "answered_at",
            "revision",
            "second_person",
            "second_person_at",
        ]
    )
    trail.log(person, "item.answered", item, before=before, after=after)


def why_not_confirm(person: "User", item: ReviewItem) -> str | None:
    """A sentence that says why the person cannot be the second one here; None when they can."""
    subject = access.subject(item.review)
    if person.is_administrator:
        return "Administrators never answer or sign."
    if not (access.may(person, "prepare", subject) or access.may(person, "approve", subject)):
        return "Only a preparer or an approver can confirm this."
    if access.may(person, "operate", subject):
        return f"You operate {subject}. Somebody who does not can confirm this."
    if person.pk in parts.people_who_answered([item.pk]):
        return "You answered this question yourself. Another person has to confirm it."
    return None


def confirm_not_applicable(person: "User", item: ReviewItem, revision: int | None = None) -> ReviewItem:
    """Confirm, as a second person, that the question does not apply. `revision` is the one that was read."""
    with transaction.atomic():
        review = hold_open(item.review_id)
        current = ReviewItem.objects.select_for_update().get(pk=item.pk)
        current.review = review
        reason = why_not_confirm(person, current)
        if reason:
            raise NotAllowed(reason)
        if revision is not None and revision != current.revision:
            raise Conflict("The answer has changed since you read it. Read it again, then confirm.")
        if current.answer != Answer.NOT_APPLICABLE:
            raise Invalid("There is nothing to confirm: the answer is not “not applicable”.")
        lacking = [lack for lack in readiness.missing(current, (), 0) if lack.field != "second_person"]
        if lacking:
            raise Invalid(f"It cannot be confirmed yet. {lacking[0].sentence}")
        if current.second_person_id is not None:
            return current
        current.second_person, current.second_person_at = person, timezone.now()
        current.save(update_fields=["second_person", "second_person_at"])
        trail.log(person, "item.confirmed", current, after={"not_applicable_until": str(current.not_applicable_until)})
        return current
