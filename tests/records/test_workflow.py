"""Records from queue to download (reviews/workflows/records.py)."""

import datetime as dt
import hashlib
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from reviews import access
from reviews.engine.archive import archive_store, canonical
from reviews.engine.records import verify
from reviews.errors import ArchiveError, Invalid, NotAllowed
from reviews.models import Record, RecordState, Review, Scope, TrailEntry
from reviews.workflows import records, trail
from tests.records.signed import SIGNED_AT, attach, make_cycle, make_record, make_review, sign
from tests.world import World, make_source

pytestmark = pytest.mark.usefixtures("places")


def stored_path(record: Record) -> Path:
    return archive_store(settings.ARCHIVE_URL).path("records", record.sha256)


def content(record: Record) -> dict:
    with zipfile.ZipFile(stored_path(record)) as archive:
        return canonical.loads(archive.read("content/record.json"))


def test_a_signed_review_becomes_a_record_that_verifies(world: World):
    record = make_record(world)
    assert (record.state, record.number, record.problem) == (RecordState.MADE, "AP-2026-Q3-0001", "")
    assert stored_path(record).stat().st_size == record.size
    paper = frozenset({verify.plain_fingerprint(records.signing().fingerprint)})
    report = verify.check(str(stored_path(record)), paper)
    assert report.code == verify.VALID, report.lines()
    with zipfile.ZipFile(stored_path(record)) as archive:
        assert hashlib.sha256(archive.read("MANIFEST.sha256")).hexdigest() == record.manifest_sha256
        assert archive.read("content/evidence/0001/Ticket_4711_a_.txt") == b"the ticket of the vendor"
    made = TrailEntry.objects.get(action="record.made")
    assert (made.object_name, made.actor_name) == (record.number, "the schedule")


def test_it_says_what_the_review_says(world: World):
    said = content(make_record(world))
    assert said["subject"]["name"] == "Payments API"
    assert said["signing"]["signed_by"]["name"] == "Jonas Weber"
    assert said["signing"]["statement"].startswith("I, Jonas Weber")
    assert [item["answer"] for item in said["items"]] == ["meets", "meets", "does_not_meet"]
    assert said["items"][1]["against"] == ["gaps.open"]
    assert said["items"][1]["evidence"] == ["0001"]
    assert said["excluded"] == [{"item": "STO-05", "title": "Keys are ours", "fact": "store.own_keys is false"}]
    assert said["population"]["silences"][0]["expected"] == "812.5"  # no floats
    assert said["gaps_not_decided"] == said["population"]["silences"]
    assert said["people"] == [
        {"person": {"id": world.ines.pk, "name": "Ines Okafor", "email": world.ines.email},
         "did": ["answered 3 questions", "attached evidence", "handed over to sign"]},
        {"person": {"id": world.jonas.pk, "name": "Jonas Weber", "email": world.jonas.email}, "did": ["signed"]},
    ]  # fmt: skip
    assert said["demo"] is False
    assert said["summary"]["does_not_meet"] == 1


def test_what_could_not_be_told_is_all_there(world: World):
    sentences = {(one["topic"], one["sentence"]) for one in content(make_record(world))["could_not_tell"]}
    assert sentences == {
        ("Gap without a decision", "Nothing arrived from 2 Sep, 11:20 to 3 Sep 2026, 06:20 UTC."),
        ("Coverage", "Required kinds of action not seen, not proven in this quarter: Key export."),
        ("Log source", "Organisation trail: 3 records could not be read as events."),
        ("Checks", "1 check does not exist yet; people answered without: Clocks (COV-12)."),
        ("COV-04", "Title of COV-04: met by the word of a person, without evidence or check."),
    }


def test_a_review_without_frozen_numbers_says_so_first(world: World):
    review = make_review(world, make_cycle(world))
    sign(world, review)
    bare = Review.objects.create(
        cycle=review.cycle, scope=Scope.CYCLE, state="signed", signed_at=SIGNED_AT, signed_by=world.jonas
    )
    record = records.queue(bare)
    records.make(record.pk, "test")
    record.refresh_from_db()
    first = content(record)["could_not_tell"][0]
    assert first["sentence"] == "No numbers were frozen with this review: it cannot tell what was counted."


def test_numbers_count_up_within_a_quarter(world: World):
    third, second = make_cycle(world), make_cycle(world, "2026-Q2")
    one = records.queue(sign(world, make_review(world, third)))
    two = records.queue(sign(world, make_review(world, third, service=world.cloud)))
    other = records.queue(sign(world, make_review(world, second)))
    assert [one.number, two.number, other.number] == ["AP-2026-Q3-0001", "AP-2026-Q3-0002", "AP-2026-Q2-0001"]
    assert records.queue(one.review) == one  # asking twice is one record


def test_an_open_review_has_no_record(world: World):
    with pytest.raises(Invalid, match="Only a signed review"):
        records.queue(make_review(world, make_cycle(world)))


def test_a_signature_that_is_rolled_back_leaves_no_record(world: World):
    review = make_review(world, make_cycle(world))
    with transaction.atomic():
        records.queue(sign(world, review))
        transaction.set_rollback(True)
    assert not Record.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_worker_is_woken_only_after_commit(world: World, monkeypatch):
    woken: list[tuple] = []
    monkeypatch.setattr("reviews.workflows.background.current_app.send_task", lambda *a, **k: woken.append((a, k)))
    with transaction.atomic():
        record = records.queue(sign(world, make_review(world, make_cycle(world))))
        assert not woken
    assert woken == [(("reviews.make_record",), {"args": (record.pk,), "retry": False})]


# --- Making it: leases, failures, twice --------------------------------------------------------------------------


def test_making_it_twice_gives_one_record(world: World):
    record = make_record(world)
    before = Record.objects.values().get(pk=record.pk)
    records.make(record.pk, "another worker")
    assert Record.objects.values().get(pk=record.pk) == before
    assert TrailEntry.objects.filter(action="record.made").count() == 1


def test_a_second_worker_leaves_a_record_that_is_being_made(world: World):
    record = records.queue(sign(world, make_review(world, make_cycle(world))))
    now = timezone.now()
    Record.objects.filter(pk=record.pk).update(lease_owner="first", lease_until=now + dt.timedelta(seconds=30))
    records.make(record.pk, "second", lambda: now)
    record.refresh_from_db()
    assert (record.state, record.lease_owner) == (RecordState.QUEUED, "first")
    records.make(record.pk, "second", lambda: now + dt.timedelta(seconds=31))  # the first worker died
    record.refresh_from_db()
    assert record.state == RecordState.MADE


def test_a_worker_whose_lease_was_lost_writes_nothing(world: World, monkeypatch):
    record = records.queue(sign(world, make_review(world, make_cycle(world))))
    real = records.build

    def slow(*arguments, **fields):
        built = real(*arguments, **fields)
        Record.objects.filter(pk=record.pk).update(lease_owner="another")
        return built

    monkeypatch.setattr(records, "build", slow)
    records.make(record.pk, "slow")
    record.refresh_from_db()
    assert (record.state, record.lease_owner, record.sha256) == (RecordState.QUEUED, "another", "")


def test_long_work_keeps_its_lease(world: World, settings):
    review = make_review(world, make_cycle(world))
    for number in range(4):
        attach(world, review.items.get(item="COV-04"), bytes([number]) * 3_000_000, f"{number}.bin")
    record = records.queue(sign(world, review))
    moments = iter(SIGNED_AT + dt.timedelta(seconds=15 * step) for step in range(10_000))
    leases = []

    def clock() -> dt.datetime:
        leases.append(Record.objects.values_list("lease_until", flat=True).get(pk=record.pk))
        return next(moments)

    records.make(record.pk, "slow", clock)
    record.refresh_from_db()
    assert record.state == RecordState.MADE
    kept = [lease for lease in leases if lease]
    assert kept == sorted(kept)
    assert kept[-1] - kept[0] > dt.timedelta(seconds=settings.LEASE_SECONDS)


def test_changed_evidence_fails_with_a_sentence_and_is_tried_again(world: World):
    review = make_review(world, make_cycle(world))
    record = records.queue(sign(world, review))
    evidence = review.items.get(item="COV-12").evidence_links.get().evidence
    path = archive_store(settings.ARCHIVE_URL).path("evidence", evidence.sha256)
    good = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(b"another ticket, same length"[: len(good)])
    now = timezone.now()
    records.make(record.pk, "test", lambda: now)
    record.refresh_from_db()
    assert record.state == RecordState.FAILED
    assert record.problem == "The evidence Ticket 4711 (ä).txt in the archive is not the file that was attached."
    assert records.requeue(now + dt.timedelta(minutes=4)) == 0
    assert records.requeue(now + dt.timedelta(minutes=6)) == 1
    records.make(record.pk, "test", lambda: now + dt.timedelta(minutes=6))
    assert TrailEntry.objects.filter(action="record.failed").count() == 1  # the same reason is one entry
    path.write_bytes(good)
    records.make(record.pk, "test", lambda: now + dt.timedelta(minutes=12))
    record.refresh_from_db()
    assert (record.state, record.problem) == (RecordState.MADE, "")


def test_missing_evidence_a_lost_key_and_a_full_disk_are_sentences(world: World, settings, monkeypatch):
    record = records.queue(sign(world, make_review(world, make_cycle(world))))
    now = timezone.now()

    def problem_after(minutes: int) -> str:
        records.make(record.pk, "test", lambda: now + dt.timedelta(minutes=minutes))
        record.refresh_from_db()
        assert record.state == RecordState.FAILED
        return record.problem

    evidence = record.review.items.get(item="COV-12").evidence_links.get().evidence
    path = archive_store(settings.ARCHIVE_URL).path("evidence", evidence.sha256)
    path.rename(path.with_suffix(".away"))
    assert "The archive does not give evidence/" in problem_after(0)
    path.with_suffix(".away").rename(path)
    settings.SIGNING_CERT.unlink()
    assert "Put it back from your backup" in problem_after(10)
    settings.SIGNING_KEY.unlink()
    monkeypatch.setattr(records, "build", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    assert problem_after(20) == "Something failed on our side. The log of the worker says more."
    assert not list(archive_store(settings.ARCHIVE_URL).stored_names("records"))


def test_waiting_records_are_woken_by_the_tick(world: World):
    record = records.queue(sign(world, make_review(world, make_cycle(world))))
    assert records.requeue(timezone.now()) == 1
    records.make(record.pk, "test")
    assert records.requeue(timezone.now()) == 0


# --- What it names beside itself -----------------------------------------------------------------------------------


def test_answers_of_the_stores_and_the_quarter_are_there_as_far_as_they_were_signed(world: World, places):
    make_source(world, str(places), service=world.payments)
    cycle = make_cycle(world)
    vault = make_review(world, cycle, scope=Scope.LOG_STORE, service=None, store=world.vault)
    records.queue(sign(world, vault, SIGNED_AT - dt.timedelta(days=1)))
    whole = make_review(world, cycle, scope=Scope.CYCLE, service=None)
    service = make_review(world, cycle)
    sign(world, whole, SIGNED_AT + dt.timedelta(hours=1))  # signed, but later than the service
    other = make_review(world, cycle, scope=Scope.LOG_STORE, service=None, store=world.hidden_vault)
    sign(world, other, SIGNED_AT - dt.timedelta(days=1))  # no log of the service lies there
    said = content(make_record(world, service))
    by_name = {one["subject"]["name"]: one for one in said["references"]}
    assert set(by_name) == {"Audit bucket", "The whole quarter"}
    assert by_name["Audit bucket"]["record"] == "AP-2026-Q3-0001"
    assert [item["item"] for item in by_name["Audit bucket"]["items"]] == ["COV-04", "COV-12", "COV-09"]
    assert by_name["The whole quarter"]["items"] == []
    assert "The review of the whole quarter was not signed when this one was: no answers here." in [
        one["sentence"] for one in said["could_not_tell"]
    ]


def test_settings_that_changed_before_the_signature_are_lines_of_the_record(world: World, places, monkeypatch):
    mine = make_source(world, str(places), service=world.payments)
    other = make_source(world, str(places), name="Another", service=world.cloud)

    def changed(source, at: dt.datetime, value: str) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: at)
        trail.log(world.tomas, "source.changed", source, before={"time_zone": "UTC"}, after={"time_zone": value})

    review = make_review(world, make_cycle(world))
    changed(mine, dt.datetime(2026, 6, 30, tzinfo=dt.UTC), "before the quarter")
    changed(mine, dt.datetime(2026, 8, 1, tzinfo=dt.UTC), "Europe/Berlin")
    changed(mine, dt.datetime(2026, 10, 2, tzinfo=dt.UTC), "Europe/Paris")
    changed(other, dt.datetime(2026, 8, 1, tzinfo=dt.UTC), "of another service")
    changed(mine, SIGNED_AT + dt.timedelta(minutes=1), "after the signature")
    monkeypatch.undo()
    lines = content(make_record(world, review))["settings_changed"]
    assert [line["after"]["time_zone"] for line in lines] == ["Europe/Berlin", "Europe/Paris"]
    assert (lines[0]["who"], lines[0]["what"]) == ("Tomas Lindqvist", "changed the log source")
    assert lines[0]["at"] == "2026-08-01T00:00:00.000000Z"


def test_the_record_before_is_named(world: World):
    before = make_record(world, make_review(world, make_cycle(world, "2026-Q2")))
    assert content(before)["previous"] is None
    review = make_review(world, make_cycle(world))
    sign(world, review, SIGNED_AT + dt.timedelta(days=90))
    record = records.queue(review)
    records.make(record.pk, "test")
    record.refresh_from_db()
    assert content(record)["previous"] == {
        "number": "AP-2026-Q2-0001",
        "quarter": "2026-Q2",
        "version": 1,
        "zip_sha256": before.sha256,
        "manifest_sha256": before.manifest_sha256,
    }


def test_a_demo_says_so_in_json_certificate_and_instructions(world: World):
    world.organisation.is_demo = True
    world.organisation.save(update_fields=["is_demo"])
    record = make_record(world)
    assert content(record)["demo"] is True
    with zipfile.ZipFile(stored_path(record)) as archive:
        assert b"DEMO" in archive.read("VERIFY.txt")
    assert "DEMO" in records.signing().certificate.subject.rfc4514_string()


# --- Download ------------------------------------------------------------------------------------------------------


def test_a_download_gives_the_sealed_bytes_and_leaves_an_entry(world: World):
    record = make_record(world)
    download = records.download(world.maren, record)
    with download.file:
        assert hashlib.sha256(download.file.read()).hexdigest() == record.sha256
    assert (download.name, download.size) == ("AP-2026-Q3-0001.zip", record.size)
    entry = TrailEntry.objects.get(action="record.downloaded")
    assert (entry.actor, entry.object_name, entry.after) == (world.maren, record.number, {"sha256": record.sha256})


def test_a_file_that_changed_in_the_archive_is_not_handed_out(world: World):
    record = make_record(world)
    path = stored_path(record)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ArchiveError, match="not the file that was stored"):
        records.download(world.maren, record)
    assert not TrailEntry.objects.filter(action="record.downloaded").exists()


def test_a_record_that_is_not_open_or_not_made_is_not_handed_out(world: World):
    queued = records.queue(sign(world, make_review(world, make_cycle(world))))
    with pytest.raises(Invalid, match="not made yet"):
        records.download(world.maren, queued)
    with pytest.raises(NotAllowed):
        records.download(world.sam, queued)


def test_a_failed_entry_of_the_trail_fails_the_download(world: World, monkeypatch):
    record = make_record(world)
    monkeypatch.setattr(records.trail, "log", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("no trail")))
    with pytest.raises(RuntimeError):
        records.download(world.maren, record)


def test_a_seat_opens_one_record_until_its_last_day(world: World):
    record = make_record(world)
    with pytest.raises(NotAllowed):
        records.download(world.leila, record)
    access.seat_auditor(world.leila, record.review, timezone.now().date())
    records.download(world.leila, record).file.close()
    access.seat_auditor(world.leila, record.review, timezone.now().date() - dt.timedelta(days=1))
    with pytest.raises(NotAllowed):
        records.download(world.leila, record)
