"""The vocabulary in which a log format is declared.

A format is data: where a record ends, what its fields are called, and one SQL expression for each column of the
event. `reading` turns the declaration into one statement and lets DuckDB execute it over whole files; nothing here
runs. Expressions name fields in double quotes ("event_name"), and these names, which `reading` supplies:

    text        the whole record, decoded
    local_zone  true when a time without a zone is taken in the zone of the source

A field that a record does not have is NULL.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from reviews.engine.catalogue.matching import Expression

# Columns that a format may declare beside time and action, each an SQL expression that yields text or NULL.
OPTIONAL_COLUMNS: Final = ("actor", "target", "source_ip", "event_id", "sequence_stream", "sequence_number")


@dataclass(frozen=True)
class JsonRecords:
    """Each record is a JSON object: one a line, or elements of an array, compact or pretty-printed.

    `paths` names fields by their JSON path. `arrays` are the keys whose array holds the records when a file is one
    document; a bare array counts too. `first_keys` are the keys with which records begin: by them reading finds the
    next record after one whose quotes or braces are broken. `unwrap` is a path whose text is the record proper.

    `each` is the path of an array within the object whose elements are one event each; `each_paths` names fields of an
    element by their path in it, and the field "element" is its number from 0. An object in place of the array is its
    only element; without any, the object stays one record whose fields of an element are NULL. A native id is told
    apart by the number of the element, from the second on.

    `derived` and `rules` are as in TextRecords.
    """

    paths: Mapping[str, str]
    arrays: tuple[str, ...] = ()
    first_keys: tuple[str, ...] = ()
    unwrap: str = ""
    each: str = ""
    each_paths: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, str] = field(default_factory=dict)
    rules: tuple["Rule", ...] = ()


@dataclass(frozen=True)
class Pattern:
    """One shape of a line. The named groups of the regular expression are fields; it has no other groups.

    With `rest`, the expression describes the beginning of a line only, and what follows it is the field of that name:
    much faster than a group that takes the rest. Without, the first group is never empty where the shape matches.
    """

    name: str
    regex: str
    rest: str = ""

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups, in their order."""
        return tuple(re.compile(self.regex).groupindex)


@dataclass(frozen=True)
class Rule:
    """What a message means: the first rule that matches tells.

    `when` is an SQL condition, tried first because it is cheap. `regex` searches the field "message" and may have the
    named groups actor, target and source_ip, and no others.
    """

    action: str
    when: str
    regex: str = ""
    outcome: str = "unknown"
    category: str = ""

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups, in their order."""
        return tuple(re.compile(self.regex).groupindex)


@dataclass(frozen=True)
class Joined:
    """Records that make one event: those in which every named group of `key` is the same.

    `key` searches the first 1,024 bytes of a record; a record that it does not match is alone. `mark` finds the same
    in the first 8,192 bytes of a line as it lies in the file, which may be an envelope. Both have the group "seconds",
    the time of the event in seconds: an event is over once a record came that is `over_after` seconds younger.
    """

    key: str
    mark: str
    over_after: float


@dataclass(frozen=True)
class TextRecords:
    """Each record is a line, of the first shape that it matches. A line that matches none is rejected.

    `derived` are further fields, each an SQL expression over those before it. `rules` read the field "message" and
    yield the fields rule_action, rule_outcome, rule_category, rule_actor, rule_target and rule_source_ip. The field
    "shape" holds the name of the pattern. With `heading`, the field "heading" is the last line of the file before this
    one that begins so, also when the file is read in parts.

    A line whose first byte is one of `continued_by` goes on with the record before it, which then holds line ends: a
    pattern that describes the whole record needs (?s). So does a line in whose first 1,024 bytes `continued_where`
    finds something for its group "goes_on".

    With `joined_by`, lines that belong together are read as one record, line by line in their order, even when lines of
    others stand between. It lies where its first line begins; no time of such a format may lack a year.
    """

    patterns: tuple[Pattern, ...]
    derived: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    heading: str = ""
    continued_by: bytes = b""
    continued_where: str = ""
    joined_by: Joined | None = None


@dataclass(frozen=True)
class CsvRecords:
    """Each record is a row of comma-separated values (RFC 4180): quoted values may hold separators and newlines.

    `columns` names the fields by position, and they are called so in expressions; "" is a column that nobody needs.
    A field that is empty, or that a short row does not have, is NULL. A row that is equal to `columns` is the header
    of a file: no event and no defect. `derived` and `rules` mean the same as in TextRecords.
    """

    columns: tuple[str, ...]
    separator: str = ","  # one character
    derived: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class EvtxRecords(JsonRecords):
    """Each record is one of a Windows event log file (.evtx), binary, and read as the JSON object that the package
    `evtx` makes of it: {"Event": {"System": …, "EventData": …}}, attributes of an element under "#attributes".

    Records of other files that are such JSON objects are read the same way.
    """


@dataclass(frozen=True)
class XmlRecords:
    """Each record is an XML element called `element`, whole, wherever in a line it begins or ends; it may be empty.

    `paths` names fields: "Channel" is the text of the first element of that name, "Provider/@Name" an attribute, and
    "A/B" the text of the first B within or behind the first A. Only elements that hold no others have a text. `keyed`
    names elements that are called by an attribute: with ("Data", "Name"), <Data Name="X"> counts as <X>. `around` are
    elements that may stand around records. `derived` and `rules` are as in TextRecords.
    """

    element: str
    paths: Mapping[str, str]
    keyed: tuple[str, str] | tuple[()] = ()
    around: tuple[str, ...] = ()
    derived: Mapping[str, str] = field(default_factory=dict)
    rules: tuple["Rule", ...] = ()


Layout: TypeAlias = JsonRecords | TextRecords | CsvRecords | XmlRecords


@dataclass(frozen=True)
class Time:
    """How the time of an event is read.

    `instant` yields a TIMESTAMPTZ for records that carry a zone; `local` yields a TIMESTAMP for those that do not,
    to be taken in the zone of the source. `yearless` yields the same in the year 2000 (or another leap year) for
    records without a year; reading finds the year that keeps a file in order and before its modification time.
    NULL passes to the next. `observed` yields a TIMESTAMPTZ: when the system that keeps the log received the entry.
    """

    instant: str = "NULL"
    local: str = "NULL"
    yearless: str = "NULL"
    observed: str = "NULL"


@dataclass(frozen=True)
class Format:
    """A log format. Its id is the name of its module.

    `others` are further shapes of the same log, each a whole declaration: a record that does not look like this one is
    read as the first of them that it looks like. They share the id, the routes and the fields that the catalogue tests.
    """

    title: str
    version: int  # raised when the same bytes would give other events; rejected records carry it
    layout: Layout
    time: Time
    action: str
    outcome: str
    category: str  # for entries that no critical action of the catalogue names
    columns: Mapping[str, str]  # of OPTIONAL_COLUMNS
    routes: Mapping[str, str]  # route id → label; what a source's routing field may be
    route_columns: Mapping[str, str]  # route id → SQL
    match_fields: Mapping[str, Expression]  # field name in the catalogue → SQL
    looks_like: str  # SQL condition: this is a record of the format at all
    unlike: str  # the reason when it is not, in one plain sentence
    ignore: str = "false"  # SQL condition: a record that is none of the format's events and no defect either
    has_native_id: bool = False
    parameters: Mapping[str, object] = field(default_factory=dict)  # the mapping that the declaration was made of
    others: tuple["Format", ...] = ()
    id: str = ""  # set by the package from the module's name
    reads_evtx: bool = False  # set by the package: one of the shapes reads Windows event log files

    @property
    def yearless(self) -> bool:
        """Whether some records carry no year, so that the order of one file decides it."""
        return self.time.yearless != "NULL"

    @property
    def has_elements(self) -> bool:
        """Whether a record may hold several events."""
        return isinstance(self.layout, JsonRecords) and bool(self.layout.each)

    @property
    def shapes(self) -> tuple["Format", ...]:
        """This declaration and the others, in the order in which a record is tried."""
        return (self, *self.others)

    def named(self, name: str) -> "Format":
        """The same under an id, the other shapes too, each of which is told what records they may all meet."""
        evtx = any(isinstance(shape.layout, EvtxRecords) for shape in self.shapes)
        return replace(
            self, id=name, reads_evtx=evtx, others=tuple(replace(one, id=name, reads_evtx=evtx) for one in self.others)
        )
