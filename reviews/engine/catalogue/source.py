"""YAML with line numbers, so that an error can say where it is.

Only what the catalogue needs: mappings, lists and plain values. Keys given twice, aliases, merge keys and
tags are refused: a text that two readers could understand differently has no place in a review.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from reviews.errors import CatalogueError

DEEPEST = 20  # mappings and lists within each other
LONGEST_NUMBER = 40  # letters; the time to read one grows with the square of them, and no text can be made of some
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Value: TypeAlias = "Table | Items | str | int | float | bool | None"


class Items(list[Any]):
    """A list of the text, with the line of each element."""

    def __init__(self, file: str, line: int) -> None:
        super().__init__()
        self.file, self.line = file, line
        self.lines: list[int] = []


class Table(dict[str, Any]):
    """A mapping of the text. The readers below refuse what has the wrong shape, with file, line and reason."""

    def __init__(self, file: str, line: int) -> None:
        super().__init__()
        self.file, self.line = file, line
        self.lines: dict[str, int] = {}

    def refuse(self, reason: str, key: str | None = None) -> NoReturn:
        """Raise a CatalogueError at the line of `key`, or of the mapping."""
        raise CatalogueError(f"{self.file}, line {self.lines.get(key or '', self.line)}: {reason}")

    def only(self, *allowed: str) -> None:
        """Refuse keys that nobody would read: they are mostly misspelt."""
        for key in self:
            if key not in allowed:
                self.refuse(f"{key!r} is not known here. Known are: {', '.join(allowed)}.", key)

    def _given(self, key: str) -> Any:
        if key not in self:
            self.refuse(f"{key!r} is missing.")
        return self[key]

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty; `default` when the key is absent."""
        if default is not None and key not in self:
            return default
        value = self._given(key)
        if not isinstance(value, str) or not value.strip():
            self.refuse(f"{key!r} must be a text.", key)
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        """true or false; `default` when the key is absent."""
        if default is not None and key not in self:
            return default
        value = self._given(key)
        if not isinstance(value, bool):
            self.refuse(f"{key!r} must be true or false.", key)
        return value

    def texts(self, key: str, optional: bool = False) -> tuple[str, ...]:
        """A list of texts."""
        value = self.get(key, Items(self.file, self.line)) if optional else self._given(key)
        if not isinstance(value, Items) or not all(isinstance(one, str) for one in value):
            self.refuse(f"{key!r} must be a list of texts.", key)
        return tuple(value)

    def table(self, key: str) -> "Table":
        """A mapping."""
        value = self._given(key)
        if not isinstance(value, Table):
            self.refuse(f"{key!r} must be a mapping.", key)
        return value

    def tables(self, key: str, optional: bool = False) -> tuple["Table", ...]:
        """A list of mappings."""
        value = self.get(key, Items(self.file, self.line)) if optional else self._given(key)
        if not isinstance(value, Items) or not all(isinstance(one, Table) for one in value):
            self.refuse(f"{key!r} must be a list of mappings.", key)
        return tuple(value)

    def one_of(self, key: str, allowed: Iterator[str] | tuple[str, ...] | set[str], what: str) -> str:
        """A text out of a known set; `what` names the set for the reader."""
        value = self.text(key)
        self.known(key, (value,), set(allowed), what)
        return value

    def known(self, key: str, values: tuple[str, ...], allowed: set[str], what: str) -> None:
        """Refuse references to something that does not exist."""
        for value in values:
            if value not in allowed:
                self.refuse(f"{value!r} is no known {what}.", key)


def read_table(path: Path) -> Table:
    """The mapping that a YAML file holds. CatalogueError when there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CatalogueError(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{path.name} is not UTF-8: save it as UTF-8 and try again.") from error
    found = _read(text, path.name)
    if not isinstance(found, Table):
        raise CatalogueError(f"{path.name}, line 1: the file must hold a mapping.")
    return found


def read_value(text: str, name: str) -> Value:
    """What a YAML text of anybody holds: tables, items, plain values. `name` begins the messages of CatalogueError."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            # Composing calls itself for every level, in C without a limit: a deep text would end the process.
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise CatalogueError(f"{name}: it holds lists or mappings more than {DEEPEST} deep.")
    except yaml.YAMLError:
        pass  # said with its line when it is read
    return _read(text, name)


def _read(text: str, name: str) -> Value:
    try:
        node = yaml.compose(text, Loader=_LOADER)
        return _Builder(name).build(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise CatalogueError(f"{name}{where}: this is no valid YAML ({error.problem}).") from error
    except yaml.YAMLError as error:
        raise CatalogueError(f"{name}: this is no valid YAML ({error}).") from error


class _Builder:
    """Turns composed nodes into tables, lists and values."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.seen: set[int] = set()
        self.scalars = SafeConstructor()

    def build(self, node: Node) -> Any:
        line = node.start_mark.line + 1
        if not isinstance(node, ScalarNode):
            if id(node) in self.seen:
                raise CatalogueError(f"{self.file}, line {line}: aliases (*name) are not supported; repeat the text.")
            self.seen.add(id(node))
        if isinstance(node, MappingNode):
            return self._table(node, line)
        if isinstance(node, SequenceNode):
            items = Items(self.file, line)
            for child in node.value:
                items.append(self.build(child))
                items.lines.append(child.start_mark.line + 1)
            return items
        if node.tag in _NUMBERS and len(node.value) > LONGEST_NUMBER:
            raise CatalogueError(
                f"{self.file}, line {line}: this number is too long. Put it in quotes if it is a text."
            )
        try:
            return self.scalars.construct_object(node)
        except (yaml.YAMLError, ValueError, LookupError, AttributeError) as error:  # a tag may name any type
            raise CatalogueError(f"{self.file}, line {line}: this value cannot be read ({error}).") from error

    def _table(self, node: MappingNode, line: int) -> Table:
        table = Table(self.file, line)
        for key_node, value_node in node.value:
            at = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                raise CatalogueError(f"{self.file}, line {at}: a key must be a plain text.")
            key = key_node.value  # as written: 3.3.1 and 404 are names here
            if key in table:
                raise CatalogueError(
                    f"{self.file}, line {at}: {key!r} is given twice, first in line {table.lines[key]}."
                )
            table[key] = self.build(value_node)
            table.lines[key] = at
        return table
