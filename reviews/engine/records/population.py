"""The frozen numbers as text and tables. What is known gets its words; what is new is shown by its own name.

Numbers come as they were frozen, maybe by an older version: a part that does not have the shape it should have is
shown as it is, and never left out.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from reviews.engine.analysis.coverage import STATE_WORDS
from reviews.engine.events import CATEGORY_NAMES

Part = dict[str, Any]  # title, facts ([name, value]), head, rows, sentences

_TITLES: Final = {
    "events": "Events by category",
    "coverage": "Coverage",
    "sources": "Log sources",
    "silences": "Spans without events",
    "silence_search": "Search for spans without events",
}
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
WIDEST: Final = 6  # columns of one table; more go under each other as lines


def readable(key: str) -> str:
    """`first_event_at` becomes `First event at`."""
    words = CATEGORY_NAMES.get(key) or key.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def population_parts(population: Mapping[str, Any]) -> list[Part]:
    """Scalars together, then one part for each key that is none."""
    scalars = [[readable(key), cell(value)] for key, value in population.items() if _is_scalar(value)]
    parts = [_part("In numbers", facts=scalars)] if scalars else []
    for key, value in population.items():
        if not _is_scalar(value):
            parts.append(_known_part(key, value) or _part_of(_TITLES.get(key, readable(key)), value))
    return parts


# --- Parts with words of their own ----------------------------------------------------------------------------


def _known_part(key: str, value: Any) -> Part | None:
    try:
        return _KNOWN[key](value) if key in _KNOWN else None
    except (KeyError, TypeError, AttributeError, ValueError):
        return None  # not the shape that it should have


def _coverage(value: Any) -> Part:
    kinds = [
        [kind["label"], readable(kind["category"]), STATE_WORDS[kind["state"]], cell(kind["count"]), _seen(kind)]
        for kind in value["kinds"]
        if kind["required"]
    ]
    return _part(
        _TITLES["coverage"],
        facts=[["Seen with complete fields", f"{value['numerator']} of {value['denominator']} required kinds"]],
        head=["Required kind", "Category", "State", "Entries", "Last seen"],
        rows=kinds,
    )


def _n(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _seen(kind: Mapping[str, Any]) -> str:
    return cell(kind["last_seen"]) if kind["last_seen"] else "not in the quarter"


def _sources(value: Any) -> Part:
    facts = [[source["name"], _source(source)] for source in value]
    return _part(_TITLES["sources"], facts=facts, sentences=[] if facts else ["No log source feeds this subject."])


def _source(source: Mapping[str, Any]) -> str:
    ledger = {key: f"{int(n):,}" for key, n in source["ledger"].items()}
    return "\n".join(
        [
            f"Format {source['format']}, times without a zone are {source['time_zone']}.",
            f"{_n(source['imports'], 'import')} of {_n(source['files'], 'file')}, sealed in"
            f" {_n(source['segments'], 'segment')}.",
            f"{ledger['records']} records = {ledger['events']} events + {ledger['duplicates']} duplicates"
            f" + {ledger['ignored']} ignored + {ledger['rejected']} rejected.",
            f"Given to no service: {ledger['unrouted']}.",
            *_actions(source),
            f"Events from {cell(source['first_event_at'])} to {cell(source['last_event_at'])}."
            f" Read until {cell(source['read_until'])}.",
        ]
    )


def _actions(source: Mapping[str, Any]) -> list[str]:
    """What the catalogue does not know of the source's actions. Older numbers say nothing of it."""
    lines = []
    if source.get("actions_judged") is False:
        lines.append("Actions are not judged: the catalogue names none of these logs.")
    if unknown := source.get("unknown_actions"):
        lines.append(
            f"Of the quarter, {_n(unknown['events'], 'event')} under {_n(unknown['names'], 'name')}"
            " have an action that the catalogue does not know."
        )
    return lines


def _silence_search(value: Any) -> Part:
    sentences = []
    for one in value:
        if one["judged"]:
            after = one["noticed_after_hours"]
            noticed = f"silence is noticed after {_n(after, 'hour')}" if after is not None else "the limit is unknown"
            sentences.append(
                f"{one['service']}: {_n(one['hours_judged'], 'hour')} searched,"
                f" {_n(one['hours_not_imported'], 'hour')} not imported; {noticed}."
            )
        else:
            sentences.append(f"{one['service']}: could not be searched. {one['reason'] or 'The reason is unknown.'}")
    return _part(_TITLES["silence_search"], sentences=sentences or ["Nothing was searched."])


def _silences(value: Any) -> Part:
    sentences = [str(one["sentence"]) for one in value if one["sentence"]]
    if len(sentences) != len(value):
        raise ValueError("a silence without a sentence")
    return _part(_TITLES["silences"], sentences=sentences or ["None was found."])


_KNOWN: Final[dict[str, Callable[[Any], Part]]] = {
    "coverage": _coverage,
    "sources": _sources,
    "silence_search": _silence_search,
    "silences": _silences,
}


# --- Any other part -------------------------------------------------------------------------------------------


def _part(title: str, **fields: Any) -> Part:
    return {"title": title, "facts": [], "head": [], "rows": [], "sentences": [], **fields}


def _part_of(title: str, value: Any) -> Part:
    if isinstance(value, Mapping):
        return _part(title, facts=[[readable(str(key)), cell(part)] for key, part in value.items()])
    rows = list(value)
    if not rows:
        return _part(title, sentences=["None."])
    if all(isinstance(row, Mapping) for row in rows):
        head = list(dict.fromkeys(str(key) for row in rows for key in row))
        if 0 < len(head) <= WIDEST:
            table = [[cell(row.get(key)) for key in head] for row in rows]
            return _part(title, head=[readable(key) for key in head], rows=table)
        return _part(title, sentences=[cell(row) for row in rows])
    return _part(title, sentences=[cell(row) for row in rows])


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
