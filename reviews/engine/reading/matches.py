"""Recognising the catalogue's actions in one pass, and what a match means for the category of an event."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from reviews.engine.catalogue import ActionCatalogue, CriticalAction
from reviews.engine.catalogue.actions import CATEGORY_ORDER
from reviews.engine.catalogue.matching import Condition, Expression, FieldTest, condition_sql, fields_of, quote
from reviews.engine.formats import Format, JsonRecords
from reviews.errors import CatalogueError

_TEXT_TESTS: Final = ("contains", "regex")
_WORTH: Final = 4  # letters from which on it pays to look for them first


def expressions(fmt: Format, catalogue: ActionCatalogue | None) -> dict[str, Expression]:
    """What each field that the catalogue tests is, in SQL."""
    found: dict[str, Expression] = {}
    if catalogue is None:
        return found
    for action in catalogue.actions_of(fmt.id):
        for name in fields_of(action.match):
            if name not in found:
                found[name] = _expression(fmt, catalogue, action, name)
    return found


def _expression(fmt: Format, catalogue: ActionCatalogue, action: CriticalAction, name: str) -> Expression:
    notes = catalogue.formats[fmt.id]
    own = notes.field_map.get(name, name) if action.format != fmt.id else name
    if own in fmt.match_fields:
        return fmt.match_fields[own]
    if isinstance(fmt.layout, JsonRecords):
        keys = _path_names(own)
        return Expression(f"coalesce({', '.join(quote_name(key) for key in keys)})" if len(keys) > 1 else
                          quote_name(keys[0]))  # fmt: skip
    raise CatalogueError(
        f"{catalogue.file}, line {action.line}: {action.id} tests the field {name!r}, "
        f"which the format {fmt.id} does not have. It has: {', '.join(sorted(fmt.match_fields))}."
    )


def quote_name(name: str) -> str:
    """A column name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def _path_names(name: str) -> list[str]:
    """The columns under which a field of the catalogue is extracted: one key as it is, then as a path."""
    return [f"key {name}", f"path {name}"] if "." in name else [f"key {name}"]


def extra_paths(fmt: Format, catalogue: ActionCatalogue | None) -> dict[str, str]:
    """JSON paths for fields that the catalogue tests and the format does not name."""
    if catalogue is None or not isinstance(fmt.layout, JsonRecords):
        return {}
    paths: dict[str, str] = {}
    for action in catalogue.actions_of(fmt.id):
        for name in fields_of(action.match):
            if name not in fmt.match_fields:
                parts = name.split(".")
                for column, keys in zip(_path_names(name), ([name], parts), strict=False):
                    paths[column] = "$" + "".join('."' + key.replace('"', '\\"') + '"' for key in keys)
    return paths


def matched_sql(fmt: Format, catalogue: ActionCatalogue | None) -> str:
    """The ids of the actions that an entry matches, separated by commas; empty when it matches none.

    Actions that compare one field with fixed values, which is most, share one look-up; those that search one text
    are tried only where any of them is found at all.
    """
    if catalogue is None:
        return "''"
    fields = expressions(fmt, catalogue)
    by_value: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    searched: dict[str, list[tuple[str, FieldTest]]] = defaultdict(list)
    others: list[tuple[str, Condition]] = []
    for action in catalogue.actions_of(fmt.id):
        test = _single(action.match)
        if test is not None and test.op in ("eq", "in") and not fields[test.field].many:
            for value in test.values:
                by_value[fields[test.field].sql][value].append(action.id)
        elif test is not None and test.op in _TEXT_TESTS and not fields[test.field].many:
            searched[fields[test.field].sql].append((action.id, test))
        else:
            others.append((action.id, action.match))
    parts = [_look_up(sql, values) for sql, values in by_value.items()]
    parts += [_search(sql, tests, fields) for sql, tests in searched.items()]
    parts += [f"CASE WHEN {condition_sql(match, fields)} THEN {quote(name)} END" for name, match in others]
    return f"concat_ws(',', {', '.join(parts)})" if parts else "''"


def _single(condition: Condition) -> FieldTest | None:
    """The only test of a condition, if it has only one."""
    while not isinstance(condition, FieldTest):
        if len(condition.parts) != 1:
            return None
        condition = condition.parts[0]
    return condition


def _look_up(sql: str, values: Mapping[str, list[str]]) -> str:
    listed = " ".join(f"WHEN {quote(value)} THEN {quote(','.join(ids))}" for value, ids in values.items())
    return f"CASE {sql} {listed} END"


def _search(sql: str, tests: list[tuple[str, FieldTest]], fields: Mapping[str, Expression]) -> str:
    """Tests on one text, behind one expression that finds whether any of them matches at all.

    Tests that need the same words are tried only where these stand.
    """
    shared: dict[str, list[tuple[str, FieldTest]]] = defaultdict(list)
    for name, test in tests:
        shared[_beginning(test)].append((name, test))
    parts = []
    for words, group in shared.items():
        each = [f"CASE WHEN {condition_sql(test, fields)} THEN {quote(name)} END" for name, test in group]
        if words and len(group) > 1:
            each = [f"CASE WHEN contains({sql}, {quote(words)}) THEN nullif(concat_ws(',', {', '.join(each)}), '') END"]
        parts += each
    found = f"nullif(concat_ws(',', {', '.join(parts)}), '')"
    return f"CASE WHEN {_any_of(sql, [test for _, test in tests])} THEN {found} END"


def _beginning(test: FieldTest) -> str:
    """The plain words with which a regular expression begins; empty when they are short or it has alternatives."""
    pattern = test.values[0]
    if test.op != "regex" or "|" in re.sub(r"\([^()]*\)", "", pattern):
        return ""
    words = re.match(r"[A-Za-z0-9 =:/_-]*", pattern)
    found = words[0] if words else ""
    if pattern[len(found) : len(found) + 1] in ("*", "?", "{"):  # the last letter may be missing
        found = found[:-1]
    return found if len(found) >= _WORTH else ""


def _any_of(sql: str, tests: list[FieldTest]) -> str:
    union = "|".join(f"(?:{re.escape(test.values[0]) if test.op == 'contains' else test.values[0]})" for test in tests)
    return f"regexp_matches({sql}, {quote(union)})"


class Meaning:
    """What matched actions say about events; few combinations occur, so each is worked out once."""

    def __init__(self, catalogue: ActionCatalogue | None) -> None:
        self.catalogue = catalogue

    def ids(self, matched: str) -> list[str]:
        return matched.split(",") if matched else []

    def category(self, matched: str, outcome: str) -> str | None:
        """The gravest category shown; None when nothing but what depends on the inventory was matched."""
        if self.catalogue is None or not matched:
            return None
        shown = {
            self.catalogue.category_shown(action, outcome)
            for action in map(self.catalogue.by_id.__getitem__, matched.split(","))
            if action.narrow_to is None
        }
        return next((category for category in CATEGORY_ORDER if category in shown), None)
