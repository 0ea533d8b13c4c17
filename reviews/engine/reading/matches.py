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
# What stands in a regular expression: an escaped letter, a class, how often something comes, or one letter.
_TOKEN: Final = re.compile(r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]|\{\d+,?\d*\}|.", re.DOTALL)
_NOT_PLAIN: Final = frozenset("()?*+.^$")
_UNSURE: Final = re.compile(r"\(\?(?!:|P<)|\\[\dxpPCQ]|\[:")  # flags, letters by number or kind, quoted stretches


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
    """Tests on one text, each tried only where the words stand that it needs.

    Looking for words takes a hundredth of the time of an expression. Tests that need none share one expression, which
    finds whether any of them matches at all.
    """
    shared: dict[tuple[str, ...], list[tuple[str, FieldTest]]] = defaultdict(list)
    for name, test in tests:
        shared[needed_words(test)].append((name, test))
    parts = []
    for words, group in shared.items():
        if words:
            found = " OR ".join(f"contains({sql}, {quote(word)})" for word in words)
        else:
            found = _any_of(sql, [test for _, test in group])
        plain = [name for name, test in group if test.values == words]  # finding the words is the test
        each = [quote(",".join(plain))] if plain else []
        each += [f"CASE WHEN {condition_sql(test, fields)} THEN {quote(name)} END"
                 for name, test in group if test.values != words]  # fmt: skip
        all_of_them = each[0] if len(each) == 1 else f"nullif(concat_ws(',', {', '.join(each)}), '')"
        parts.append(f"CASE WHEN {found} THEN {all_of_them} END")
    return f"nullif(concat_ws(',', {', '.join(parts)}), '')"


def needed_words(test: FieldTest) -> tuple[str, ...]:
    """Texts of which one must stand in whatever the test matches; none where that cannot be said for sure.

    Of each alternative of an expression it is the longest stretch of plain letters outside of groups and classes.
    """
    pattern = test.values[0]
    if test.op == "contains":
        return (pattern,)
    if _UNSURE.search(pattern):
        return ()
    alternatives, stretches, depth = [], [""], 0
    for part in _TOKEN.findall(pattern):
        depth += (part == "(") - (part == ")")
        if part == "|" and not depth:
            alternatives.append(max(stretches, key=len))
            stretches = [""]
        elif depth or part in _NOT_PLAIN or len(part) > 2:
            if part in ("?", "*") or part.startswith("{"):  # the letter before may be missing
                stretches[-1] = stretches[-1][:-1]
            stretches.append("")
        elif len(part) == 1 or not part[1].isalnum():
            stretches[-1] += part[-1]
        else:
            stretches.append("")
    words = (*alternatives, max(stretches, key=len))
    return tuple(dict.fromkeys(words)) if all(len(word) >= _WORTH for word in words) else ()


def _any_of(sql: str, tests: list[FieldTest]) -> str:
    union = "|".join(f"(?:{test.values[0]})" for test in tests)
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
