"""What keepers do so that logs arrive: making and revoking push tokens."""

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from reviews import access
from reviews.models import PushToken
from reviews.workflows import tokens

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
