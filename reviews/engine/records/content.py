"""What a record says: record.json, described field by field in docs/records.md.

Everything here was true and locked when the review was signed. Times are UTC. Numbers with a fraction become text,
so that every reader of the JSON sees the same digits.
"""

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reviews.engine.archive import canonical

SCHEMA: Final = "auditportal.record/1"

ANSWERS: Final = {"meets": "Meets", "does_not_meet": "Does not meet", "not_applicable": "Not applicable", "": "Open"}
NO_SUCH_CHECK: Final = "This check does not exist yet."
PROPOSED: Final = {"pass": "meets", "attention": "does_not_meet", "fail": "does_not_meet"}


@dataclass(frozen=True)
class Person:
    """A person as the portal knew them when the record was made."""

    id: int
    name: str
    email: str


@dataclass(frozen=True)
class Subject:
    """What was reviewed: a service, a log store, or the whole quarter. `facts` are those of the inventory."""

    scope: str
    id: int | None
    name: str
    version: int
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Signing:
    """Who froze, handed over and signed, when, and the exact text that was accepted."""

    frozen_at: dt.datetime | None
    submitted_at: dt.datetime | None
    submitted_by: Person | None
    signed_at: dt.datetime
    signed_by: Person
    statement: str


@dataclass(frozen=True)
class Period:
    """The cycle: a quarter and the template that was copied into it."""

    quarter: str
    starts_on: dt.date
    ends_on: dt.date
    due_on: dt.date
    opened_at: dt.datetime
    opened_by: Person
    template: str
    template_version: str
    template_sha256: str
    catalogue_version: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckSeen:
    """The result of one automatic check, as it was frozen."""

    check: str
    title: str
    verdict: str  # pass, attention, fail, unknown
    number: str
    sentence: str

    @property
    def exists(self) -> bool:
        """Whether this version has the check. One that it does not have is unknown, and judged nothing."""
        return self.sentence != NO_SUCH_CHECK


@dataclass(frozen=True)
class ItemAnswered:
    """One question with its answer. `against` names the checks that proposed something else."""

    item: str
    group: str
    step: str
    step_title: str
    title: str
    question: str
    criteria: Mapping[str, str]
    severity: str
    answer: str
    note: str
    reason: str
    answered_by: Person | None
    answered_at: dt.datetime | None
    second_person: Person | None
    second_person_at: dt.datetime | None
    not_applicable_until: dt.date | None
    checks: tuple[CheckSeen, ...]
    against: tuple[str, ...]
    evidence: tuple[str, ...]  # refs


@dataclass(frozen=True)
class Excluded:
    """A question that a fact of the inventory excludes."""

    item: str
    title: str
    fact: str


@dataclass(frozen=True)
class Attached:
    """Where a piece of evidence belongs."""

    item: str
    at: dt.datetime
    by: Person


@dataclass(frozen=True)
class EvidenceFile:
    """One file of the record; the same object is its meta.json."""

    ref: str
    path: str
    original_name: str
    media_type: str
    size: int
    sha256: str
    covers_from: dt.date
    covers_to: dt.date
    uploaded_at: dt.datetime
    uploaded_by: Person
    supersedes_sha256: str
    attached_to: tuple[Attached, ...]


@dataclass(frozen=True)
class Part:
    """A person and what they did for this record."""

    person: Person
    did: tuple[str, ...]


@dataclass(frozen=True)
class SettingChange:
    """A setting that changed within the period: who, when, old, new."""

    at: dt.datetime
    who: str
    what: str
    object_type: str
    object_name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True)
class AnswerElsewhere:
    """One answer of another review."""

    item: str
    title: str
    answer: str
    note: str
    reason: str


@dataclass(frozen=True)
class Reference:
    """Answers of a log store or of the whole quarter, by reference with their version."""

    subject: Subject
    signed_at: dt.datetime | None  # None: not signed when this review was
    signed_by: Person | None
    record: str  # number; empty: there is none
    items: tuple[AnswerElsewhere, ...]


@dataclass(frozen=True)
class Previous:
    """The record before this one, of the same subject."""

    number: str
    quarter: str
    version: int
    zip_sha256: str
    manifest_sha256: str


@dataclass(frozen=True)
class NotTold:
    """Something that could not be told. It stands on the first page."""

    topic: str
    sentence: str


@dataclass(frozen=True)
class RecordContent:
    """The whole record."""

    number: str
    organisation: str
    installation_id: str
    demo: bool
    made_at: dt.datetime
    software_version: str
    subject: Subject
    signing: Signing
    period: Period
    could_not_tell: tuple[NotTold, ...]
    population: Mapping[str, Any]
    items: tuple[ItemAnswered, ...]
    excluded: tuple[Excluded, ...]
    evidence: tuple[EvidenceFile, ...]
    gaps_not_decided: tuple[Mapping[str, Any], ...]
    people: tuple[Part, ...]
    settings_changed: tuple[SettingChange, ...]
    references: tuple[Reference, ...]
    previous: Previous | None
    schema: str = SCHEMA
    times: str = "UTC"

    def summary(self) -> dict[str, int]:
        """How many of what, for the first page and for record.json."""
        answers = Counter(item.answer for item in self.items)
        checks = Counter(check.verdict for item in self.items for check in item.checks)
        return {
            "items": len(self.items),
            "meets": answers["meets"],
            "does_not_meet": answers["does_not_meet"],
            "not_applicable": answers["not_applicable"],
            "open": answers[""],
            "excluded": len(self.excluded),
            "checks_pass": checks["pass"],
            "checks_attention": checks["attention"],
            "checks_fail": checks["fail"],
            "checks_unknown": checks["unknown"],
            "checks_absent": sum(1 for item in self.items for check in item.checks if not check.exists),
            "against_a_check": sum(1 for item in self.items if item.against),
            "evidence": len(self.evidence),
            "gaps_not_decided": len(self.gaps_not_decided),
            "could_not_tell": len(self.could_not_tell),
        }

    def as_json(self) -> dict[str, Any]:
        """record.json as an object."""
        found: dict[str, Any] = plain(self)
        return {**found, "summary": self.summary()}

    def as_bytes(self) -> bytes:
        """record.json as it is stored, hashed and signed."""
        return canonical.dumps(self.as_json())


def against(answer: str, checks: tuple[CheckSeen, ...]) -> tuple[str, ...]:
    """Checks whose proposal the answer does not follow. Unknown proposes nothing."""
    if answer not in ("meets", "does_not_meet"):
        return ()
    return tuple(one.check for one in checks if PROPOSED.get(one.verdict, answer) != answer)


def rfc3339(moment: dt.datetime) -> str:
    """`2026-10-14T08:55:00.000000Z`."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def plain(value: Any) -> Any:
    """The value in the JSON subset of engine/archive/canonical.py."""
    if value is None or isinstance(value, bool):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, dt.datetime):
        return rfc3339(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int):
        return value if abs(value) <= canonical.LARGEST else str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {_key(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    # Half characters cannot be written as UTF-8; they are shown by number instead of losing the record.
    return "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in str(value))


def _key(key: object) -> str:
    """Keys are ASCII; others (a source's name as key of frozen numbers) are written by number."""
    return str(key).encode("ascii", "backslashreplace").decode()
