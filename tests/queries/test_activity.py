"""Which hours are imported, and what was counted in them."""

import datetime as dt

import pytest

from reviews.models import Import, ImportState, SourceRoute
from reviews.queries import activity
from reviews.queries.activity import Span
from tests.activity import NOW, Q3_BEGINS, done, fill, read_source
from tests.world import World, make_source

HOUR = dt.timedelta(hours=1)


def span_of(service):
    return activity.imported_of_services(activity.sources_of_services([service.pk]), NOW)[service.pk]


def test_a_source_is_imported_from_its_first_event_to_what_was_read(world: World) -> None:
    source = read_source(world, world.cloud, Q3_BEGINS + 9 * HOUR + dt.timedelta(minutes=40))
    fill(source, world.cloud, [3, 0, 0, 5], Q3_BEGINS)
    assert span_of(world.cloud) == Span(Q3_BEGINS, Q3_BEGINS + 9 * HOUR)


def test_a_failed_import_reads_nothing(world: World) -> None:
    source = read_source(world, world.cloud, Q3_BEGINS + 5 * HOUR)
    fill(source, world.cloud, [3], Q3_BEGINS)
    until = Q3_BEGINS + 50 * HOUR
    Import.objects.create(source=source, state=ImportState.FAILED, started_at=until, read_until=until)
    assert span_of(world.cloud) == Span(Q3_BEGINS, Q3_BEGINS + 5 * HOUR)


def test_an_import_that_could_not_read_every_file_reads_up_to_nothing(world: World) -> None:
    source = read_source(world, world.cloud, Q3_BEGINS + 5 * HOUR)
    fill(source, world.cloud, [3], Q3_BEGINS)
    done(source, Q3_BEGINS + 50 * HOUR, read_until=None)
    assert span_of(world.cloud) == Span(Q3_BEGINS, Q3_BEGINS + 5 * HOUR)


def test_an_entry_from_the_future_does_not_stretch_what_was_read(world: World) -> None:
    source = read_source(world, world.cloud, Q3_BEGINS + 5 * HOUR)
    fill(source, world.cloud, [3], Q3_BEGINS)
    future = Import.objects.create(
        source=source, state=ImportState.DONE, finished_at=Q3_BEGINS + 6 * HOUR, read_until=Q3_BEGINS + 900 * HOUR
    )
    assert span_of(world.cloud) == Span(Q3_BEGINS, future.finished_at)


@pytest.mark.parametrize("second", ["nothing", "never read", "later"])
def test_a_service_is_imported_only_when_all_its_sources_are(world: World, second: str) -> None:
    first = read_source(world, world.cloud, Q3_BEGINS + 9 * HOUR)
    fill(first, world.cloud, [3], Q3_BEGINS)
    if second == "never read":
        make_source(world, "/b", service=world.cloud, name="Second")
        assert span_of(world.cloud) is None
        return
    other = read_source(world, world.cloud, Q3_BEGINS + 7 * HOUR, name="Second")
    if second == "nothing":
        assert span_of(world.cloud) is None  # read, but never an event: its beginning is not known
        return
    fill(other, world.cloud, [3], Q3_BEGINS + 2 * HOUR)
    assert span_of(world.cloud) == Span(Q3_BEGINS + 2 * HOUR, Q3_BEGINS + 7 * HOUR)


def test_a_service_without_a_source_has_no_imported_hour(world: World) -> None:
    assert span_of(world.cloud) is None


def test_routed_sources_belong_to_each_of_their_services(world: World) -> None:
    source = make_source(world, "/a", service=None, routing_field="account")
    SourceRoute.objects.create(source=source, value="1", service=world.cloud)
    SourceRoute.objects.create(source=source, value="2", service=world.payments)
    found = activity.sources_of_services([world.cloud.pk, world.payments.pk, world.secret.pk])
    assert found == {world.cloud.pk: [source], world.payments.pk: [source], world.secret.pk: []}


def test_hours_are_empty_or_unknown_and_never_the_same(world: World) -> None:
    source = read_source(world, world.cloud, Q3_BEGINS + 4 * HOUR)
    fill(source, world.cloud, [3, 0, 2], Q3_BEGINS)
    fill(source, world.cloud, [1], Q3_BEGINS, "data_export")
    hours = activity.hourly(world.cloud, Q3_BEGINS - HOUR, Q3_BEGINS + 6 * HOUR, span_of(world.cloud))
    assert hours.total.counts.tolist() == [0, 4, 0, 2, 0, 0, 0]
    assert hours.total.imported.tolist() == [False, True, True, True, True, False, False]
    assert hours.categories["data_export"].counts.tolist() == [0, 1, 0, 0, 0, 0, 0]


def test_days_are_utc_days(world: World) -> None:
    source = read_source(world, world.cloud)
    fill(source, world.cloud, [2] * 30, Q3_BEGINS)
    days = activity.daily([world.cloud.pk, world.payments.pk], Q3_BEGINS, Q3_BEGINS + dt.timedelta(days=3))
    assert days[world.cloud.pk].tolist() == [48, 12, 0]
    assert days[world.payments.pk].tolist() == [0, 0, 0]


def test_imports_after_now_are_not_known_yet(world: World) -> None:
    source = read_source(world, world.cloud, Q3_BEGINS + 9 * HOUR)
    fill(source, world.cloud, [3], Q3_BEGINS)
    done(source, Q3_BEGINS + 20 * HOUR)
    sources = activity.sources_of_services([world.cloud.pk])
    at = Q3_BEGINS + 12 * HOUR
    assert activity.imported_of_services(sources, at)[world.cloud.pk].end == at
