"""What base.html needs on every page."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from reviews.models import Organisation

STYLESHEETS: Final = (
    "css/tokens.css",
    "css/base.css",
    "css/layout.css",
    "css/components.css",
    "css/portal.css",
)


@dataclass(frozen=True)
class NavigationEntry:
    """One line of the main navigation."""

    label: str
    url: str
    icon: str
    current: bool
    apart: bool = False


# (label, url name, icon, prefix of the paths that belong to it, for administrators only)
_ENTRIES: Final = (
    ("Overview", "overview", "overview", "/", False),
    ("Services", "services", "services", "/services/", False),
    ("Reviews", "reviews", "reviews", "/reviews/", False),
    ("Log sources", "sources", "sources", "/sources/", False),
    ("Log stores", "stores", "lock", "/stores/", False),
    ("Records", "records", "records", "/records/", False),
    ("People", "people", "person", "/people/", True),
    ("Trail", "trail", "file", "/trail/", True),
    ("Settings", "settings", "settings", "/settings/", False),
)


def _navigation(request: HttpRequest) -> list[NavigationEntry]:
    user = request.user
    if not user.is_authenticated:
        return []
    entries = []
    for label, name, icon, prefix, administrators in _ENTRIES:
        if administrators and not user.is_administrator:
            continue
        current = request.path == "/" if prefix == "/" else request.path.startswith(prefix)
        apart = name == ("people" if user.is_administrator else "settings")
        entries.append(NavigationEntry(label, reverse(name), icon, current, apart))
    return entries


def portal(request: HttpRequest) -> dict[str, Any]:
    """`portal` in every template."""
    organisation = SimpleLazyObject(Organisation.objects.first)
    return {
        "portal": {
            "organisation": organisation,
            "is_demo": SimpleLazyObject(lambda: bool(organisation and organisation.is_demo)),
            "navigation": SimpleLazyObject(lambda: _navigation(request)),
            "stylesheets": STYLESHEETS,
        }
    }
