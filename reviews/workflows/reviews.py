"""Handing over, sending back, signing. A signature locks the review: from then on the database refuses any change."""

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone

from reviews import access
from reviews.errors import Conflict, Invalid, Locked, NotAllowed
from reviews.models import Review, ReviewState, TrailEntry
from reviews.queries import parts, readiness
from reviews.queries import statement as statements
from reviews.workflows import records, trail
from reviews.workflows.freezing import is_provisional
from reviews.workflows.holding import hold, hold_open, require_preparer

if TYPE_CHECKING:
    from auditportal.accounts.models import User

WRONG_PASSWORDS: Final = 5
WITHIN: Final = dt.timedelta(minutes=5)


def what_is_open(review: Review) -> list[str]:
    """One sentence for each thing that stands between the review and its signature."""
    return readiness.what_is_open(review)


@transaction.atomic
def submit(person: "User", review: Review, now: dt.datetime | None = None) -> Review:
    """Hand the review over to an approver. Refused with what is open."""
    now = now or timezone.now()
    held = hold_open(review.pk)
    require_preparer(person, held)
    provisional = is_provisional(held, now)
    if provisional:
        raise Invalid(f"The review cannot be handed over yet. {provisional}")
    lacking = what_is_open(held)
    if lacking:
        raise Invalid(f"The review cannot be handed over. Open: {'; '.join(lacking)}")
    results = readiness.check_results(held)  # with the evidence as it is handed over
    checks = {item: [dataclasses.asdict(one) for one in row] for item, row in results.items()}
    held.frozen = {**(held.frozen or {}), "checks": checks}
    held.state, held.submitted_at, held.submitted_by = ReviewState.SUBMITTED, now, person
    held.save(update_fields=["frozen", "state", "submitted_at", "submitted_by"])
    trail.log(person, "review.submitted", held, before={"state": "open"}, after={"state": "submitted"})
    return held


def _require_submitted(review: Review) -> None:
    if review.state == ReviewState.SIGNED:
        who = review.signed_by.name if review.signed_by else "somebody"
        raise Locked(f"{who} has signed this review already. It never changes.")
    if review.state != ReviewState.SUBMITTED:
        raise Locked("This review has not been handed over to sign, or was sent back.")


@transaction.atomic
def send_back(person: "User", review: Review, comment: str) -> Review:
    """Give a submitted review back to its preparers, with what they should do."""
    held = hold(review.pk)
    if person.is_administrator or not access.may(person, "approve", access.subject(held)):
        raise NotAllowed("Only an approver can send a review back.")
    _require_submitted(held)
    comment = comment.replace("\x00", "").strip()
    if not comment:
        raise Invalid("Say what should be changed.", "comment")
    submitted_by = held.submitted_by.name if held.submitted_by else ""
    held.state, held.submitted_at, held.submitted_by = ReviewState.OPEN, None, None
    held.returned_comment, held.returned_by = comment, person
    held.save(update_fields=["state", "submitted_at", "submitted_by", "returned_comment", "returned_by"])
    trail.log(
        person,
        "review.returned",
        held,
        before={"state": "submitted", "submitted_by": submitted_by},
        after={"state": "open", "comment": comment},
    )
    return held


def may_sign(person: "User", review: Review) -> list[str]:
    """Reasons why this person cannot sign this review; empty when they can, once it is handed over."""
    subject = access.subject(review)
    if person.is_administrator:
        return ["Administrators never answer or sign."]
    reasons = []
    if not access.may(person, "approve", subject):
        reasons.append(f"You are no approver of {subject}.")
    part = parts.part_of(review, person)
    if part.answered:
        reasons.append("You gave answers in this review. Whoever answers cannot sign.")
    if part.attached:
        reasons.append("You attached or took off evidence in this review. Whoever prepares cannot sign.")
    if part.operates:
        reasons.append(f"You operate {subject}. Whoever operates it cannot sign.")
    if part.submitted:
        reasons.append("You handed this review over. Another person has to sign.")
    return reasons


def statement(review: Review, person: "User") -> str:
    """The text that the signer reads and accepts."""
    return statements.text(review, person)


def sign(
    person: "User",
    review: Review,
    password_ok: bool,
    accepted: bool,
    read: str | None = None,
    now: dt.datetime | None = None,
) -> Review:
    """Sign and lock. `password_ok`: the person has just typed their password; `read`: digest of the text they read."""
    now = now or timezone.now()
    _refuse_wrong_password(person, review, password_ok, now)
    with transaction.atomic():
        held = hold(review.pk)
        _require_submitted(held)
        reasons = may_sign(person, held)
        if reasons:
            raise NotAllowed(" ".join(reasons))
        if not accepted:
            raise Invalid("Read the statement and say that you mean it.", "accepted")
        lacking = what_is_open(held)
        if held.frozen_at is None or lacking:
            raise Invalid(f"The review cannot be signed. Open: {'; '.join(lacking) or 'its numbers are provisional'}")
        words = statement(held, person)
        if read is not None and read != statements.digest(words):
            raise Conflict("The review has changed since you read the statement. Read it again, then sign.")
        held.state, held.signed_at, held.signed_by, held.statement = ReviewState.SIGNED, now, person, words
        held.save(update_fields=["state", "signed_at", "signed_by", "statement"])
        trail.log(
            person,
            "review.signed",
            held,
            before={"state": "submitted"},
            after={"state": "signed", "version": held.version, "statement": words},
        )
        records.queue(held)
    return held


def too_many_wrong_passwords(person: "User", now: dt.datetime) -> bool:
    """Whether the person has typed a wrong password too often lately. Counted in the trail, for all processes."""
    recent = TrailEntry.objects.filter(actor=person, action="review.signature_refused", at__gt=now - WITHIN)
    return recent.count() >= WRONG_PASSWORDS


def _refuse_wrong_password(person: "User", review: Review, password_ok: bool, now: dt.datetime) -> None:
    """A wrong password is an entry of the trail of its own; after several the right one is refused, too."""
    if too_many_wrong_passwords(person, now):
        raise NotAllowed("Too many wrong passwords. Try again in five minutes.")
    if not password_ok:
        with transaction.atomic():
            trail.log(person, "review.signature_refused", review, after={"reason": "wrong password"})
        raise Invalid("This is not your password.", "password")
