"""What keepers do so that logs arrive: making and revoking push tokens, and uploading files."""

from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from reviews import access
from reviews.errors import Invalid, PortalError
from reviews.models import LogSource, PushToken
from reviews.web.forms.arrivals import UploadForm
from reviews.web.uploads import SEATS, SpoolUpload
from reviews.web.views.sources import source_page
from reviews.workflows import receiving, tokens, uploading
from reviews.workflows.scanning import spool_of
from reviews.workflows.sources import require_keeper

if TYPE_CHECKING:
    from auditportal.accounts.models import User


@login_required
@require_POST
@never_cache
def token_make(request: HttpRequest, pk: int) -> HttpResponse:
    """A new token, shown on this page and never again."""
    person = cast("User", request.user)
    source = access.source(person, pk, "keep")
    issued = tokens.make(person, source)
    address = request.build_absolute_uri(reverse("push", args=[source.pk]))
    return render(request, "reviews/sources/token.html", {"source": source, "issued": issued, "address": address})


@login_required
@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    person = cast("User", request.user)
    token = PushToken.objects.select_related("source").filter(pk=pk).first()
    if token is None:
        raise Http404
    source = access.source(person, token.source_id, "keep")
    tokens.revoke(person, token)
    messages.success(request, f"The token {token.hint}… is revoked. Nobody can push with it.", extra_tags="pass")
    return redirect(f"{reverse('source', args=[source.pk])}#arrivals")


@csrf_exempt  # only until the upload handler is set: the token is checked by _source_upload
@login_required
@require_POST
def source_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Take log files straight into the spool. Whoever may not do that sends nothing."""
    person = cast("User", request.user)
    source = access.source(person, pk, "keep")
    require_keeper(person, source)
    spool = spool_of(source)
    handler = SpoolUpload(request, spool, settings.UPLOAD_BYTES)
    request.upload_handlers = [handler]
    if not SEATS.acquire(blocking=False):
        return _refused(
            request, person, source, UploadForm({}), Invalid("Too many files are being sent. Wait a minute.")
        )
    try:
        receiving.require_room(spool, int(request.META.get("CONTENT_LENGTH") or 0))
        return _source_upload(request, person, source, handler)
    except receiving.NoRoom as full:
        return _refused(request, person, source, UploadForm({}), full)
    finally:
        handler.close()
        SEATS.release()


@csrf_protect
def _source_upload(request: HttpRequest, person: "User", source: LogSource, handler: SpoolUpload) -> HttpResponse:
    form = UploadForm(request.POST)
    if not form.is_valid():
        return source_page(request, person, source, form)
    try:
        done = _uploaded(request, person, source, form, handler)
    except PortalError as problem:
        return _refused(request, person, source, form, problem)
    _say(request, done)
    address = reverse("source", args=[source.pk])
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)


def _refused(
    request: HttpRequest, person: "User", source: LogSource, form: UploadForm, problem: PortalError
) -> HttpResponse:
    form.add_error("until" if getattr(problem, "field", None) == "until" else None, str(problem))
    return source_page(request, person, source, form)


def _uploaded(
    request: HttpRequest, person: "User", source: LogSource, form: UploadForm, handler: SpoolUpload
) -> uploading.Uploaded:
    if handler.too_large:
        names = ", ".join(handler.too_large)
        raise Invalid(f"Nothing was kept. Larger than {uploading.limit_in_words()}: {names}. Pack it with gzip first.")
    if request.POST.get("end") != "whole":  # it stands behind the files
        raise Invalid("The upload ended early. Nothing was kept; choose the files again.")
    return uploading.upload(person, source, handler.done, form.cleaned_data["until"])


def _say(request: HttpRequest, done: uploading.Uploaded) -> None:
    for one in done.repeated:
        words = f"{one.name} holds nothing new: all its bytes were imported as {one.known_as}."
        messages.info(request, words, extra_tags="info")
    if done.kept:
        count = "One file is" if len(done.kept) == 1 else f"{len(done.kept)} files are"
        messages.success(request, f"{count} here. The import starts at once.", extra_tags="pass")
