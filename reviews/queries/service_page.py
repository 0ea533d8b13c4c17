"""One service in one quarter: volume, silences with the imports beside them, categories and kinds."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from django.db.models import Count, Q, Sum

from reviews.engine.analysis.coverage import STATE_WORDS, Coverage, KindCoverage
from reviews.engine.analysis.quarters import Quarter
from reviews.engine.charts.volume import Point, Shade, Step, Volume
from reviews.engine.events import CATEGORY_NAMES, COVERED_CATEGORIES, LOGGING_CONTROL
from reviews.models import DayChange, HourCount, Import, ImportKind, ImportState, LogSource, Service
from reviews.queries import activity, coverage, days, silences
from reviews.queries.activity import DAY, HOUR, Hourly, Span
from reviews.queries.silences import OF_A_SOURCE, FoundSilence, Silences
from reviews.queries.times import moment

WEEK: Final = dt.timedelta(days=7)
MOST_SILENCES: Final = 50


@dataclass(frozen=True)
class CategoryRow:
    """One category of a service in the quarter, with its kinds."""

    category: str
    name: str
    events: int
    last_seen: dt.datetime | None  # the hour of the newest event
    must: bool  # one of the five that must be covered
    kinds: tuple[KindCoverage, ...]
    not_judged: int = 0  # of the events: from sources whose actions the catalogue does not name
    blind: bool = False  # there are such sources: what was not seen may stand in them

    @property
    def verdict(self) -> str:
        """Pass only where an entry that the catalogue could judge was seen."""
        return "pass" if self.events > self.not_judged else "unknown"

    @property
    def word(self) -> str:
        if self.events:
            return "Seen" if self.events > self.not_judged else "Seen, actions not judged"
        return "Cannot tell: actions not judged" if self.blind else "Not seen"

    @property
    def required(self) -> tuple[KindCoverage, ...]:
        return tuple(kind for kind in self.kinds if kind.required)

    @property
    def seen(self) -> int:
        return sum(kind.state == "seen" for kind in self.required)

    @property
    def counted(self) -> int:
        return sum(kind.state != "waived" for kind in self.required)


@dataclass(frozen=True)
class SilenceRow:
    """A silence with what the imports did about it."""

    silence: FoundSilence
    title: str
    imports: str
    shown_from: dt.date  # first day of the hours that show it


@dataclass(frozen=True)
class NumberRow:
    """One line of the table beside the chart."""

    at: dt.datetime
    n: int | None
    imported_hours: int
    noted: str
    to_come: bool  # lies in the future


@dataclass(frozen=True)
class ServicePage:
    """Everything the page shows of the quarter."""

    service: Service
    quarter: Quarter
    sources: tuple[LogSource, ...]
    imported: Span | None
    events: int
    last_event: dt.datetime | None
    volume: Volume
    summary: str
    numbers: tuple[NumberRow, ...]
    changed: tuple[DayChange, ...]  # days of its sources that had been over and counted
    silences: Silences
    silence_rows: tuple[SilenceRow, ...]
    coverage: Coverage
    states: tuple[tuple[str, int], ...]
    categories: tuple[CategoryRow, ...]
    earlier: dt.date | None  # first day of the week before, by hour
    later: dt.date | None
    not_judged: tuple[str, ...]  # names of sources whose actions the catalogue does not name

    @property
    def last_day(self) -> dt.date:
        """The last day of the chart, inclusive."""
        return (self.volume.end - HOUR).date()

    @property
    def hours_from(self) -> dt.date:
        """Where "a week by hour" begins: what is shown, or the newest week with an event."""
        if self.volume.step == "hour":
            return self.volume.begin.date()
        newest = (self.last_event or self.quarter.starts_at).date()
        return max(newest - 6 * DAY, self.quarter.starts_on)


def page(service: Service, quarter: Quarter, first_day: dt.date | None, now: dt.datetime) -> ServicePage:
    """The page by day, or by hour for the week from `first_day` on."""
    sources = activity.sources_of_services([service.pk])
    imported = activity.imported_of_services(sources, now)
    span = imported[service.pk]
    hours = activity.hourly(service, quarter.starts_at, quarter.ends_at, span)
    known = silences.of_services([service.pk], quarter, now)[service.pk]
    covered = coverage.coverages([service], quarter, sources, imported)[service.pk]
    begin = _begin(quarter, first_day)
    volume = _volume(hours, known, quarter, begin)
    counts = hours.total.counts
    return ServicePage(
        service=service,
        quarter=quarter,
        sources=tuple(sources[service.pk]),
        imported=span,
        events=int(counts.sum()),
        last_event=hours.total.at(int(np.flatnonzero(counts)[-1])) if counts.any() else None,
        volume=volume,
        summary=_summary(volume, now),
        numbers=_numbers(volume, hours, known, now),
        changed=tuple(days.changed(sources[service.pk], quarter)),
        silences=known,
        silence_rows=_silence_rows(known, sources[service.pk]),
        coverage=covered,
        states=tuple((STATE_WORDS[state], n) for state, n in covered.states().items() if n),
        categories=categories(covered, hours, _not_judged(service, quarter, sources[service.pk])),
        not_judged=covered.not_judged,
        earlier=(begin - WEEK).date() if begin is not None and begin > quarter.starts_at else None,
        later=(begin + WEEK).date() if begin is not None and begin + WEEK < quarter.ends_at else None,
    )


def _begin(quarter: Quarter, first_day: dt.date | None) -> dt.datetime | None:
    """Where the week by hour begins, within the quarter; None: the whole quarter by day."""
    if first_day is None:
        return None
    day = min(max(first_day, quarter.starts_on), quarter.ends_on)
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def _volume(hours: Hourly, known: Silences, quarter: Quarter, begin: dt.datetime | None) -> Volume:
    shades = tuple(
        Shade(one.starts_at, one.ends_at, f"Silent, {one.hours:,} h") for one in known.found if not one.category
    )
    if begin is None:
        return Volume("day", quarter.starts_at, quarter.ends_at, _points(hours, DAY), shades)
    end = min(begin + WEEK, quarter.ends_at)
    points = tuple(point for point in _points(hours, HOUR) if begin <= point.at < end)
    return Volume("hour", begin, end, points, tuple(s for s in shades if s.begin < end and s.end > begin))


def _points(hours: Hourly, step: dt.timedelta) -> tuple[Point, ...]:
    """A point for each day or hour. Events in hours that count as not imported are shown, as a part."""
    size = int(step // HOUR)
    counts = hours.total.counts.reshape(-1, size).sum(axis=1)
    known = hours.total.imported.reshape(-1, size).sum(axis=1)
    return tuple(
        Point(hours.total.at(index * size), int(n) if imported or n else None, bool(imported == size))
        for index, (n, imported) in enumerate(zip(counts, known, strict=True))
    )


def _summary(volume: Volume, now: dt.datetime) -> str:
    """The chart in one sentence."""
    step: Step = volume.step
    known = [point.n for point in volume.points if point.n is not None and point.whole]
    unknown = sum(point.n is None and point.at < now for point in volume.points)
    if not known:
        return f"No {step} here has been imported whole."
    gaps = len(volume.shades)
    silent = "no silence" if not gaps else "one silence" if gaps == 1 else f"{gaps} silences"
    return (
        f"{min(known):,} to {max(known):,} events {'a day' if step == 'day' else 'an hour'}, {silent}, "
        f"{unknown:,} {step if unknown == 1 else step + 's'} not imported."
    )


def _numbers(volume: Volume, hours: Hourly, known: Silences, now: dt.datetime) -> tuple[NumberRow, ...]:
    step = DAY if volume.step == "day" else HOUR
    rows = []
    for point in volume.points:
        first = hours.total.index(point.at)
        imported = int(hours.total.imported[first : first + int(step // HOUR)].sum())
        silent = [one for one in known.found if one.starts_at < point.at + step and one.ends_at > point.at]
        noted = ", ".join(
            f"{one.category_name} silent" if one.category else f"Part of a silence of {one.hours:,} h" for one in silent
        )
        rows.append(NumberRow(point.at, point.n, imported, noted, point.at > now))
    return tuple(rows)


def _silence_rows(known: Silences, sources: Sequence[LogSource]) -> tuple[SilenceRow, ...]:
    rows = []
    for one in known.found[:MOST_SILENCES]:
        length = f"{one.hours:,} hours" if one.hours < 72 else f"{one.hours // 24:,} days"
        title = f"No “{one.category_name}” for {length}" if one.category else f"No events for {length}"
        title = f"One log source silent for {length}" if one.category == OF_A_SOURCE else title
        rows.append(SilenceRow(one, title, _imports_beside(one, sources), (one.starts_at - DAY).date()))
    return tuple(rows)


def _imports_beside(one: FoundSilence, sources: Sequence[LogSource]) -> str:
    """What the imports of these hours did: not imported, or imported and empty, is the first question of all."""
    mine = Import.objects.filter(source__in=[source.pk for source in sources], kind=ImportKind.IMPORT)
    counted = mine.filter(started_at__gte=one.starts_at, started_at__lt=one.ends_at).aggregate(
        ran=Count("pk"),
        failed=Count("pk", filter=Q(state=ImportState.FAILED)),
        read=Count("pk", filter=Q(state=ImportState.DONE, files_read__gt=0)),
    )
    if counted["ran"]:
        ran = "1 import" if counted["ran"] == 1 else f"{counted['ran']:,} imports"
        return f"{ran} ran in these hours: {counted['failed']:,} failed, {counted['read']:,} found something to read."
    after = mine.filter(state=ImportState.DONE, started_at__gte=one.ends_at).order_by("started_at").first()
    if after is None or after.started_at is None:
        return "No import ran in these hours, and none since."
    return (
        f"No import ran in these hours. They were read on {moment(after.started_at)} from “{after.source.name}”: "
        "imported, and empty."
    )


def _not_judged(service: Service, quarter: Quarter, sources: Sequence[LogSource]) -> dict[str, int]:
    """Events by category, of sources whose actions the catalogue does not name."""
    blind = coverage.not_judged(sources, quarter)
    if not blind:
        return {}
    within = {"hour__gte": quarter.starts_at, "hour__lt": quarter.ends_at}
    rows = HourCount.objects.filter(service=service, source__in=blind, **within).order_by().values_list("category")
    return dict(rows.annotate(Sum("n")))


def categories(covered: Coverage, hours: Hourly, not_judged: Mapping[str, int]) -> tuple[CategoryRow, ...]:
    """The categories seen or not seen, in the order of the catalogue; others only when something was seen.

    `not_judged`: events of sources whose actions the catalogue does not name, by category.
    """
    blind = bool(covered.not_judged)
    found = []
    for category, name in CATEGORY_NAMES.items():
        series = hours.categories.get(category)
        kinds = tuple(kind for kind in covered.kinds if kind.category == category)
        events = int(series.counts.sum()) if series is not None else 0
        if category not in (*COVERED_CATEGORIES, LOGGING_CONTROL) and not events:
            continue
        last = series.at(int(np.flatnonzero(series.counts)[-1])) if series is not None and events else None
        must = category in COVERED_CATEGORIES
        found.append(CategoryRow(category, name, events, last, must, kinds, not_judged.get(category, 0), blind))
    return tuple(found)
