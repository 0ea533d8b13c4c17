"""Coming in by a one-time link, and one's own settings."""

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from reviews.errors import Conflict, Invalid, NotAllowed
from reviews.web.forms.refusals import say
from reviews.web.forms.welcome import FirstAdministratorForm, JoinForm, ThemeForm
from reviews.workflows import invitations
from reviews.workflows import people as workflow

if TYPE_CHECKING:
    from auditportal.accounts.models import User


@never_cache
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Public: whoever holds the link sets the password it is for."""
    invitation = invitations.usable(token)
    if invitation is None:
        return _gone(request)
    form_class = JoinForm if invitation.user is not None else FirstAdministratorForm
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = {key: value for key, value in form.cleaned_data.items() if key != "again"}
        try:
            person = workflow.join(token, **values)
        except Invalid as problem:
            say(form, problem)
        except (NotAllowed, Conflict):
            return _gone(request)
        else:
            messages.success(request, f"The password is set. Sign in with {person.email}.", extra_tags="pass")
            return redirect("account_login")
    return render(request, "reviews/people/join.html", {"form": form, "person": invitation.user})


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "reviews/people/gone.html", {"sentence": invitations.GONE}, status=410)


@login_required
def settings(request: HttpRequest) -> HttpResponse:
    person = cast("User", request.user)
    return render(request, "reviews/settings/settings.html", {"form": ThemeForm(initial={"theme": person.theme})})


@login_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    form = ThemeForm(request.POST)
    if not form.is_valid():
        return render(request, "reviews/settings/settings.html", {"form": form}, status=400)
    workflow.set_theme(cast("User", request.user), form.cleaned_data["theme"])
    return redirect("settings")
