"""The overview for managers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def overview(request: HttpRequest) -> HttpResponse:
    """First line: now. Then the quarter."""
    return render(request, "reviews/overview/overview.html")
