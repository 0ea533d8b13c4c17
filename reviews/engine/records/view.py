"""What the PDF shows, as plain text: every date, number and word is made here, the template only sets it."""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

from reviews.engine.analysis.quarters import Quarter
from reviews.engine.records.charset import drawn, one_line
from reviews.engine.records.content import (
    ANSWERS,
    EvidenceFile,
    ItemAnswered,
    Person,
    RecordContent,
    Reference,
    SettingChange,
    Subject,
)
from reviews.engine.records.population import population_parts, readable

_ANSWER_VERDICTS: Final = {"meets": "pass", "does_not_meet": "fail", "not_applicable": "na", "": "unknown"}
_CHECK_WORDS: Final = {"pass": "Met", "attention": "Needs attention", "fail": "Not met", "unknown": "Unknown"}
_SCOPES: Final = {"service": "Service", "log_store": "Log store", "cycle": "The whole quarter"}
_FACTS: Final = {"has_api": "Has an API", "own_sign_in": "Own sign-in", "own_keys": "Own encryption keys"}
_DEMO: Final = "DEMO. An invented organisation with invented logs. This record proves nothing."

NEVER_TOLD: Final = (
    "An event that a system never wrote leaves no trace here. A log can be whole and still say too little.",
    "What happened to a log before the portal received it, unless its own system proves it.",
    "The time of signing by anything but the portal's own clock.",
)


def view_of(content: RecordContent, record_json: bytes, fingerprint: str) -> dict[str, Any]:
    """Everything record.typ reads, with characters the fonts cannot draw shown by number."""
    found = {
        **_heading(content),
        **_first_page(content),
        **_signature(content),
        "people": [[p.person.name, p.person.email, ", ".join(p.did)] for p in content.people],
        "scope": _scope(content),
        "population": population_parts(content.population),
        "steps": _steps(content),
        "references": [_reference(one) for one in content.references],
        "evidence": [_evidence(one) for one in content.evidence],
        "gaps": [_gap(one) for one in content.gaps_not_decided],
        "gaps_sentence": _no_gaps(content.population),
        "changes": [_change(one) for one in content.settings_changed],
        "excluded": [[one.item, one.title, one.fact] for one in content.excluded],
        "verify": [
            ["Fingerprint of the signer", _groups(fingerprint.replace(":", " "), 24), "hash"],
            ["SHA-256 of record.json", _groups(hashlib.sha256(record_json).hexdigest()), "hash"],
            ["Made", f"{moment(content.made_at)}, by Audit Portal {content.software_version}"],
        ],
    }
    return {key: _drawn(value) for key, value in found.items()}


def moment(at: dt.datetime | None) -> str:
    """`14 Oct 2026, 08:55 UTC`."""
    return f"{at.day} {at:%b %Y, %H:%M} UTC" if at else "never"


def day(at: dt.date) -> str:
    """`14 Oct 2026`."""
    return f"{at.day} {at:%b %Y}"


def _drawn(value: Any) -> Any:
    if isinstance(value, str):
        return drawn(value)
    if isinstance(value, dict):
        return {key: _drawn(part) for key, part in value.items()}
    return [_drawn(part) for part in value]


def _heading(content: RecordContent) -> dict[str, Any]:
    quarter = Quarter.parse(content.period.quarter)
    subject = one_line(content.subject.name)
    version = f", version {content.subject.version}" if content.subject.version > 1 else ""
    return {
        "organisation": one_line(content.organisation),
        "number": content.number,
        "kind": f"Signed record {content.number}",
        "title": subject,
        "subtitle": f"{_SCOPES.get(content.subject.scope, content.subject.scope)}, review of the"
        f" {quarter.title.lower()} ({day(content.period.starts_on)} to {day(content.period.ends_on)}){version}",
        "running": f"{subject}, {quarter.label}",
        "footer": f"Signed {moment(content.signing.signed_at)} by {one_line(content.signing.signed_by.name)}",
        "demo": _DEMO if content.demo else "",
    }


def _first_page(content: RecordContent) -> dict[str, Any]:
    count = len(content.could_not_tell)
    summary = content.summary()
    checks, absent = sum(summary[f"checks_{verdict}"] for verdict in _CHECK_WORDS), summary["checks_absent"]
    return {
        "not_told": [{"topic": f"{one.topic}.", "sentence": one.sentence} for one in content.could_not_tell],
        "not_told_count": "1 thing." if count == 1 else f"{count} things.",
        "never_told": list(NEVER_TOLD),
        "figures": [
            [f"{summary['meets']} of {summary['items']}", "questions met"],
            [str(summary["does_not_meet"]), "not met"],
            [str(summary["not_applicable"]), "not applicable"],
            [str(summary["evidence"]), "pieces of evidence"],
        ],
        "summary_sentence": f"{checks - absent} automatic checks ran: {summary['checks_pass']} met,"
        f" {summary['checks_attention']} needing attention, {summary['checks_fail']} not met and"
        f" {summary['checks_unknown'] - absent} unknown. {absent} more that the questions name do not exist yet."
        f" Answers against a check: {summary['against_a_check']}, each with its reason. Gaps nobody has decided on:"
        f" {summary['gaps_not_decided']}.",
    }


def _signature(content: RecordContent) -> dict[str, Any]:
    signing = content.signing
    submitted = [["Handed over by", _who(signing.submitted_by, signing.submitted_at)]] if signing.submitted_by else []
    frozen = [["Numbers frozen", moment(signing.frozen_at)]]
    return {
        "statement": signing.statement or "No statement was kept with this signature.",
        "signing": [*frozen, *submitted, ["Signed by", _who(signing.signed_by, signing.signed_at)]],
    }


def _who(person: Person | None, at: dt.datetime | None) -> str:
    return f"{one_line(person.name)}, {moment(at)}" if person else "nobody"


def _scope(content: RecordContent) -> list[list[str]]:
    period = content.period
    facts = {**content.subject.facts, **{f"cycle: {key}": value for key, value in period.facts.items()}}
    return [
        ["Subject", f"{_SCOPES.get(content.subject.scope, '')}: {one_line(content.subject.name)}"],
        [
            "Period",
            f"{day(period.starts_on)} to {day(period.ends_on)}, opened {_who(period.opened_by, period.opened_at)}",
        ],
        [
            "Template",
            f"{period.template}, version {period.template_version}\nSHA-256 {_groups(period.template_sha256)}",
        ],
        ["Catalogue", f"version {period.catalogue_version}"],
        *([f"{_FACTS.get(key, readable(key))} (inventory)", readable_value(value)] for key, value in facts.items()),
    ]


def readable_value(value: Any) -> str:
    """A fact: not filled in is said, never shown as empty."""
    if value is None or value == "" or value == []:
        return "not filled in"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.date):
        return day(value)
    return ", ".join(str(part) for part in value) if isinstance(value, list | tuple) else str(value)


def _steps(content: RecordContent) -> list[dict[str, Any]]:
    steps = groupby(content.items, key=lambda item: (item.step, item.step_title))
    return [
        {"title": title or readable(step), "items": [_item(one) for one in items]} for (step, title), items in steps
    ]


def _item(item: ItemAnswered) -> dict[str, Any]:
    lines = [["Answered by", _who(item.answered_by, item.answered_at)]]
    if item.note:
        lines.append(["Note", item.note])
    if item.against:
        lines.append(["Decided against", ", ".join(_check_title(item, check) for check in item.against)])
    if item.reason:
        lines.append(["Reason", item.reason])
    if item.answer == "not_applicable":
        until = f", until {day(item.not_applicable_until)}" if item.not_applicable_until else ""
        lines.append(["Confirmed by", _who(item.second_person, item.second_person_at) + until])
    absent = [one.title for one in item.checks if not one.exists]
    if absent:
        lines.append(["Not checked yet", ", ".join(absent)])
    lines.append(["Evidence", ", ".join(f"no. {ref}" for ref in item.evidence) or "none"])
    return {
        "id": item.item,
        "title": item.title,
        "question": item.question,
        "v": _ANSWER_VERDICTS.get(item.answer, "unknown"),
        "word": ANSWERS.get(item.answer, item.answer),
        "checks": [
            {
                "v": one.verdict if one.verdict in _CHECK_WORDS else "unknown",
                "word": _CHECK_WORDS.get(one.verdict, "Unknown"),
                "title": f"{one.title}:",
                "sentence": f"{one.number}. {one.sentence}" if one.number else one.sentence,
            }
            for one in item.checks
            if one.exists
        ],
        "lines": lines,
    }


def _check_title(item: ItemAnswered, check: str) -> str:
    return next((one.title for one in item.checks if one.check == check), check)


def _reference(one: Reference) -> dict[str, Any]:
    version = f"version {one.subject.version}"
    record = f", record {one.record}" if one.record else ""
    signed = f"{version}, signed by {_who(one.signed_by, one.signed_at)}{record}."
    return {
        "title": _reference_title(one.subject),
        "sentence": signed if one.signed_at else f"{version}, not signed when this review was signed.",
        "rows": [
            [
                item.item,
                item.title,
                _ANSWER_VERDICTS.get(item.answer, "unknown"),
                ANSWERS.get(item.answer, item.answer),
                "\n".join(part for part in (item.note, item.reason) if part),
            ]
            for item in one.items
        ],
    }


def _reference_title(subject: Subject) -> str:
    return "The whole quarter" if subject.scope == "cycle" else f"Log store {one_line(subject.name)}"


def _evidence(one: EvidenceFile) -> dict[str, str]:
    size = f"{one.size:,} bytes"
    given = f"{one.media_type}, {size}, given by {_who(one.uploaded_by, one.uploaded_at)}"
    items = ", ".join(attached.item for attached in one.attached_to)
    return {
        "ref": one.ref,
        "name": one_line(one.original_name),
        "about": f"{given}. For {items}." if items else f"{given}.",
        "covers": f"{day(one.covers_from)} to {day(one.covers_to)}",
        "sha256": _groups(one.sha256),
    }


def _groups(digits: str, length: int = 8) -> str:
    return " ".join(part.strip() for part in re.findall(f".{{1,{length}}}", digits))


def _gap(gap: Mapping[str, Any]) -> str:
    if gap.get("sentence"):
        return str(gap["sentence"])
    return ", ".join(f"{readable(str(key))}: {readable_value(value)}" for key, value in gap.items())


def _no_gaps(population: Mapping[str, Any]) -> str:
    if "silences" in population:
        return "No gap was found in the numbers that were frozen."
    return "Unknown: no list of gaps was frozen with this review."


def _change(one: SettingChange) -> list[str]:
    before = "\n".join(f"{readable(key)}: {readable_value(value)}" for key, value in one.before.items())
    after = "\n".join(f"{readable(key)}: {readable_value(value)}" for key, value in one.after.items())
    return [moment(one.at), one.who, f"{one.what} {one.object_name}", before, after]
