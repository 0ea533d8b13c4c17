"""Callables that migrations freeze by name."""

from typing import Any


def empty_list() -> list[Any]:
    return []


def empty_dict() -> dict[str, Any]:
    return {}
