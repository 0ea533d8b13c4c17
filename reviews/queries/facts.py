"""Facts of the inventory: which values the review template knows for them, and how people read them."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from django.conf import settings

_WORDS: Final = {"saas": "SaaS", "us": "Us", "personal": "Personal data", "card": "Card data", "health": "Health data"}


@cache
def _facts() -> dict[str, Any]:
    path = Path(settings.BASE_DIR) / "reviews" / "catalogue" / "review-template.yaml"
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["inventory_facts"]
    return found


def allowed(fact: str) -> tuple[str, ...]:
    """The values that the template offers for `service.kind`, `store.lock` and the like; empty when any is allowed."""
    values = _facts().get(fact)
    return tuple(str(value) for value in values) if isinstance(values, list) else ()


def word(value: str) -> str:
    """`cloud_account` as people read it: Cloud account."""
    return _WORDS.get(value, value.replace("_", " ").capitalize())
