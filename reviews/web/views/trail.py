"""The portal's own trail, for administrators."""

import datetime as dt
from typing import TYPE_CHECKING, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from reviews import access
from reviews.errors import Invalid
from reviews.queries import trail as queries
from reviews.web.forms.trail import TrailForm
from reviews.web.pages import page_of
from reviews.workflows.trail import ACTIONS
from reviews.workflows.trail_export import export

if TYPE_CHECKING:
    from auditportal.accounts.models import User


@login_required
def trail(request: HttpRequest) -> HttpResponse:
    access.require_administrator(cast("User", request.user))
    form = TrailForm(request.GET)
    page = None
    if form.is_valid():
        page = page_of(request, queries.entries(form.filters()))
        page.object_list = queries.rows(page.object_list, ACTIONS)
    return render(request, "reviews/trail/trail.html", {"form": form, "page": page})


@login_required
@require_POST
def trail_download(request: HttpRequest) -> HttpResponseBase:
    """The filtered entries as CSV. A post, because it writes an entry."""
    access.require_administrator(cast("User", request.user))
    form = TrailForm(request.POST)
    if not form.is_valid():
        raise Invalid("The filters cannot be read. Go back and correct them.")
    found = export(cast("User", request.user), form.filters())
    response = StreamingHttpResponse(queries.csv_lines(found, ACTIONS), content_type="text/csv; charset=utf-8")
    today: dt.date = timezone.now().date()
    response["Content-Disposition"] = f'attachment; filename="trail-{today.isoformat()}.csv"'
    return response
