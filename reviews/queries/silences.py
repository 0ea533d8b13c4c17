"""Silences and what is known about them: read from the last search, or searched for at once where that is too old."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from reviews.engine.analysis.baselines import Series
from reviews.engine.analysis.gaps import EDGE_HOURS, Gap, ServiceJudgement, judge_service
from reviews.engine.analysis.quarters import Quarter
from reviews.engine.events import CATEGORY_NAMES, COVERED_CATEGORIES
from reviews.models import Service, Silence, SilenceReport
from reviews.queries import activity
from reviews.queries.activity import HOUR, Span

HISTORY: Final = dt.timedelta(weeks=13)  # before the quarter, as the measure of what is usual
LAG: Final = dt.timedelta(hours=EDGE_HOURS)
SEARCHED_EVERY: Final = dt.timedelta(hours=2)  # at most, while a source is read and the portal runs
# Categories that are searched by themselves. Changes to logging are rare and are listed one by one.
JUDGED_CATEGORIES: Final = COVERED_CATEGORIES
OF_A_SOURCE: Final = "source"  # stands for the category of a silence of one source while others flowed
NOT_LOOKED: Final = "Nobody has searched this quarter for silences yet."


@dataclass(frozen=True)
class FoundSilence:
    """One silence of a service."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    expected: float
    probability: float
    category: str
    sentence: str

    @property
    def hours(self) -> int:
        return int((self.ends_at - self.starts_at) // HOUR)

    @property
    def category_name(self) -> str:
        return "One log source" if self.category == OF_A_SOURCE else CATEGORY_NAMES.get(self.category, self.category)


@dataclass(frozen=True)
class Silences:
    """What can be said of one service and quarter. `judged` False: it cannot be told, for the reason."""

    judged: bool
    reason: str
    found: tuple[FoundSilence, ...] = ()
    judged_until: dt.datetime | None = None
    hours_judged: int = 0
    hours_not_imported: int = 0
    expected_not_imported: float = 0.0
    noticed_after_hours: int | None = None
    weeks_of_history: float = 0.0
    categories_not_judged: tuple[str, ...] = ()

    @property
    def hours(self) -> int:
        """Hours without events, of whole silences of the service; a silent category is none."""
        return sum(one.hours for one in self.found if not one.category)


def search(service: Service, quarter: Quarter, now: dt.datetime, imported: Span | None) -> Silences:
    """Search the hours of the quarter so far. Two queries, and two more where several sources speak of the service.

    While the quarter runs, the hours since the last import are not missing yet, for as long as a day.
    """
    end = min(quarter.ends_at, activity.floor_hour(now))
    if imported is not None and imported.end < end <= imported.end + LAG and end < quarter.ends_at:
        end = imported.end
    if end <= quarter.starts_at:
        return Silences(False, "The quarter has not begun.")
    counts = activity.hourly(service, quarter.starts_at - HISTORY, end, imported)
    parts = _by_source(service, quarter.starts_at - HISTORY, end, now)
    categories = {name: series for name, series in counts.categories.items() if name in JUDGED_CATEGORIES}
    read_on = max(int((imported.end - end) // HOUR), 0) if imported else 0
    judgement = judge_service(counts.total, categories, quarter.starts_at, end, CATEGORY_NAMES, read_on, parts)
    return _as_silences(judgement, min(end, imported.end) if imported else None)


def _by_source(service: Service, begin: dt.datetime, end: dt.datetime, now: dt.datetime) -> dict[str, Series]:
    """The hours of each source by name, where there are several: one may die while the others flow."""
    sources = activity.sources_of_services([service.pk])[service.pk]
    if len(sources) < 2:
        return {}
    spans = activity.imported_by_source([source.pk for source in sources], now)
    return {source.name: activity.hourly(service, begin, end, spans.get(source.pk), source).total for source in sources}


def _as_silences(judgement: ServiceJudgement, until: dt.datetime | None) -> Silences:
    total = judgement.total
    return Silences(
        judged=total.verdict == "judged",
        reason=total.reason,
        found=tuple(_found(gap) for gap in judgement.gaps),
        judged_until=until,
        hours_judged=total.hours_judged,
        hours_not_imported=total.hours_not_imported,
        expected_not_imported=total.expected_not_imported,
        noticed_after_hours=total.noticed_after_hours,
        weeks_of_history=total.weeks_of_history,
        categories_not_judged=tuple(
            [CATEGORY_NAMES[name] for name, one in judgement.categories.items() if one.verdict == "unknown"]
            + [f"the log source {name}" for name, one in judgement.sources.items() if one.verdict == "unknown"]
        ),
    )


def _found(gap: Gap) -> FoundSilence:
    part = OF_A_SOURCE if gap.source else gap.category
    return FoundSilence(gap.starts_at, gap.ends_at, gap.expected, gap.probability, part, gap.sentence)


def of_services(services: Collection[int], quarter: Quarter, now: dt.datetime) -> dict[int, Silences]:
    """What the last search said of each service; two queries. Where nobody has searched, or not far enough, it is not
    judged: a source that is no longer read, or a portal that stands still, must not look like "no silence".
    """
    rows: Mapping[int, list[FoundSilence]] = defaultdict(list)
    for row in Silence.objects.filter(service__in=services, quarter=str(quarter)).order_by("starts_at", "category"):
        rows[row.service_id].append(
            FoundSilence(row.starts_at, row.ends_at, row.expected, row.probability, row.category, row.sentence)
        )
    reports = {r.service_id: r for r in SilenceReport.objects.filter(service__in=services, quarter=str(quarter))}
    return {pk: _as_of(_read(reports.get(pk), tuple(rows[pk])), quarter, now) for pk in services}


def _as_of(known: Silences, quarter: Quarter, now: dt.datetime) -> Silences:
    until = known.judged_until
    if not known.judged or until is None or not _is_stale(known, quarter, now):
        return known
    words = f"{until.day} {until:%b %Y, %H:%M} UTC"
    reason = f"Only the hours until {words} were searched; what came after is not known."
    return replace(known, judged=False, reason=reason)


def _read(report: SilenceReport | None, found: tuple[FoundSilence, ...]) -> Silences:
    if report is None:
        return Silences(False, NOT_LOOKED, found)
    return Silences(
        judged=report.verdict == "judged",
        reason=report.reason,
        found=found,
        judged_until=report.judged_until,
        hours_judged=report.hours_judged,
        hours_not_imported=report.hours_not_imported,
        expected_not_imported=report.expected_not_imported,
        noticed_after_hours=report.noticed_after_hours,
        weeks_of_history=report.weeks_of_history,
        categories_not_judged=tuple(report.categories_not_judged),
    )


def up_to_date(services: Collection[Service], quarter: Quarter, now: dt.datetime) -> dict[int, Silences]:
    """As `of_services`; where the last search did not reach far enough, searched at once.

    So the numbers that are frozen never rest on a search that stopped early.
    """
    found = of_services([service.pk for service in services], quarter, now)
    stale = [one for one in services if _is_stale(found[one.pk], quarter, now)]
    if stale:
        imported = activity.imported_of_services(activity.sources_of_services([one.pk for one in stale]), now)
        found |= {one.pk: search(one, quarter, now, imported[one.pk]) for one in stale}
    return found


def _is_stale(known: Silences, quarter: Quarter, now: dt.datetime) -> bool:
    """Whether the last search does not reach to the quarter's end; while the quarter runs, to within a day of now."""
    until = known.judged_until or quarter.starts_at
    return known.reason == NOT_LOOKED or until < min(quarter.ends_at, now - LAG - SEARCHED_EVERY)
