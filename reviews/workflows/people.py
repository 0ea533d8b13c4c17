"""People: invitations, roles, auditors' seats. Administrators decide; every step is an entry of the trail."""

import datetime as dt
from typing import TYPE_CHECKING, Final

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from reviews import access
from reviews.access import ROLE_NAMES, Role, Thing
from reviews.errors import Conflict, Invalid, NotAllowed
from reviews.models import Invitation, Review
from reviews.workflows import trail
from reviews.workflows.invitations import Issued, check_name_and_email, issue
from reviews.workflows.invitations import first_administrator_link as first_administrator_link
from reviews.workflows.invitations import join as join

if TYPE_CHECKING:
    from auditportal.accounts.models import User

THEMES: Final = ("", "light", "dark")
# Who decides about people must not also answer or sign: an administrator could give a role, use it and take it back.
NOT_FOR_ADMINISTRATORS: Final = frozenset({Role.PREPARER, Role.APPROVER, Role.OWNER})


@transaction.atomic
def invite(by: "User", email: str, name: str, *, now: dt.datetime | None = None) -> Issued:
    """Make a person who cannot sign in yet, and the one-time link by which they can."""
    access.require_administrator(by)
    name, email = name.strip(), email.strip().lower()
    check_name_and_email(name, email)
    person = get_user_model().objects.create_user(email, name)
    issued = issue(person, by, now or timezone.now())
    trail.log(by, "person.invited", person, after={"name": name, "email": email})
    return issued


@transaction.atomic
def invite_again(by: "User", person: "User", *, now: dt.datetime | None = None) -> Issued:
    """A new link for somebody whose link expired or who forgot the password. Older links stop working."""
    access.require_administrator(by)
    if not person.is_active:
        raise Invalid(f"{person.name} may not sign in at all. Let them in again first.")
    issued = issue(person, by, now or timezone.now())
    trail.log(by, "person.link_made", person)
    return issued


# --- Roles --------------------------------------------------------------------------------------------------


@transaction.atomic
def grant_role(by: "User", person: "User", role: Role, thing: Thing) -> bool:
    """Give a role on a service, a log store or the organisation. False when the person holds it already."""
    access.require_administrator(by)
    if not person.is_active:
        raise Invalid(f"{person.name} may not sign in. Let them in again first.")
    if person.is_administrator and role in NOT_FOR_ADMINISTRATORS:
        raise Invalid(
            f"{person.name} is an administrator and decides who may answer and sign,"
            " so cannot answer, sign or operate anything. Choose another person.",
            "role",
        )
    held = access.roles(person, thing)
    if role in held or (role is Role.VIEWER and held):
        return False
    access.grant(person, role, thing)
    trail.log(by, "role.granted", person, after=told(role, thing))
    return True


@transaction.atomic
def revoke_role(by: "User", person: "User", role: Role, thing: Thing) -> bool:
    """Take a role away. False when the person does not hold it."""
    access.require_administrator(by)
    if role not in access.roles(person, thing):
        return False
    access.revoke(person, role, thing)
    trail.log(by, "role.revoked", person, before=told(role, thing))
    return True


def told(role: Role, thing: Thing) -> dict[str, str]:
    return {"role": ROLE_NAMES[role].partition(":")[0], str(thing._meta.verbose_name): str(thing)}


@transaction.atomic
def seat_auditor(by: "User", person: "User", review: Review, ends_on: dt.date, *, today: dt.date | None = None) -> None:
    """Let an auditor read and download the record of one review, up to and with `ends_on`."""
    access.require_administrator(by)
    if not person.is_active:
        raise Invalid(f"{person.name} may not sign in. Let them in again first.")
    if ends_on < (today or timezone.now().date()):
        raise Invalid("The last day lies in the past.", "ends_on")
    access.seat_auditor(person, review, ends_on)
    trail.log(
        by, "role.granted", person, after={"role": "Auditor", "review": str(review), "ends_on": ends_on.isoformat()}
    )


@transaction.atomic
def unseat_auditor(by: "User", person: "User", review: Review) -> None:
    """End an auditor's seat now."""
    access.require_administrator(by)
    access.unseat_auditor(person, review)
    trail.log(by, "role.revoked", person, before={"role": "Auditor", "review": str(review)})


# --- The person ---------------------------------------------------------------------------------------------


@transaction.atomic
def set_active(by: "User", person: "User", active: bool) -> None:
    """Let a person in or keep them out: then their next click asks to sign in. Their name stays in the trail."""
    access.require_administrator(by)
    if person.pk == by.pk and not active:
        raise NotAllowed("You cannot keep yourself out. Ask another administrator.")
    if person.is_active == active:
        return
    person.is_active = active
    person.save(update_fields=["is_active"])
    if not active:
        Invitation.objects.filter(user=person, used_at=None).delete()
    trail.log(by, "person.changed", person, before={"may sign in": not active}, after={"may sign in": active})


@transaction.atomic
def set_administrator(by: "User", person: "User", administrator: bool) -> None:
    """Make somebody an administrator, or no longer. Whoever answers, signs or operates cannot be one."""
    access.require_administrator(by)
    if person.pk == by.pk:
        raise NotAllowed("You cannot change this for yourself. Ask another administrator.")
    if person.is_administrator == administrator:
        return
    if administrator:
        held = [str(thing) for thing, roles in access.everything(person) if roles & NOT_FOR_ADMINISTRATORS]
        if held:
            raise Conflict(
                f"{person.name} answers, signs or operates {', '.join(held)}. An administrator decides about people"
                " and does none of this. Take these roles away first."
            )
    person.is_administrator = administrator
    person.save(update_fields=["is_administrator"])
    trail.log(
        by,
        "person.changed",
        person,
        before={"administrator": not administrator},
        after={"administrator": administrator},
    )


def set_theme(person: "User", theme: str) -> None:
    """Light, dark, or as the system says. A matter of taste: nothing that the trail needs to know."""
    if theme not in THEMES:
        raise Invalid("Choose light, dark or as the system says.", "theme")
    person.theme = theme
    person.save(update_fields=["theme"])
