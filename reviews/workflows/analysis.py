"""Searching for silences again after counts changed or time went on. The last search replaces the one before."""

import datetime as dt
from collections.abc import Collection
from typing import Final

from django.utils import timezone

from reviews.engine.analysis.quarters import Quarter
from reviews.models import Service, Silence, SilenceReport
from reviews.queries import activity, silences
from reviews.workflows.background import small_write

AGAIN_AFTER: Final = dt.timedelta(hours=1)  # a dead collector changes no counts: time alone asks for a new search
MOST_AT_ONCE: Final = 10  # services in one tick


def refresh(service_ids: Collection[int], days: Collection[dt.date], now: dt.datetime | None = None) -> int:
    """Search the quarters that these days touch: their own and the next, whose history they are. How many searches."""
    now = now or timezone.now()
    touched = {Quarter.of(day) for day in days}
    quarters = sorted(touched | {quarter.next for quarter in touched})
    quarters = [quarter for quarter in quarters if quarter.starts_at < now]
    services = list(Service.objects.filter(pk__in=service_ids))
    sources = activity.sources_of_services([service.pk for service in services])
    imported = activity.imported_of_services(sources, now)
    for service in services:
        for quarter in quarters:
            _write(service, quarter, silences.search(service, quarter, now, imported[service.pk]), now)
    return len(services) * len(quarters)


def refresh_due(now: dt.datetime | None = None) -> int:
    """Search again where more has been read since the last search, though no count may have changed.

    Called by the tick. A source from which nothing comes any more is exactly what must be found here.
    """
    now = now or timezone.now()
    current = Quarter.of(now.date())
    services = list(Service.objects.all())
    sources = activity.sources_of_services([service.pk for service in services])
    imported = activity.imported_of_services(sources, now)
    reports = {
        (report.service_id, report.quarter): report
        for report in SilenceReport.objects.filter(quarter__in=(str(current), str(current.previous)))
    }
    done = 0
    for service in services:
        span = imported[service.pk]
        for quarter in (current.previous, current):
            if done >= MOST_AT_ONCE:
                return done
            if _is_due(reports.get((service.pk, str(quarter))), quarter, span, now):
                _write(service, quarter, silences.search(service, quarter, now, span), now)
                done += 1
    return done


def _is_due(report: SilenceReport | None, quarter: Quarter, span: activity.Span | None, now: dt.datetime) -> bool:
    if span is None or span.within(quarter.starts_at, quarter.ends_at) is None:
        return False
    if report is None:
        return True
    reaches = min(span.end, quarter.ends_at)
    return (report.judged_until is None or report.judged_until < reaches) and report.made_at < now - AGAIN_AFTER


def _write(service: Service, quarter: Quarter, found: silences.Silences, now: dt.datetime) -> None:
    """Put what was found in place of the search before, in one small write."""
    rows = [
        Silence(
            service=service,
            quarter=str(quarter),
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            expected=one.expected,
            probability=one.probability,
            category=one.category,
            sentence=one.sentence,
        )
        for one in found.found
    ]
    values = {
        "verdict": "judged" if found.judged else "unknown",
        "reason": found.reason,
        "judged_until": found.judged_until,
        "hours_judged": found.hours_judged,
        "hours_not_imported": found.hours_not_imported,
        "expected_not_imported": found.expected_not_imported,
        "noticed_after_hours": found.noticed_after_hours,
        "weeks_of_history": found.weeks_of_history,
        "categories_not_judged": list(found.categories_not_judged),
        "made_at": now,
    }
    with small_write():
        Silence.objects.filter(service=service, quarter=str(quarter)).delete()
        Silence.objects.bulk_create(rows)
        SilenceReport.objects.update_or_create(service=service, quarter=str(quarter), defaults=values)
