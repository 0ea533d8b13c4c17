"""What is pushed or uploaded becomes events of its source, whole, once, and is let go of only then."""

import datetime as dt
import gzip
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from reviews.engine.archive import archive_store
from reviews.engine.archive.segments import plain_chunks
from reviews.engine.archive.verifying import verify
from reviews.errors import Invalid, NotAllowed
from reviews.models import Import, LogFile, LogSource, TrailEntry
from reviews.queries import sources as queries
from reviews.queries.archive import segment_rows
from reviews.workflows import imports, sources, tokens
from reviews.workflows.registering import register
from reviews.workflows.scanning import spool_of
from tests.arrivals import Sender, make_open_source
from tests.logs import access_line, access_log, put, trail_lines
from tests.workflows.importing import Importer
from tests.world import World


@pytest.fixture
def source(world: World, places: Path) -> LogSource:
    cache.clear()
    return make_open_source(world)


@pytest.fixture
def sender(world: World, source: LogSource) -> Sender:
    return Sender(world, source)


@pytest.fixture
def importer(source: LogSource, places: Path) -> Importer:
    return Importer(source, places, now=timezone.now())


def state_of(source: LogSource, now: dt.datetime) -> tuple[str, str]:
    state = queries.row(LogSource.objects.get(pk=source.pk), now).state
    return state.word, state.verdict


def sealed(settings) -> bytes:
    """Every plain byte of the archive, in the order of its segments."""
    store = archive_store(settings.ARCHIVE_URL)
    assert [one for one in verify(store, segment_rows(), {}, {}).findings if one.weight != "note"] == []
    found = b""
    for row in segment_rows():
        found += b"".join(plain_chunks(store, row.stored_sha256, row.plain_length))
    return found


def test_pushes_become_events_in_the_order_in_which_they_came(sender: Sender, importer: Importer, settings):
    bodies = [access_log(n * 10, n * 10 + 10) for n in range(3)]
    sender.push(bodies[0])
    sender.push(gzip.compress(bodies[1]), content_encoding="gzip")
    sender.push(bodies[2].rstrip(b"\n"))  # the last line is whole also without its end
    run = importer.run()
    assert (run.files_read, run.events, run.rejected, run.problem) == (3, 30, 0, "")
    assert sealed(settings) == b"".join(bodies).rstrip(b"\n")
    assert sender.kept() == []
    entry = TrailEntry.objects.get(action="import.finished")
    assert (entry.after["pushed"], entry.after["files"]) == (3, 3)
    assert importer.run().files_seen == 0


def test_the_same_bytes_without_a_key_are_one_push_whenever_they_come(sender: Sender, importer: Importer):
    sender.push(access_log(0, 10))
    sender.push(gzip.compress(access_log(0, 10)), content_encoding="gzip")
    assert importer.run().events == 10
    sender.push(access_log(0, 10))
    run = importer.run()
    assert (run.records, run.files_seen, sender.kept()) == (0, 1, [])
    assert importer.counted() == 10


def test_a_push_that_begins_like_another_is_another(sender: Sender, importer: Importer):
    """Files that grow go on behind what is known; two bodies with the same first line are two bodies."""
    sender.push(access_line(1))
    assert importer.run().events == 1
    sender.push(access_line(1) + access_line(2))
    assert importer.run().events == 2
    sender.push(access_line(1) + access_line(2) + access_line(3))
    sender.push(access_line(1) + access_line(2)[:-1])
    assert importer.run().events == 5
    assert importer.counted() == len(importer.events()) == 8
    assert sender.kept() == []


def test_native_ids_make_the_same_events_one_in_whatever_bodies(world: World, places: Path):
    source = make_open_source(world, format="cloudtrail")
    sender, importer = Sender(world, source), Importer(source, places, now=timezone.now())
    sender.push(trail_lines(1, 2, 3))
    sender.push(trail_lines(3, 4))
    run = importer.run()
    assert (run.events, run.duplicates) == (4, 1)


def test_a_body_larger_than_a_segment_is_taken_whole(sender: Sender, importer: Importer, settings):
    settings.SEGMENT_BYTES = 5000
    sender.push(access_log(0, 400))
    sender.push(access_log(400, 500))
    run = importer.run()
    assert (run.events, run.files_read, sender.kept()) == (500, 2, [])
    assert sealed(settings) == access_log(0, 500)


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_an_import_that_fails_within_a_body_goes_on_there(
    sender: Sender, importer: Importer, settings, monkeypatch, fails_at: int
):
    """One body begins like the other: where the first import had come to is not the other's beginning."""
    settings.SEGMENT_BYTES = 5000
    sender.push(access_log(0, 80))
    assert importer.run().events == 80
    sender.push(access_log(0, 140))
    calls = count(1)

    def fails_once(*arguments: Any) -> Import:
        if next(calls) == fails_at:
            raise OSError("the disk is gone")
        return register(*arguments)

    with monkeypatch.context() as broken:
        broken.setattr("reviews.workflows.scanning.register", fails_once)
        assert importer.run().state == "failed"
    assert len(sender.kept()) == 1
    assert importer.run().state == "done"
    assert (importer.ledger()["events"], len(importer.events()), sender.kept()) == (220, 220, [])


def test_what_cannot_be_imported_stays_in_the_spool(sender: Sender, importer: Importer, source: LogSource):
    sender.push(access_log(0, 10))
    LogSource.objects.update(format="gone")
    run = importer.run()
    assert (run.state, len(sender.kept())) == ("failed", 1)
    LogSource.objects.update(format="web_access")
    importer.source.refresh_from_db()
    assert (importer.run().events, sender.kept()) == (10, [])


def test_what_comes_during_an_import_is_read_after_it(sender: Sender, importer: Importer, source: LogSource):
    sender.push(access_log(0, 10))
    first = Import.objects.get(state="queued")
    late = iter([access_log(10, 20)])

    def progress(line: str) -> None:
        for body in late:
            assert sender.push(body).status_code == 202
            assert Import.objects.count() == 1  # one is under way, and looks again at its end

    imports.run(first.pk, "worker", clock=timezone.now, progress=progress)
    assert sender.kept() == [access_log(10, 20)]
    source.refresh_from_db()
    assert source.next_run_at - timezone.now() <= imports.SOON
    assert importer.run().events == 10


def test_a_sender_that_pushes_all_the_time_makes_no_import_for_each(sender: Sender, source: LogSource):
    sender.push(access_log(0, 1))
    first = Import.objects.get(state="queued")
    imports.run(first.pk, "worker", clock=timezone.now)
    sender.push(access_log(1, 2))
    source.refresh_from_db()
    assert Import.objects.count() == 1
    assert dt.timedelta(0) < source.next_run_at - timezone.now() <= imports.SOON


@pytest.mark.parametrize(("enabled", "failures"), [(False, 0), (True, 3)])
def test_a_push_wakes_no_source_that_is_off_or_failing_and_loses_nothing(
    sender: Sender, source: LogSource, enabled: bool, failures: int
):
    LogSource.objects.update(enabled=enabled, failures=failures)
    assert sender.push(access_log(0, 5)).status_code == 202
    assert not Import.objects.exists()
    assert sender.kept() == [access_log(0, 5)]


def test_the_source_is_known_up_to_the_last_push_not_up_to_now(sender: Sender, importer: Importer):
    """Silence of a sender is not silence of its service: nobody knows what it has not sent."""
    sender.push(access_log(0, 10))
    arrived = spool_of(sender.source).arrivals()[0].as_of
    assert importer.run().read_until == arrived
    importer.now += dt.timedelta(hours=5)
    assert importer.run().read_until == arrived
    assert state_of(sender.source, importer.now + dt.timedelta(minutes=5)) == ("Current", "pass")
    importer.now += dt.timedelta(hours=30)
    assert importer.run().read_until == arrived
    assert state_of(sender.source, importer.now) == ("Quiet", "attention")


def test_before_anything_has_arrived_nothing_is_known(importer: Importer, source: LogSource):
    assert importer.run().read_until is None
    assert state_of(source, importer.now) == ("Nothing yet", "unknown")


def test_a_key_is_remembered_by_the_file_that_it_named(sender: Sender, importer: Importer):
    sender.push(access_log(0, 3), idempotency_key="a")
    sender.push(access_log(0, 3), idempotency_key="b")
    assert importer.run().events == 3
    assert LogFile.objects.filter(name__startswith="pushed/key-").count() == 2
    assert sender.push(access_log(3, 6), idempotency_key="b").status_code == 422


def test_only_keepers_make_and_revoke_tokens(world: World, source: LogSource, places: Path):
    for person in (world.maren, world.ines, world.jonas, world.sam):
        with pytest.raises(NotAllowed):
            tokens.make(person, source)
    made = tokens.make(world.tomas, source)
    with pytest.raises(NotAllowed):
        tokens.revoke(world.ines, made.token)
    assert tokens.opening(source.pk, made.secret) == made.token
    tokens.revoke(world.tomas, made.token)
    tokens.revoke(world.tomas, made.token)
    with pytest.raises(tokens.Unknown):
        tokens.opening(source.pk, made.secret)
    assert TrailEntry.objects.filter(action="token.revoked").count() == 1


def test_tokens_are_for_sources_without_a_place(world: World, source: LogSource, places: Path):
    tokens.make(world.tomas, source)
    with pytest.raises(Invalid, match="Revoke them first"):
        sources.change_source(world.tomas, source, directory=str(places))
    for token in source.push_tokens.all():
        tokens.revoke(world.tomas, token)
    changed = sources.change_source(world.tomas, source, directory=str(places))
    with pytest.raises(Invalid, match="only to a source without one"):
        tokens.make(world.tomas, changed)


def test_what_had_arrived_is_read_also_after_the_source_got_a_place(
    sender: Sender, world: World, source: LogSource, importer: Importer, places: Path
):
    sender.push(access_log(0, 10))
    for token in source.push_tokens.all():
        tokens.revoke(world.tomas, token)
    importer.source = sources.change_source(world.tomas, source, directory=str(places))
    put(places / "a.log", access_log(10, 15))
    assert (importer.run().events, sender.kept()) == (15, [])
