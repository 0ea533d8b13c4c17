"""The desk of rejected records: over all sources, of one source, one record, and reading them again."""

from itertools import chain
from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from reviews import access
from reviews.errors import NotAllowed
from reviews.queries import rejects as queries
from reviews.queries import sources as source_queries
from reviews.web.pages import page_of
from reviews.workflows import imports

if TYPE_CHECKING:
    from auditportal.accounts.models import User


@login_required
def rejects(request: HttpRequest) -> HttpResponse:
    """All sources of which the person sees everything."""
    person = cast("User", request.user)
    sources = queries.open_sources(person)
    context = {"sources": sources, "page": page_of(request, queries.groups(sources), 20)}
    return render(request, "reviews/sources/rejects.html", context)


@login_required
def source_rejects(request: HttpRequest, pk: int) -> HttpResponse:
    """One source, with what a replay would do."""
    person = cast("User", request.user)
    source = access.source(person, pk)
    if not source_queries.speaks(person, source).whole:
        raise NotAllowed("Rejected records may tell of services that you do not see. Ask for a role on the log store.")
    groups = queries.groups([source])
    context = {
        "source": source,
        "row": source_queries.row(source, timezone.now()),
        "page": page_of(request, groups, 20),
        "rejected": queries.rejected(source),
        "listed": sum(group.listed for group in groups),
        "version_now": queries.version_now(source),
        "may_keep": access.sources(person, "keep").filter(pk=source.pk).exists(),
    }
    if request.htmx:  # type: ignore[attr-defined]
        if context["row"].under_way is None:  # type: ignore[attr-defined]
            response = HttpResponse()
            response["HX-Refresh"] = "true"
            return response
        return render(request, "reviews/sources/under_way.html", context)
    return render(request, "reviews/sources/source_rejects.html", context)


@login_required
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """One record, byte by byte."""
    shown = queries.show(queries.record(cast("User", request.user), pk))
    context = {"shown": shown, "record": shown.record, "source": shown.record.part.run.source}
    return render(request, "reviews/sources/reject.html", context)


@login_required
@require_GET
@never_cache
def reject_raw(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Download one record as it was sealed: always as an attachment, never rendered from the portal's origin."""
    record = queries.record(cast("User", request.user), pk)
    chunks = queries.sealed_chunks(record, record.length)
    first = next(chunks, b"")  # an archive that cannot be read is told on a page, not in the middle of the file
    response = StreamingHttpResponse(chain([first], chunks), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="rejected-{record.pk}.bin"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@login_required
@require_POST
def source_replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the source's rejected records read again."""
    person = cast("User", request.user)
    source = access.source(person, pk, "keep")
    imports.ask_replay(person, source)
    messages.info(request, "The rejected records will be read again. This page shows how far it is.", extra_tags="info")
    return redirect("source_rejects", pk=pk)
