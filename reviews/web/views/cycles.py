"""Opening a quarter."""

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from reviews import access
from reviews.engine.analysis.quarters import Quarter
from reviews.errors import Invalid
from reviews.web.forms.cycles import CycleForm
from reviews.web.forms.refusals import say
from reviews.workflows import cycles

if TYPE_CHECKING:
    from auditportal.accounts.models import User


@login_required
def cycle_add(request: HttpRequest) -> HttpResponse:
    """Open a quarter with its reviews. Administrators only."""
    person = cast("User", request.user)
    access.require_administrator(person)
    today = timezone.now().date()
    form = CycleForm(request.POST or None, today=today)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            quarter = Quarter.parse(given["quarter"])
            cycle = cycles.open_cycle(person, quarter, given["template"], given["due_on"], form.facts())
        except Invalid as problem:
            say(form, problem)
        else:
            count = cycle.reviews.count()
            messages.success(request, f"{quarter.label} is open with {count} reviews.", extra_tags="pass")
            return redirect(f"{reverse('reviews')}?quarter={quarter}")
    services = cycles.services_in_scope(Quarter.of(today)).count()
    context = {"form": form, "services": services, "stores": cycles.stores_in_use().count()}
    return render(request, "reviews/cycles/cycle_add.html", context)
