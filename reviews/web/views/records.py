"""Signed records: list, one record, download, and the fingerprint that people hand over beforehand."""

from typing import TYPE_CHECKING, cast

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from reviews import access
from reviews.queries import records as queries
from reviews.web.pages import page_of
from reviews.workflows import records as workflow

if TYPE_CHECKING:
    from auditportal.accounts.models import User

_PER_PAGE = 20


@login_required
@require_safe
def records(request: HttpRequest) -> HttpResponse:
    person = cast("User", request.user)
    filters = queries.Filters(
        text=request.GET.get("q", "").replace("\x00", "").strip()[:100],
        quarter=request.GET.get("quarter", "").replace("\x00", "")[:7],
    )
    page = page_of(request, queries.filtered(person, filters), _PER_PAGE)
    page.object_list = [queries.row(record) for record in page.object_list]
    context = {"page": page, "filters": filters, "quarters": queries.quarters(person)}
    return render(request, "reviews/records/records.html", context)


@login_required
@require_safe
def record(request: HttpRequest, pk: int) -> HttpResponse:
    person = cast("User", request.user)
    found = access.record(person, pk)
    return render(request, "reviews/records/record.html", {"detail": queries.detail(person, found)})


@login_required
@require_http_methods(["GET", "POST"])
@cache_control(private=True, no_store=True)
def record_download(request: HttpRequest, pk: int) -> FileResponse:
    """The ZIP as it was sealed. Never shown in the browser, always an entry of the trail."""
    person = cast("User", request.user)
    download = workflow.download(person, access.record(person, pk))
    return FileResponse(download.file, as_attachment=True, filename=download.name, content_type="application/zip")


@login_required
@require_safe
def portal_key(request: HttpRequest) -> HttpResponse:
    """Open to everybody who may sign in: an auditor compares it, an administrator hands it over."""
    workflow.signing()
    return render(request, "reviews/records/portal_key.html", {"certificates": queries.certificates()})
