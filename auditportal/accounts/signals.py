"""Coming and going, told to the trail."""

from typing import TYPE_CHECKING, Any

from allauth.account.signals import password_changed, user_logged_in
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver

from reviews.workflows import trail

if TYPE_CHECKING:
    from auditportal.accounts.models import User


@receiver(user_logged_in)
def came(user: "User", **_details: Any) -> None:
    trail.log(user, "sign_in.succeeded", user)


@receiver(user_logged_out)
def went(user: "User | None", **_details: Any) -> None:
    """A sign-out of nobody, after the session had ended, is no event."""
    if user is not None:
        trail.log(user, "sign_in.ended", user)


@receiver(password_changed)
def changed_password(user: "User", **_details: Any) -> None:
    trail.log(user, "person.changed", user, after={"password": "changed"})
