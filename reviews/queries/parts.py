"""Who did what in a review. Answers come from the trail, which keeps everybody who ever saved one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db.models import Count

from reviews import access
from reviews.models import EvidenceLink, Review, TrailEntry

if TYPE_CHECKING:
    from auditportal.accounts.models import User


@dataclass(frozen=True)
class Part:
    """What one person did in one review, and what else they are for its subject."""

    person: "User"
    answered: int  # questions
    attached: int  # files, also those taken off again
    confirmed: int  # "not applicable", as second person
    submitted: bool
    operates: bool
    keeps: bool

    @property
    def prepared(self) -> bool:
        """Whoever answered or attached anything prepared a part of the review."""
        return bool(self.answered or self.attached)


def people_who_answered(items: Iterable[int]) -> set[int]:
    """Everybody who ever saved an answer to one of these questions."""
    return {
        entry.actor_id
        for entry in TrailEntry.objects.filter(
            action="item.answered", object_type="reviewitem", object_id__in=[str(pk) for pk in items]
        ).only("actor_id")
        if entry.actor_id is not None
    }


def _answered(review: Review) -> dict[int, int]:
    entries = TrailEntry.objects.filter(
        action="item.answered",
        object_type="reviewitem",
        object_id__in=[str(pk) for pk in review.items.values_list("pk", flat=True)],
        actor__isnull=False,
    )
    rows = entries.order_by().values("actor_id").annotate(n=Count("object_id", distinct=True))
    return {row["actor_id"]: row["n"] for row in rows}


def _counted(review: Review, field: str) -> dict[int, int]:
    links = EvidenceLink.objects.filter(item__review=review, **{f"{field}__isnull": False})
    rows = links.order_by().values(field).annotate(n=Count("pk"))
    return {row[field]: row["n"] for row in rows}


def of(review: Review) -> list[Part]:
    """Everybody who had a part in the review, by name."""
    answered, attached = _answered(review), _counted(review, "attached_by_id")
    for person, n in _counted(review, "removed_by_id").items():
        attached[person] = attached.get(person, 0) + n
    rows = (
        review.items.filter(second_person__isnull=False).order_by().values("second_person_id").annotate(n=Count("pk"))
    )
    confirmed = {row["second_person_id"]: row["n"] for row in rows}
    everybody = {*answered, *attached, *confirmed, *filter(None, [review.submitted_by_id])}
    people = get_user_model().objects.filter(pk__in=everybody).order_by("name")
    return [_part(review, person, answered, attached, confirmed) for person in people]


def part_of(review: Review, person: "User") -> Part:
    """The part of one person, who may have done nothing yet."""
    found = next((part for part in of(review) if part.person.pk == person.pk), None)
    return found or _part(review, person, {}, {}, {})


def _part(
    review: Review, person: "User", answered: dict[int, int], attached: dict[int, int], confirmed: dict[int, int]
) -> Part:
    subject = access.subject(review)
    return Part(
        person=person,
        answered=answered.get(person.pk, 0),
        attached=attached.get(person.pk, 0),
        confirmed=confirmed.get(person.pk, 0),
        submitted=review.submitted_by_id == person.pk,
        operates=access.may(person, "operate", subject),
        keeps=access.may(person, "keep", subject) and not person.is_administrator,
    )
