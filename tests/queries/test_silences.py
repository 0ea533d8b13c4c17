"""What pages say of silences: a search that is old, or that could not see all hours, is no "none"."""

import datetime as dt

import pytest

from reviews.engine.analysis.quarters import Quarter
from reviews.models import LogSource
from reviews.queries import services, silences
from reviews.queries.overview import overview
from reviews.workflows import analysis
from tests.activity import HISTORY, NOW, Q3_BEGINS, Q3_ENDS, done, fill, read_source, steady
from tests.world import World

Q3 = Quarter(2026, 3)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
AT = Q3_BEGINS + 40 * DAY


@pytest.fixture
def source(world: World) -> LogSource:
    """Read until AT, and searched then."""
    source = read_source(world, world.cloud, until=AT)
    fill(source, world.cloud, steady(20, HISTORY, AT))
    analysis.refresh([world.cloud.pk], [AT.date()], AT)
    return source


def of_cloud(world: World, now: dt.datetime) -> silences.Silences:
    return silences.of_services([world.cloud.pk], Q3, now)[world.cloud.pk]


def test_a_search_holds_for_a_day_while_the_quarter_runs(world: World, source: LogSource) -> None:
    assert of_cloud(world, AT).judged
    assert of_cloud(world, AT + DAY).judged
    late = of_cloud(world, AT + 2 * DAY)
    assert not late.judged
    assert late.reason == "Only the hours until 10 Aug 2026, 00:00 UTC were searched; what came after is not known."


def test_after_the_quarter_a_search_must_have_reached_its_end(world: World, source: LogSource) -> None:
    last = Q3_ENDS - 5 * HOUR
    done(source, last)
    fill(source, world.cloud, steady(20, AT, last), AT)
    analysis.refresh([world.cloud.pk], [last.date()], last)
    assert of_cloud(world, last).judged
    assert not of_cloud(world, NOW).judged


def test_nobody_sees_no_gap_of_a_source_that_stopped_being_read(world: World, source: LogSource) -> None:
    """Neither when nobody searched again, nor when the search could not see the hours."""
    for search in (False, True):
        now = AT + 10 * DAY
        if search:
            analysis.refresh([world.cloud.pk], [AT.date()], now)
        (row,) = services.rows([world.cloud], Q3, now)
        assert not row.silences.judged
        assert overview(world.maren, "2026-Q3", now).totals.cannot_tell == 2  # payments has no source at all


def test_a_silence_in_the_last_hours_of_a_quarter_is_found_in_it(world: World, source: LogSource) -> None:
    done(source, NOW)
    fill(source, world.cloud, steady(20, AT, Q3_ENDS - 20 * HOUR), AT)
    fill(source, world.cloud, steady(20, Q3_ENDS, NOW), Q3_ENDS)
    analysis.refresh([world.cloud.pk], [Q3_ENDS.date() - DAY], NOW)
    assert [one.starts_at for one in of_cloud(world, NOW).found] == [Q3_ENDS - 20 * HOUR]


@pytest.mark.parametrize("dead", [True, False])
def test_a_source_that_dies_while_another_of_its_service_flows_is_found(world: World, dead: bool) -> None:
    outage = Q3_BEGINS + 20 * DAY
    for name, seed in (("Trail", 1), ("Hosts", 2)):
        source = read_source(world, world.cloud, name=name)
        counts = steady(20, seed=seed)
        if dead and name == "Hosts":
            counts[int((outage - HISTORY) / HOUR) :][: 14 * 24] = 0
        fill(source, world.cloud, counts)
    analysis.refresh([world.cloud.pk], [outage.date()], NOW)
    known = of_cloud(world, NOW)
    assert known.judged
    assert known.hours == 0  # the service as a whole was never silent
    assert [(one.starts_at, one.hours, one.category_name) for one in known.found] == (
        [(outage, 14 * 24, "One log source")] if dead else []
    )
    if dead:
        words = "No event from the log source “Hosts” arrived from 21 Jul, 00:00 to 4 Aug 2026, 00:00 UTC (336 hours), "
        assert known.found[0].sentence.startswith(words)
