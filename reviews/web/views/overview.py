"""The overview for managers."""

from typing import TYPE_CHECKING, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from reviews import access
from reviews.queries import inventory
from reviews.queries import overview as queries

if TYPE_CHECKING:
    from auditportal.accounts.models import User


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """First line: now. Then the quarter. An auditor without services is led to the records."""
    person = cast("User", request.user)
    if not person.is_administrator and not queries.has_services(person) and access.records(person).exists():
        return redirect("records")
    context = {
        "page": queries.overview(person, request.GET.get("quarter"), timezone.now()),
        "guide": inventory.guide(person),
        "is_new": queries.needs_guide(),
    }
    return render(request, "reviews/overview/overview.html", context)
