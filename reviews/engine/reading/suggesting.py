"""A first mapping for a log that no format reads: JSON lines or CSV, with the fields that look like an event's.

It is a guess that a person corrects: names are compared with those that programs commonly use.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from reviews.engine.formats import FieldMapping
from reviews.engine.formats._mapping import MOST_COLUMNS, SEPARATORS

LOOKED_AT: Final = 50  # records
DEEPEST: Final = 4
# Names without their marks, in the order in which they are preferred.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "time": ("timestamp", "time", "datetime", "eventtime", "createdat", "occurredat", "date", "ts", "created", "at"),
    "action": ("action", "event", "eventname", "eventtype", "operation", "activity", "method", "type", "name", "verb"),
    "actor": ("actor", "user", "username", "useremail", "email", "userid", "actorname", "actoremail", "login",
              "principal", "account", "subject", "who"),
    "outcome": ("outcome", "result", "status", "success", "succeeded", "statuscode", "state"),
    "target": ("target", "resource", "object", "targetname", "resourcename", "resourceid", "path", "url", "entity"),
    "source_ip": ("sourceip", "ip", "ipaddress", "clientip", "remoteaddr", "remoteip", "srcip", "address", "ipaddr"),
    "event_id": ("eventid", "id", "uuid", "uid", "logid", "recordid"),
}  # fmt: skip
_SUCCESS: Final = ("success", "succeeded", "successful", "ok", "true", "allowed", "allow", "granted", "passed")
_FAILURE: Final = ("failure", "failed", "fail", "error", "false", "denied", "deny", "refused", "rejected", "blocked")
_PATTERNS: Final = (
    (r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", "%Y/%m/%d %H:%M:%S"),
    (r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d", "%d.%m.%Y %H:%M:%S"),
    (r"\d\d\.\d\d\.\d{4} \d\d:\d\d", "%d.%m.%Y %H:%M"),
    (r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}", "%d/%b/%Y:%H:%M:%S %z"),
)

# A date or an address is no name of a column: such a first row is no header.
_VALUE: Final = r"\d{4}[-/]\d\d[-/]\d\d|\d\d[./]\d\d[./]\d{4}|\d+(\.\d+){3}"


@dataclass(frozen=True)
class Suggestion:
    """A generic format, and a mapping to begin with; `fields` are all that the sample has."""

    format: str
    mapping: FieldMapping
    fields: tuple[str, ...]


def suggest(sample: bytes) -> Suggestion | None:
    """What the sample could be read as by hand; None when it holds neither JSON objects nor columns."""
    text = sample.decode("utf-8", "replace").removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    objects = [dict(_flat(one, "", 0)) for one in _objects(text)]
    if objects:
        names = tuple(dict.fromkeys(name for one in objects for name in one))
        return Suggestion("json_lines", _mapping(names, objects), names)
    for separator in SEPARATORS:
        rows = _rows(text, separator)
        if rows:
            names, values = tuple(rows[0]), [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]
            made = replace(_mapping(names, values), columns=names, separator=separator)
            return Suggestion("csv", made, names)
    return None


def _objects(text: str) -> list[dict[str, Any]]:
    found = []
    for line in text.splitlines()[:LOOKED_AT]:
        try:
            one = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(one, dict):
            found.append(one)
    return found


def _flat(value: Mapping[str, Any], before: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every plain value with its path."""
    for key, one in value.items():
        if not re.fullmatch(r"[^.\[\]\"\\*\x00-\x1f]{1,100}", key):
            continue
        if isinstance(one, dict) and depth < DEEPEST:
            yield from _flat(one, f"{before}{key}.", depth + 1)
        elif isinstance(one, str | int | float):
            yield before + key, str(one).lower() if isinstance(one, bool) else str(one)


def _rows(text: str, separator: str) -> list[list[str]]:
    """The header and the rows below it, where all have as many columns as names that differ."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator, strict=True) if row][: LOOKED_AT + 1]
    except csv.Error:
        return []
    if len(rows) < 2 or not 3 <= len(rows[0]) <= MOST_COLUMNS:
        return []
    header = rows[0]
    named = len(set(header)) == len(header) and all(
        re.fullmatch(r"[^\x00-\x1f]*[A-Za-z][^\x00-\x1f]*", c) and not re.match(_VALUE, c) for c in header
    )
    fitting = sum(len(row) == len(header) for row in rows)
    return rows if named and fitting >= 0.8 * len(rows) else []


def _mapping(names: Sequence[str], values: Sequence[Mapping[str, str]]) -> FieldMapping:
    chosen: dict[str, Any] = {field: _best(names, wanted) for field, wanted in _NAMES.items()}
    times = [one[chosen["time"]] for one in values if one.get(chosen["time"])]
    outcomes = sorted({one[chosen["outcome"]].lower() for one in values if one.get(chosen["outcome"])})
    success = tuple(one for one in outcomes if one in _SUCCESS) or (("2*", "3*") if _codes(outcomes) else ())
    failure = tuple(one for one in outcomes if one in _FAILURE) or (("4*", "5*") if _codes(outcomes) else ())
    if not success and not failure:
        chosen["outcome"] = ""
    pattern = next((like for shape, like in _PATTERNS if times and all(re.fullmatch(shape, t) for t in times)), "")
    return FieldMapping(**chosen, time_format=pattern, success=success, failure=failure)


def _codes(outcomes: Sequence[str]) -> bool:
    """Whether all are status codes of HTTP."""
    return bool(outcomes) and all(re.fullmatch(r"[1-5]\d\d", one) for one in outcomes)


def _best(names: Sequence[str], wanted: Sequence[str]) -> str:
    """The field whose whole path, or else last part, is called like one that is wanted."""
    for whole in (True, False):
        parts = {name: name if whole else name.rsplit(".", 1)[-1] for name in reversed(names)}
        plain = {re.sub(r"[^a-z0-9]", "", part.lower()): name for name, part in parts.items()}
        for one in wanted:
            if one in plain:
                return plain[one]
    return ""
