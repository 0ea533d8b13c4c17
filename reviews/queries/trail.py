"""The trail as administrators read it: filtered, in words, and as lines of a CSV file."""

import csv
import datetime as dt
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from reviews.models import TrailEntry

OBJECT_WORDS: Final = {
    "user": "person",
    "logsource": "log source",
    "logstore": "log store",
    "reviewitem": "question",
    "evidencelink": "evidence",
}
CSV_HEAD: Final = (
    "number",
    "time",
    "who",
    "did",
    "action",
    "kind of object",
    "object id",
    "object",
    "before",
    "after",
    "address",
)
# A spreadsheet would take a cell that begins so for a formula.
# OWASP, "CSV Injection": what spreadsheets take for the beginning of a formula, full-width forms included.
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")


@dataclass(frozen=True)
class Filters:
    """What is looked for; empty means all."""

    person: str = ""
    action: str = ""
    object: str = ""
    first: dt.date | None = None
    last: dt.date | None = None

    def told(self) -> dict[str, str]:
        """Those that are set, as the trail keeps them."""
        return {key: str(value) for key, value in vars(self).items() if value}


@dataclass(frozen=True)
class Change:
    """One value before and after, in words."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Row:
    """One entry, in words."""

    entry: TrailEntry
    did: str
    kind: str
    changes: tuple[Change, ...]


def entries(filters: Filters) -> "QuerySet[TrailEntry]":
    """The entries that the filters leave, newest first."""
    found = TrailEntry.objects.all()
    if filters.person:
        found = found.filter(actor_name=filters.person)
    if filters.action:
        found = found.filter(action=filters.action)
    if filters.object:
        found = found.filter(object_name__icontains=filters.object)
    if filters.first is not None:
        found = found.filter(at__gte=dt.datetime.combine(filters.first, dt.time(), dt.UTC))
    if filters.last is not None:
        found = found.filter(at__lt=dt.datetime.combine(filters.last, dt.time(), dt.UTC) + dt.timedelta(days=1))
    return found


def actors() -> list[str]:
    """The names that stand in the trail."""
    return list(TrailEntry.objects.order_by("actor_name").values_list("actor_name", flat=True).distinct())


def rows(found: Iterable[TrailEntry], words: Mapping[str, str]) -> list[Row]:
    """The entries in words; `words` are those of the actions."""
    return [
        Row(entry, words.get(entry.action, entry.action), kind(entry.object_type), changes(entry)) for entry in found
    ]


def kind(object_type: str) -> str:
    return OBJECT_WORDS.get(object_type, object_type)


def changes(entry: TrailEntry) -> tuple[Change, ...]:
    """What was before and what is after, key by key."""
    keys = dict.fromkeys([*entry.before, *entry.after])
    return tuple(
        Change(key.replace("_", " "), value_words(entry.before, key), value_words(entry.after, key)) for key in keys
    )


def value_words(values: Mapping[str, Any], key: str) -> str:
    """One value as people read it; empty when the key is not there."""
    return _words(values[key]) if key in values else ""


def _words(value: Any) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_words(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(_words(one) for one in value)
    return str(value)


def cell(value: str) -> str:
    """A CSV cell that no spreadsheet runs as a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def csv_lines(found: "QuerySet[TrailEntry]", words: Mapping[str, str]) -> Iterator[str]:
    """The entries as CSV, head first, one line at a time."""
    yield _line(CSV_HEAD)
    for entry in found.iterator(chunk_size=2000):
        yield _line(
            (
                str(entry.pk),
                f"{entry.at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
                cell(entry.actor_name),
                words.get(entry.action, entry.action),
                entry.action,
                kind(entry.object_type),
                entry.object_id,
                cell(entry.object_name),
                json.dumps(entry.before, ensure_ascii=False, sort_keys=True),
                json.dumps(entry.after, ensure_ascii=False, sort_keys=True),
                entry.address or "",
            )
        )


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()
