"""A record's content without a database, and the ZIP made of it."""

import datetime as dt
import hashlib
import io
from dataclasses import replace
from pathlib import Path

from reviews.engine.records.bundle import Built, build
from reviews.engine.records.content import (
    AnswerElsewhere,
    Attached,
    CheckSeen,
    EvidenceFile,
    Excluded,
    ItemAnswered,
    NotTold,
    Part,
    Period,
    Person,
    Previous,
    RecordContent,
    Reference,
    SettingChange,
    Signing,
    Subject,
    against,
)
from reviews.engine.records.keys import Signer, signer

INES = Person(2, "Ines Okafor", "ines@northmoor.example")
JONAS = Person(3, "Jonas Weber", "jonas@northmoor.example")
AMARA = Person(4, "Amara Nwosu", "amara@northmoor.example")
ADA = Person(8, "Ada Brandt", "ada@northmoor.example")
NOW = dt.datetime(2026, 10, 14, 8, 55, 12, 345678, dt.UTC)
FILES = {
    "Retention settings.pdf": b"%PDF-1.7 not really\n",
    "Zugänge Q3.csv": b"person;right\nInes;read\n",
}


def at(day: int, hour: int = 9) -> dt.datetime:
    return dt.datetime(2026, 10, day, hour, 30, tzinfo=dt.UTC)


def make_evidence() -> tuple[EvidenceFile, ...]:
    names = ("Retention_settings.pdf", "Zugange_Q3.csv")
    return tuple(
        EvidenceFile(
            ref=f"{number:04}",
            path=f"content/evidence/{number:04}/{name}",
            original_name=original,
            media_type="application/octet-stream",
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            covers_from=dt.date(2026, 7, 1),
            covers_to=dt.date(2026, 9, 30),
            uploaded_at=at(8),
            uploaded_by=INES,
            supersedes_sha256="",
            attached_to=(Attached("COV-12", at(8, 10), INES),),
        )
        for number, (name, (original, data)) in enumerate(zip(names, FILES.items(), strict=True), start=1)
    )


def make_item(item: str, answer: str, checks: tuple[CheckSeen, ...] = (), **fields: object) -> ItemAnswered:
    values: dict[str, object] = {
        "item": item,
        "group": "",
        "step": "coverage",
        "step_title": "Understand log coverage and completeness",
        "title": "Silences are explained",
        "question": "Is every span without events explained?",
        "criteria": {"meets": "Each span has a reason.", "does_not_meet": "A span has none."},
        "severity": "high",
        "answer": answer,
        "note": "",
        "reason": "",
        "answered_by": INES,
        "answered_at": at(9),
        "second_person": None,
        "second_person_at": None,
        "not_applicable_until": None,
        "checks": checks,
        "against": against(answer, checks),
        "evidence": (),
    }
    return ItemAnswered(**{**values, **fields})  # type: ignore[arg-type]


def make_items() -> tuple[ItemAnswered, ...]:
    passed = CheckSeen(
        "coverage.category", "Coverage of the category", "pass", "5 of 5", "Every required kind was seen."
    )
    attention = CheckSeen("gaps.open", "Silences", "attention", "1", "Nothing arrived for 19 hours.")
    unknown = CheckSeen("clock.offset", "Clocks", "unknown", "", "This check does not exist yet.")
    return (
        make_item("COV-04", "meets", (passed,), title="Administrative changes are logged"),
        make_item(
            "COV-12",
            "meets",
            (attention, unknown),
            note="The collector was rebuilt.\nNothing was lost: see the ticket.",
            reason="The vendor confirmed the maintenance.",
            evidence=("0001", "0002"),
        ),
        make_item("COV-09", "does_not_meet", title="Card data is not in logs", note="Two fields are not masked."),
        make_item(
            "ACC-03",
            "not_applicable",
            step="access_control",
            step_title="Control who can reach the logs",
            title="Access is reviewed",
            reason="Nobody but the vendor has access.",
            second_person=AMARA,
            second_person_at=at(10),
            not_applicable_until=dt.date(2026, 12, 31),
        ),
    )


def _about() -> dict[str, object]:
    return {
        "number": "AP-2026-Q3-0007",
        "organisation": "Northmoor Mutual",
        "installation_id": "6f1c1a52-5d0c-4a5e-9a55-0f6cf2c8a001",
        "demo": False,
        "made_at": NOW,
        "software_version": "0.1.0",
        "subject": Subject("service", 1, "Payments API", 1, {"kind": "payment_application", "tags": ["pci"]}),
        "signing": Signing(
            at(8, 0), at(12), INES, at(13), JONAS, "I have read every answer.\n\nOne gap is not decided."
        ),
        "period": Period(
            quarter="2026-Q3",
            starts_on=dt.date(2026, 7, 1),
            ends_on=dt.date(2026, 9, 30),
            due_on=dt.date(2026, 10, 31),
            opened_at=dt.datetime(2026, 7, 1, 8, tzinfo=dt.UTC),
            opened_by=ADA,
            template="essential",
            template_version="2026.5",
            template_sha256="ab" * 32,
            catalogue_version="2026.5",
            facts={"emergency_accounts": True},
        ),
    }  # fmt: skip


def _answers() -> dict[str, object]:
    return {
        "could_not_tell": (
            NotTold("Checks", "One automatic check of the template does not exist yet: Clocks."),
            NotTold("Gap", "Nobody has decided on the silence from 2 Sep to 3 Sep 2026."),
        ),
        "population": {
            "events": {"authentication": 120_000, "api_usage": 1_250_000},
            "coverage": {"numerator": 9, "denominator": 11},
            "sources": [
                {"name": "Organisation trail", "events": 400_000, "rejected": 3, "first": "2026-07-01T00:00:02+00:00"}
            ],
            "silences": [{"sentence": "Nothing arrived from 2 Sep, 11:20 to 3 Sep 2026, 06:20 UTC."}],
        },
        "items": make_items(),
        "excluded": (Excluded("STO-05", "Keys are ours", "store.own_keys is false"),),
        "evidence": make_evidence(),
    }  # fmt: skip


def _beside() -> dict[str, object]:
    return {
        "gaps_not_decided": ({"sentence": "Nothing arrived from 2 Sep, 11:20 to 3 Sep 2026, 06:20 UTC."},),
        "people": (
            Part(INES, ("answered 4 questions", "attached evidence", "handed over to sign")),
            Part(JONAS, ("signed",)),
        ),
        "settings_changed": (
            SettingChange(
                at(2), "Tomas Lindqvist", "changed the log source", "logsource", "Organisation trail",
                {"time_zone": "UTC"}, {"time_zone": "Europe/Berlin"},
            ),
        ),
        "references": (
            Reference(
                Subject("log_store", 4, "Audit bucket", 1), at(11), AMARA, "AP-2026-Q3-0003",
                (AnswerElsewhere("STO-01", "Retention", "meets", "365 days.", ""),),
            ),
            Reference(Subject("cycle", None, "The whole quarter", 1), None, None, "", ()),
        ),
        "previous": Previous("AP-2026-Q2-0004", "2026-Q2", 1, "cd" * 32, "ef" * 32),
    }  # fmt: skip


def make_content(**fields: object) -> RecordContent:
    """Payments in the third quarter, with something of everything a record can hold."""
    values: dict[str, object] = {**_about(), **_answers(), **_beside()}
    return RecordContent(**{**values, **fields})  # type: ignore[arg-type]


def make_signer(folder: Path, organisation: str = "Northmoor Mutual") -> Signer:
    return signer(folder / "signing.key", folder / "signing.crt", organisation, NOW)


def stored() -> dict[str, bytes]:
    return {hashlib.sha256(data).hexdigest(): data for data in FILES.values()}


def make_zip(folder: Path, by: Signer, content: RecordContent | None = None) -> tuple[Path, Built]:
    """The record as a ZIP file in the folder."""
    content = content or make_content()
    path = folder / f"{content.number}.zip"
    with path.open("w+b") as target:
        built = build(content, by, lambda sha256: io.BytesIO(stored()[sha256]), target)
    return path, built


def with_number(number: str) -> RecordContent:
    return replace(make_content(), number=number)
