"""The mapping of a generic format: which fields of a log are the columns of an event, as its source keeper writes it.

`json_lines` names fields by their path (user.name, request.headers[0].value), `csv` by the name of their column.
Kept as JSON with the source, in the trail, and in the header of every segment that was read with it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from reviews.engine.catalogue.matching import quote
from reviews.engine.events import CATEGORIES, FAILURE, OTHER, SUCCESS, UNKNOWN
from reviews.engine.formats._declare import Time
from reviews.engine.formats._times import epoch_any, iso, iso_local
from reviews.errors import ReadingError

# What a mapping may name, in the order of the form; time and action it must.
NAMED: Final = ("time", "action", "actor", "outcome", "target", "source_ip", "event_id", "route")
NAMED_WORDS: Final = {
    "time": "the time",
    "action": "what was done",
    "actor": "who",
    "outcome": "whether it worked",
    "target": "on what",
    "source_ip": "the address",
    "event_id": "the entry’s own id",
    "route": "the field to share events out by",
}
LONGEST: Final = 200  # letters of a name or a value
MOST_VALUES: Final = 50  # that mean success, or failure
MOST_CATEGORIES: Final = 300
MOST_COLUMNS: Final = 500
SEPARATORS: Final = (",", ";", "\t", "|")
# Directives of strptime: those that may stand in a pattern, and of which groups one must.
_DIRECTIVE: Final = re.compile(r"(?s)%(-?.?)")  # also one that is none: DuckDB refuses the whole statement for it
_KNOWN: Final = frozenset("aAbBdfgHIjmMnpSyYz%") | {"-d", "-H", "-I", "-m", "-M", "-S"}
_UNWRITABLE: Final = re.compile("[\0\ud800-\udfff]")
_NEEDED: Final = (
    ("a year (%Y)", {"Y", "y"}),
    ("a month (%m or %b)", {"m", "-m", "b", "B", "j"}),
    ("a day (%d)", {"d", "-d", "j"}),
    ("an hour (%H)", {"H", "-H", "I", "-I"}),
)


@dataclass(frozen=True)
class FieldMapping:
    """Fields by name, empty where the log has none; and what their values mean."""

    time: str
    action: str
    time_format: str = ""  # a pattern of strptime; empty: ISO 8601, or seconds (milli-, …) since 1970
    actor: str = ""
    outcome: str = ""
    success: tuple[str, ...] = ()  # values of the outcome, in any case of letters; a * at the end stands for any rest
    failure: tuple[str, ...] = ()  # whole values are tried first, then those of failure; what is in none is unknown
    target: str = ""
    source_ip: str = ""
    event_id: str = ""
    route: str = ""
    category: str = OTHER  # of entries whose action has none of its own
    categories: Mapping[str, str] = field(default_factory=dict)  # action → category
    columns: tuple[str, ...] = ()  # of csv: the names, in the order of the file
    separator: str = ","  # of csv

    def as_json(self) -> dict[str, Any]:
        """The mapping as it is kept: what is left out has its default."""
        told: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, Mapping):  # as pairs: sealed headers take no key that is not ASCII
                value = [list(pair) for pair in value.items()]
            if value and value != one.default:
                told[one.name] = list(value) if isinstance(value, tuple) else value
        return told


def read_mapping(kept: Mapping[str, Any]) -> FieldMapping:
    """The mapping that was kept as JSON. ReadingError when it is none, or has a problem."""
    known = {one.name for one in fields(FieldMapping)}
    if set(kept) - known:
        raise ReadingError(f"The mapping names what no mapping has: {', '.join(sorted(set(kept) - known))}.")
    values: dict[str, Any] = {"time": "", "action": "", **kept}
    for name in ("success", "failure", "columns"):
        given = values.get(name, [])
        if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
            raise ReadingError(f"The mapping’s {name} must be a list of texts.")
        values[name] = tuple(given)
    values["categories"] = _pairs(values.get("categories", []))
    if wrong := [name for name, one in values.items() if not isinstance(one, str | tuple | Mapping)]:
        raise ReadingError(f"The mapping’s {wrong[0]} must be a text.")
    mapping = FieldMapping(**values)
    for problem in mapping_problems(mapping).values():
        raise ReadingError(problem)
    return mapping


def _pairs(given: object) -> dict[str, str]:
    pairs: list[Any] = given if isinstance(given, list) else [None]
    if not all(isinstance(pair, list) and len(pair) == 2 and {type(one) for one in pair} == {str} for pair in pairs):
        raise ReadingError("The mapping’s categories must be a list of pairs: an action and its category.")
    return dict(pairs)


def mapping_problems(mapping: FieldMapping) -> dict[str, str]:
    """Why events cannot be read by this mapping, by field; empty when they can."""
    found: dict[str, str] = {}
    for name in NAMED:
        problem = _name_problem(name, getattr(mapping, name), mapping.columns)
        if problem:
            found[name] = problem
    if mapping.time_format and (problem := _pattern_problem(mapping.time_format)):
        found["time_format"] = problem
    if mapping.outcome and not (mapping.success or mapping.failure):
        found["success"] = "Say which values mean that it worked, or which mean that it failed."
    for name in ("success", "failure"):
        values: Sequence[str] = getattr(mapping, name)
        if len(values) > MOST_VALUES or any(not 0 < len(value) <= LONGEST for value in values):
            found[name] = f"Give at most {MOST_VALUES} values of at most {LONGEST} letters."
        elif values and not mapping.outcome:
            found["outcome"] = "Name the field that holds these values."
    if not {mapping.category, *mapping.categories.values()} <= set(CATEGORIES):
        found["category"] = "Choose a category of the list."
    if len(mapping.categories) > MOST_CATEGORIES or any(len(action) > LONGEST for action in mapping.categories):
        found["categories"] = f"Give at most {MOST_CATEGORIES} actions a category of their own."
    found.update(_columns_problems(mapping))
    return found | _unwritable(mapping)


def _unwritable(mapping: FieldMapping) -> dict[str, str]:
    """Fields with letters that no database and no statement takes: NUL, and halves of a pair (\\ud800)."""
    texts = {name: [one] if isinstance(one, str) else list(one) for name, one in vars(mapping).items()}
    wrong = [name for name, some in texts.items() if _UNWRITABLE.search("".join(some))]
    return dict.fromkeys(wrong, "This holds a letter that no log can have (NUL, or half a character). Leave it out.")


def _name_problem(name: str, value: str, columns: Sequence[str]) -> str:
    if not value:
        return f"Name the field that says {NAMED_WORDS[name]}." if name in ("time", "action") else ""
    if len(value) > LONGEST:
        return f"The name of a field has at most {LONGEST} letters."
    if columns:
        return "" if value in columns else "The log has no column with this name."
    if not _segments(value):
        return "Write the field like user.name, or like roles[0] for the first of a list."
    return ""


def _pattern_problem(pattern: str) -> str:
    if len(pattern) > LONGEST:
        return f"The pattern has at most {LONGEST} letters."
    used = _DIRECTIVE.findall(pattern)
    if odd := [one for one in used if one not in _KNOWN]:
        return f"%{odd[0]} cannot be read. Write the pattern like %d.%m.%Y %H:%M:%S, with %z where a zone stands."
    for words, some in _NEEDED:
        if not some & set(used):
            return f"The pattern names no {words.removeprefix('a ').removeprefix('an ')}: without it, no time is known."
    return ""


def _columns_problems(mapping: FieldMapping) -> dict[str, str]:
    if mapping.separator not in SEPARATORS:
        return {"separator": "Columns are separated by a comma, a semicolon, a tab or a bar."}
    columns = mapping.columns
    if len(columns) > MOST_COLUMNS or any(len(one) > LONGEST for one in columns):
        return {"columns": f"A log has at most {MOST_COLUMNS} columns with names of at most {LONGEST} letters."}
    if len(set(columns)) < len(columns):
        return {"columns": "Two columns have the same name. Give each a name of its own."}
    return {}


# --- As SQL ------------------------------------------------------------------------------------------------------


def json_paths(mapping: FieldMapping) -> dict[str, str]:
    """Fields for the declaration, said_time and so on, by the path of each that the mapping names."""
    named = {name: str(getattr(mapping, name)) for name in NAMED if getattr(mapping, name)}
    return {f"said_{name}": "$" + "".join(_segments(value)) for name, value in named.items()}


def _segments(name: str) -> list[str]:
    """The parts of a JSON path; none when the name is no path."""
    found: list[str] = []
    for part in name.removeprefix("$.").split("."):
        match = re.fullmatch(r"([^\[\]\"\\*\x00-\x1f]+)((?:\[\d{1,4}\])*)", part)
        if match is None:
            return []
        found.append(f'."{match[1]}"{match[2]}')
    return found


def time_of(name: str, pattern: str) -> Time:
    """How the field of that name is read as a time."""
    if not pattern:
        return Time(instant=f"coalesce({iso(name)}, {epoch_any(name)})", local=iso_local(name))
    read = f'try_strptime("{name}", {quote(pattern)})'
    return Time(instant=read) if "z" in _DIRECTIVE.findall(pattern) else Time(local=read)


def outcome_of(name: str, mapping: FieldMapping) -> str:
    """The outcome by the values of the field of that name."""
    sides = ((FAILURE, mapping.failure), (SUCCESS, mapping.success))
    tests = [
        f"""WHEN lower("{name}") IN ({", ".join(quote(value.lower()) for value in exact)}) THEN '{outcome}'"""
        for outcome, values in sides
        if (exact := [value for value in values if not value.endswith("*")])
    ]
    tests += [
        f"""WHEN starts_with(lower("{name}"), {quote(value[:-1].lower())}) THEN '{outcome}'"""
        for outcome, values in sides
        for value in values
        if value.endswith("*")
    ]
    return f"CASE {' '.join(tests)} ELSE '{UNKNOWN}' END" if mapping.outcome and tests else f"'{UNKNOWN}'"


def category_of(name: str, mapping: FieldMapping) -> str:
    """The category by the action in the field of that name."""
    listed = " ".join(f"WHEN {quote(action)} THEN {quote(to)}" for action, to in mapping.categories.items())
    return f'CASE "{name}" {listed} ELSE {quote(mapping.category)} END' if listed else quote(mapping.category)
