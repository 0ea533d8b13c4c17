"""What an import makes of files as they come: new, grown, rotated, renamed, packed, copied, cut, broken."""

import bz2
import datetime as dt
import gzip
import lzma
import random
from pathlib import Path

import pytest
import zstandard

from reviews.engine.archive import archive_store
from reviews.engine.archive.segments import read_header, read_record
from reviews.models import ImportedPart, ImportState, LogFile, RejectedRecord, Segment, SourceRoute
from tests.logs import LONG_AGO, access_line, access_log, put, touch, trail_event, trail_file, trail_lines
from tests.workflows.importing import NOW, Importer
from tests.world import World, make_source


def test_a_new_file_is_read_sealed_stored_and_counted(access: Importer, settings) -> None:
    path = put(access.directory / "access.log", access_log(0, 100) + b"rubbish\n" + access_line(100))
    run = access.run()
    assert (run.state, run.problem, run.files_seen, run.files_read) == (ImportState.DONE, "", 1, 1)
    assert (run.records, run.events, run.rejected, run.bytes_read) == (102, 101, 1, path.stat().st_size)
    assert run.read_until == run.started_at
    assert run.first_event_at == dt.datetime(2026, 10, 14, 8, 0, tzinfo=dt.UTC)
    assert run.last_event_at == dt.datetime(2026, 10, 14, 9, 40, tzinfo=dt.UTC)
    assert access.counted() == 101
    segment = Segment.objects.get()
    assert read_header(bytes(segment.header)).record_count == 102
    rejected = RejectedRecord.objects.get()
    assert (rejected.beginning, rejected.length) == ("rubbish", 7)
    archive = archive_store(settings.ARCHIVE_URL)
    assert read_record(archive, segment.stored_sha256, rejected.offset, rejected.length) == b"rubbish"
    latest = access.events()[0]
    assert read_record(archive, latest.segment, latest.offset, latest.length) + b"\n" == access_line(100)


def test_the_same_bytes_again_are_nothing_new(access: Importer) -> None:
    path = put(access.directory / "access.log", access_log(0, 50))
    access.run()
    again = access.run()
    assert (again.state, again.files_seen, again.files_read, again.records) == (ImportState.DONE, 1, 0, 0)
    touch(path, LONG_AGO + dt.timedelta(hours=1))  # opened this time, and still nothing
    again = access.run()
    assert (again.files_read, again.records) == (0, 0)
    assert access.ledger()["events"] == 50
    assert Segment.objects.count() == 1


def test_a_file_that_grows_is_taken_up_to_its_last_whole_record(access: Importer) -> None:
    path = put(access.directory / "access.log", access_log(0, 10) + access_line(10)[:20], NOW)
    assert access.run().events == 10
    assert access.run().records == 0
    assert LogFile.objects.get().complete is False
    put(path, access_log(0, 15), NOW + dt.timedelta(minutes=3))
    assert access.run().events == 5
    assert access.ledger()["events"] == 15
    assert LogFile.objects.get().complete is True
    assert access.counted() == 15


def test_a_last_line_without_its_end_is_taken_once_the_file_has_settled(access: Importer) -> None:
    path = put(access.directory / "access.log", access_log(0, 10) + access_line(10)[:-1], NOW)
    assert access.run().events == 10
    access.now = NOW + dt.timedelta(hours=1)
    assert access.run().events == 1
    assert LogFile.objects.get().length == path.stat().st_size
    assert access.run().files_read == 0


def test_rotation_keeps_each_logical_file(access: Importer) -> None:
    directory = access.directory
    put(directory / "access.log", access_log(0, 20))
    access.run()
    (directory / "access.log").rename(directory / "access.log.1")
    put(directory / "access.log.1", access_log(0, 25))  # lines between the last import and the rotation
    put(directory / "access.log", access_log(25, 30))
    assert access.run().events == 10
    (directory / "access.log.1").rename(directory / "access.log.2")
    put(directory / "access.log.2.gz", gzip.compress((directory / "access.log.2").read_bytes()))
    (directory / "access.log.2").unlink()
    (directory / "access.log").rename(directory / "access.log.1")
    put(directory / "access.log", access_log(30, 31))
    assert access.run().events == 1
    assert access.ledger()["events"] == 31
    assert access.counted() == 31
    names = set(LogFile.objects.filter(copy_of=None).values_list("name", flat=True))
    assert names == {"access.log", "access.log.1", "access.log.2.gz"}


@pytest.mark.parametrize(
    ("ending", "pack"),
    [
        ("gz", gzip.compress),
        ("bz2", bz2.compress),
        ("xz", lzma.compress),
        ("zst", lambda data: zstandard.ZstdCompressor().compress(data)),
        ("two-members.gz", lambda data: gzip.compress(data[:777]) + gzip.compress(data[777:])),
    ],
)
def test_packing_a_file_imports_nothing_anew_and_packed_files_import(access: Importer, ending: str, pack) -> None:
    plain = access_log(0, 300)
    path = put(access.directory / "a.log", plain)
    assert access.run().events == 300
    path.unlink()
    put(access.directory / f"a.log.{ending}", pack(plain))
    run = access.run()
    assert (run.events, run.records, run.files_seen) == (0, 0, 1)
    put(access.directory / f"b.log.{ending}", pack(access_log(300, 400)))
    assert access.run().events == 100
    assert access.counted() == 400


def test_a_copy_is_remembered_and_read_once(access: Importer) -> None:
    put(access.directory / "access.log", access_log(0, 40))
    put(access.directory / "backup of access.log", access_log(0, 40))
    run = access.run()
    assert (run.events, run.files_seen) == (40, 2)
    copy = LogFile.objects.get(copy_of__isnull=False)
    assert (copy.name, copy.copy_of.name) == ("backup of access.log", "access.log")
    assert access.run().files_read == 0
    put(access.directory / "access.log", access_log(0, 41))
    assert access.run().events == 1
    assert access.ledger()["events"] == 41


def test_a_copy_that_has_more_goes_on_where_the_file_stopped(access: Importer) -> None:
    put(access.directory / "a.log", access_log(0, 200))
    access.run()
    put(access.directory / "b.log", access_log(0, 230))
    assert access.run().events == 30
    assert access.run().records == 0
    assert access.ledger()["events"] == 230
    assert {file.name: file.copy_of_id is None for file in LogFile.objects.all()} == {"a.log": False, "b.log": True}


def test_a_copy_of_an_earlier_state_is_nothing_new(access: Importer) -> None:
    put(access.directory / "access.log", access_log(0, 300))
    access.run()
    put(access.directory / "access.log.yesterday", access_log(0, 200))
    put(access.directory / "half.gz", gzip.compress(access_log(0, 300))[:2000], NOW)  # being packed right now
    run = access.run()
    assert (run.events, run.records) == (0, 0)
    assert access.counted() == 300


def test_both_in_one_import_the_file_and_its_earlier_state(access: Importer) -> None:
    put(access.directory / "a.log", access_log(0, 300))
    put(access.directory / "b.log", access_log(0, 200))
    put(access.directory / "c.log", access_log(0, 350))
    assert access.run().events == 350
    assert access.run().records == 0


def test_two_files_with_one_beginning_are_two_files(access: Importer) -> None:
    put(access.directory / "a.log", access_log(0, 200) + access_log(200, 300))
    put(access.directory / "b.log", access_log(0, 200) + access_log(500, 600))
    run = access.run()
    assert run.events == 600
    assert LogFile.objects.filter(copy_of=None).count() == 2
    assert access.run().records == 0


def test_a_file_written_anew_in_place_is_a_new_file(access: Importer) -> None:
    path = put(access.directory / "access.log", access_log(0, 50))
    access.run()
    put(path, access_log(50, 60), LONG_AGO + dt.timedelta(hours=1))
    assert access.run().events == 10
    assert access.counted() == 60


@pytest.mark.parametrize("seed", range(4))
def test_however_a_file_grows_each_line_counts_once(access: Importer, seed: int) -> None:
    chance = random.Random(seed)
    whole = access_log(0, 120)
    cuts = sorted(chance.sample(range(1, len(whole)), 6))
    path = access.directory / "access.log"
    for cut in cuts:
        put(path, whole[:cut], access.now)
        access.run()
        if chance.random() < 0.4:
            path = path.rename(path.with_name(f"access.log.{cut}"))
    put(path, whole)
    access.run()
    assert access.ledger() == {"records": 120, "events": 120}
    assert len(access.events()) == 120
    assert len({event.occurred_at for event in access.events()}) == 120
    assert access.counted() == 120


def test_many_small_files_share_a_segment_and_a_large_one_spans_several(access: Importer, settings) -> None:
    settings.SEGMENT_BYTES, settings.RECORD_BYTES = 20_000, 4_000
    for number in range(30):
        put(access.directory / f"small-{number:02}.log", access_log(number * 2, number * 2 + 2))
    put(access.directory / "zz-large.log", access_log(1000, 2000))
    run = access.run()
    assert (run.events, run.rejected) == (1060, 0)
    assert Segment.objects.count() == 5
    assert ImportedPart.objects.filter(segment__seq=0).count() == 31
    assert Segment.objects.filter(parts__name="zz-large.log").distinct().count() == 5
    assert all(segment.plain_length <= 20_000 for segment in Segment.objects.all())
    assert len(access.events()) == 1060


def test_native_ids_make_duplicates_within_and_between_files(trail: Importer) -> None:
    put(trail.directory / "a.json", trail_file(1, 2, 3, 3))
    put(trail.directory / "b.json.gz", gzip.compress(trail_lines(3, 4)))
    run = trail.run()
    assert (run.records, run.events, run.duplicates) == (6, 4, 2)
    put(trail.directory / "c.json", trail_file(4, 5, 2000))
    run = trail.run()
    assert (run.events, run.duplicates) == (2, 1)
    assert trail.counted() == 6
    part = ImportedPart.objects.get(name="b.json.gz")
    assert (part.events, part.duplicates) == (1, 1)


def test_routes_lead_to_services_and_the_rest_is_counted_as_unrouted(world: World, places: Path) -> None:
    source = make_source(world, str(places), service=None, routing_field="account")
    SourceRoute.objects.create(source=source, value="111111111111", service=world.cloud)
    SourceRoute.objects.create(source=source, value="222222222222", service=world.payments)
    importer = Importer(source, places)
    events = [(1, "111111111111"), (2, "222222222222"), (3, "222222222222"), (4, "333333333333")]
    put(places / "a.json", b"".join(trail_lines(number, account=account) for number, account in events))
    run = importer.run()
    assert (run.events, run.unrouted) == (4, 1)
    told = {(row.service_id, row.n) for row in source.hour_counts.all()}
    assert told == {(world.cloud.pk, 1), (world.payments.pk, 2), (None, 1)}


def test_given_paths_are_read_instead_of_the_directory(access: Importer, tmp_path: Path) -> None:
    put(access.directory / "own.log", access_log(0, 5))
    put(tmp_path / "elsewhere" / "deep" / "x.log", access_log(10, 20))
    run = access.run(tmp_path / "elsewhere")
    assert (run.events, run.files_seen) == (10, 1)
    assert run.read_until == run.last_event_at
    assert ImportedPart.objects.get().name == str(tmp_path / "elsewhere" / "deep" / "x.log")


def test_a_setting_of_the_source_that_is_wrong_stops_before_anything_is_registered(trail: Importer) -> None:
    put(trail.directory / "a.json", trail_file(1, 2))
    trail.source.time_zone = "Mars/Olympus"
    trail.source.save(update_fields=["time_zone"])
    run = trail.run()
    assert (run.state, run.records) == (ImportState.FAILED, 0)
    assert "no time zone 'Mars/Olympus'" in run.problem
    assert Segment.objects.count() == 0
    trail.source.time_zone = "UTC"
    trail.source.save(update_fields=["time_zone"])
    assert trail.run().events == 2


def test_an_event_shows_the_critical_action_of_the_catalogue(trail: Importer) -> None:
    put(trail.directory / "a.json", trail_lines(1, 2) + trail_lines(3, name="CreateUser", errorCode="AccessDenied"))
    trail.run()
    rows = {(row.kind, row.success, row.failure) for row in trail.source.action_counts.all()}
    assert ("account_created", 2, 0) in rows
    assert trail_event(1)["eventName"] == "CreateUser"
