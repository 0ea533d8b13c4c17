"""Lists of services in one quarter: a fixed number of queries for any number of services."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from django.db.models import Q

from reviews import access
from reviews.engine.analysis.coverage import Coverage
from reviews.engine.analysis.quarters import Quarter
from reviews.engine.charts.sparkline import Sparkline, sparkline
from reviews.engine.formats import all_formats
from reviews.models import LogSource, Service, ServiceUserObjectPermission
from reviews.queries import activity, coverage, silences
from reviews.queries.activity import DAY, Span
from reviews.queries.coverage import service_coverage
from reviews.queries.silences import Silences

if TYPE_CHECKING:
    from auditportal.accounts.models import User

__all__ = ["DayCounts", "ServiceRow", "in_scope", "owners", "rows", "service_coverage", "visible"]


@dataclass(frozen=True)
class ServiceRow:
    """One line of a list of services, in one quarter."""

    service: Service
    formats: str
    sources: int
    spark: Sparkline | None  # None: nothing was imported in the quarter
    usual_day: int | None  # median of the days imported whole
    coverage: Coverage
    silences: Silences
    owners: tuple[str, ...]

    @property
    def whole_silences(self) -> int:
        return sum(not one.category for one in self.silences.found)

    @property
    def silent_categories(self) -> int:
        return len(self.silences.found) - self.whole_silences

    @property
    def gap_words(self) -> str:
        """`2, 41 h`."""
        return f"{self.whole_silences}, {self.silences.hours:,} h"

    @property
    def category_words(self) -> str:
        n = self.silent_categories
        if any(one.category == silences.OF_A_SOURCE for one in self.silences.found):
            return f"{n} in part"
        return "1 in a category" if n == 1 else f"{n} in categories"


def in_scope(quarter: Quarter) -> Q:
    """Services that are in scope on any day of the quarter."""
    begins = Q(in_scope_from__isnull=True) | Q(in_scope_from__lte=quarter.ends_on)
    return begins & (Q(in_scope_to__isnull=True) | Q(in_scope_to__gte=quarter.starts_on))


def owners(services: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Names of the people who operate each service. One query."""
    found: dict[int, list[str]] = defaultdict(list)
    grants = ServiceUserObjectPermission.objects.filter(
        content_object__in=services, permission__codename="operate_service", user__is_active=True
    )
    for service, name in grants.order_by("user__name").values_list("content_object", "user__name"):
        found[service].append(name)
    return {pk: tuple(names) for pk, names in found.items()}


def visible(person: "User", quarter: Quarter) -> list[Service]:
    """The services in scope that the person sees."""
    return list(access.services(person).filter(in_scope(quarter)).order_by("name"))


def rows(services: Sequence[Service], quarter: Quarter, now: dt.datetime) -> tuple[ServiceRow, ...]:
    """The services with volume, coverage and silences of the quarter."""
    pks = [service.pk for service in services]
    sources = activity.sources_of_services(pks)
    imported = activity.imported_of_services(sources, now)
    counts = activity.daily(pks, quarter.starts_at, quarter.ends_at)
    covered = coverage.coverages(services, quarter, sources, imported)
    found = silences.of_services(pks, quarter, now)
    people = owners(pks)
    return tuple(
        _row(
            service,
            sources[service.pk],
            DayCounts(quarter, counts[service.pk], imported[service.pk]),
            covered[service.pk],
            found[service.pk],
            people.get(service.pk, ()),
        )
        for service in services
    )


@dataclass(frozen=True, eq=False)
class DayCounts:
    """Events of each day of a quarter, and how many of its hours have been imported."""

    quarter: Quarter
    counts: npt.NDArray[np.int64]
    imported: Span | None

    def hours(self) -> npt.NDArray[np.int64]:
        """Imported hours of each day."""
        result = np.zeros(len(self.counts), np.int64)
        if self.imported is None:
            return result
        for index in range(len(result)):
            begin = self.quarter.starts_at + index * DAY
            part = self.imported.within(begin, begin + DAY)
            result[index] = part.hours if part else 0
        return result

    def whole(self) -> list[int | None]:
        """The count of each day that was imported whole; None for the others."""
        return [int(n) if hours == 24 else None for n, hours in zip(self.counts, self.hours(), strict=True)]

    def usual(self) -> int | None:
        """The median of the days imported whole."""
        known = [n for n in self.whole() if n is not None]
        return int(np.median(known)) if known else None


def _row(
    service: Service,
    sources: Sequence[LogSource],
    days: DayCounts,
    covered: Coverage,
    found: Silences,
    people: tuple[str, ...],
) -> ServiceRow:
    quarter, whole = days.quarter, days.whole()
    spans = [(one.starts_at, one.ends_at) for one in found.found if not one.category]
    spark = sparkline(whole, spans, quarter.starts_at, quarter.ends_at)
    known = all_formats()
    titles = dict.fromkeys(known[one.format].title if one.format in known else one.format for one in sources)
    return ServiceRow(
        service=service,
        formats=", ".join(titles),
        sources=len(sources),
        spark=spark if any(n is not None for n in whole) else None,
        usual_day=days.usual(),
        coverage=covered,
        silences=found,
        owners=people,
    )
