"""SQL for extensions of key=value pairs, as CEF and LEEF end with, and for the words by which devices tell an outcome.

Pairs are marked once, so that each key costs one plain search: the mark, then "key=value", up to the next mark.
Facts: ArcSight, "Implementing ArcSight Common Event Format (CEF)"; IBM, "LEEF event components".
"""

from collections.abc import Mapping
from typing import Final

from reviews.engine.formats._times import (
    epoch_any,
    iso,
    iso_local,
    month_first,
    month_first_yearless,
    month_first_zoned,
)

_MARK: Final = "chr(1)"
_SUCCESS: Final = r"^/?(?:success\w*|succeeded|ok|pass(?:ed)?|allow(?:ed)?|accept(?:ed)?|permit(?:ted)?|grant(?:ed)?)$"
_FAILURE: Final = (
    r"^/?(?:fail\w*|error|den(?:y|ied)|block(?:ed)?|drop(?:ped)?|reject(?:ed)?|refused?|discard(?:ed)?|prevent(?:ed)?)$"
)
_READABLE: Final = r"^(?:\d{9,19}(?:\.\d{1,9})?|\d{4}-\d\d-\d\d[T ].+|[A-Z][a-z]{2} +\d{1,2} .+)$"


def marked_at_keys(name: str) -> str:
    """The pairs of a field marked where a key follows white space. In CEF a value holds = only behind a backslash."""
    return f"regexp_replace({_clean(name)}, '(?:^|\\s)([A-Za-z0-9_.\\[\\]-]+)=', {_MARK} || '\\1=', 'g')"


def marked_at(name: str, delimiter: str) -> str:
    """The pairs of a field marked where the delimiter stands, which is SQL."""
    return f"{_MARK} || replace({_clean(name)}, {delimiter}, {_MARK})"


def pairs(marked: str, keys: Mapping[str, str], escaped: bool) -> dict[str, str]:
    """Fields, each the value of a key. With `escaped`, a backslash frees the letter behind it; \\n is a new line."""
    found = {}
    for field, key in keys.items():
        value = f"trim(split_part(split_part(\"{marked}\", {_MARK} || '{key}=', 2), {_MARK}, 1))"
        if escaped:
            value = f"CASE WHEN contains({value}, '\\') THEN {_freed(value)} ELSE {value} END"
        found[field] = f"nullif({value}, '')"
    return found


def freed(name: str) -> str:
    """A part of the header of CEF: a bar or backslash stands behind a backslash."""
    return _freed(f'"{name}"')


def first_readable(*names: str) -> str:
    """The first field that holds a time in one of the ways that `read_time` knows."""
    return f"coalesce({', '.join(_readable(name) for name in names)})"


def read_time(name: str) -> tuple[str, str, str]:
    """A time as devices write it, as instant, local and year-less: a number since 1970, ISO 8601, "Jul  1 2026 …"."""
    return (
        f"coalesce({epoch_any(name)}, {iso(name)}, {month_first_zoned(name)})",
        f"coalesce({iso_local(name)}, {month_first(name)})",
        month_first_yearless(name),
    )


def told_outcome(*names: str) -> str:
    """success or failure by the first field that says it in a word; else NULL."""
    return f"coalesce({', '.join(_word(name) for name in names)})"


def _clean(name: str) -> str:
    return f"replace(\"{name}\", {_MARK}, '')"


def _freed(value: str) -> str:
    kept = f"replace({value}, '\\\\', {_MARK})"
    lines = f"replace(replace({kept}, '\\n', ' '), '\\r', ' ')"
    return f"replace(replace({lines}, '\\', ''), {_MARK}, '\\')"


def _readable(name: str) -> str:
    return f'CASE WHEN regexp_matches("{name}", \'{_READABLE}\') THEN "{name}" END'


def _word(name: str) -> str:
    word = f'lower("{name}")'
    return (
        f"CASE WHEN regexp_matches({word}, '{_SUCCESS}') THEN 'success' "
        f"WHEN regexp_matches({word}, '{_FAILURE}') THEN 'failure' END"
    )
