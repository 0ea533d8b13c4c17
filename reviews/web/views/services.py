"""Services: the list, and the page of one service with its chart."""

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from reviews import access
from reviews.engine.charts.volume import Volume, volume_figure
from reviews.queries import overview, service_page
from reviews.queries import services as queries
from reviews.queries import sources as source_queries
from reviews.web.csp import chart_page

if TYPE_CHECKING:
    from auditportal.accounts.models import User


@login_required
def services(request: HttpRequest) -> HttpResponse:
    person = cast("User", request.user)
    now = timezone.now()
    quarter, quarters = overview.choose(person, request.GET.get("quarter"), now.date())
    context = {
        "rows": queries.rows(queries.visible(person, quarter), quarter, now),
        "out_of_scope": access.services(person).exclude(queries.in_scope(quarter)),
        "quarter": quarter,
        "quarters": quarters,
        "may_add": person.is_administrator,
    }
    return render(request, "reviews/services/services.html", context)


@chart_page
@login_required
def service(request: HttpRequest, pk: int) -> HttpResponse:
    """By day over the quarter; with `from`, by hour for a week."""
    person = cast("User", request.user)
    service = access.service(person, pk)
    now = timezone.now()
    quarter, quarters = overview.choose(person, request.GET.get("quarter"), now.date())
    page = service_page.page(service, quarter, _day(request.GET.get("from", "")), now)
    reviews = access.reviews(person).filter(service=service, cycle__quarter=str(quarter)).order_by("-version")
    context = {
        "page": page,
        "service": service,
        "quarter": quarter,
        "quarters": quarters,
        "chart": _figures(page.volume),
        "sources": source_queries.rows(access.sources(person).filter(pk__in=[s.pk for s in page.sources]), now),
        "review": reviews.select_related("cycle").first(),
        "owners": queries.owners([service.pk]).get(service.pk, ()),
        "may_keep": access.may(person, "keep", service),
        "may_change": person.is_administrator,
    }
    return render(request, "reviews/services/service.html", context)


def _day(text: str) -> dt.date | None:
    """A day of the address; what is none is as if it were not there."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


@cache
def _theme() -> dict[str, Any]:
    text = (Path(settings.BASE_DIR) / "static/js/plotly-theme.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


def _figures(volume: Volume) -> dict[str, Any]:
    """The figure in both themes, for static/js/chart.js."""
    theme = _theme()
    return {"config": theme["config"], **{name: volume_figure(volume, theme[name]) for name in ("light", "dark")}}
