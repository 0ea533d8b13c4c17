"""The door for logs that are pushed: a token instead of a person, JSON instead of pages, no session."""

from collections.abc import Iterator
from typing import Final

from django.http import HttpRequest, JsonResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from reviews.errors import Invalid, PortalError
from reviews.web.uploads import SEATS
from reviews.workflows import receiving, tokens

_STEP: Final = 1 << 18
_RETRY_SECONDS: Final = 30
_STATUS: Final[dict[type[PortalError], int]] = {
    tokens.Unknown: 401,
    receiving.TooLarge: 413,
    receiving.UnknownPacking: 415,
    receiving.KeyReused: 422,
    receiving.TooOften: 429,
    receiving.NoRoom: 503,
}


@csrf_exempt  # there is no session that another site could make use of: a token in a header opens this door
@require_POST
def push(request: HttpRequest, pk: int) -> JsonResponse:
    """Take one body for a source. 202 when it is durable."""
    try:
        return _push(request, pk)
    except PortalError as problem:
        status = next((code for kind, code in _STATUS.items() if isinstance(problem, kind)), 400)
        response = JsonResponse({"error": str(problem)}, status=status)
        if status == 401:
            response["WWW-Authenticate"] = 'Bearer realm="push"'
        if status in {429, 503}:
            response["Retry-After"] = str(_RETRY_SECONDS)
        return response


def _push(request: HttpRequest, pk: int) -> JsonResponse:
    now = timezone.now()
    token = tokens.opening(pk, _bearer(request))
    told = request.META.get("CONTENT_LENGTH") or ""
    if not told.isdecimal():
        words = "Send Content-Length: without it, a body that was cut off cannot be told from a whole one."
        return JsonResponse({"error": words}, status=411)
    if (request.content_type or "").startswith("multipart/"):
        raise Invalid("Send the lines themselves as the body, not a form with a file in it.")
    if not SEATS.acquire(blocking=False):
        raise receiving.NoRoom("Too many bodies are being sent at once. Send it again in a moment.")
    try:
        encoding, key = (request.headers.get(name, "") for name in ("Content-Encoding", "Idempotency-Key"))
        receipt = receiving.accept(token, _body(request), int(told), encoding, key, now)
    finally:
        SEATS.release()
    return JsonResponse({"id": receipt.id, "sha256": receipt.sha256, "bytes": receipt.length}, status=202)


def _bearer(request: HttpRequest) -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _body(request: HttpRequest) -> Iterator[bytes]:
    """The body as it comes in; what does not come any more is found by its length."""
    try:
        while chunk := request.read(_STEP):
            yield chunk
    except UnreadablePostError:
        return
