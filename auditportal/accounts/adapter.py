"""What allauth asks us: nobody signs up without an invitation, and every refused sign-in is told to the trail."""

from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from reviews.workflows import trail

_WORDS: Final = {
    "email_password_mismatch": "This e-mail address and this password do not belong together.",
    "incorrect_password": "This is not your password.",
    "enter_current_password": "This is not your password.",
    "too_many_login_attempts": "Too many sign-ins were refused. Wait five minutes, then try again.",
}


class AccountAdapter(DefaultAccountAdapter):
    """Local accounts, by invitation only."""

    error_messages = {**DefaultAccountAdapter.error_messages, **_WORDS}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse when too many sign-ins failed; nobody looks at the password then."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            refused(credentials, "too many attempts")
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        refused(credentials, "wrong e-mail address or password")
        super().authentication_failed(request, **credentials)


def refused(credentials: dict[str, Any], reason: str) -> None:
    """Tell the trail who was named, never what was typed as a password."""
    name = str(credentials.get("email") or credentials.get("username") or "somebody")[:200]
    trail.log(None, "sign_in.refused", None, actor_name=name, after={"reason": reason})
