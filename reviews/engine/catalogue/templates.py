"""The review templates: which questions a review asks, of what, and what an answer needs."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from reviews.engine import events
from reviews.engine.catalogue.facts import FactCondition, read_applies_to
from reviews.engine.catalogue.source import Table
from reviews.errors import Invalid

SCHEMA_VERSION: Final = 2
SCOPES: Final = ("cycle", "service", "log_store")
Scope = Literal["cycle", "service", "log_store"]


@dataclass(frozen=True)
class Question:
    """One item of a review, as it is asked."""

    id: str
    step: str
    step_title: str
    group: str  # the group whose row it is, such as COV-ROWS; empty for most
    title: str
    question: str
    guidance: tuple[str, ...]
    criteria: Mapping[str, str]  # meets, does_not_meet, not_applicable, and where it makes sense attention, unknown
    accepted_kinds: tuple[str, ...]  # of evidence
    automated_checks: tuple[str, ...]
    minimum: str  # the least evidence, in words
    severity: str
    controls: Mapping[str, tuple[str, ...]]  # framework → its control ids
    related_categories: tuple[str, ...]
    related_scenarios: tuple[str, ...]
    not_applicable_allowed: bool
    scope: str
    applies_to: FactCondition | None


@dataclass(frozen=True)
class Excluded:
    """An item that the inventory excludes, with the fact that does."""

    item: str
    title: str
    fact: str


@dataclass(frozen=True)
class Questions:
    """What one review asks, and what it does not ask and why."""

    items: tuple[Question, ...]
    excluded: tuple[Excluded, ...]


@dataclass(frozen=True)
class Group:
    """Items that are shown together under one question."""

    id: str
    title: str
    question: str
    guidance: tuple[str, ...]
    rows: tuple[str, ...]
    scope: str


@dataclass(frozen=True)
class AddOn:
    """Items that a scope tag adds."""

    tag: str
    when: FactCondition
    items: tuple[str, ...]


@dataclass(frozen=True)
class Template:
    """A choice of items. `asked` names items or groups by scope."""

    id: str
    title: str
    summary: str
    version: str
    sha256: str  # over everything the template asks, in canonical form
    default: bool
    asked: Mapping[str, tuple[str, ...]]
    add_ons: tuple[AddOn, ...]


@dataclass(frozen=True)
class Step:
    id: str
    title: str
    goal: str


@dataclass(frozen=True)
class Templates:
    """All templates of one file."""

    templates: Mapping[str, Template]
    steps: tuple[Step, ...]
    groups: Mapping[str, Group]
    items: Mapping[str, Question]
    evidence_kinds: Mapping[str, str]  # id → title
    check_titles: Mapping[str, str]
    inventory_facts: Mapping[str, object]  # fact → its possible values, or what it means

    def get(self, template_id: str) -> Template:
        """The template; Invalid when there is none of that name."""
        if template_id not in self.templates:
            raise Invalid(f"There is no template {template_id!r}. Choose one of: {', '.join(self.templates)}.")
        return self.templates[template_id]

    @property
    def default(self) -> Template:
        return next(template for template in self.templates.values() if template.default)

    def questions(self, template_id: str, scope: Scope, facts: Mapping[str, object]) -> Questions:
        """What a review of this scope asks, given the facts of its service, store or cycle.

        A fact that is missing, None or an empty text never excludes an item. An add-on comes in only by a tag that
        is there. For the scope "cycle", give the tags of all services and stores together as service.tags.
        """
        template = self.get(template_id)
        wanted = self._expand(template.asked.get(scope, ()))
        for add_on in template.add_ons:
            if add_on.when.holds(facts) is True:
                wanted.update({item: "" for item in add_on.items if item not in wanted})
        asked: list[Question] = []
        excluded: list[Excluded] = []
        for item, question in self.items.items():  # in the order of the file, step by step
            if item not in wanted or question.scope != scope:
                continue
            if question.applies_to is not None and question.applies_to.holds(facts) is False:
                excluded.append(Excluded(item, question.title, question.applies_to.told(facts)))
            else:
                asked.append(question)
        return Questions(tuple(asked), tuple(excluded))

    def _expand(self, names: tuple[str, ...]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in names:
            for item in self.groups[name].rows if name in self.groups else (name,):
                found[item] = name
        return found


def read_templates(table: Table) -> Templates:
    """The templates that the file's mapping holds; CatalogueError with the line where it is wrong."""
    if table.get("schema_version") != SCHEMA_VERSION:
        table.refuse(f"schema_version must be {SCHEMA_VERSION}: this portal reads no other.", "schema_version")
    table.only(
        "schema_version", "templates", "groups", "answered_per", "inventory_facts", "applies_to", "vendor_stores",
        "settings", "verdicts", "answers", "coverage", "rules", "severities", "severity_adjust", "steps",
        "evidence_kinds", "automated_checks", "frameworks", "framework_sources",
    )  # fmt: skip
    kinds_table = table.table("evidence_kinds")
    evidence_kinds = {name: kinds_table.table(name).text("title") for name in kinds_table}
    checks = {row.text("id"): row.text("title") for row in table.tables("automated_checks")}
    groups = _read_groups(table)
    rows_of = {row: group.id for group in groups.values() for row in group.rows}
    reader = _ItemReader(table, set(evidence_kinds), set(checks), rows_of)
    steps: list[Step] = []
    for step in table.tables("steps"):
        step.only("id", "title", "goal", "items")
        steps.append(Step(step.text("id"), step.text("title"), step.text("goal")))
        for row in step.tables("items"):
            reader.item(row, steps[-1])
    for group_row, group in zip(table.tables("groups"), groups.values(), strict=True):
        group_row.known("rows", group.rows, set(reader.items), "item")
    return Templates(
        templates=MappingProxyType(_read_all(table, reader.items, groups)),
        steps=tuple(steps),
        groups=MappingProxyType(groups),
        items=MappingProxyType(reader.items),
        evidence_kinds=MappingProxyType(evidence_kinds),
        check_titles=MappingProxyType(checks),
        inventory_facts=MappingProxyType(dict(table.table("inventory_facts"))),
    )


def _read_groups(table: Table) -> dict[str, Group]:
    groups: dict[str, Group] = {}
    for row in table.tables("groups"):
        row.only("id", "title", "question", "guidance", "rows", "answered_from", "answered_per", "rule")
        name = row.text("id")
        if name in groups:
            row.refuse(f"the group {name!r} is given twice.", "id")
        groups[name] = Group(
            name, row.text("title"), row.text("question"), row.texts("guidance"), row.texts("rows"),
            row.one_of("answered_per", SCOPES, "scope"),
        )  # fmt: skip
    return groups


class _ItemReader:
    """Collects items and checks what they refer to."""

    def __init__(self, table: Table, evidence_kinds: set[str], checks: set[str], rows_of: Mapping[str, str]) -> None:
        self.evidence_kinds, self.checks, self.rows_of = evidence_kinds, checks, rows_of
        self.facts = table.table("inventory_facts")
        self.frameworks = table.table("frameworks")
        self.severities = set(table.table("severities"))
        self.items: dict[str, Question] = {}

    def item(self, row: Table, step: Step) -> None:
        row.only(
            "id", "title", "question", "guidance", "answered_per", "applies_to", "evidence", "criteria",
            "default_severity", "related_categories", "related_scenarios", "controls", "vendor_store",
        )  # fmt: skip
        name = row.text("id")
        if name in self.items:
            row.refuse(f"the item {name!r} is given twice.", "id")
        evidence = row.table("evidence")
        evidence.only("accepted_kinds", "automated_checks", "minimum")
        accepted, checks = evidence.texts("accepted_kinds"), evidence.texts("automated_checks")
        evidence.known("accepted_kinds", accepted, self.evidence_kinds, "kind of evidence")
        evidence.known("automated_checks", checks, self.checks, "check")
        criteria = self._criteria(row.table("criteria"))
        categories = row.texts("related_categories")
        row.known("related_categories", categories, set(events.CATEGORIES), "category")
        self.items[name] = Question(
            id=name,
            step=step.id,
            step_title=step.title,
            group=self.rows_of.get(name, ""),
            title=row.text("title"),
            question=row.text("question"),
            guidance=row.texts("guidance"),
            criteria=MappingProxyType(criteria),
            accepted_kinds=accepted,
            automated_checks=checks,
            minimum=evidence.text("minimum"),
            severity=row.one_of("default_severity", self.severities, "severity"),
            controls=MappingProxyType(self._controls(row.table("controls"))),
            related_categories=categories,
            related_scenarios=row.texts("related_scenarios"),
            not_applicable_allowed=not criteria["not_applicable"].startswith("Not allowed"),
            scope=row.one_of("answered_per", SCOPES, "scope"),
            applies_to=read_applies_to(row, "applies_to", self.facts),
        )

    @staticmethod
    def _criteria(table: Table) -> dict[str, str]:
        table.only("meets", "does_not_meet", "not_applicable", "attention", "unknown")
        for needed in ("meets", "does_not_meet", "not_applicable"):
            table.text(needed)
        return {name: table.text(name) for name in table}

    def _controls(self, table: Table) -> dict[str, tuple[str, ...]]:
        table.only(*self.frameworks)
        controls: dict[str, tuple[str, ...]] = {}
        for framework in table:
            controls[framework] = table.texts(framework)
            known = self.frameworks.table(framework).table("controls")
            table.known(framework, controls[framework], set(known), f"control of {framework}")
        return controls


def _read_all(table: Table, items: Mapping[str, Question], groups: Mapping[str, Group]) -> dict[str, Template]:
    templates: dict[str, Template] = {}
    facts = table.table("inventory_facts")
    for row in table.tables("templates"):
        row.only("id", "default", "version", "title", "summary", "cadence", "questions", "add_ons")
        name = row.text("id")
        if name in templates:
            row.refuse(f"the template {name!r} is given twice.", "id")
        asked = _asked(row, items, groups)
        add_ons = tuple(_add_on(add_on, items, facts) for add_on in row.tables("add_ons", optional=True))
        templates[name] = Template(
            id=name,
            title=row.text("title"),
            summary=row.text("summary"),
            version=row.text("version"),
            sha256=_digest(row, table, asked, add_ons),
            default=row.flag("default"),
            asked=MappingProxyType(asked),
            add_ons=add_ons,
        )
    if [template.default for template in templates.values()].count(True) != 1:
        table.refuse("exactly one template must be the default.", "templates")
    return templates


def _asked(row: Table, items: Mapping[str, Question], groups: Mapping[str, Group]) -> dict[str, tuple[str, ...]]:
    if row.get("questions") == "all":
        return {scope: tuple(name for name, item in items.items() if item.scope == scope) for scope in SCOPES}
    questions = row.table("questions")
    questions.only(*SCOPES)
    asked: dict[str, tuple[str, ...]] = {}
    scopes = {name: item.scope for name, item in items.items()} | {name: group.scope for name, group in groups.items()}
    for scope in questions:
        asked[scope] = questions.texts(scope)
        questions.known(scope, asked[scope], set(scopes), "item or group")
        for name in asked[scope]:
            if scopes[name] != scope:
                questions.refuse(f"{name} is answered per {scopes[name]}, not per {scope}.", scope)
    return asked


def _add_on(row: Table, items: Mapping[str, Question], facts: Table) -> AddOn:
    row.only("tag", "when", "items", "created")
    when = read_applies_to(row, "when", facts)
    if when is None:
        row.refuse("an add-on needs a condition; items that are always asked belong to questions.", "when")
    names = row.texts("items")
    row.known("items", names, set(items), "item")
    return AddOn(row.text("tag"), when, names)


def _digest(row: Table, table: Table, asked: Mapping[str, tuple[str, ...]], add_ons: tuple[AddOn, ...]) -> str:
    """SHA-256 over the template and the words of each item it can ask."""
    named = {name for names in asked.values() for name in names} | {name for one in add_ons for name in one.items}
    groups = [group for group in table.tables("groups") if group["id"] in named]
    named |= {item for group in groups for item in group["rows"]}
    steps = [
        {**step, "items": [item for item in step["items"] if item["id"] in named]} for step in table.tables("steps")
    ]
    whole = {"template": row, "groups": groups, "steps": steps}
    return hashlib.sha256(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
