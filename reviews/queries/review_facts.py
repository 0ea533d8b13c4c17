"""The facts of one review that checks and frozen numbers rest on. A review speaks of one or several services."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.conf import settings
from django.db.models import Max, Min, Q, Sum

from reviews.engine.analysis.coverage import FIELD_NAMES, Coverage, Seen, needed_fields
from reviews.engine.analysis.quarters import Quarter
from reviews.engine.archive import archive_store
from reviews.engine.catalogue import load_actions
from reviews.engine.checks import inputs as given
from reviews.engine.events import LOGGING_CONTROL
from reviews.errors import PortalError
from reviews.models import (
    ActionCount,
    DayCount,
    EvidenceLink,
    HourCount,
    Import,
    ImportKind,
    ImportState,
    LogSource,
    Review,
    ReviewItem,
    Scope,
    Service,
)
from reviews.queries import activity, coverage, days, silences
from reviews.queries.activity import Span

_REGULAR_WEEKS: Final = 8  # of the quarter before


@dataclass(frozen=True)
class Facts:
    """The inputs of one review, each read when the first check asks for it."""

    review: Review
    now: dt.datetime

    def get(self, need: str, item: ReviewItem) -> Any:
        """One input by the name that checks use. Categories are those the question is about."""
        if need == "categories":
            return tuple(item.text.get("related_categories", ()))
        return getattr(self, need)

    @cached_property
    def quarter(self) -> Quarter:
        return Quarter.parse(self.review.cycle.quarter)

    @cached_property
    def services(self) -> list[Service]:
        """Of the service, of the sources of the store, or of all service reviews of the quarter."""
        review = self.review
        if review.scope == Scope.SERVICE and review.service is not None:
            return [review.service]
        if review.scope == Scope.LOG_STORE:
            own = LogSource.objects.filter(store=review.store_id)
            direct = set(own.filter(service__isnull=False).values_list("service", flat=True))
            routed = set(own.filter(routes__isnull=False).values_list("routes__service", flat=True))
            return list(Service.objects.filter(pk__in=direct | routed))
        return list(Service.objects.filter(reviews__cycle=review.cycle_id).distinct())

    @cached_property
    def sources(self) -> Mapping[int, list[LogSource]]:
        """Sources of each service; of a store's review only those in the store."""
        found = activity.sources_of_services([service.pk for service in self.services])
        if self.review.scope != Scope.LOG_STORE:
            return found
        return {pk: [one for one in group if one.store_id == self.review.store_id] for pk, group in found.items()}

    @cached_property
    def every_source(self) -> list[LogSource]:
        if self.review.scope == Scope.SERVICE:
            return list(self.sources[self.services[0].pk])
        everything = LogSource.objects.order_by("name")
        if self.review.scope == Scope.LOG_STORE:
            return list(everything.filter(store=self.review.store_id))
        return list(everything)

    @cached_property
    def imported(self) -> Mapping[int, Span | None]:
        return activity.imported_of_services(self.sources, self.now)

    @cached_property
    def coverage(self) -> Coverage | None:
        """Only a service has one."""
        if self.review.scope != Scope.SERVICE:
            return None
        service = self.services[0]
        return coverage.coverages([service], self.quarter, self.sources, self.imported)[service.pk]

    @cached_property
    def known_silences(self) -> Mapping[int, silences.Silences]:
        return silences.up_to_date(self.services, self.quarter, self.now)

    @cached_property
    def silences(self) -> tuple[given.SilenceFacts, ...]:
        return tuple(_silence_facts(service, self.known_silences[service.pk]) for service in self.services)

    @cached_property
    def events(self) -> dict[int, dict[int, int]]:
        """Events of the quarter by service and source."""
        return _events(self.services, self.quarter)

    @cached_property
    def inventory(self) -> given.Inventory:
        before = _regular_before(self.services, self.quarter, self.imported)
        rows = []
        for service in self.services:
            sources, own = self.sources[service.pk], self.events[service.pk]
            rows.append(
                given.Inventoried(
                    name=service.name,
                    sources=len(sources),
                    silent_sources=sum(not own.get(source.pk) for source in sources),
                    events=sum(own.get(source.pk, 0) for source in sources),
                    regular_before=service.pk in before,
                )
            )
        unrouted = HourCount.objects.filter(
            source__in=[source.pk for source in self.every_source],
            service__isnull=True,
            hour__gte=self.quarter.starts_at,
            hour__lt=self.quarter.ends_at,
        ).aggregate(n=Sum("n"))["n"]
        return given.Inventory(tuple(rows), unrouted or 0, _unreadable(self.every_source, self.quarter))

    @cached_property
    def _not_judged(self) -> frozenset[int]:
        return coverage.not_judged(self.every_source, self.quarter)

    @cached_property
    def judged_otherwise(self) -> frozenset[int]:
        """Sources with events that today's catalogue has not judged yet, or could not find again."""
        return days.judged_otherwise(self.every_source, self.quarter)

    @cached_property
    def not_judged(self) -> tuple[str, ...]:
        """Names of sources whose actions the catalogue does not name."""
        return tuple(one.name for one in self.every_source if one.pk in self._not_judged)

    @cached_property
    def seen(self) -> list[tuple[LogSource, Seen]]:
        """Critical entries of the quarter, with their source."""
        sources = {source.pk: source for group in self.sources.values() for source in group}
        found = coverage.seen_in([service.pk for service in self.services], self.quarter)
        return [(sources[pk], row) for rows in found.values() for pk, row in rows if pk in sources]

    @cached_property
    def fields(self) -> tuple[given.FieldShare, ...]:
        counted: dict[tuple[str, str], list[int]] = {}
        for source, row in self.seen:
            for name in needed_fields(row.format, row.kind):
                share = counted.setdefault((source.name, name), [0, 0])
                share[0] += row.n
                share[1] += row.missing[name]
        return tuple(given.FieldShare(source, FIELD_NAMES[name], *n) for (source, name), n in sorted(counted.items()))

    @cached_property
    def clocks(self) -> tuple[given.ClockFacts, ...]:
        ahead = _ahead(self.every_source)
        named = {source.pk: source for source in self.every_source}
        days = DayCount.objects.filter(source__in=named, day__range=(self.quarter.starts_on, self.quarter.ends_on))
        told = {
            one["source"]: one
            for one in days.order_by()
            .values("source")
            .annotate(
                n=Sum("events"),
                unzoned=Sum("assumed"),
                received=Sum("skew_entries"),
                late=Max("skew_seconds"),
                early=Min("skew_low"),
            )
        }
        return tuple(_clock(source, told.get(pk, {}), ahead.get(pk)) for pk, source in named.items())

    @cached_property
    def logging_control(self) -> given.LoggingControl:
        catalogue = load_actions()
        names = {service.pk: service.name for service in self.services}
        rows = (
            ActionCount.objects.filter(
                service__in=names,
                source__in=[source.pk for source in self.every_source],
                day__range=(self.quarter.starts_on, self.quarter.ends_on),
                category=LOGGING_CONTROL,
            )
            .order_by("service", "kind")
            .values("service", "kind")
            .annotate(n=Sum("success") + Sum("failure") + Sum("unknown"), first=Min("first_at"), last=Max("last_at"))
        )
        return given.LoggingControl(
            services=tuple(self._watched(service) for service in self.services),
            found=tuple(
                given.Tampering(
                    names[row["service"]], catalogue.kinds[row["kind"]].label, row["n"], row["first"], row["last"]
                )
                for row in rows
            ),
        )

    def _watched(self, service: Service) -> given.Watched:
        able = [source for source in self.sources[service.pk] if _shows_logging_control(source.format)]
        begin, end = self.quarter.starts_at, min(self.quarter.ends_at, activity.floor_hour(self.now))
        imported = self.imported[service.pk]
        read = imported.within(begin, end) if imported is not None else None
        return given.Watched(
            service=service.name,
            observable=bool(able),
            entries=sum(self.events[service.pk].get(source.pk, 0) for source in able),
            hours_not_imported=Span(begin, end).hours - (read.hours if read is not None else 0),
            not_judged=tuple(
                one.name for one in self.sources[service.pk] if one.pk in self._not_judged | self.judged_otherwise
            ),
        )

    @cached_property
    def evidence(self) -> tuple[given.StoredFile, ...]:
        """Every file of the review, read and hashed again."""
        links = EvidenceLink.objects.filter(item__review=self.review, removed_at__isnull=True)
        files = {link.evidence_id: link.evidence for link in links.select_related("evidence")}
        return tuple(given.StoredFile(file.name, file.sha256, _hash_now(file.sha256)) for file in files.values())


def _silence_facts(service: Service, known: silences.Silences) -> given.SilenceFacts:
    return given.SilenceFacts(
        service=service.name,
        judged=known.judged,
        reason=known.reason,
        found=tuple(given.FoundSilence(one.hours, one.sentence, one.category) for one in known.found),
        noticed_after_hours=known.noticed_after_hours,
        hours_judged=known.hours_judged,
        hours_not_imported=known.hours_not_imported,
        expected_not_imported=known.expected_not_imported,
        categories_not_judged=known.categories_not_judged,
    )


def _events(services: list[Service], quarter: Quarter) -> dict[int, dict[int, int]]:
    found: dict[int, dict[int, int]] = {service.pk: {} for service in services}
    rows = (
        HourCount.objects.filter(service__in=list(found), hour__gte=quarter.starts_at, hour__lt=quarter.ends_at)
        .order_by()
        .values_list("service", "source")
        .annotate(total=Sum("n"))
    )
    for service, source, total in rows:
        found[service][source] = total
    return found


def _regular_before(services: list[Service], quarter: Quarter, imported: Mapping[int, Span | None]) -> set[int]:
    """Services that logged in most weeks of the quarter before; 'stopped' also wants the quarter to be read."""
    before = quarter.previous
    counts = activity.daily([service.pk for service in services], before.starts_at, before.ends_at)
    found = set()
    for service in services:
        days = counts[service.pk]
        weeks = sum(bool(days[first : first + 7].any()) for first in range(0, len(days), 7))
        span = imported[service.pk]
        read = span.within(quarter.starts_at, quarter.ends_at) if span is not None else None
        if weeks >= _REGULAR_WEEKS and read is not None and read.hours >= 14 * 24:
            found.add(service.pk)
    return found


def _unreadable(sources: list[LogSource], quarter: Quarter) -> tuple[given.Unreadable, ...]:
    """Rejected records of imports whose events touch the quarter, or that ran in it and could read no event at all."""
    touching = Q(first_event_at__lt=quarter.ends_at, last_event_at__gte=quarter.starts_at)
    touching |= Q(first_event_at__isnull=True, started_at__gte=quarter.starts_at, started_at__lt=quarter.ends_at)
    imports = Import.objects.filter(
        touching, source__in=[source.pk for source in sources], kind=ImportKind.IMPORT
    ).order_by()
    sums = imports.values("source__name").annotate(Sum("records"), Sum("rejected")).order_by("source__name")
    return tuple(given.Unreadable(one["source__name"], one["records__sum"], one["rejected__sum"]) for one in sums)


def _shows_logging_control(format_id: str) -> bool:
    catalogue = load_actions()
    return any(catalogue.kinds[kind].category == LOGGING_CONTROL for kind in catalogue.kinds_of_format(format_id))


def _clock(source: LogSource, told: Mapping[str, Any], ahead: dt.timedelta | None) -> given.ClockFacts:
    late, early = (None if (lag := told.get(name)) is None else dt.timedelta(seconds=lag) for name in ("late", "early"))
    return given.ClockFacts(
        source=source.name,
        entries=told.get("n", 0),
        assumed=told.get("unzoned", 0),
        ahead=ahead,
        received=told.get("received", 0),
        late=late,
        early=early,
    )


def _ahead(sources: list[LogSource]) -> dict[int, dt.timedelta]:
    """How far entries lie after the end of the import that read them, at most, per source."""
    found: dict[int, dt.timedelta] = {}
    imports = Import.objects.filter(
        source__in=[source.pk for source in sources], state=ImportState.DONE, last_event_at__isnull=False
    )
    for source, last, finished in imports.values_list("source", "last_event_at", "finished_at"):
        if finished is not None and last is not None and last > finished:
            found[source] = max(found.get(source, dt.timedelta()), last - finished)
    return found


def _hash_now(sha256: str) -> str | None:
    """The hash of what is stored under this name; None when it is not there or cannot be read."""
    digest = hashlib.sha256()
    try:
        with archive_store(settings.ARCHIVE_URL).open("evidence", sha256) as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except (OSError, PortalError):
        return None
    return digest.hexdigest()
