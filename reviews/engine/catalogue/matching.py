"""How an action is recognised: conditions on the fields of one entry, and the same as SQL.

Fields are text. A field that holds many values (a path that crosses a list) matches when any of them does.
The SQL is text only; whoever runs it gives, for each field name, the expression that yields its value.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from reviews.engine.catalogue.source import Items, Table

OPERATORS: Final = ("eq", "ieq", "in", "prefix", "contains", "regex", "exists", "absent")
_WITHOUT_VALUE: Final = ("exists", "absent")
# What the engine behind the regular expressions (RE2) does not know: look-around, back references, atomic groups.
_NOT_RE2: Final = re.compile(r"\(\?(?:[=!>]|<[=!])|\\[1-9]|[*+?}]\+")


@dataclass(frozen=True)
class FieldTest:
    """One field against one value."""

    field: str
    op: str
    values: tuple[str, ...]  # one, but for `in`; none for exists and absent


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Any:
    """At least one part holds."""

    parts: tuple["Condition", ...]


Condition: TypeAlias = FieldTest | All | Any


@dataclass(frozen=True)
class Expression:
    """The SQL that yields a field: text, or with `many` a list of texts."""

    sql: str
    many: bool = False


def read_condition(table: Table, key_aliases: Mapping[str, tuple[str, ...]]) -> Condition:
    """The condition that a mapping of the YAML states. `key_aliases` widens tests of the field `key`."""
    if "all" in table or "any" in table:
        table.only("all", "any")
        parts: list[Condition] = []
        if "all" in table:
            parts.append(All(tuple(read_condition(part, key_aliases) for part in _parts(table, "all"))))
        if "any" in table:
            parts.append(Any(tuple(read_condition(part, key_aliases) for part in _parts(table, "any"))))
        return parts[0] if len(parts) == 1 else All(tuple(parts))
    table.only("field", "op", "value")
    op = table.one_of("op", OPERATORS, "operator")
    values = _values(table, op)
    if op == "regex":
        _check_regex(table, values[0])
    field = table.text("field")
    if field == "key" and op == "eq" and values[0] in key_aliases:
        op, values = "in", key_aliases[values[0]]
    return FieldTest(field, op, values)


def _parts(table: Table, key: str) -> tuple[Table, ...]:
    parts = table.tables(key)
    if not parts:
        table.refuse(f"{key!r} is empty: it would match everything or nothing.", key)
    return parts


def _values(table: Table, op: str) -> tuple[str, ...]:
    if op in _WITHOUT_VALUE:
        if "value" in table:
            table.refuse(f"{op!r} takes no value.", "value")
        return ()
    given = table.get("value")
    if op == "in":
        if not isinstance(given, Items) or not given:
            table.refuse("'in' needs a list of values.", "value")
        return tuple(_as_text(table, one) for one in given)
    if op in ("prefix", "contains", "regex") and not (isinstance(given, str) and given):
        table.refuse(f"{op!r} needs a text that is not empty.", "value")
    return (_as_text(table, given),)


def _as_text(table: Table, value: object) -> str:
    """The value as the log would write it; numbers and true/false are compared as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        table.refuse("a value must be a text, a number, true or false.", "value")
    return str(value)


def _check_regex(table: Table, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        table.refuse(f"{pattern!r} is no regular expression ({error}).", "value")
    if found := _NOT_RE2.search(pattern):
        table.refuse(f"{found[0]!r} is not supported in a regular expression here.", "value")


def fields_of(condition: Condition) -> Iterator[str]:
    """The names of the fields that a condition looks at."""
    if isinstance(condition, FieldTest):
        yield condition.field
    else:
        for part in condition.parts:
            yield from fields_of(part)


def quote(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def condition_sql(condition: Condition, fields: Mapping[str, Expression]) -> str:
    """The condition as one SQL expression: true, false or NULL (a field is not there). KeyError: unknown field."""
    if isinstance(condition, All):
        return "(" + " AND ".join(condition_sql(part, fields) for part in condition.parts) + ")"
    if isinstance(condition, Any):
        return "(" + " OR ".join(condition_sql(part, fields) for part in condition.parts) + ")"
    field = fields[condition.field]
    if condition.op == "absent":
        return f"({field.sql} IS NULL)" if not field.many else f"(coalesce(len({field.sql}), 0) = 0)"
    if field.many:
        if condition.op == "exists":
            return f"(len({field.sql}) > 0)"
        return f"(len(list_filter({field.sql}, lambda one: coalesce({_test_sql('one', condition)}, false))) > 0)"
    return _test_sql(field.sql, condition)


def _test_sql(value: str, test: FieldTest) -> str:
    """One test against one text value."""
    if test.op == "exists":
        return f"({value} IS NOT NULL)"
    if test.op == "in":
        return f"({value} IN ({', '.join(quote(one) for one in test.values)}))"
    wanted = quote(test.values[0])
    match test.op:
        case "eq":
            return f"({value} = {wanted})"
        case "ieq":
            return f"(lower({value}) = lower({wanted}))"
        case "prefix":
            return f"starts_with({value}, {wanted})"
        case "contains":
            return f"contains({value}, {wanted})"
        case _:
            return f"regexp_matches({value}, {wanted})"
