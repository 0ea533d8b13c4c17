"""People, their roles and seats, as administrators see them."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.utils import timezone

from reviews import access
from reviews.access import ROLE_NAMES, Role, Thing
from reviews.models import Invitation, LogStore, Organisation, Review, ReviewUserObjectPermission, Service

if TYPE_CHECKING:
    from auditportal.accounts.models import User


def role_word(role: Role) -> str:
    """`Approver`, of `Approver: signs`."""
    return ROLE_NAMES[role].partition(":")[0]


@dataclass(frozen=True)
class PersonRow:
    """One line of the list of people."""

    person: "User"
    state: str
    verdict: str
    invited_until: dt.datetime | None
    roles: str


@dataclass(frozen=True)
class Cell:
    role: Role
    word: str
    held: bool


@dataclass(frozen=True)
class ThingRow:
    """One thing with the roles that a person holds on it."""

    thing: Thing
    kind: str  # service, logstore or organisation: what role_revoke is told
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Seat:
    review: Review
    ends_on: dt.date | None
    over: bool


def people() -> list[PersonRow]:
    """Everybody, those who may sign in first."""
    everybody = list(get_user_model().objects.order_by("-is_active", "name"))
    held = access.held_by(everybody)
    until = _open_until(everybody)
    return [_row(person, held[person.pk], until.get(person.pk)) for person in everybody]


def person_row(person: "User") -> PersonRow:
    """The same line for one person."""
    return _row(person, access.everything(person), _open_until([person]).get(person.pk))


def _open_until(people: list["User"]) -> dict[int, dt.datetime]:
    """Until when the unused link of each person works, by id."""
    rows = Invitation.objects.filter(user__in=people, used_at=None, expires_at__gt=timezone.now())
    return {row.user_id: row.expires_at for row in rows if row.user_id is not None}


def _row(person: "User", held: list[tuple[Thing, set[Role]]], until: dt.datetime | None) -> PersonRow:
    if not person.is_active:
        state, verdict = "Kept out", "unknown"
    elif person.has_usable_password():
        state, verdict = "May sign in", "pass"
    elif until is not None:
        state, verdict = "Invited", "info"
    else:
        state, verdict = "Invitation expired", "attention"
    return PersonRow(person, state, verdict, until, _summary(person, held))


def _summary(person: "User", held: list[tuple[Thing, set[Role]]]) -> str:
    """`Approver on 3, viewer on 1`."""
    counts = {role: sum(role in roles for _, roles in held) for role in Role}
    words = ["Administrator"] if person.is_administrator else []
    words += [f"{role_word(role).lower()} on {count}" for role, count in counts.items() if count]
    text = ", ".join(words)
    return text[:1].upper() + text[1:]


def matrix(person: "User") -> list[ThingRow]:
    """The person's roles, a row for each thing they hold one on."""
    labels = {Service: "Service", LogStore: "Log store", Organisation: "Questions of the whole quarter"}
    return [
        ThingRow(
            thing,
            str(thing._meta.model_name),
            labels[type(thing)],
            tuple(Cell(role, role_word(role), role in roles) for role in Role),
        )
        for thing, roles in access.everything(person)
    ]


def seats(person: "User", today: dt.date | None = None) -> list[Seat]:
    """An auditor's seats, those that ended too."""
    today = today or timezone.now().date()
    rows = ReviewUserObjectPermission.objects.filter(user=person, permission__codename="audit_review")
    rows = rows.select_related("content_object__cycle", "content_object__service", "content_object__store")
    return [
        Seat(row.content_object, row.ends_on, row.ends_on is None or row.ends_on < today)
        for row in rows.order_by("-content_object__cycle__quarter", "content_object__id")
    ]
