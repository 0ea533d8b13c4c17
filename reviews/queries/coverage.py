"""Coverage of services in a quarter, from the counts. A fixed number of queries for any number of services."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from django.db.models import Max, Sum

from reviews.engine.analysis.coverage import FIELDS, Before, Coverage, Seen, coverage
from reviews.engine.analysis.quarters import Quarter
from reviews.engine.catalogue import load_actions
from reviews.models import ActionCount, LogSource, Service
from reviews.queries import activity
from reviews.queries.activity import Span

_SUMS: Final = ("success", "failure", "unknown", *(f"missing_{name}" for name in FIELDS))


def seen_in(services: Collection[int], quarter: Quarter) -> dict[int, list[tuple[int, Seen]]]:
    """What each service showed in the quarter, each with the source it came from. One query."""
    rows: Any = (  # names of sums are made, so their types are not known
        ActionCount.objects.filter(service__in=services, day__range=(quarter.starts_on, quarter.ends_on))
        .order_by()
        .values("service", "source", "source__format", "action", "kind")
        .annotate(last=Max("last_at"), **{f"sum_{name}": Sum(name) for name in _SUMS})
    )
    found: dict[int, list[tuple[int, Seen]]] = defaultdict(list)
    for row in rows:
        found[row["service"]].append(
            (
                row["source"],
                Seen(
                    format=row["source__format"],
                    action=row["action"],
                    kind=row["kind"],
                    success=row["sum_success"],
                    failure=row["sum_failure"],
                    unknown=row["sum_unknown"],
                    missing={name: row[f"sum_missing_{name}"] for name in FIELDS},
                    last_at=row["last"],
                ),
            )
        )
    return found


def coverages(
    services: Sequence[Service],
    quarter: Quarter,
    sources: Mapping[int, Collection[LogSource]],
    imported: Mapping[int, Span | None],
) -> dict[int, Coverage]:
    """The coverage of each service. Two queries, or three when a source is mapped by hand."""
    catalogue = load_actions()
    blind = not_judged((source for group in sources.values() for source in group), quarter)
    pks = [service.pk for service in services]
    seen = seen_in(pks, quarter)
    before = _weeks_before(seen, pks, quarter)
    found = {}
    for service in services:
        weeks = _whole_weeks(imported[service.pk], quarter)
        weeks_before = _whole_weeks(imported[service.pk], quarter.previous)
        found[service.pk] = coverage(
            service.kind,
            [source.format for source in sources[service.pk] if source.pk not in blind],
            [row for _, row in seen[service.pk]],
            {kind: Before(min(n, weeks_before), weeks_before) for kind, n in before[service.pk].items()},
            weeks,
            catalogue,
            not_judged=[source.name for source in sources[service.pk] if source.pk in blind],
        )
    return found


def not_judged(sources: Iterable[LogSource], quarter: Quarter | None = None) -> frozenset[int]:
    """Which sources have logs whose actions the catalogue does not name: what they show, nobody can tell.

    So are all sources of a format without actions in the catalogue. A format that is mapped by hand has the names of
    its own program: it is judged only where the catalogue knew at least one entry in the quarter (None: ever).
    """
    catalogue = load_actions()
    sources = list(sources)
    without = {source.pk for source in sources if not catalogue.actions_of(source.format)}
    by_hand = {source.pk for source in sources if source.mapping} - without
    if by_hand:
        known = ActionCount.objects.filter(source__in=by_hand)
        if quarter is not None:
            known = known.filter(day__range=(quarter.starts_on, quarter.ends_on))
        by_hand -= set(known.order_by().values_list("source", flat=True).distinct())
    return frozenset(without | by_hand)


def _weeks_before(
    seen: Mapping[int, Collection[tuple[int, Seen]]], services: Collection[int], quarter: Quarter
) -> dict[int, dict[str, int]]:
    """Weeks of the quarter before in which each kind was seen; only kinds that not every service shows now."""
    shown = {pk: {row.kind for _, row in seen.get(pk, ())} for pk in services}
    everywhere = set.intersection(*shown.values()) if shown else set()
    first = quarter.previous.starts_on
    rows = (
        ActionCount.objects.filter(service__in=services, day__range=(first, quarter.previous.ends_on))
        .exclude(kind__in=everywhere)
        .order_by()
        .values_list("service", "kind", "day")
        .distinct()
    )
    weeks: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for service, kind, day in rows:
        if kind not in shown[service]:
            weeks[service][kind].add((day - first).days // 7)
    return {pk: {kind: len(found) for kind, found in weeks[pk].items()} for pk in services}


def _whole_weeks(imported: Span | None, quarter: Quarter) -> int:
    part = imported.within(quarter.starts_at, quarter.ends_at) if imported is not None else None
    return int((part.end - part.begin) / dt.timedelta(weeks=1)) if part is not None else 0


def service_coverage(service: Service, quarter: Quarter, now: dt.datetime) -> Coverage:
    """The coverage of one service."""
    sources = activity.sources_of_services([service.pk])
    imported = activity.imported_of_services(sources, now)
    return coverages([service], quarter, sources, imported)[service.pk]
