"""Events over time, and which hours of a service have been imported at all. Few queries for any number of services.

An hour of a source is imported when it lies between the source's first event and the moment up to which a finished
import has read it; not before the day from which on the source is read, for older files were left alone. An hour of a
service is imported when every one of its sources has it: imported and empty is zero, not imported is unknown.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from django.db.models import DateField, Func, Max, OuterRef, Subquery, Sum
from django.db.models.functions import Least

from reviews.engine.analysis.baselines import Series
from reviews.models import HourCount, Import, ImportState, LogSource, Service, SourceRoute

HOUR: Final = dt.timedelta(hours=1)
DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """Hours [begin, end) that have been imported."""

    begin: dt.datetime
    end: dt.datetime

    def within(self, begin: dt.datetime, end: dt.datetime) -> "Span | None":
        """The part of the span that lies in [begin, end)."""
        first, last = max(self.begin, begin), min(self.end, end)
        return Span(first, last) if first < last else None

    @property
    def hours(self) -> int:
        return int((self.end - self.begin) // HOUR)


def floor_hour(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)


def sources_of_services(services: Collection[int]) -> dict[int, list[LogSource]]:
    """The sources that speak of each service, switched off or not: two queries."""
    found: dict[int, dict[int, LogSource]] = defaultdict(dict)
    for source in LogSource.objects.filter(service__in=services).order_by("name"):
        if source.service_id is not None:
            found[source.service_id][source.pk] = source
    for route in SourceRoute.objects.filter(service__in=services).select_related("source").order_by("source__name"):
        found[route.service_id][route.source_id] = route.source
    return {service: list(found[service].values()) for service in services}


def _begin(first_event: dt.datetime | None, read_from: dt.date | None) -> dt.datetime | None:
    if first_event is None or read_from is None:
        return first_event
    return max(first_event, dt.datetime.combine(read_from, dt.time(), dt.UTC))


def imported_by_source(sources: Iterable[int], now: dt.datetime) -> dict[int, Span]:
    """The imported hours of each source; sources without any are left out. Two queries.

    Nothing is known of the future: an entry with a wrong clock does not stretch what was read.
    """
    sources = list(sources)
    first = HourCount.objects.filter(source=OuterRef("pk")).order_by("hour").values("hour")[:1]
    rows = LogSource.objects.filter(pk__in=sources).values_list("pk", "read_from", Subquery(first))
    begins = {source: _begin(event, day) for source, day, event in rows}
    # Without a `read_until` an import read up to nothing; PostgreSQL's LEAST would pass over the NULL.
    done = Import.objects.filter(source__in=sources, state=ImportState.DONE, read_until__isnull=False)
    by_source = done.order_by().values("source")
    spans = {}
    for source, until in by_source.annotate(until=Max(Least("read_until", "finished_at"))).values_list(
        "source", "until"
    ):
        begin = begins.get(source)
        if begin is not None and until is not None:
            end = floor_hour(min(until, now))
            if begin < end:
                spans[source] = Span(begin, end)
    return spans


def imported_of_services(sources: Mapping[int, Collection[LogSource]], now: dt.datetime) -> dict[int, Span | None]:
    """The hours of each service that all its sources have imported; None when there are none."""
    spans = imported_by_source({source.pk for group in sources.values() for source in group}, now)
    found: dict[int, Span | None] = {}
    for service, group in sources.items():
        own = [spans.get(source.pk) for source in group]
        known = [span for span in own if span is not None]
        found[service] = None
        if known and len(known) == len(own):
            begin, end = max(span.begin for span in known), min(span.end for span in known)
            found[service] = Span(begin, end) if begin < end else None
    return found


@dataclass(frozen=True, eq=False)
class Hourly:
    """Events per hour of one service, together and by category."""

    total: Series
    categories: Mapping[str, Series]


def hourly(
    service: Service,
    begin: dt.datetime,
    end: dt.datetime,
    imported: Span | None,
    source: LogSource | None = None,
) -> Hourly:
    """The hours [begin, end) of a service, or what one of its sources says of it. One query."""
    length = max(int((end - begin) // HOUR), 0)
    mask = np.zeros(length, np.bool_)
    span = imported.within(begin, end) if imported is not None else None
    if span is not None:
        mask[int((span.begin - begin) // HOUR) : int((span.end - begin) // HOUR)] = True
    counts: dict[str, npt.NDArray[np.int64]] = defaultdict(lambda: np.zeros(length, np.int64))
    rows = HourCount.objects.filter(service=service, hour__gte=begin, hour__lt=end).order_by()
    rows = rows if source is None else rows.filter(source=source)
    for hour, category, n in (
        rows.values("hour", "category").annotate(total=Sum("n")).values_list("hour", "category", "total")
    ):
        counts[category][int((hour - begin) // HOUR)] = n
    total = np.sum(list(counts.values()), axis=0) if counts else np.zeros(length, np.int64)
    zone = service.time_zone

    def series(values: npt.NDArray[np.int64]) -> Series:
        return Series(begin, values, mask, zone)

    return Hourly(series(total), {category: series(values) for category, values in sorted(counts.items())})


def daily(services: Collection[int], begin: dt.datetime, end: dt.datetime) -> dict[int, npt.NDArray[np.int64]]:
    """Events of each UTC day [begin, end) of each service. One query."""
    length = int((end - begin) // DAY)
    found = {service: np.zeros(length, np.int64) for service in services}
    rows = (
        HourCount.objects.filter(service__in=services, hour__gte=begin, hour__lt=end)
        .order_by()
        .annotate(day=Func("hour", function="DATE", output_field=DateField()))
        .values("service", "day")
        .annotate(total=Sum("n"))
    )
    for service, day, n in rows.values_list("service", "day", "total"):
        found[service][(day - begin.date()).days] = n
    return found
