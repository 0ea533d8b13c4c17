"""What the record could not tell: the list on its first page.

Everything that is missing, incomplete or undecided becomes a sentence here. An input that is absent is a sentence
too; nothing that is not known is left out.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from reviews.engine.records.content import EvidenceFile, ItemAnswered, NotTold, Reference

# Numbers that every frozen set has; a record says so when one is missing.
_EXPECTED: Final = {
    "events": "how many events were counted",
    "silences": "whether there were spans without events",
    "silence_search": "whether spans without events were searched for",
    "sources": "which log sources were read, and how far",
}
_EXPECTED_OF_A_SERVICE: Final = {"coverage": "which kinds of action were seen"}
_KINDS_NOT_TOLD: Final = {
    "not_judged": ("of which nobody can tell, because actions of the logs are not judged,", "in this quarter"),
    "not_observable": ("cannot be seen", "in the logs that are connected"),
    "not_seen": ("not seen, not proven", "in this quarter"),
    "stopped": ("seen before and stopped", "in this quarter"),
    "seen_incomplete": ("seen with fields missing", "in this quarter"),
}


def not_told(
    scope: str,
    ends_at: dt.datetime,
    population: Mapping[str, Any],
    items: tuple[ItemAnswered, ...],
    references: tuple[Reference, ...],
    frozen: bool,
    evidence: tuple[EvidenceFile, ...] = (),
    starts_on: dt.date = dt.date.min,
) -> tuple[NotTold, ...]:
    """All sentences, the widest first. `starts_on`: the first day of the period; `ends_at`: first moment after it."""
    return (
        *_numbers(scope, population, frozen),
        *_gaps(population),
        *_searches(population),
        *_kinds(population),
        *_sources(scope, ends_at, population),
        *_checks(items),
        *_answers(items),
        *_periods(items, evidence, starts_on, ends_at),
        *_references(references),
    )


def _rows(population: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rows = population.get(key)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list | tuple) else []


def _numbers(scope: str, population: Mapping[str, Any], frozen: bool) -> list[NotTold]:
    if not frozen or not population:
        return [NotTold("Numbers", "No numbers were frozen with this review: it cannot tell what was counted.")]
    expected = {**_EXPECTED, **(_EXPECTED_OF_A_SERVICE if scope == "service" else {})}
    return [
        NotTold("Numbers", f"The frozen numbers do not say {words}.")
        for key, words in expected.items()
        if population.get(key) is None
    ]


def _gaps(population: Mapping[str, Any]) -> list[NotTold]:
    return [
        NotTold("Gap without a decision", str(gap.get("sentence") or f"From {gap.get('starts_at')}"))
        for gap in _rows(population, "silences")
    ]


def _searches(population: Mapping[str, Any]) -> list[NotTold]:
    """Services whose quarter could not be searched for silences, and hours that nobody imported."""
    found = []
    for one in _rows(population, "silence_search"):
        name, hours = one.get("service") or "The service", _count(one.get("hours_not_imported"))
        if not one.get("judged"):
            reason = one.get("reason") or "The reason is unknown."
            found.append(NotTold("Gaps", f"{name} could not be searched for silences. {reason}"))
        if hours:
            found.append(NotTold("Gaps", f"{name}: {hours:,} hours of the quarter were not imported."))
    return found


def _kinds(population: Mapping[str, Any]) -> list[NotTold]:
    """Required kinds of action that are not fully seen, one sentence for each state."""
    coverage = population.get("coverage")
    kinds = _rows(coverage, "kinds") if isinstance(coverage, Mapping) else []
    found = []
    for state, (words, where) in _KINDS_NOT_TOLD.items():
        labels = [
            str(kind.get("label") or kind.get("kind"))
            for kind in kinds
            if kind.get("state") == state and kind.get("required", True)
        ]
        if labels:
            found.append(NotTold("Coverage", f"Required kinds of action {words} {where}: {'; '.join(labels)}."))
    return found


def _sources(scope: str, ends_at: dt.datetime, population: Mapping[str, Any]) -> list[NotTold]:
    """Records that are no events, events that belong to nobody, sources that were not read to the end."""
    found = []
    sources = _rows(population, "sources")
    if not sources and population.get("sources") is not None and scope != "cycle":
        found.append(NotTold("Log sources", "No log source feeds this subject: nothing of it was seen."))
    for source in sources:
        name = str(source.get("name") or "A log source")
        ledger = source.get("ledger")
        numbers = {**source, **(ledger if isinstance(ledger, Mapping) else {})}
        if _count(numbers.get("rejected")):
            found.append(NotTold("Log source", f"{name}: {numbers['rejected']:,} records could not be read as events."))
        if source.get("actions_judged") is False:
            words = f"{name}: its actions are not judged. Nobody can tell which critical actions its entries show."
            found.append(NotTold("Log source", words))
        if source.get("judged_otherwise") is True:
            words = (
                f"{name}: another version of the catalogue judged some of its entries. Critical actions may be missing."
            )
            found.append(NotTold("Log source", words))
        if _count(numbers.get("unrouted")):
            words = f"{name}: {numbers['unrouted']:,} events could not be given to a service."
            found.append(NotTold("Log source", words))
        if _count(numbers.get("files_not_read")):
            words = f"{name}: {_files(numbers['files_not_read'])} were empty or could not be read as a whole."
            found.append(NotTold("Log source", words))
        if _count(numbers.get("zone_assumed")):
            words = f"{name}: the time zone of {numbers['zone_assumed']:,} entries was assumed."
            found.append(NotTold("Log source", words))
        found += _how_far(name, source.get("read_until"), ends_at)
    return found


def _how_far(name: str, read_until: Any, ends_at: dt.datetime) -> list[NotTold]:
    try:
        until = dt.datetime.fromisoformat(str(read_until))
    except ValueError:
        return [NotTold("Log source", f"{name}: it is not known how far it was read.")]
    until = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
    if until >= ends_at:
        return []
    until = until.astimezone(dt.UTC)
    return [NotTold("Log source", f"{name} was read only until {until.day} {until:%b %Y, %H:%M} UTC.")]


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _checks(items: tuple[ItemAnswered, ...]) -> list[NotTold]:
    """Every check that is unknown. Those that do not exist share a sentence: nobody can act on them."""
    found: list[NotTold] = []
    absent: dict[str, list[str]] = {}
    for item in items:
        for check in item.checks:
            if not check.exists:
                absent.setdefault(check.title, []).append(item.item)
            elif check.verdict == "unknown":
                found.append(NotTold(f"{item.item} {check.title}", check.sentence or "The check could not tell."))
    if absent:
        names = "; ".join(f"{title} ({', '.join(asked)})" for title, asked in absent.items())
        start = "1 check does" if len(absent) == 1 else f"{len(absent)} checks do"
        found.append(NotTold("Checks", f"{start} not exist yet; people answered without: {names}."))
    return found


def _answers(items: tuple[ItemAnswered, ...]) -> list[NotTold]:
    found = [NotTold(item.item, f"{item.title}: there is no answer.") for item in items if not item.answer]
    for item in items:
        if item.answer == "meets" and not item.evidence and not _shown_by_check(item):
            found.append(NotTold(item.item, f"{item.title}: met by the word of a person, without evidence or check."))
    return found


def _shown_by_check(item: ItemAnswered) -> bool:
    """Whether a check passed that looks at more than the files that people gave."""
    return any(one.verdict == "pass" and not one.check.startswith("evidence.") for one in item.checks)


def _periods(
    items: tuple[ItemAnswered, ...], evidence: tuple[EvidenceFile, ...], starts_on: dt.date, ends_at: dt.datetime
) -> list[NotTold]:
    """Questions that are met by evidence alone, where some days of the period are in the period of no file."""
    periods = {file.ref: (file.covers_from, file.covers_to) for file in evidence}
    ends_on = ends_at.date() - dt.timedelta(days=1)
    found = []
    for item in items:
        if item.answer != "meets" or not item.evidence or _shown_by_check(item):
            continue
        reached = starts_on
        for begin, end in sorted(periods[ref] for ref in item.evidence if ref in periods):
            if begin <= reached <= end:
                reached = end + dt.timedelta(days=1)
        if reached <= ends_on:
            found.append(NotTold(item.item, f"{item.title}: the evidence does not cover the whole period."))
    return found


def _references(references: tuple[Reference, ...]) -> list[NotTold]:
    found = []
    for one in references:
        if one.signed_at is None:
            what = "the whole quarter" if one.subject.scope == "cycle" else f"the log store {one.subject.name}"
            found.append(
                NotTold("Answers elsewhere", f"The review of {what} was not signed when this one was: no answers here.")
            )
    return found
