"""The plan is a pure function of today, for any today."""

import datetime as dt

import pytest

from reviews.workflows.demo import cast, rhythm
from reviews.workflows.demo.plan import EVENTS, Plan, make_plan
from reviews.workflows.demo.streams import FLOWS, flows_of

TODAYS = [dt.date(2026, 10, 1), dt.date(2028, 2, 29), dt.date(2026, 10, 25), dt.date(2026, 11, 24), dt.date(2026, 1, 1)]
YOUNG = dt.date(2026, 10, 1)
GROWN = dt.date(2026, 11, 24)
KEYS = {
    "silence",
    "collector",
    "batch",
    "stopped",
    "stop_logging",
    "burst",
    "late",
    "copied_file",
    "repeated_events",
    "broken",
    "time_zone",
    "unrouted",
    "incomplete",
}


@pytest.fixture(params=TODAYS, ids=str)
def plan(request) -> Plan:
    return make_plan(request.param)


def test_everything_is_planted_on_every_day_of_the_year(plan: Plan):
    assert {planted.key for planted in plan.planted} == KEYS
    for planted in plan.planted:
        assert plan.before.starts_at <= planted.starts_at < planted.ends_at <= plan.until, planted.key
        assert planted.quarter in {plan.before, plan.running}


def test_the_same_day_gives_the_same_plan(plan: Plan):
    again = make_plan(plan.today)
    assert again.planted == plan.planted
    assert again.factor == plan.factor


def test_what_does_not_fit_a_young_quarter_is_planted_in_the_one_before():
    young, grown = make_plan(YOUNG), make_plan(GROWN)
    for key in ("silence", "stopped", "stop_logging", "burst", "late", "broken"):
        assert young.incident(key).quarter == young.before, key
        assert grown.incident(key).quarter == grown.running, key
    assert grown.incident("collector").quarter == grown.before


def test_incidents_have_the_length_that_they_are_told_with(plan: Plan):
    silence, collector = plan.incident("silence"), plan.incident("collector")
    assert silence.ends_at - silence.starts_at == dt.timedelta(hours=19)
    assert dt.timedelta(hours=50) < collector.ends_at - collector.starts_at < dt.timedelta(hours=60)
    assert set(collector.services) == {"payment", "policy"}


def test_no_incident_begins_on_a_public_holiday(plan: Plan):
    for planted in plan.planted:
        if planted.starts_at > plan.before.starts_at:
            assert planted.starts_at.date() not in rhythm.public_holidays(planted.starts_at.year), planted.key


def test_the_service_whose_review_is_signed_has_no_incident(plan: Plan):
    touching = [planted.key for planted in plan.planted if "exchange" in planted.services]
    assert touching == ["batch"]


def test_about_400_000_events_are_expected_whatever_the_day(plan: Plan):
    total = sum(rhythm.expected(flow.stream, day) for flow in FLOWS for day in plan.days) * plan.factor
    assert total == pytest.approx(EVENTS, rel=0.001)


def test_logs_end_now_when_now_is_today():
    now = dt.datetime(2026, 11, 24, 9, 30, 12, 5, dt.UTC)
    assert make_plan(now.date(), now).until == now.replace(microsecond=0)
    assert make_plan(dt.date(2026, 11, 23), now).until == dt.datetime(2026, 11, 23, 23, 59, 59, tzinfo=dt.UTC)


def test_the_first_minute_of_a_quarter_has_a_plan_too():
    now = dt.datetime(2026, 10, 1, 0, 0, 30, tzinfo=dt.UTC)
    plan = make_plan(now.date(), now)
    assert plan.days[-1] == now.date()
    assert all(planted.starts_at < planted.ends_at for planted in plan.planted)


def test_eight_services_lie_on_four_stores():
    assert len(cast.SERVICES) == 8
    assert len(cast.STORES) == 4
    assert {source.store for source in cast.SOURCES} == {store.key for store in cast.STORES}
    covered = {service for source in cast.SOURCES for service in source.services}
    assert covered == {service.key for service in cast.SERVICES}
    trail = cast.source("trail")
    assert trail.routing_field == "account"
    assert len(trail.services) == 3
    for source in cast.SOURCES:
        assert flows_of(source.key)


def test_office_hours_follow_the_clock_of_dublin():
    """08:00 local is 07:00 UTC before the clock change of 25 Oct 2026 and 08:00 UTC after it."""
    flow = next(flow for flow in FLOWS if flow.mix == "people")
    before = rhythm._weights(flow.rhythm, dt.date(2026, 10, 23))
    after = rhythm._weights(flow.rhythm, dt.date(2026, 10, 27))
    assert before[7] == after[8]
    assert before[6] == after[7]


def test_weekends_and_public_holidays_are_quiet_for_people_and_not_for_machines():
    people = next(flow.stream for flow in FLOWS if flow.mix == "people")
    machines = next(flow.stream for flow in FLOWS if flow.mix == "machines")
    monday, holiday, sunday = dt.date(2026, 10, 19), dt.date(2026, 10, 26), dt.date(2026, 10, 18)
    assert rhythm.expected(people, holiday) < 0.15 * rhythm.expected(people, monday)
    assert rhythm.expected(people, sunday) < 0.15 * rhythm.expected(people, monday)
    assert rhythm.expected(machines, sunday) > 0.9 * rhythm.expected(machines, monday)


def test_the_batch_runs_on_thursdays_only():
    batch = next(flow.stream for flow in FLOWS if flow.mix == "batch")
    assert [day for day in range(1, 15) if rhythm.expected(batch, dt.date(2026, 11, day))] == [5, 12]
