"""Provisional until quarter and grace are over and the sources were read; then frozen once, together."""

import datetime as dt

import pytest
from django.utils import timezone

from reviews.models import DirtyDay, Import, ImportState, Review, Service, TrailEntry
from reviews.workflows import freezing
from tests.quarters import AFTER, WITHIN, open_quarter, review_of
from tests.world import World, make_source

SETTLED = dt.datetime(2026, 10, 8, tzinfo=dt.UTC)


def read(source, until: dt.datetime, state: str = ImportState.DONE) -> Import:
    return Import.objects.create(source=source, state=state, started_at=until, read_until=until)


@pytest.fixture
def review(world: World) -> Review:
    """The cloud accounts, read by one source with a grace of seven days."""
    make_source(world, "/nowhere")
    return review_of(open_quarter(world), world.cloud)


def source_of(review: Review):
    return freezing.sources_of(review).get()


def test_within_the_quarter_it_is_provisional_and_says_until_when(review: Review) -> None:
    sentence = freezing.is_provisional(review, WITHIN)
    assert "8 Oct 2026, 00:00 UTC" in sentence
    assert "30 Sep 2026" in sentence
    assert "7 days" in sentence


def test_it_stays_provisional_within_the_grace(review: Review) -> None:
    read(source_of(review), SETTLED)
    almost = SETTLED - dt.timedelta(seconds=1)
    assert freezing.freeze_due(almost) == 0
    assert "provisional until 8 Oct" in freezing.is_provisional(review, almost)


def test_the_longest_grace_of_its_sources_counts(world: World, review: Review) -> None:
    make_source(world, "/other", name="Slow", grace_days=21)
    make_source(world, "/third", name="Slower, not ours", service=world.payments, grace_days=60)
    make_source(world, "/fourth", name="Switched off", grace_days=90, enabled=False)
    assert freezing.settles_at(review) == dt.datetime(2026, 10, 22, tzinfo=dt.UTC)
    assert freezing.settles_at(review_of(review.cycle, None)) == dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
    assert freezing.settles_at(review_of(review.cycle, world.vault)) == dt.datetime(2026, 11, 30, tzinfo=dt.UTC)


def test_a_routing_source_counts_for_the_services_it_routes_to(world: World, review: Review) -> None:
    source = make_source(world, "/r", name="Routed", service=None, routing_field="account", grace_days=30)
    source.routes.create(value="111", service=world.payments)
    source.routes.create(value="112", service=world.payments)
    payments = review_of(review.cycle, world.payments)
    assert [one.name for one in freezing.sources_of(payments)] == ["Routed"]
    assert freezing.grace_days(payments) == 30


def test_a_source_that_was_not_read_since_holds_it_up(review: Review) -> None:
    read(source_of(review), SETTLED - dt.timedelta(minutes=1))
    assert freezing.freeze_due(AFTER) == 2  # of reviews without a source: the other two services
    review.refresh_from_db()
    assert review.frozen_at is None
    assert "Organisation trail has not been read" in freezing.is_provisional(review, AFTER)
    read(source_of(review), SETTLED)
    freezing.freeze_due(AFTER)
    review.refresh_from_db()
    assert review.frozen_at == AFTER


def test_a_source_without_a_place_is_read_when_its_senders_said_so_and_the_grace_is_over(review: Review) -> None:
    source = source_of(review)
    source.directory = ""
    source.save()
    ends_at = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    short = ends_at - dt.timedelta(seconds=1)
    early = SETTLED - dt.timedelta(minutes=1)
    for started, until in ((SETTLED, short), (early, ends_at), (SETTLED, None)):
        Import.objects.create(source=source, state=ImportState.DONE, started_at=started, read_until=until)
        freezing.freeze_due(AFTER)
        review.refresh_from_db()
        assert review.frozen_at is None
        assert "Organisation trail has not been read" in freezing.is_provisional(review, AFTER)
    Import.objects.create(source=source, state=ImportState.DONE, started_at=SETTLED, read_until=ends_at)
    freezing.freeze_due(AFTER)
    review.refresh_from_db()
    assert review.frozen_at == AFTER


def test_counts_that_are_still_to_be_made_hold_it_up(review: Review) -> None:
    source = source_of(review)
    read(source, SETTLED)
    DirtyDay.objects.create(source=source, day=dt.date(2026, 9, 30))
    freezing.freeze_due(AFTER)
    review.refresh_from_db()
    assert review.frozen_at is None
    DirtyDay.objects.all().delete()
    DirtyDay.objects.create(source=source, day=dt.date(2026, 10, 1))  # of the next quarter
    freezing.freeze_due(AFTER)
    review.refresh_from_db()
    assert review.frozen_at == AFTER


def test_a_source_that_keeps_failing_does_not_hold_it_up_for_ever(review: Review) -> None:
    source = source_of(review)
    read(source, SETTLED, ImportState.FAILED)
    source.failures = 2
    source.save(update_fields=["failures"])
    freezing.freeze_due(AFTER)
    review.refresh_from_db()
    assert review.frozen_at is None
    source.failures = 3
    source.save(update_fields=["failures"])
    freezing.freeze_due(AFTER)
    review.refresh_from_db()
    assert review.frozen_at == AFTER


def test_numbers_and_check_results_are_frozen_together_and_once(review: Review) -> None:
    read(source_of(review), SETTLED)
    freezing.freeze_due(AFTER)
    review.refresh_from_db()
    assert "silences" in review.frozen["numbers"]
    assert set(review.frozen["checks"]) == set(review.items.values_list("item", flat=True))
    for results in review.frozen["checks"].values():
        assert all(result["verdict"] in {"pass", "attention", "fail", "unknown"} for result in results)
    assert freezing.is_provisional(review, AFTER) is None
    assert freezing.freeze_due(AFTER + dt.timedelta(days=1)) == 0
    review.refresh_from_db()
    assert review.frozen_at == AFTER
    entry = TrailEntry.objects.filter(action="review.frozen", object_id=str(review.pk)).get()
    assert entry.actor is None
    assert entry.actor_name == "the schedule"


def test_the_tick_brings_what_came_into_scope_into_a_running_quarter(world: World) -> None:
    cycle = open_quarter(world)
    late = Service.objects.create(name="Late service")
    assert freezing.freeze_due(WITHIN) == 0
    assert review_of(cycle, late).items.exists()
    too_late = Service.objects.create(name="Too late")
    freezing.freeze_due(AFTER)
    assert not cycle.reviews.filter(service=too_late).exists()


def test_one_review_that_cannot_be_computed_does_not_hold_up_the_others(world: World, caplog, monkeypatch) -> None:
    cycle = open_quarter(world)
    broken = review_of(cycle, world.payments)
    real = freezing._pinned
    monkeypatch.setattr(freezing, "_pinned", lambda review, now: real(review, now) if review.pk != broken.pk else 1 / 0)
    assert freezing.freeze_due(AFTER) == cycle.reviews.count() - 1
    broken.refresh_from_db()
    assert broken.frozen_at is None
    assert "Payments API" in caplog.text
    assert freezing.is_provisional(broken, timezone.now()) is not None
