"""Imports as rows: asked for, due, leased, failed, tried again, one at a time."""

import datetime as dt
import threading
from pathlib import Path

import pytest
from django.db import connection

from reviews.errors import NotAllowed
from reviews.models import Import, ImportState, LogSource, TrailEntry
from reviews.workflows import imports, leases
from reviews.workflows.imports import MOST_ATTEMPTS
from reviews.workflows.leases import LeaseLost
from reviews.workflows.schedules import next_retry, next_run
from tests.logs import access_log, put
from tests.workflows.importing import NOW, Importer
from tests.world import World, make_source


@pytest.fixture
def source(world: World, places: Path) -> LogSource:
    return make_source(world, str(places), format="web_access", name="Access log")


@pytest.fixture
def importer(source: LogSource, places: Path) -> Importer:
    return Importer(source, places)


def minutes(n: float) -> dt.timedelta:
    return dt.timedelta(minutes=n)


def test_a_keeper_asks_and_the_trail_knows(world: World, source: LogSource) -> None:
    run = imports.ask(world.tomas, source)
    assert (run.state, run.asked_by, run.paths) == (ImportState.QUEUED, world.tomas, [])
    entry = TrailEntry.objects.get(action="import.asked")
    assert (entry.actor, entry.object_name, entry.after) == (world.tomas, "Access log", {"import": run.pk})


def test_who_keeps_no_source_may_not_ask(world: World, source: LogSource) -> None:
    for person in (world.maren, world.ines, world.jonas, world.priya, world.leila, world.sam):
        with pytest.raises(NotAllowed):
            imports.ask(person, source)
    assert not Import.objects.exists()
    assert not TrailEntry.objects.filter(action="import.asked").exists()
    assert imports.ask(world.ada, source).pk


def test_asking_while_one_is_under_way_returns_that_one(world: World, source: LogSource) -> None:
    first = imports.ask(None, source)
    assert imports.ask(world.tomas, source) == first
    assert leases.claim(first.pk, "worker", NOW) is not None
    assert imports.ask(world.tomas, source) == first
    assert imports.ask_here(source, []) is None
    assert Import.objects.count() == 1
    assert TrailEntry.objects.filter(after__under_way=True).count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_the_same_moment_get_the_same_import(world: World, source: LogSource) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("threads of one process share SQLite's test database in memory; PostgreSQL shows it")
    found: list[int] = []
    start = threading.Barrier(6)

    def ask() -> None:
        start.wait()
        try:
            found.append(imports.ask(None, LogSource.objects.get()).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1


def test_sources_come_due_by_their_schedule(source: LogSource, importer: Importer) -> None:
    put(importer.directory / "a.log", access_log(0, 3))
    assert imports.queue_due(NOW) == 1
    assert imports.queue_due(NOW) == 0, "one is under way"
    run = imports.run(Import.objects.get().pk, "worker", clock=lambda: NOW)
    assert run is not None
    assert (run.state, run.events, run.asked_by) == (ImportState.DONE, 3, None)
    source.refresh_from_db()
    assert source.next_run_at == NOW + minutes(15)
    assert imports.queue_due(NOW + minutes(14)) == 0
    assert imports.queue_due(NOW + minutes(15)) == 1


def test_a_source_that_is_switched_off_is_not_due_but_may_be_asked_for(source: LogSource) -> None:
    source.enabled = False
    source.save(update_fields=["enabled"])
    assert imports.queue_due(NOW) == 0
    assert imports.ask(None, source).state == ImportState.QUEUED


@pytest.mark.parametrize(
    ("every", "cron", "expected"),
    [
        (15, "", "2026-10-21T12:15:00+00:00"),
        (None, "30 2 * * *", "2026-10-22T02:30:00+00:00"),
        (None, "0 0 1 * *", "2026-11-01T00:00:00+00:00"),
        (None, "no cron line", "2026-10-22T12:00:00+00:00"),
        (None, "0 0 31 2 *", "2026-10-22T12:00:00+00:00"),  # a day that never comes
    ],
)
def test_the_next_run_follows_minutes_or_cron(every: int | None, cron: str, expected: str) -> None:
    assert next_run(LogSource(every_minutes=every, cron=cron), NOW).isoformat() == expected


def test_retries_wait_longer_each_time_up_to_six_hours() -> None:
    waits = [next_retry(failures, NOW) - NOW for failures in (0, 1, 2, 3, 4, 9, 10, 1000)]
    assert waits == [minutes(n) for n in (1, 1, 2, 4, 8, 256, 360, 360)]


def test_a_failed_import_says_why_waits_and_is_tried_again(source: LogSource, importer: Importer) -> None:
    put(importer.directory / "a.log", access_log(0, 3))
    moved = importer.directory.rename(importer.directory.with_name("unmounted"))
    run = importer.run()
    assert run.state == ImportState.FAILED
    assert run.problem.endswith("There is no such directory on the portal's machine. Create it or mount it first.")
    assert (run.read_until, run.lease_owner) == (None, "")
    entry = TrailEntry.objects.get(action="import.failed")
    assert (entry.actor_name, entry.after["problem"]) == ("the schedule", run.problem)
    source.refresh_from_db()
    assert (source.failures, source.next_run_at) == (1, importer.now + minutes(1))
    assert importer.run().state == ImportState.FAILED
    source.refresh_from_db()
    assert (source.failures, source.next_run_at) == (2, importer.now + minutes(2))
    assert imports.queue_due(importer.now + minutes(1)) == 0
    moved.rename(importer.directory)
    assert imports.queue_due(importer.now + minutes(2)) == 1
    run = importer.run()
    assert (run.state, run.events) == (ImportState.DONE, 3)
    source.refresh_from_db()
    assert source.failures == 0
    entry = TrailEntry.objects.get(action="import.finished")
    assert entry.after == {
        "import": run.pk, "files": 1, "records": 3, "events": 3, "duplicates": 0, "ignored": 0, "rejected": 0,
    }  # fmt: skip


def test_a_failed_import_of_given_paths_is_tried_again_with_them(
    source: LogSource, importer: Importer, tmp_path: Path
) -> None:
    given = tmp_path / "given"
    put(given / "a.log", access_log(0, 3))
    source.format = "no_such_format"
    source.save(update_fields=["format"])
    run = importer.run(given)
    assert "There is no log format 'no_such_format'" in run.problem
    assert imports.queue_due(importer.now + minutes(1)) == 1
    assert Import.objects.get(state=ImportState.QUEUED).paths == [str(given)]


def test_something_unforeseen_fails_the_import_and_not_the_worker(
    source: LogSource, importer: Importer, settings, caplog: pytest.LogCaptureFixture
) -> None:
    put(importer.directory / "a.log", access_log(0, 3))
    settings.SEGMENT_BYTES = "many"
    run = importer.run()
    assert run.state == ImportState.FAILED
    assert run.problem.startswith("Something unexpected happened (TypeError).")
    assert "Traceback" in caplog.text


def test_an_archive_that_cannot_be_written_fails_the_import_and_loses_nothing(
    source: LogSource, importer: Importer, settings
) -> None:
    put(importer.directory / "a.log", access_log(0, 3))
    archive = Path(settings.ARCHIVE_URL.removeprefix("file://"))
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(b"a file where the directory should be")
    run = importer.run()
    assert (run.state, run.records) == (ImportState.FAILED, 0)
    assert "cannot be written: " in run.problem
    archive.unlink()
    assert importer.run().events == 3


def test_only_one_worker_gets_the_lease(source: LogSource) -> None:
    run = imports.ask(None, source)
    first = leases.claim(run.pk, "one", NOW)
    assert first is not None
    assert (first.state, first.attempt, first.lease_owner) == (ImportState.RUNNING, 1, "one")
    assert leases.claim(run.pk, "two", NOW + minutes(0.9)) is None
    assert leases.renew(run.pk, "one", NOW + minutes(0.9)) is True
    assert leases.claim(run.pk, "two", NOW + minutes(1.5)) is None
    second = leases.claim(run.pk, "two", NOW + minutes(2))
    assert second is not None
    assert second.attempt == 2
    assert leases.renew(run.pk, "one", NOW + minutes(2)) is False


def test_a_worker_whose_lease_was_taken_writes_nothing_more(source: LogSource, importer: Importer) -> None:
    put(importer.directory / "a.log", access_log(0, 3))
    run = imports.ask(None, source)

    def taken_over() -> dt.datetime:
        # The clock is first read for the claim; from then on the lease is another's.
        Import.objects.filter(pk=run.pk, state=ImportState.RUNNING).update(lease_owner="another")
        return NOW

    assert imports.run(run.pk, "slow", clock=taken_over) is None
    run.refresh_from_db()
    assert (run.state, run.lease_owner, run.records) == (ImportState.RUNNING, "another", 0)
    with pytest.raises(LeaseLost):
        leases.still_mine(run.pk, "slow")


def test_an_import_whose_worker_died_is_given_back_and_after_five_deaths_called_failed(source: LogSource) -> None:
    run = imports.ask(None, source)
    now = NOW
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert leases.claim(run.pk, f"worker {attempt}", now) is not None
        assert imports.requeue_expired(now + minutes(0.5)) == 0, "the worker may be alive"
        now += minutes(2)
        assert imports.requeue_expired(now) == (1 if attempt < MOST_ATTEMPTS else 0)
    run.refresh_from_db()
    assert (run.state, run.attempt) == (ImportState.FAILED, MOST_ATTEMPTS)
    assert run.problem == "The worker died 5 times over this import. See the portal's log."
    source.refresh_from_db()
    assert source.next_run_at == now + minutes(1)


def test_a_queued_import_that_nobody_heard_of_is_told_again_once_a_minute(source: LogSource) -> None:
    run = imports.ask(None, source)
    queued = run.queued_at
    assert imports.requeue_expired(queued + minutes(0.5)) == 0
    assert imports.requeue_expired(queued + minutes(1.1)) == 1
    assert imports.requeue_expired(queued + minutes(1.6)) == 0
    assert imports.requeue_expired(queued + minutes(2.2)) == 1
    assert leases.claim(run.pk, "worker", queued + minutes(2.3)) is not None


# Django never closes a database in memory, which is what tests have on SQLite; Python 3.13 says so of the thread's.
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_renews_the_lease_until_the_work_is_done(world: World, source: LogSource, settings) -> None:
    settings.LEASE_SECONDS = 0.03
    run = imports.ask(None, source)
    leases.claim(run.pk, "worker", NOW)
    beats: list[dt.datetime] = []
    enough = threading.Event()

    def clock() -> dt.datetime:
        beats.append(NOW + minutes(len(beats)))
        if len(beats) == 4:
            enough.set()
        return beats[-1]

    with leases.heartbeat(run.pk, "worker", clock):
        assert enough.wait(30)
    run.refresh_from_db()
    assert run.lease_until is not None
    assert run.lease_until >= NOW + minutes(2)
    assert f"heartbeat of import {run.pk}" not in {thread.name for thread in threading.enumerate()}
