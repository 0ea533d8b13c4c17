"""The critical actions: which entries of which log format show which kind of action."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from reviews.engine import events
from reviews.engine.catalogue.matching import Condition, read_condition
from reviews.engine.catalogue.source import Table

SCHEMA_VERSION = 2
REFUSED = "api_call_refused"  # the kind of a failed entry whose own kind counts successes only
OUTCOMES = ("success", "failure", "any")
# Which category an entry has when it shows kinds of several: the rarer and graver first.
CATEGORY_ORDER = (
    events.LOGGING_CONTROL,
    events.DATA_EXPORT,
    events.ADMINISTRATIVE_CHANGE,
    events.FILE_MODIFICATION,
    events.AUTHENTICATION,
    events.API_USAGE,
    events.SYSTEM_HEALTH,
)


@dataclass(frozen=True)
class Kind:
    """A kind of action, shared by all formats. The matrix of a service shows kinds."""

    id: str
    label: str
    category: str
    required: bool  # by default; a team changes this per service, with a reason
    meaning: str
    expected_of: tuple[str, ...]  # kinds of service
    outcomes: str  # success, failure (unknown counts with both) or any

    def counts(self, outcome: str) -> bool:
        """Whether an entry with this outcome is one of the kind."""
        return self.outcomes == "any" or outcome in (self.outcomes, events.UNKNOWN)


@dataclass(frozen=True)
class FormatNotes:
    """What a format can and cannot tell."""

    id: str
    label: str
    speaks_for: tuple[str, ...]
    cannot_show: Mapping[str, str]  # kind → reason
    needs_setting: Mapping[str, str]  # kind → the setting of the logging system without which it is not logged
    not_named_yet: frozenset[str]  # kinds that the format could show and for which no action is named yet
    actions_as: tuple[str, ...]  # formats whose actions hold here too
    field_map: Mapping[str, str]  # their field → the field here
    notes: tuple[str, ...]


@dataclass(frozen=True)
class CriticalAction:
    """One entry that must leave a trace, how to recognise it, and what it proves."""

    id: str
    format: str
    kind: str
    kind_on_failure: str | None
    also_kind: str | None
    action: str
    meaning: str
    severity: str
    match: Condition
    counts: bool  # False: shown, does not prove its kind alone
    narrow_to: str | None  # counts only when its target is one of those that the inventory names
    alias_of: str | None  # the same entry under an older id; importers skip it
    verified: bool
    note: str
    line: int  # in the file, for messages


@dataclass(frozen=True)
class ActionCatalogue:
    """All critical actions with their kinds and formats, under one version."""

    version: str
    kinds: Mapping[str, Kind]
    service_kinds: Mapping[str, str]
    narrow_to: Mapping[str, str]
    formats: Mapping[str, FormatNotes]
    key_aliases: Mapping[str, tuple[str, ...]]
    actions: tuple[CriticalAction, ...]
    file: str = field(default="critical-actions.yaml", compare=False)

    @cached_property
    def by_id(self) -> Mapping[str, CriticalAction]:
        return MappingProxyType({action.id: action for action in self.actions})

    @cached_property
    def _by_format(self) -> dict[str, tuple[CriticalAction, ...]]:
        own: dict[str, list[CriticalAction]] = {name: [] for name in self.formats}
        for action in self.actions:
            if action.alias_of is None:
                own[action.format].append(action)
        return {
            name: (*own[name], *(action for other in notes.actions_as for action in own[other]))
            for name, notes in self.formats.items()
        }

    def actions_of(self, format_id: str) -> tuple[CriticalAction, ...]:
        """The actions that hold for a format, its own and borrowed ones, without aliases."""
        return self._by_format.get(format_id, ())

    def kinds_expected_of(self, service_kind: str) -> tuple[Kind, ...]:
        """The required kinds for a kind of service, in the order of the file."""
        return tuple(kind for kind in self.kinds.values() if kind.required and service_kind in kind.expected_of)

    def kinds_of_format(self, format_id: str) -> frozenset[str]:
        """Kinds that some action of the format can prove."""
        shown: set[str] = set()
        for action in self.actions_of(format_id):
            if action.counts:
                for outcome in events.OUTCOMES:
                    shown.update(self.kinds_shown(action, outcome))
        return frozenset(shown)

    def kinds_shown(self, action: CriticalAction, outcome: str) -> tuple[str, ...]:
        """The kinds that one entry of the action shows, given how it ended.

        An entry that its kind does not count is one of kind_on_failure, or else, when it failed, a refused call.
        `counts` and `narrow_to` are for the caller: they say whether what is shown also proves.
        """
        if self.kinds[action.kind].counts(outcome):
            also = (action.also_kind,) if action.also_kind and self.kinds[action.also_kind].counts(outcome) else ()
            return (action.kind, *also)
        if outcome == events.FAILURE:
            return (action.kind_on_failure or REFUSED,)
        return ()

    def category_shown(self, action: CriticalAction, outcome: str) -> str:
        """The category of an entry of the action, given how it ended."""
        kinds = self.kinds_shown(action, outcome)
        return self.kinds[kinds[0] if kinds else action.kind].category


def read_actions(table: Table) -> ActionCatalogue:
    """The catalogue that the file's mapping holds; CatalogueError with the line where it is wrong."""
    table.only(
        "schema_version", "catalogue_version", "title", "kinds", "service_kinds", "how_to_use", "narrow_to",
        "formats", "key_aliases", "categories",
    )  # fmt: skip
    if table.get("schema_version") != SCHEMA_VERSION:
        table.refuse(f"schema_version must be {SCHEMA_VERSION}: this portal reads no other.", "schema_version")
    service_kinds = _texts_by_name(table.table("service_kinds"))
    kinds = _read_kinds(table, set(service_kinds))
    narrow_to = _texts_by_name(table.table("narrow_to"))
    formats = _read_formats(table.table("formats"), set(kinds), set(service_kinds))
    aliases = table.table("key_aliases")
    key_aliases = {name: aliases.texts(name) for name in aliases}
    read = _ActionReader(kinds, formats, narrow_to, key_aliases)
    for group in table.tables("categories"):
        group.only("id", "title", "summary", "critical", "charted", "actions")
        group.one_of("id", events.CATEGORIES, "category")
        for row in group.tables("actions"):
            read.action(row)
    return ActionCatalogue(
        version=table.text("catalogue_version"),
        kinds=MappingProxyType(kinds),
        service_kinds=MappingProxyType(service_kinds),
        narrow_to=MappingProxyType(narrow_to),
        formats=MappingProxyType(formats),
        key_aliases=MappingProxyType(key_aliases),
        actions=read.finished(),
        file=table.file,
    )


def _texts_by_name(table: Table) -> dict[str, str]:
    return {name: table.text(name) for name in table}


def _read_kinds(table: Table, service_kinds: set[str]) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for row in table.tables("kinds"):
        row.only("id", "label", "category", "default", "meaning", "expected_of", "outcomes")
        name = row.text("id")
        if name in kinds:
            row.refuse(f"the kind {name!r} is given twice.", "id")
        expected_of = row.texts("expected_of")
        row.known("expected_of", expected_of, service_kinds, "kind of service")
        kinds[name] = Kind(
            id=name,
            label=row.text("label"),
            category=row.one_of("category", events.CATEGORIES, "category"),
            required=row.one_of("default", ("required", "optional"), "default") == "required",
            meaning=row.text("meaning"),
            expected_of=expected_of,
            outcomes=row.one_of("outcomes", OUTCOMES, "outcome of a kind"),
        )
    if REFUSED not in kinds:
        table.refuse(f"the kind {REFUSED!r} is missing: failed entries count as it.", "kinds")
    return kinds


def _read_formats(table: Table, kinds: set[str], service_kinds: set[str]) -> dict[str, FormatNotes]:
    formats: dict[str, FormatNotes] = {}
    for name in table:
        row = table.table(name)
        row.only(
            "label", "speaks_for", "action_field", "time", "actor", "source_ip", "target", "outcome", "event_id",
            "cannot_show", "needs_setting", "not_named_yet", "notes", "actions_as", "field_map", "actions",
        )  # fmt: skip
        speaks_for = row.texts("speaks_for")
        row.known("speaks_for", speaks_for, service_kinds, "kind of service")
        not_named_yet = row.texts("not_named_yet", optional=True)
        row.known("not_named_yet", not_named_yet, kinds, "kind")
        actions_as = row.texts("actions_as", optional=True)
        row.known("actions_as", actions_as, set(table), "format")
        formats[name] = FormatNotes(
            id=name,
            label=row.text("label"),
            speaks_for=speaks_for,
            cannot_show=MappingProxyType(_by_kind(row, "cannot_show", "reason", kinds)),
            needs_setting=MappingProxyType(_by_kind(row, "needs_setting", "setting", kinds)),
            not_named_yet=frozenset(not_named_yet),
            actions_as=actions_as,
            field_map=MappingProxyType(_texts_by_name(row.table("field_map")) if "field_map" in row else {}),
            notes=row.texts("notes", optional=True),
        )
    return formats


def _by_kind(row: Table, key: str, what: str, kinds: set[str]) -> dict[str, str]:
    said: dict[str, str] = {}
    for entry in row.tables(key, optional=True):
        entry.only("kinds", what)
        named = entry.texts("kinds")
        entry.known("kinds", named, kinds, "kind")
        said.update(dict.fromkeys(named, entry.text(what)))
    return said


class _ActionReader:
    """Collects actions and checks what they refer to."""

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        formats: Mapping[str, FormatNotes],
        narrow_to: Mapping[str, str],
        key_aliases: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.kinds, self.formats, self.narrow_to, self.key_aliases = set(kinds), set(formats), narrow_to, key_aliases
        self.rows: dict[str, Table] = {}
        self.actions: list[CriticalAction] = []

    def action(self, row: Table) -> None:
        row.only(
            "id", "format", "kind", "kind_on_failure", "also_kind", "action", "meaning", "severity", "match",
            "verified", "sources", "narrow_to", "note", "counts", "alias_of",
        )  # fmt: skip
        name = row.text("id")
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", name):
            row.refuse("an id is made of letters, digits, '-', '_' and '.'.", "id")
        if name in self.rows:
            row.refuse(f"the action {name!r} is given twice, first in line {self.rows[name].line}.", "id")
        self.rows[name] = row
        self.actions.append(
            CriticalAction(
                id=name,
                format=row.one_of("format", self.formats, "format"),
                kind=row.one_of("kind", self.kinds, "kind"),
                kind_on_failure=self._kind(row, "kind_on_failure"),
                also_kind=self._kind(row, "also_kind"),
                action=row.text("action"),
                meaning=row.text("meaning"),
                severity=row.one_of("severity", ("critical", "high", "medium", "low", "info"), "severity"),
                match=read_condition(row.table("match"), self.key_aliases),
                counts=row.flag("counts", True),
                narrow_to=row.one_of("narrow_to", set(self.narrow_to), "list of targets")
                if "narrow_to" in row
                else None,
                alias_of=row.text("alias_of") if "alias_of" in row else None,
                verified=row.flag("verified"),
                note=row.text("note") if "note" in row else "",
                line=row.line,
            )
        )

    def _kind(self, row: Table, key: str) -> str | None:
        return row.one_of(key, self.kinds, "kind") if key in row else None

    def finished(self) -> tuple[CriticalAction, ...]:
        for action in self.actions:
            if action.alias_of is not None:
                self.rows[action.id].known("alias_of", (action.alias_of,), set(self.rows), "action")
        return tuple(self.actions)
