"""Searching for silences again: after counts changed, and because time went on."""

import datetime as dt

import numpy as np
import pytest

from reviews.engine.analysis.quarters import Quarter
from reviews.models import HourCount, LogSource, Silence, SilenceReport
from reviews.queries import silences
from reviews.workflows import analysis
from tests.activity import HISTORY, NOW, Q3_BEGINS, Q3_ENDS, done, fill, read_source, steady
from tests.world import World

Q3 = Quarter(2026, 3)
HOUR = dt.timedelta(hours=1)
OUTAGE = dt.datetime(2026, 8, 12, 9, tzinfo=dt.UTC)


def index(moment: dt.datetime) -> int:
    return int((moment - HISTORY) // HOUR)


def with_outage(mean=20.0):
    counts = steady(mean)
    counts[index(OUTAGE) : index(OUTAGE) + 19] = 0
    return counts


@pytest.fixture
def source(world: World) -> LogSource:
    return read_source(world, world.cloud)


def test_refresh_keeps_what_was_found_and_how_far(world: World, source: LogSource) -> None:
    fill(source, world.cloud, with_outage())
    analysis.refresh([world.cloud.pk], [dt.date(2026, 8, 12)], NOW)
    silence = Silence.objects.get(service=world.cloud, quarter="2026-Q3")
    assert (silence.starts_at, silence.ends_at, silence.category) == (OUTAGE, OUTAGE + 19 * HOUR, "")
    assert silence.expected == pytest.approx(380, rel=0.1)
    assert "Nothing arrived from 12 Aug, 09:00 to 13 Aug 2026, 04:00 UTC (19 hours)." in silence.sentence
    report = SilenceReport.objects.get(service=world.cloud, quarter="2026-Q3")
    assert (report.verdict, report.judged_until, report.hours_not_imported) == ("judged", Q3_ENDS, 0)
    assert report.hours_judged == 92 * 24
    # The quarter after has this one as its history.
    assert set(SilenceReport.objects.values_list("quarter", flat=True)) == {"2026-Q3", "2026-Q4"}


def test_a_late_log_takes_its_silence_away(world: World, source: LogSource) -> None:
    fill(source, world.cloud, with_outage())
    analysis.refresh([world.cloud.pk], [OUTAGE.date()], NOW)
    fill(source, world.cloud, np.full(19, 20), OUTAGE)
    analysis.refresh([world.cloud.pk], [OUTAGE.date()], NOW)
    assert not Silence.objects.filter(quarter="2026-Q3").exists()
    assert SilenceReport.objects.filter(quarter="2026-Q3").count() == 1


def test_a_source_from_which_nothing_comes_any_more_is_found_by_time_alone(world: World, source: LogSource) -> None:
    counts = steady(20)
    stopped = dt.datetime(2026, 9, 1, 9, tzinfo=dt.UTC)
    counts[index(stopped) :] = 0
    fill(source, world.cloud, counts)
    source.imports.all().delete()
    done(source, stopped + HOUR)
    analysis.refresh([world.cloud.pk], [stopped.date()], stopped + HOUR)
    assert not Silence.objects.exists()
    later = stopped + dt.timedelta(days=3)
    done(source, later)  # the import works; it finds no file
    assert analysis.refresh_due(later) == 2  # the quarter before has no report yet
    silence = Silence.objects.get(quarter="2026-Q3")
    assert silence.starts_at == stopped
    assert "still silent at the last import" in silence.sentence
    assert analysis.refresh_due(later) == 0


def test_searches_wait_an_hour(world: World, source: LogSource) -> None:
    fill(source, world.cloud, steady(20, HISTORY, Q3_BEGINS + 200 * HOUR))
    source.imports.all().delete()
    at = Q3_BEGINS + 150 * HOUR
    done(source, at)
    assert analysis.refresh_due(at) == 2
    done(source, at + HOUR / 2)
    done(source, at + 2 * HOUR)
    assert analysis.refresh_due(at + HOUR / 2) == 0
    assert analysis.refresh_due(at + 2 * HOUR) == 1


def test_the_hours_since_the_last_import_are_not_missing_for_a_day(world: World, source: LogSource) -> None:
    fill(source, world.cloud, steady(20, HISTORY, Q3_BEGINS + 800 * HOUR))
    source.imports.all().delete()
    at = Q3_BEGINS + 700 * HOUR
    done(source, at)
    analysis.refresh([world.cloud.pk], [at.date()], at + 20 * HOUR)
    assert SilenceReport.objects.get(quarter="2026-Q3").hours_not_imported == 0
    analysis.refresh([world.cloud.pk], [at.date()], at + 30 * HOUR)
    report = SilenceReport.objects.get(quarter="2026-Q3")
    assert report.hours_not_imported == 30
    assert report.expected_not_imported == pytest.approx(600, rel=0.1)


def test_nobody_looked_is_not_judged(world: World, source: LogSource) -> None:
    known = silences.of_services([world.cloud.pk], Q3, NOW)[world.cloud.pk]
    assert (known.judged, known.reason) == (False, silences.NOT_LOOKED)


def test_after_the_quarter_a_search_that_stopped_early_is_made_anew(world: World, source: LogSource) -> None:
    fill(source, world.cloud, with_outage())
    early = OUTAGE - dt.timedelta(days=2)
    analysis.refresh([world.cloud.pk], [early.date()], early)
    assert not Silence.objects.exists()
    assert not silences.up_to_date([world.cloud], Q3, early)[world.cloud.pk].found
    found = silences.up_to_date([world.cloud], Q3, NOW)[world.cloud.pk].found
    assert [one.starts_at for one in found] == [OUTAGE]
    assert not Silence.objects.exists()  # reading writes nothing


def test_a_collector_that_dies_silences_both_its_services(world: World) -> None:
    for service, seed in ((world.cloud, 1), (world.payments, 2)):
        source = read_source(world, service)
        counts = steady(20, seed=seed)
        counts[index(OUTAGE) : index(OUTAGE) + 60] = 0
        fill(source, service, counts)
    analysis.refresh([world.cloud.pk, world.payments.pk], [OUTAGE.date()], NOW)
    spans = set(Silence.objects.filter(quarter="2026-Q3").values_list("starts_at", "ends_at"))
    assert spans == {(OUTAGE, OUTAGE + 60 * HOUR)}
    assert Silence.objects.filter(quarter="2026-Q3").count() == 2


def test_a_silent_category_is_kept_with_its_name(world: World, source: LogSource) -> None:
    exports = steady(3, seed=5)
    exports[index(OUTAGE) :] = 0
    fill(source, world.cloud, steady(20))
    fill(source, world.cloud, exports, category="data_export")
    analysis.refresh([world.cloud.pk], [OUTAGE.date()], NOW)
    silence = Silence.objects.get(quarter="2026-Q3")
    assert (silence.category, silence.starts_at) == ("data_export", OUTAGE)
    assert HourCount.objects.filter(category="data_export", hour__gte=OUTAGE).count() == 0
