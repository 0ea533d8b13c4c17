"""Pages of long lists."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest


def page_of(request: HttpRequest, rows: Any, size: int = 50, name: str = "page") -> "Page[Any]":
    """The page of `rows` that the address asks for; a wrong number gives the nearest page."""
    paginator: Paginator[Any] = Paginator(rows, size)
    page = paginator.get_page(request.GET.get(name))
    page.around = list(paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1))  # type: ignore[attr-defined]
    return page
