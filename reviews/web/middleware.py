"""What every request needs: where it comes from, and a plain page for what the portal refuses on purpose."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from reviews.errors import Conflict, Invalid, Locked, NotAllowed, PortalError
from reviews.workflows.trail import acting_from

_STATUS = {NotAllowed: 403, Conflict: 409, Locked: 409, Invalid: 400}


class RefusalMiddleware:
    """A PortalError becomes a page with its sentence; it never becomes a traceback."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = acting_from.set(request.META.get("REMOTE_ADDR"))
        try:
            return self.get_response(request)
        finally:
            acting_from.reset(token)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        if not isinstance(problem, PortalError):
            return None
        status = next((code for kind, code in _STATUS.items() if isinstance(problem, kind)), 400)
        return render(request, "reviews/refused.html", {"problem": problem}, status=status)
