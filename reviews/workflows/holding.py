"""Hold a review while it is changed: its state and the person's rights are read under its lock, then it is changed.

Signing holds the same row, so an answer and a signature at the same moment come one after the other.
"""

from typing import TYPE_CHECKING, Final

from reviews import access
from reviews.errors import Locked, NotAllowed
from reviews.models import Review, ReviewState

if TYPE_CHECKING:
    from auditportal.accounts.models import User

_CLOSED: Final = {
    ReviewState.SUBMITTED: "This review has been handed over to sign. An approver can send it back.",
    ReviewState.SIGNED: "This review is signed. It never changes.",
}


def hold(pk: int) -> Review:
    """The review as it is now, locked until the transaction ends (SQLite locks the whole database)."""
    return Review.objects.select_for_update().get(pk=pk)


def hold_open(pk: int) -> Review:
    """The same, refused unless it is open."""
    review = hold(pk)
    if review.state != ReviewState.OPEN:
        raise Locked(_CLOSED[ReviewState(review.state)])
    return review


def may_prepare(person: "User", review: Review) -> bool:
    """Preparers who neither operate the subject nor administer the portal."""
    return why_not_prepare(person, review) is None


def why_not_prepare(person: "User", review: Review) -> str | None:
    """A sentence that says why the person may not answer here."""
    subject = access.subject(review)
    if person.is_administrator:
        return "Administrators never answer or sign."
    if not access.may(person, "prepare", subject):
        return "You may read this review. Only preparers answer; an administrator grants the role."
    if access.may(person, "operate", subject):
        return f"You operate {subject}. You may attach evidence, but not answer or sign."
    return None


def require_preparer(person: "User", review: Review) -> None:
    """Refuse with the sentence."""
    reason = why_not_prepare(person, review)
    if reason:
        raise NotAllowed(reason)


def may_give_evidence(person: "User", review: Review) -> bool:
    """Preparers and owners."""
    subject = access.subject(review)
    return access.may(person, "prepare", subject) or access.may(person, "operate", subject)


def require_giver(person: "User", review: Review) -> None:
    """Refuse with a sentence."""
    if not may_give_evidence(person, review):
        raise NotAllowed("Only a preparer or an owner can attach evidence here. Ask an administrator for the role.")
