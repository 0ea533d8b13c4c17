"""What the record could not tell: the list on its first page.

Everything that is missing, incomplete or undecided becomes a sentence here. An input that is absent is a sentence
too; nothing that is not known is left out.
"""

from collections.abc import Mapping
from typing import Any, Final

from reviews.engine.records.content import ItemAnswered, NotTold, Reference

NO_SUCH_CHECK: Final = "This check does not exist yet."
# Numbers that every frozen set has; a record says so when one is missing.
_EXPECTED: Final = {
    "events": "how many events were counted",
    "coverage": "which kinds of action were seen",
    "silences": "whether there were spans without events",
    "sources": "which log sources were read, and how far",
}
_KINDS_NOT_TOLD: Final = {
    "not_seen": "was not seen and not proven",
    "not_observable": "cannot be seen in the logs that are connected",
    "seen_incomplete": "was seen with fields missing",
    "stopped": "was seen before and has stopped",
}


def not_told(
    scope: str,
    population: Mapping[str, Any],
    items: tuple[ItemAnswered, ...],
    references: tuple[Reference, ...],
    frozen: bool,
) -> tuple[NotTold, ...]:
    """All sentences, the widest first."""
    return (
        *_numbers(scope, population, frozen),
        *_gaps(population),
        *_kinds(population),
        *_sources(population),
        *_checks(items),
        *_answers(items),
        *_references(references),
    )


def _numbers(scope: str, population: Mapping[str, Any], frozen: bool) -> list[NotTold]:
    if not frozen or not population:
        return [NotTold("Numbers", "No numbers were frozen with this review: it cannot tell what was counted.")]
    if scope != "service":
        return []
    return [
        NotTold("Numbers", f"The frozen numbers do not say {words}.")
        for key, words in _EXPECTED.items()
        if population.get(key) is None
    ]


def _gaps(population: Mapping[str, Any]) -> list[NotTold]:
    gaps = [gap for gap in population.get("silences") or () if isinstance(gap, Mapping)]
    return [
        NotTold("Gap without a decision", str(gap.get("sentence") or f"From {gap.get('starts_at')}")) for gap in gaps
    ]


def _kinds(population: Mapping[str, Any]) -> list[NotTold]:
    """Kinds of action that are not fully seen, one sentence for each state."""
    coverage = population.get("coverage")
    kinds = coverage.get("kinds") if isinstance(coverage, Mapping) else None
    found = []
    for state, words in _KINDS_NOT_TOLD.items():
        labels = [
            str(kind.get("label") or kind.get("kind"))
            for kind in kinds or ()
            if isinstance(kind, Mapping) and kind.get("state") == state
        ]
        if labels:
            one = len(labels) == 1
            verb = words if one else words.replace("was ", "were ", 1).replace("has ", "have ", 1)
            found.append(NotTold("Coverage", f"{', '.join(labels)} {verb}."))
    return found


def _sources(population: Mapping[str, Any]) -> list[NotTold]:
    """Records that are no events, events that belong to nobody, sources never read."""
    found = []
    for source in population.get("sources") or ():
        if not isinstance(source, Mapping):
            continue
        name = str(source.get("name") or source.get("source") or "A log source")
        ledger = source.get("ledger")
        numbers = {**source, **(ledger if isinstance(ledger, Mapping) else {})}
        if _count(numbers.get("rejected")):
            found.append(NotTold("Log source", f"{name}: {numbers['rejected']:,} records could not be read as events."))
        if _count(numbers.get("unrouted")):
            found.append(
                NotTold("Log source", f"{name}: {numbers['unrouted']:,} events could not be given to a service.")
            )
        if "read_until" in numbers and not numbers["read_until"]:
            found.append(NotTold("Log source", f"{name} was never read to its end."))
    return found


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _checks(items: tuple[ItemAnswered, ...]) -> list[NotTold]:
    """Every check that is unknown. Those that do not exist share a sentence: nobody can act on them."""
    found, absent = [], []
    for item in items:
        for check in item.checks:
            if check.verdict != "unknown":
                continue
            if check.sentence == NO_SUCH_CHECK:
                absent.append(f"{check.title} ({item.item})")
            else:
                found.append(NotTold(f"{item.item} {check.title}", check.sentence or "The check could not tell."))
    if absent:
        names = ", ".join(dict.fromkeys(absent))
        start = "1 check does" if len(absent) == 1 else f"{len(absent)} checks do"
        found.append(NotTold("Checks", f"{start} not exist yet; people answered without: {names}."))
    return found


def _answers(items: tuple[ItemAnswered, ...]) -> list[NotTold]:
    found = [NotTold(item.item, f"{item.title}: there is no answer.") for item in items if not item.answer]
    for item in items:
        if item.answer == "meets" and not item.evidence and not any(one.verdict == "pass" for one in item.checks):
            found.append(NotTold(item.item, f"{item.title}: met by the word of a person, without evidence or check."))
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
