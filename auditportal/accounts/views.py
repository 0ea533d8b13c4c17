"""Pages around signing in that are not allauth's."""

from allauth.account.views import LoginView
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from auditportal.accounts.models import User
from reviews.models import Organisation
from reviews.workflows.demo import cast


class SignIn(LoginView):
    """allauth's view; in the demo, with the people one may be."""

    def get_context_data(self, **more: object) -> dict[str, object]:
        return {**super().get_context_data(**more), **demo_sign_ins(), "hours": settings.SESSION_COOKIE_AGE // 3600}


def demo_sign_ins() -> dict[str, object]:
    """The demo's people and their password. Nothing, unless the settings and the database both say demo."""
    if not (settings.DEMO and Organisation.objects.filter(is_demo=True).exists()):
        return {}
    there = set(User.objects.filter(is_active=True).values_list("email", flat=True))
    return {
        "demo_people": [person for person in cast.PEOPLE if person.email in there],
        "demo_password": settings.DEMO_PASSWORD,
    }


def cannot_sign_in(request: HttpRequest) -> HttpResponse:
    """How somebody gets in again: through an administrator, who makes a new link. No mail is needed for that."""
    return render(request, "account/password_reset.html")
