"""One-time links: for people who are invited, and for the first administrator of an empty portal.

A token has 256 bits; only its SHA-256 is stored. It is used once: whoever marks the row first has it.
"""

import datetime as dt
import hashlib
import logging
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from reviews.errors import Conflict, Invalid, NotAllowed
from reviews.models import Invitation, Organisation
from reviews.workflows import organisation as organisations
from reviews.workflows import trail

if TYPE_CHECKING:
    from auditportal.accounts.models import User

logger = logging.getLogger(__name__)

GONE = (
    "This link has been used, has expired, or was replaced by a newer one."
    " Ask an administrator for a new link. If you have set your password already, sign in."
)


@dataclass(frozen=True)
class Issued:
    """A new link. The token is known only here and now."""

    invitation: Invitation
    token: str

    @property
    def path(self) -> str:
        return reverse("join", args=[self.token])

    @property
    def person(self) -> "User":
        assert self.invitation.user is not None  # noqa: S101 # the first administrator's link is not Issued
        return self.invitation.user


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _make(user: "User | None", by: "User | None", now: dt.datetime) -> Issued:
    """A new link in place of the unused ones for the same person."""
    Invitation.objects.filter(user=user, used_at=None).delete()
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        token_sha256=_digest(token),
        user=user,
        invited_by=by,
        expires_at=now + dt.timedelta(seconds=settings.INVITATION_SECONDS),
    )
    return Issued(invitation, token)


def issue(person: "User", by: "User", now: dt.datetime) -> Issued:
    """A link for a person. Workflows check who asks, and tell the trail."""
    return _make(person, by, now)


def mail(issued: Issued, base_url: str) -> bool:
    """Send the link to the person, when mail is set up. True when it was handed to the mail server."""
    if not settings.EMAIL_HOST:
        return False
    organisation = Organisation.objects.get()
    until = issued.invitation.expires_at
    try:
        sent = send_mail(
            f"Your way into the audit portal of {organisation.name}",
            f"Good day {issued.person.name},\n\n"
            f"open this link, set a password, and you can sign in with {issued.person.email}:\n\n"
            f"{base_url.rstrip('/')}{issued.path}\n\n"
            f"The link works once, until {until.day} {until:%b %Y, %H:%M} UTC.\n",
            None,
            [issued.person.email],
        )
    except OSError as problem:  # also every smtplib error
        logger.warning("the invitation of %s could not be mailed: %s", issued.person.email, problem)
        return False
    return sent == 1


@transaction.atomic
def first_administrator_token(now: dt.datetime | None = None) -> str | None:
    """The token by which the first administrator comes in; None as soon as there is anybody.

    A new start replaces the unused one, so that a link in an old terminal opens nothing.
    """
    if get_user_model().objects.exists():
        return None
    return _make(None, None, now or timezone.now()).token


def first_administrator_link(base_url: str, now: dt.datetime | None = None) -> str | None:
    """The first administrator's link, to be printed at the start of an empty portal."""
    token = first_administrator_token(now)
    return None if token is None else f"{base_url.rstrip('/')}{reverse('join', args=[token])}"


def usable(token: str, now: dt.datetime | None = None) -> Invitation | None:
    """The invitation that this token opens, if it still opens anything."""
    invitation = (
        Invitation.objects.select_related("user")
        .filter(token_sha256=_digest(token), used_at=None, expires_at__gt=now or timezone.now())
        .first()
    )
    if invitation is None:
        return None
    if invitation.user is None:
        return None if get_user_model().objects.exists() else invitation
    return invitation if invitation.user.is_active else None


@transaction.atomic
def join(
    token: str,
    password: str,
    *,
    organisation: str = "",
    name: str = "",
    email: str = "",
    time_zone: str = "UTC",
    now: dt.datetime | None = None,
) -> "User":
    """Use the link: set the password, and as the first administrator also the names and the address."""
    now = now or timezone.now()
    invitation = usable(token, now)
    if invitation is None:
        raise NotAllowed(GONE)
    person = invitation.user if invitation.user is not None else _first_administrator(name, email)
    try:
        validate_password(password, person)
    except ValidationError as problem:
        raise Invalid(" ".join(problem.messages), "password") from None
    if Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=now) != 1:
        raise Conflict(GONE)
    person.set_password(password)
    if invitation.user is None:
        person.save()
        if not Organisation.objects.exists():
            organisations.start(organisation, time_zone=time_zone, by=person)
    else:
        person.save(update_fields=["password"])
    trail.log(person, "person.joined", person)
    return person


def _first_administrator(name: str, email: str) -> "User":
    """The person as they will be saved; nothing is written yet."""
    name, email = name.strip(), email.strip().lower()
    check_name_and_email(name, email)
    return get_user_model()(email=email, name=name, is_administrator=True)


def check_name_and_email(name: str, email: str) -> None:
    """Refuse an empty name, a wrong address and an address that somebody has already."""
    if not name:
        raise Invalid("Give the name of the person.", "name")
    if len(name) > 150:
        raise Invalid("The name is longer than 150 characters.", "name")
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid("This is no e-mail address. Write it like name@example.org.", "email") from None
    if get_user_model().objects.filter(email__iexact=email).exists():
        raise Invalid("Somebody has this e-mail address already.", "email")
