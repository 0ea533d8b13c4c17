"""Importing objects of a bucket: all of them, each version once, however the bucket and the line to it behave."""

import datetime as dt
import gzip
from dataclasses import replace

import pytest

from reviews.engine.importing import objects
from reviews.engine.importing.candidates import Trouble
from reviews.engine.importing.showing import LONGEST_NAME
from reviews.models import Import, LogFile, Segment
from reviews.workflows import imports, scanning
from reviews.workflows.files import KnownFile
from tests.logs import access_log, trail_file, trail_lines
from tests.object_storage import Line, S3Server, TestBucket, answering
from tests.workflows.importing import Importer

NOTHING = {"records": 0, "events": 0, "duplicates": 0, "ignored": 0, "rejected": 0}


def names(importer: Importer) -> list[str]:
    return sorted(LogFile.objects.filter(source=importer.source).values_list("name", flat=True))


def test_objects_are_imported_once_and_pinned_by_their_etag(importer, bucket: TestBucket):
    bucket.put_all(
        {
            "logs/2026/10/a.log": access_log(0, 20) + b"rubbish\n",
            "logs/2026/10/b.log.gz": gzip.compress(access_log(20, 50)),
            "logs/2026/11/a b+c%d=ü.log": access_log(50, 60),
            "logs/double.log": access_log(60, 65),
            "logs/folder/": b"",
            "logs-of-others/a.log": access_log(100, 200),
        }
    )
    access = importer(bucket, "logs")
    run = access.run()
    assert (run.state, run.files_seen, run.files_read, run.records, run.events, run.rejected) == (
        "done", 4, 4, 66, 65, 1,
    )  # fmt: skip
    assert run.read_until == run.started_at
    assert len(access.events()) == access.counted() == 65
    assert names(access) == ["2026/10/a.log", "2026/10/b.log.gz", "2026/11/a b+c%d=ü.log", "double.log"]
    listed = bucket.client.list_objects_v2(Bucket=bucket.name, Prefix="logs/2026/10/a.log")["Contents"]
    pinned = LogFile.objects.get(source=access.source, name="2026/10/a.log")
    assert (pinned.version, pinned.complete) == (listed[0]["ETag"].strip('"'), True)
    assert imports.ledger(access.run()) == NOTHING


def test_what_is_known_is_not_fetched_again(importer, bucket: TestBucket, line: Line, settings):
    bucket.put_all({f"{number}.log": access_log(number * 10, number * 10 + 10) for number in range(12)})
    settings.S3_ENDPOINT = line.endpoint
    access = importer(bucket)
    assert access.run().events == 120
    assert sum(request.startswith(f"GET /{bucket.name}/".encode()) for request in line.requests) == 12
    before = len(line.requests)
    run = access.run()
    assert (run.files_seen, run.files_read) == (12, 0)
    assert len(line.requests) == before + 1  # one listing


def test_a_late_object_that_sorts_before_the_others_is_found(importer, bucket: TestBucket):
    bucket.put("2026/10/21/a.log", access_log(0, 10))
    access = importer(bucket)
    assert access.run().events == 10
    bucket.put("2026/10/01/late.log", access_log(100, 130))
    assert access.run().events == 30


def test_the_glob_is_matched_against_keys_below_the_prefix(importer, bucket: TestBucket, line: Line, settings):
    bucket.put_all(
        {
            f"logs/{key}": access_log(start, start + 5)
            for start, key in enumerate(["app/2026/a.log", "app/2026/a.txt", "app/b.log", "web/2026/a.log"])
        }
    )
    settings.S3_ENDPOINT = line.endpoint
    access = importer(bucket, "logs/", glob="app/**/*.log")
    access.run()
    assert names(access) == ["app/2026/a.log", "app/b.log"]
    assert any(b"prefix=logs%2Fapp%2F" in request for request in line.requests)  # the rest is not even listed


def test_keys_that_no_file_could_have_are_listed_and_shown(s3: S3Server):
    keys = ["logs//double.log", "logs//", "logs/folder/", "logs/line%0Abreak.log", f"logs/{'x' * 600}.log"]
    rows = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2026-10-01T00:00:00Z</LastModified><ETag>&quot;a&quot;</ETag>"
        f"<Size>{0 if key.endswith('/') else 3}</Size></Contents>"
        for key in keys
    )
    xml = f"<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"

    def found(status: int, code: str) -> list:
        refused = f"<Error><Code>{code}</Code></Error>"
        with answering({"versions": (status, refused), "list-type=2": (200, xml)}) as (endpoint, _):
            read = objects.Bucket("first", s3.access(endpoint=endpoint, attempts=1))
            return list(objects.Prefix(read, objects.Address("first", "logs/"), "**/*.log").find())

    shown = [one.name for one in found(501, "NotImplemented")]
    assert shown[:2] == ["/double.log", "line\\x0abreak.log"]
    assert len(shown[2]) == LONGEST_NAME
    assert len(shown) == 3
    # A provider that has no versions is one thing; a right that lacks hides what was overwritten, which is said.
    assert found(403, "AccessDenied")[3:] == [Trouble("s3://first/logs/", objects.UNSEEN, blocks=False)]


def test_another_version_of_the_same_size_and_second_is_another(s3: S3Server):
    at = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    read = objects.Bucket("first", s3.access())
    one, other = (
        objects.ListedObject(read, objects.StoredObject("a.log", 9, at, etag), "a.log") for etag in ('"1"', '"2"')
    )
    known = KnownFile.new("a.log")
    known.saw(one, complete=True)
    assert known.looks_like(one)
    assert not known.looks_like(other)
    long = replace(one, stored=objects.StoredObject("a.log", 9, at, "", "v" * 1024))
    assert len(long.version) == 64  # fits its column


def test_an_overwritten_object_is_read_as_a_new_version_without_its_duplicates(importer, bucket: TestBucket):
    bucket.put("trail.json", trail_file(*range(10)))
    trail = importer(bucket, format="cloudtrail")
    assert trail.run().events == 10
    bucket.put("trail.json", trail_file(*range(5, 14)))
    run = trail.run()
    assert (run.records, run.events, run.duplicates) == (9, 4, 5)
    [said] = trail.problems(run).values()
    assert said.startswith("The object was overwritten: ")
    bucket.put("trail.json", trail_file(*range(5, 14)))  # the same bytes once more
    run = trail.run()
    assert imports.ledger(run) == NOTHING
    assert trail.problems(run) == {}
    assert len(trail.events()) == 14


def test_an_object_that_is_written_anew_with_more_goes_on_where_it_ended(importer, bucket: TestBucket):
    bucket.put("a.log", access_log(0, 10))
    access = importer(bucket)
    assert access.run().events == 10
    bucket.put("a.log", access_log(0, 25))
    assert access.run().events == 15
    assert names(access) == ["a.log"]


def test_every_version_is_read_also_of_what_was_overwritten_or_deleted_before(importer, versioned: TestBucket):
    versioned.put("a.json", trail_lines(1, 2))
    versioned.put("a.json", trail_lines(3))
    versioned.put("gone.json", trail_lines(4, 5))
    versioned.delete("gone.json")
    trail = importer(versioned, format="cloudtrail")
    run = trail.run()
    assert (run.files_seen, run.events, trail.problems(run)) == (3, 5, {})
    versioned.put("a.json", trail_lines(6))
    run = trail.run()
    assert (run.events, trail.problems(run)) == (1, {})  # the version before is still there
    assert imports.ledger(trail.run()) == NOTHING
    assert len({file.version for file in LogFile.objects.filter(source=trail.source)}) == 4


def test_objects_that_were_deleted_are_no_error(importer, bucket: TestBucket):
    bucket.put_all({"a.log": access_log(0, 10), "b.log": access_log(10, 20)})
    access = importer(bucket)
    access.run()
    bucket.delete("a.log")
    run = access.run()
    assert (run.state, run.problem, run.files_seen, run.read_until) == ("done", "", 1, run.started_at)
    assert len(access.events()) == 20


def test_an_object_that_goes_between_listing_and_reading_is_said_and_costs_no_other(
    importer, bucket: TestBucket, monkeypatch
):
    bucket.put_all({f"{number}.log": access_log(number * 10, number * 10 + 10) for number in range(3)})
    find = objects.Prefix.find

    def listed_then_deleted(place: objects.Prefix):
        found = list(find(place))
        bucket.delete("1.log")
        return iter(found)

    monkeypatch.setattr(objects.Prefix, "find", listed_then_deleted)
    access = importer(bucket)
    run = access.run()
    assert access.problems(run) == {"1.log": "The object was deleted before it was read."}
    assert (run.events, run.read_until) == (20, None)
    monkeypatch.undo()
    assert access.run().read_until is not None


def test_a_large_object_is_read_in_blocks_and_cut_into_segments(importer, bucket: TestBucket, settings, monkeypatch):
    monkeypatch.setattr(objects, "SMALL", 10_000)
    monkeypatch.setattr(objects, "BLOCK", 7_000)
    settings.SEGMENT_BYTES, settings.RECORD_BYTES = 60_000, 4_000
    data = access_log(0, 3000)
    bucket.put_all({"plain.log": data, "packed.log.gz": gzip.compress(access_log(5000, 9000), 0)})
    access = importer(bucket)
    run = access.run()
    assert (run.events, run.problem) == (7000, "")
    assert Segment.objects.count() > 3
    assert len(access.events()) == 7000


def test_many_small_objects_share_segments_and_are_quick(importer, bucket: TestBucket, monkeypatch):
    count = 450
    bucket.put_all(
        {f"{number % 28:02}/{number:04}.gz": gzip.compress(access_log(number, number + 1)) for number in range(count)}
    )
    access = importer(bucket)
    run = access.run()
    assert (run.state, run.files_read, run.events) == ("done", count, count)
    assert Segment.objects.count() == 2
    assert access.run().files_read == 0


def test_no_more_than_a_bounded_part_is_fetched_ahead(importer, bucket: TestBucket, s3: S3Server, monkeypatch):
    bucket.put_all({f"{number:02}.log": access_log(number, number + 5) for number in range(30)})
    monkeypatch.setattr(objects, "AHEAD", 6)
    place = objects.Prefix(objects.Bucket(bucket.name, s3.access()), objects.Address(bucket.name), "**/*")
    begun = 0

    def wanted():
        nonlocal begun
        for one in place.find():
            begun += 1
            yield one

    ahead = place.ahead(wanted())
    first = next(ahead)
    assert (first.name, begun) == ("00.log", 7)
    assert first.open().read() == access_log(0, 5)
    assert [one.name for one in ahead] == [f"{number:02}.log" for number in range(1, 30)]


def test_when_the_provider_falls_silent_within_an_import_nothing_is_lost(
    importer, reached: S3Server, bucket: TestBucket, monkeypatch
):
    monkeypatch.setattr("reviews.engine.importing.batches.MOST_PIECES", 10)
    monkeypatch.setattr(objects, "AHEAD", 4)
    monkeypatch.setattr("reviews.queries.buckets.SECONDS", 1)
    bucket.put_all({f"{number:02}.log": access_log(number * 10, number * 10 + 10) for number in range(40)})
    access = importer(bucket)
    register, batches, frozen = scanning.register, [], reached.frozen()

    def silent_after_the_first(*args):
        done = register(*args)
        if not batches:
            frozen.__enter__()
        batches.append(done)
        return done

    monkeypatch.setattr(scanning, "register", silent_after_the_first)
    try:
        run = access.run()
    finally:
        frozen.__exit__(None, None, None)
    assert run.state == "failed"
    assert "did not answer within 1 seconds. It is tried again later." in run.problem
    assert 100 <= run.events < 400
    assert access.counted() == run.events  # what was registered counts
    run = access.run()
    assert (run.state, run.read_until) == ("done", run.started_at)
    assert access.ledger()["events"] == len(access.events()) == access.counted() == 400


def test_an_import_that_dies_between_any_two_batches_is_taken_up(importer, bucket: TestBucket, monkeypatch):
    monkeypatch.setattr("reviews.engine.importing.batches.MOST_PIECES", 5)
    bucket.put_all({f"{number:02}.json": trail_lines(number, number + 1) for number in range(20)})
    trail = importer(bucket, format="cloudtrail")
    for step in ("register", "prepare", "register"):
        with monkeypatch.context() as during:
            during.setattr(scanning, step, _dying(getattr(scanning, step), after=1))
            with pytest.raises(KeyboardInterrupt):
                trail.run()
        Import.objects.filter(state="running").update(state="queued", lease_owner="", lease_until=None)
    assert trail.run().state == "done"
    ledger = trail.ledger()
    assert (ledger["records"], ledger["events"], ledger["duplicates"]) == (40, 21, 19)
    assert len(trail.events()) == trail.counted() == 21


def _dying(function, *, after: int):
    calls = 0

    def step(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls > after:
            raise KeyboardInterrupt
        return function(*args, **kwargs)

    return step


def test_a_bucket_that_may_not_be_read_any_more_fails_with_the_reason(importer, bucket: TestBucket, settings):
    bucket.put("a.log", access_log(0, 5))
    access = importer(bucket, "a")
    settings.LOG_BUCKETS = [f"s3://{bucket.name}/b/"]
    run = access.run()
    assert (run.state, run.files_seen) == ("failed", 0)
    assert f"Logs are read only from s3://{bucket.name}/b/. Choose a prefix there." in run.problem
    settings.LOG_BUCKETS = []
    assert "Logs are read from no bucket yet" in access.run().problem


def test_objects_that_may_be_listed_and_not_read_block_what_the_source_claims(importer, bucket: TestBucket, settings):
    bucket.put_all({"a.log": access_log(0, 5), "b.log": access_log(5, 9)})
    settings.S3_ACCESS_KEY_ID = "lister"
    access = importer(bucket)
    run = access.run()
    assert set(access.problems(run)) == {"a.log", "b.log"}
    assert "Allow it s3:GetObject" in access.problems(run)["a.log"]
    assert run.read_until is None
    settings.S3_ACCESS_KEY_ID = "reader"
    assert access.run().events == 9
