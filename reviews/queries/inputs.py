"""What automatic checks say of a review, and the numbers that are frozen with them."""

import datetime as dt
from typing import Any, Final

from django.db.models import Count, Max, Min, Sum
from django.utils import timezone

from reviews.engine.analysis.coverage import Coverage
from reviews.engine.catalogue import load_actions, load_templates
from reviews.engine.checks import CheckResult, all_checks
from reviews.engine.events import COVERED_CATEGORIES
from reviews.models import (
    FileProblem,
    HourCount,
    Import,
    ImportKind,
    ImportState,
    LogSource,
    Review,
    ReviewItem,
    UnmappedAction,
)
from reviews.queries.review_facts import Facts

NO_SUCH_CHECK: Final = "This check does not exist yet."


def check_results(review: Review, now: dt.datetime | None = None) -> dict[str, tuple[CheckResult, ...]]:
    """The results of the checks of each question. A check that does not exist yet is unknown and says so."""
    facts = Facts(review, now or timezone.now())
    return {item.item: _results(item, facts) for item in review.items.order_by("position")}


def _results(item: ReviewItem, facts: Facts) -> tuple[CheckResult, ...]:
    checks, titles = all_checks(), load_templates().check_titles
    found = []
    for name in item.text.get("checks", ()):
        check = checks.get(name)
        if check is None:
            found.append(CheckResult(name, titles.get(name, name), "unknown", "", NO_SUCH_CHECK))
        else:
            found.append(check.run({need: facts.get(need, item) for need in check.needs}))
    return tuple(found)


# --- Numbers to freeze ------------------------------------------------------------------------------------------


def review_numbers(review: Review, now: dt.datetime | None = None) -> dict[str, Any]:
    """What a review's record says in numbers, JSON-ready: pinned with the check results of the same moment."""
    facts = Facts(review, now or timezone.now())
    sources = [_source_numbers(source, facts) for source in facts.every_source]
    found = coverage_numbers(facts.coverage) if facts.coverage is not None else None
    numbers: dict[str, Any] = {
        "quarter": str(facts.quarter),
        "catalogue_version": load_actions().version,
        "read_until": _iso(_read_until(facts)),
        "events": _by_category(facts),
        "silences": [
            {
                "service": service.name,
                "starts_at": _iso(one.starts_at),
                "ends_at": _iso(one.ends_at),
                "hours": one.hours,
                "expected": round(one.expected, 1),
                "probability": one.probability,
                "category": one.category,
                "sentence": one.sentence if len(facts.services) == 1 else f"{service.name}: {one.sentence}",
            }
            for service in facts.services
            for one in facts.known_silences[service.pk].found
        ],
        "silence_search": [
            {
                "service": one.service,
                "judged": one.judged,
                "reason": one.reason or None,
                "hours_judged": one.hours_judged,
                "hours_not_imported": one.hours_not_imported,
                "noticed_after_hours": one.noticed_after_hours,
            }
            for one in facts.silences
        ],
        "sources": sources,
    }
    return numbers if found is None else {**numbers, "coverage": found}


def coverage_numbers(found: Coverage) -> dict[str, Any]:
    """Numerator, denominator and every kind with its state."""
    return {
        "numerator": found.numerator,
        "denominator": found.denominator,
        "not_judged": list(found.not_judged),
        "kinds": [
            {
                "kind": kind.kind,
                "label": kind.label,
                "category": kind.category,
                "required": kind.required,
                "state": kind.state,
                "count": kind.count,
                "last_seen": _iso(kind.last_seen),
                "sentence": kind.sentence,
            }
            for kind in found.kinds
        ],
    }


def _by_category(facts: Facts) -> dict[str, int]:
    """Events of the quarter; the five categories that must be covered always have a line."""
    counts = dict.fromkeys(COVERED_CATEGORIES, 0)
    rows = HourCount.objects.filter(
        service__in=[service.pk for service in facts.services],
        source__in=[source.pk for source in facts.every_source],
        hour__gte=facts.quarter.starts_at,
        hour__lt=facts.quarter.ends_at,
    )
    counts.update(rows.order_by().values_list("category").annotate(Sum("n")))
    return counts


def _read_until(facts: Facts) -> dt.datetime | None:
    """The moment up to which every source of the review has been read."""
    ends = [span.end if span is not None else None for span in facts.imported.values()]
    known = [end for end in ends if end is not None]
    return min(known) if known and len(known) == len(ends) else None


def _source_numbers(source: LogSource, facts: Facts) -> dict[str, Any]:
    """The ledger of a source over all its imports, how far it was read, and what could not be read, was assumed or is
    not judged."""
    imports = Import.objects.filter(source=source, kind=ImportKind.IMPORT)
    done = imports.filter(state=ImportState.DONE)
    ledger = ("records", "events", "duplicates", "ignored", "rejected", "unrouted")
    totals = imports.aggregate(
        first=Min("first_event_at"), last=Max("last_event_at"), **{name: Sum(name) for name in ledger}
    )
    return {
        "name": source.name,
        "format": source.format,
        "imports": done.count(),
        "files": source.files.count(),
        "segments": source.stored_events.values("segment").distinct().count(),
        "ledger": {name: totals[name] or 0 for name in ledger},
        "first_event_at": _iso(totals["first"]),
        "last_event_at": _iso(totals["last"]),
        "read_until": _iso(done.aggregate(until=Max("read_until"))["until"]),
        "time_zone": source.time_zone,
        "zone_assumed": sum(clock.assumed for clock in facts.clocks if clock.source == source.name),
        "files_not_read": FileProblem.objects.filter(run__source=source, kind=FileProblem.Kind.UNREAD)
        .values("name")
        .distinct()
        .count(),
        "actions_judged": source.name not in facts.not_judged,
        "judged_otherwise": source.pk in facts.judged_otherwise,
        "unknown_actions": _unknown_actions(source, facts),
    }


def _unknown_actions(source: LogSource, facts: Facts) -> dict[str, int]:
    """How many entries of the quarter have an action that the catalogue does not name, under how many names."""
    days = (facts.quarter.starts_on, facts.quarter.ends_on)
    found = UnmappedAction.objects.filter(source=source, day__range=days)
    totals = found.aggregate(names=Count("action", distinct=True), events=Sum("n"))
    return {"names": totals["names"], "events": totals["events"] or 0}


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).isoformat() if moment is not None else None
