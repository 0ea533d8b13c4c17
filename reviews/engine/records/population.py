"""The frozen numbers as tables. What is known gets its words; what is new is shown as well, by its own name."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final

from reviews.engine.events import CATEGORY_NAMES

_TITLES: Final = {
    "events": "Events by category",
    "categories": "Events by category",
    "coverage": "Coverage",
    "sources": "Log sources",
    "silences": "Spans without events",
    "kinds": "Kinds of action",
}
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
WIDEST: Final = 6  # columns of one table; more go under each other as lines


def readable(key: str) -> str:
    """`first_event_at` becomes `First event at`."""
    words = CATEGORY_NAMES.get(key) or key.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def population_parts(population: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Parts with `title`, `facts` ([name, value]), `head`, `rows` and `sentences`; scalars share one part."""
    scalars = [[readable(key), cell(value)] for key, value in population.items() if _is_scalar(value)]
    parts = [_part("In numbers", facts=scalars)] if scalars else []
    for key, value in population.items():
        if not _is_scalar(value):
            parts.append(_part_of(_TITLES.get(key, readable(key)), value))
    return parts


def _part(title: str, **fields: Any) -> dict[str, Any]:
    return {"title": title, "facts": [], "head": [], "rows": [], "sentences": [], **fields}


def _part_of(title: str, value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return _part(title, facts=[[readable(str(key)), cell(part)] for key, part in value.items()])
    rows = list(value)
    if not rows:
        return _part(title, sentences=["None."])
    if all(isinstance(row, Mapping) for row in rows):
        if all(row.get("sentence") for row in rows):
            return _part(title, sentences=[str(row["sentence"]) for row in rows])
        head = list(dict.fromkeys(str(key) for row in rows for key in row))
        if len(head) <= WIDEST:
            table = [[cell(row.get(key)) for key in head] for row in rows]
            return _part(title, head=[readable(key) for key in head], rows=table)
        return _part(title, facts=[[_name(row), _lines(row)] for row in rows])
    return _part(title, sentences=[cell(row) for row in rows])


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("name") or row.get("title") or row.get("source") or row.get("label") or "")


def _lines(row: Mapping[str, Any]) -> str:
    taken = next((key for key in ("name", "title", "source", "label") if row.get(key)), None)
    return "; ".join(f"{readable(str(key)).lower()} {cell(value)}" for key, value in row.items() if key != taken)


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, Mapping | list | tuple)


def cell(value: Any) -> str:
    """One value. Nothing is said as `unknown`, never left blank."""
    if value is None or value == "":
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return "; ".join(f"{readable(str(key)).lower()} {cell(part)}" for key, part in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(cell(part) for part in value) or "none"
    text = str(value)
    if _MOMENT.fullmatch(text):
        try:
            at = dt.datetime.fromisoformat(text)
        except ValueError:
            return text
        return f"{at.day} {at:%b %Y, %H:%M} UTC" if at.utcoffset() in (None, dt.timedelta()) else text
    return text
