"""Facts of the inventory: which values the review template knows for them, and how people read them."""

from typing import Final

from reviews.engine.catalogue import load_templates

_WORDS: Final = {"saas": "SaaS", "us": "Us", "personal": "Personal data", "card": "Card data", "health": "Health data"}


def allowed(fact: str) -> tuple[str, ...]:
    """The values that the template offers for `service.kind`, `store.lock` and the like; empty when any is allowed."""
    values = load_templates().inventory_facts.get(fact)
    return tuple(str(value) for value in values) if isinstance(values, list | tuple) else ()


def word(value: str) -> str:
    """`cloud_account` as people read it: Cloud account."""
    return _WORDS.get(value, value.replace("_", " ").capitalize())
