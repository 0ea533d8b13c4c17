"""From an opened quarter to a verified record, with the real questions, checks and numbers."""

import datetime as dt
import zipfile

import pytest
from django.conf import settings

from reviews.engine.archive import archive_store, canonical
from reviews.engine.records import content, verify
from reviews.models import Record, RecordState, Review
from reviews.queries import inputs
from reviews.workflows import records, reviews
from tests.activity import HISTORY, fill, read_source, show, steady
from tests.quarters import AFTER, answer_all, freeze, ready
from tests.world import World

pytestmark = pytest.mark.usefixtures("places")


def sign_and_make(world: World, review: Review) -> tuple[Record, dict]:
    reviews.submit(world.ines, review, AFTER)
    reviews.sign(world.jonas, review, password_ok=True, accepted=True, now=AFTER)
    record = Record.objects.get(review=review)
    records.make(record.pk, "test")
    record.refresh_from_db()
    assert (record.state, record.problem) == (RecordState.MADE, "")
    path = archive_store(settings.ARCHIVE_URL).path("records", record.sha256)
    paper = frozenset({verify.plain_fingerprint(records.signing().fingerprint)})
    report = verify.check(str(path), paper)
    assert report.code == verify.VALID, report.lines()
    with zipfile.ZipFile(path) as archive:
        return record, canonical.loads(archive.read("content/record.json"))


def told(said: dict, topic: str) -> list[str]:
    return [one["sentence"] for one in said["could_not_tell"] if one["topic"] == topic]


def test_a_service_with_logs_and_a_silence(world: World):
    source = read_source(world, world.payments, AFTER)
    counts = steady(40.0)
    silent_from = int((dt.datetime(2026, 8, 12, 3, tzinfo=dt.UTC) - HISTORY) / dt.timedelta(hours=1))
    counts[silent_from : silent_from + 30] = 0
    fill(source, world.payments, counts)
    show(source, world.payments, "sign_in_succeeded", dt.date(2026, 9, 1))
    _, said = sign_and_make(world, ready(world, world.payments))
    assert said["population"]["events"]["api_usage"] > 80_000
    assert len(said["gaps_not_decided"]) == 1
    assert told(said, "Gap without a decision") == [said["gaps_not_decided"][0]["sentence"]]
    assert said["gaps_not_decided"][0]["sentence"] in said["signing"]["statement"]
    assert told(said, "Numbers") == []
    assert any("not seen, not proven" in sentence for sentence in told(said, "Coverage"))
    assert {part["person"]["name"]: part["did"][-1] for part in said["people"]} == {
        "Ines Okafor": "handed over to sign",
        "Jonas Weber": "signed",
    }


def test_a_service_without_any_log_says_so_first(world: World):
    _, said = sign_and_make(world, ready(world, world.payments))
    assert told(said, "Log sources") == ["No log source feeds this subject: nothing of it was seen."]
    assert told(said, "Gaps")
    assert told(said, "Checks")
    assert told(said, "Numbers") == []
    assert said["summary"]["meets"] == said["summary"]["items"] > 0
    assert said["summary"]["could_not_tell"] == len(said["could_not_tell"]) > 3


def test_the_quarter_itself_has_a_record(world: World):
    cycle = ready(world, world.payments).cycle
    whole = cycle.reviews.get(scope="cycle")
    assert whole.state == "open"
    record, said = sign_and_make(world, _ready_whole(world, whole))
    assert record.number == "AP-2026-Q3-0001"
    assert (said["subject"]["scope"], said["references"]) == ("cycle", [])


def _ready_whole(world: World, review: Review) -> Review:
    frozen = freeze(review)
    answer_all(world, frozen)
    return frozen


def test_the_sentence_of_a_missing_check_is_the_one_that_is_frozen():
    assert content.NO_SUCH_CHECK == inputs.NO_SUCH_CHECK
