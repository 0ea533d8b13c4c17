"""Counts for pages: made from registered events only, replaced whole, never lost half way."""

import datetime as dt
import threading
from pathlib import Path

import pytest
from django.db import connection

from reviews.engine.archive import archive_store
from reviews.engine.archive.verifying import verify
from reviews.engine.catalogue import load_actions
from reviews.engine.store import ActionRow
from reviews.models import (
    ActionCount,
    DirtyDay,
    HourCount,
    LogSource,
    RejectedRecord,
    Segment,
    SourceRoute,
    StoredEvents,
    UnmappedAction,
)
from reviews.queries.archive import segment_rows
from reviews.workflows import counting, imports
from reviews.workflows.rebuilding import rebuild
from reviews.workflows.sources import change_source
from tests.logs import LONG_AGO, access_log, put, trail_lines
from tests.workflows.importing import NOW, Importer, require_sums
from tests.world import World, make_source

DAY = dt.date(2026, 10, 14)


@pytest.fixture
def trail(world: World, places: Path) -> Importer:
    return Importer(make_source(world, str(places)), places)


def all_counts(source: LogSource) -> dict[str, list]:
    """Every row of counts, without primary keys, and every number of imports and parts."""
    rows = {
        "hours": HourCount.objects.filter(source=source).values_list("service", "hour", "category", "outcome", "n"),
        "actions": ActionCount.objects.filter(source=source).values_list(
            "service", "day", "action", "kind", "category", "success", "failure", "unknown", "missing_actor",
            "missing_target", "missing_source_ip", "first_at", "last_at", "last_segment", "last_offset", "last_length",
        ),
        "unmapped": UnmappedAction.objects.filter(source=source).values_list("day", "action", "n"),
        "rejects": RejectedRecord.objects.filter(part__run__source=source).values_list(
            "part__file__key", "offset", "length", "reason", "beginning"
        ),
        "imports": source.imports.values_list("pk", "records", "events", "duplicates", "rejected", "unrouted"),
        "stored": StoredEvents.objects.filter(source=source).values_list("segment__seq", "day", "rows"),
    }  # fmt: skip
    return {name: sorted(map(tuple, found), key=repr) for name, found in rows.items()}


def test_counting_again_gives_the_same(trail: Importer) -> None:
    put(trail.directory / "a.json", trail_lines(*range(50), 1500, 3000))
    trail.run()
    before = all_counts(trail.source)
    assert len({hour for _, hour, *_ in before["hours"]}) == 3
    assert DirtyDay.objects.count() == 0
    counting.mark_all(trail.source)
    assert counting.waiting() == [trail.source.pk]
    assert counting.recount(trail.source) == 3
    assert all_counts(trail.source) == before
    assert counting.waiting() == []


def test_a_day_that_changes_while_it_is_counted_stays_marked(trail: Importer) -> None:
    put(trail.directory / "a.json", trail_lines(*range(50)))
    trail.run()
    counting.mark_all(trail.source)
    assert counting._replace(trail.source, DAY, counting._Day(), {"a file that is not all there is"}, NOW) is False
    assert DirtyDay.objects.filter(day=DAY).exists()
    assert trail.counted() == 50
    assert counting.recount(trail.source) == 1
    assert trail.counted() == 50


def test_a_new_route_moves_counts_without_a_rebuild(world: World, places: Path) -> None:
    source = make_source(world, str(places), service=None, routing_field="account")
    importer = Importer(source, places)
    put(places / "a.json", trail_lines(1, 2, account="444444444444") + trail_lines(3, account="555555555555"))
    assert importer.run().unrouted == 3
    assert set(source.hour_counts.values_list("service", "n")) == {(None, 3)}
    SourceRoute.objects.create(source=source, value="444444444444", service=world.payments)
    counting.mark_all(source)
    counting.recount(source)
    assert set(source.hour_counts.values_list("service", "n")) == {(None, 1), (world.payments.pk, 2)}
    assert set(source.action_counts.values_list("service", "success")) == {(None, 1), (world.payments.pk, 2)}


def test_a_source_that_names_another_service_has_its_days_counted_anew(world: World, trail: Importer) -> None:
    put(trail.directory / "a.json", trail_lines(1, 2, 2000))
    trail.run()
    change_source(world.ada, trail.source, glob="*.json")
    assert counting.waiting() == [], "a glob moves no event"
    change_source(world.ada, trail.source, service=world.payments)
    assert counting.waiting() == [trail.source.pk]
    counting.recount(LogSource.objects.get())
    assert set(HourCount.objects.values_list("service", flat=True)) == {world.payments.pk}


def test_an_action_counts_as_the_kinds_that_its_outcome_shows(trail: Importer) -> None:
    catalogue = load_actions()
    action = next(
        one for one in catalogue.actions_of("cloudtrail")
        if catalogue.kinds_shown(one, "failure") and catalogue.kinds_shown(one, "success")
        != catalogue.kinds_shown(one, "failure")
    )  # fmt: skip
    early, late = dt.datetime.combine(DAY, dt.time(8)), dt.datetime.combine(DAY, dt.time(20))
    rows = [
        ActionRow(1, DAY, action.id, "success", 3, (0, 1, 0, 0, 2, 0), early, early, 5, 10, 9),
        ActionRow(1, DAY, action.id, "unknown", 2, (1, 0, 0, 2, 0, 0), late, late, 4, 20, 9),
        ActionRow(1, DAY, action.id, "failure", 4, (0, 0, 0, 0, 0, 1), early, late, 6, 30, 9),
        ActionRow(1, DAY, "no longer in the catalogue", "success", 9, (0,) * 6, early, late, 6, 30, 9),
    ]
    made = {count.kind: count for count in counting.action_counts(trail.source, rows, catalogue)}
    kind = catalogue.kinds_shown(action, "success")[0]
    count = made[kind]
    assert (count.success, count.unknown, count.failure) == (3, 2, 0)
    assert (count.missing_time, count.missing_actor, count.missing_outcome, count.missing_target) == (1, 1, 2, 2)
    assert (count.first_at.hour, count.last_at.hour, count.last_segment, count.last_offset) == (8, 20, 4, 20)
    assert count.category == catalogue.kinds[kind].category
    refused = made[catalogue.kinds_shown(action, "failure")[0]]
    assert (refused.success, refused.failure, refused.missing_source_ip) == (0, 4, 1)


def test_rebuilding_gives_the_same_numbers(world: World, places: Path, settings) -> None:
    settings.SEGMENT_BYTES, settings.RECORD_BYTES = 20_000, 4_000
    source = make_source(world, str(places), service=None, routing_field="account")
    SourceRoute.objects.create(source=source, value="111111111111", service=world.cloud)
    importer = Importer(source, places)
    put(places / "a.json", trail_lines(*range(100)) + b"{broken\n" + trail_lines(5, 2000, account="222222222222"))
    importer.run()
    put(places / "b.json", trail_lines(*range(90, 130)) + b'{"x":"' + b"y" * 30_000 + b'"}\n' + trail_lines(130))
    importer.run()
    before = all_counts(source)
    events = {event.event_id: event for event in importer.events()}
    rows = Segment.objects.count()
    assert rows > 4
    assert sum(row[4] for row in before["imports"]) == 2
    for _ in range(2):
        done = rebuild(source, "worker", lambda: NOW)
        assert (done.segments, done.events) == (rows, len(events))
        assert all_counts(source) == before
        again = {event.event_id: event for event in importer.events()}
        assert again == events
    for run in source.imports.all():
        require_sums(run)
    assert verify(archive_store(settings.ARCHIVE_URL), segment_rows(), {}, {}).code == 0
    files = [path for path in Path(settings.EVENTS_URL.removeprefix("file://")).rglob("*") if path.is_file()]
    assert len(files) == StoredEvents.objects.count()


def test_rebuilding_restores_a_store_that_was_lost(trail: Importer, settings) -> None:
    put(trail.directory / "a.json", trail_lines(*range(50)))
    trail.run()
    before = all_counts(trail.source)
    for path in Path(settings.EVENTS_URL.removeprefix("file://")).rglob("*.parquet"):
        path.unlink()
    put(trail.directory / "b.json", trail_lines(*range(40, 60)))
    run = trail.run()
    assert run.state == "failed"
    assert "Run rebuild" in run.problem
    rebuild(trail.source, "worker", lambda: NOW)
    assert all_counts(trail.source)["hours"] == before["hours"]
    assert trail.run().events == 10
    assert trail.counted() == 60


def test_rebuilding_takes_up_what_the_settings_say_now(trail: Importer) -> None:
    """A source that was given the wrong format rejected everything; put right, its sealed bytes give the events."""
    trail.source.format = "web_access"
    trail.source.save(update_fields=["format"])
    put(trail.directory / "a.json", trail_lines(*range(5)))
    run = trail.run()
    assert (run.events, run.rejected) == (0, 5)
    trail.source.format = "cloudtrail"
    trail.source.save(update_fields=["format"])
    rebuild(trail.source, "worker", lambda: NOW)
    run.refresh_from_db()
    assert (run.records, run.events, run.rejected) == (5, 5, 0)
    assert run.last_event_at == dt.datetime(2026, 10, 14, 8, 4, tzinfo=dt.UTC)
    assert RejectedRecord.objects.count() == 0
    assert trail.counted() == 5


@pytest.mark.django_db(transaction=True)
def test_parallel_imports_on_a_server_make_one_chain(world: World, places: Path, settings) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("processes show it for SQLite (test_contending); threads share its test database in memory")
    settings.SEGMENT_BYTES, settings.RECORD_BYTES = 20_000, 4_000
    sources = []
    for number in range(4):
        put(places / str(number) / "a.log", access_log(0, 900), LONG_AGO)
        sources.append(make_source(world, str(places / str(number)), name=f"s{number}", format="web_access"))
    states: list[str] = []
    start = threading.Barrier(len(sources))

    def work(source: LogSource) -> None:
        try:
            queued = imports.ask(None, source)
            start.wait()
            done = imports.run(queued.pk, f"worker of {source.pk}", clock=lambda: NOW)
            states.append(f"{done.state} {done.events}" if done else "lost")
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == ["done 900"] * 4
    count = Segment.objects.count()
    assert list(Segment.objects.order_by("seq").values_list("seq", flat=True)) == list(range(count))
    assert verify(archive_store(settings.ARCHIVE_URL), segment_rows(), {}, {}).findings == []
