"""Evidence: adding, attaching, taking off, downloading."""

from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST

from reviews import access
from reviews.errors import Invalid
from reviews.models import EvidenceLink, Review, ReviewItem
from reviews.queries import questions
from reviews.web.forms.evidence import AttachForm, EvidenceForm
from reviews.web.forms.refusals import say
from reviews.web.uploads import LimitedUpload, take_file
from reviews.web.views.reviews import item_page
from reviews.workflows import evidence as workflow
from reviews.workflows.media_types import sent_as

if TYPE_CHECKING:
    from auditportal.accounts.models import User


def _question(request: HttpRequest, pk: int, item: str) -> tuple["User", Review, ReviewItem]:
    person = cast("User", request.user)
    review = access.review(person, pk)
    found = review.items.filter(item=item).select_related("answered_by", "second_person").first()
    if found is None:
        raise Http404
    found.review = review
    return person, review, found


def _back(pk: int, item: str) -> HttpResponse:
    return redirect(f"{reverse('review_item', args=[pk, item])}#evidence")


@csrf_exempt  # only until the upload handler is set: the token is checked by _evidence_add
@login_required
@require_POST
def evidence_add(request: HttpRequest, pk: int, item: str) -> HttpResponse:
    """Take a file. The handler that stops an over-long upload is set before the first byte is read."""
    _question(request, pk, item)  # whoever may not see the question sends nothing
    take_file(request, settings.EVIDENCE_BYTES)
    return _evidence_add(request, pk, item)


@csrf_protect
def _evidence_add(request: HttpRequest, pk: int, item: str) -> HttpResponse:
    person, review, question = _question(request, pk, item)
    attached = [
        row.file for row in questions.evidence(person, question, review.cycle, open_=True) if not row.superseded_by
    ]
    form = EvidenceForm(request.POST, request.FILES, attached=attached)
    if request.META.get(LimitedUpload.TOO_LARGE):
        form.add_error("file", workflow.too_large())
    elif form.is_valid():
        given = form.cleaned_data
        try:
            link = workflow.add(
                person, question, given["file"], given["covers_from"], given["covers_to"], form.superseded()
            )
        except Invalid as problem:
            say(form, problem)
        else:
            messages.success(request, f"{link.evidence.name} is attached to {question.item}.", extra_tags="pass")
            return _back(pk, item)
    return item_page(request, review, question, evidence_form=form)


@login_required
@require_POST
def evidence_attach(request: HttpRequest, pk: int, item: str) -> HttpResponse:
    """Attach a file that is already here."""
    person, review, question = _question(request, pk, item)
    form = AttachForm(request.POST, files=questions.attachable(person, question))
    if form.is_valid():
        try:
            link = workflow.attach(person, form.offered[form.cleaned_data["evidence"]], question)
        except Invalid as problem:
            say(form, problem)
        else:
            messages.success(request, f"{link.evidence.name} is attached to {question.item}.", extra_tags="pass")
            return _back(pk, item)
    return item_page(request, review, question, attach_form=form)


@login_required
@require_POST
def evidence_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a file off a question."""
    person = cast("User", request.user)
    link = get_object_or_404(EvidenceLink.objects.select_related("item", "evidence"), pk=pk)
    access.review(person, link.item.review_id)
    workflow.remove(person, link)
    messages.success(request, f"{link.evidence.name} is taken off {link.item.item}.", extra_tags="pass")
    return _back(link.item.review_id, link.item.item)


@login_required
@require_GET
@never_cache
def evidence(request: HttpRequest, pk: int) -> FileResponse:
    """Download a file: always as an attachment, never rendered from the portal's origin."""
    person = cast("User", request.user)
    found = access.evidence_file(person, pk)
    response = FileResponse(
        workflow.opened(person, found),
        as_attachment=True,
        filename=found.name,
        content_type=sent_as(found.media_type),
    )
    response["Content-Length"] = str(found.size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
