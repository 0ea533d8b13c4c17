"""Conditions on the inventory: where an item of a review applies.

A fact that is not filled in never excludes: unknown stays unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from reviews.engine.catalogue.source import Items, Table

OPERATORS: Final = ("eq", "ne", "in", "contains")


@dataclass(frozen=True)
class FactTest:
    """One fact of the inventory against one value."""

    fact: str
    op: str
    value: str | bool | tuple[str, ...]

    def holds(self, facts: Mapping[str, object]) -> bool | None:
        """True, False, or None when the fact is not known."""
        given = facts.get(self.fact)
        if given is None or given == "":
            return None
        if self.op == "eq":
            return given == self.value
        if self.op == "ne":
            return given != self.value
        if self.op == "in":
            return given in self.value if isinstance(self.value, tuple) else None
        return self.value in given if isinstance(given, list | tuple | set | frozenset) else None

    def told(self, facts: Mapping[str, object]) -> str:
        """The fact as a sentence shows it."""
        given = facts.get(self.fact)
        if given is None:
            shown = "not filled in"
        elif isinstance(given, bool):
            shown = "true" if given else "false"
        elif isinstance(given, list | tuple | set | frozenset):
            shown = ", ".join(sorted(map(str, given))) or "empty"
        else:
            shown = str(given)
        return f"{self.fact} is {shown}"


@dataclass(frozen=True)
class FactGroup:
    """Several conditions: all of them, or any."""

    every: bool
    parts: tuple["FactCondition", ...]

    def holds(self, facts: Mapping[str, object]) -> bool | None:
        """True, False, or None when it hangs on a fact that is not known."""
        found = [part.holds(facts) for part in self.parts]
        if self.every:
            return False if False in found else None if None in found else True
        return True if True in found else None if None in found else False

    def told(self, facts: Mapping[str, object]) -> str:
        """The facts that decided."""
        deciding = [part for part in self.parts if part.holds(facts) is False] or list(self.parts)
        return "; ".join(part.told(facts) for part in deciding)


FactCondition: TypeAlias = FactTest | FactGroup


def read_applies_to(table: Table, key: str, facts: Table) -> FactCondition | None:
    """The condition under `key`: None for `always`."""
    if table.get(key) == "always":
        return None
    if not isinstance(table.get(key), Table):
        table.refuse(f"{key!r} must be 'always' or a condition on the inventory.", key)
    return _read(table.table(key), facts)


def _read(table: Table, facts: Table) -> FactCondition:
    if "all" in table or "any" in table:
        key = "all" if "all" in table else "any"
        table.only(key)
        parts = table.tables(key)
        if not parts:
            table.refuse(f"{key!r} is empty.", key)
        return FactGroup(key == "all", tuple(_read(part, facts) for part in parts))
    table.only("fact", "op", "value")
    fact = table.one_of("fact", set(facts), "fact of the inventory")
    op = table.one_of("op", OPERATORS, "operator")
    value = table.get("value")
    if isinstance(value, Items):
        if op != "in" or not all(isinstance(one, str) for one in value):
            table.refuse("a list of texts goes with the operator 'in'.", "value")
        value = tuple(value)
    elif op == "in" or not isinstance(value, str | bool):
        table.refuse(f"{op!r} does not go with this value.", "value")
    _check_value(table, facts, fact, value)
    return FactTest(fact, op, value)


def _check_value(table: Table, facts: Table, fact: str, value: str | bool | tuple[str, ...]) -> None:
    """Refuse a value that the fact can never have."""
    allowed = facts[fact]
    if isinstance(allowed, Items):
        wanted = value if isinstance(value, tuple) else (value,)
        for one in wanted:
            if one not in allowed:
                table.refuse(f"{fact} is never {one!r}. It may be: {', '.join(map(str, allowed))}.", "value")
    elif isinstance(allowed, str) and allowed.startswith("true") and not isinstance(value, bool):
        table.refuse(f"{fact} is true or false.", "value")
