"""Evidence: hashed on the way in, stored once, attached by reference, superseded and never replaced."""

import datetime as dt
import hashlib
from pathlib import Path

import pytest
from django.conf import settings

from reviews import access
from reviews.access import Role
from reviews.engine.archive import archive_store
from reviews.errors import ArchiveError, Invalid, Locked, NotAllowed
from reviews.models import Evidence, EvidenceLink, Review, ReviewItem, ReviewState, TrailEntry
from reviews.workflows import evidence
from reviews.workflows.media_types import media_type, sent_as
from tests.quarters import give, open_quarter, review_of, upload
from tests.world import World

FROM, TO = dt.date(2026, 7, 1), dt.date(2026, 9, 30)


@pytest.fixture
def item(world: World, places: Path) -> ReviewItem:
    return review_of(open_quarter(world), world.payments).items.get(item="COV-04")


@pytest.fixture
def other(item: ReviewItem) -> ReviewItem:
    return item.review.items.get(item="COV-05")


def stored_files() -> list[Path]:
    archive = Path(settings.ARCHIVE_URL.removeprefix("file://"))
    return [path for path in (archive / "evidence").rglob("*") if path.is_file()] if archive.exists() else []


def add(world: World, item: ReviewItem, person=None, covers=(FROM, TO), supersedes=None, **values) -> EvidenceLink:
    return evidence.add(person or world.ines, item, upload(**values), *covers, supersedes=supersedes)


def test_the_hash_is_that_of_the_bytes_that_came_in(world: World, item: ReviewItem) -> None:
    content = b"who,when\n" * 300_000  # several chunks
    link = add(world, item, content=content)
    assert link.evidence.sha256 == hashlib.sha256(content).hexdigest()
    assert link.evidence.size == len(content)
    with archive_store(settings.ARCHIVE_URL).open("evidence", link.evidence.sha256) as stream:
        assert stream.read() == content
    entry = TrailEntry.objects.get(action="evidence.added")
    assert entry.actor == world.ines
    assert entry.after["sha256"] == link.evidence.sha256
    assert "COV-04" in entry.after["question"]


def test_the_same_bytes_are_stored_once(world: World, item: ReviewItem, other: ReviewItem) -> None:
    first = add(world, item)
    second = add(world, other, name="same-again.csv")
    assert first.evidence != second.evidence  # each upload is told on its own
    assert first.evidence.sha256 == second.evidence.sha256
    assert len(stored_files()) == 1


def test_the_same_file_twice_on_one_question_is_refused(world: World, item: ReviewItem) -> None:
    add(world, item)
    with pytest.raises(Invalid, match="already attached"):
        add(world, item)
    assert EvidenceLink.objects.count() == 1


def test_an_empty_file_is_refused_and_nothing_is_stored(world: World, item: ReviewItem) -> None:
    with pytest.raises(Invalid, match=r"empty \(0 bytes\)") as refused:
        add(world, item, content=b"")
    assert refused.value.field == "file"
    assert stored_files() == []
    assert not Evidence.objects.exists()


def test_the_limit_holds_while_the_bytes_come_in(world: World, item: ReviewItem, settings) -> None:
    settings.EVIDENCE_BYTES = 1000

    class Endless:
        name, content_type, given = "endless.bin", "application/octet-stream", 0

        def chunks(self):
            for _ in range(1000):
                Endless.given += 1
                yield b"x" * 400

    with pytest.raises(Invalid, match="larger than 1,000 bytes"):
        evidence.add(world.ines, item, Endless(), FROM, TO)
    assert Endless.given == 3
    assert stored_files() == []
    assert add(world, item, content=b"y" * 1000).evidence.size == 1000


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("list.csv", "list.csv"),
        ("Zugriffe März 2026.pdf", "Zugriffe März 2026.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ines\\list.csv", "list.csv"),
        ("in\x00voice\u202efdp.exe", "invoicefdp.exe"),
        ("  spaces \n and lines .txt", "spaces and lines .txt"),
        ("...", "file"),
        ("", "file"),
        ("n" * 300 + ".json", "n" * 250 + ".json"),
    ],
)
def test_the_name_is_cleaned_and_otherwise_kept(given: str, kept: str) -> None:
    assert evidence.clean_name(given) == kept


@pytest.mark.parametrize(
    ("covers", "field"),
    [((TO, FROM), "covers_to"), ((dt.date(202, 7, 1), TO), "covers_from")],
)
def test_the_period_must_make_sense(world: World, item: ReviewItem, covers: tuple, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        add(world, item, covers=covers)
    assert refused.value.field == field
    assert stored_files() == []


@pytest.mark.parametrize(("who", "may"), [("ines", True), ("priya", True), ("jonas", False), ("maren", False)])
def test_preparers_and_owners_attach(world: World, item: ReviewItem, who: str, may: bool) -> None:
    if may:
        assert add(world, item, getattr(world, who)).attached_by == getattr(world, who)
    else:
        with pytest.raises(NotAllowed):
            add(world, item, getattr(world, who))
        assert stored_files() == []


def test_a_file_is_attached_by_reference_to_another_question(world: World, item: ReviewItem, other: ReviewItem) -> None:
    link = add(world, item)
    again = evidence.attach(world.ines, link.evidence, other)
    assert again.evidence == link.evidence
    assert Evidence.objects.count() == 1
    with pytest.raises(Invalid, match="already attached"):
        evidence.attach(world.ines, link.evidence, other)
    assert TrailEntry.objects.filter(action="evidence.attached").count() == 1


def test_a_file_that_is_hidden_cannot_be_attached(world: World, item: ReviewItem) -> None:
    hidden = review_of(item.review.cycle, world.secret).items.first()
    access.grant(world.sam, Role.PREPARER, world.secret)
    link = add(world, hidden, person=world.sam)
    assert access.evidence(world.sam).filter(pk=link.evidence_id).exists()  # it exists, for somebody else
    with pytest.raises(NotAllowed, match="cannot see"):
        evidence.attach(world.ines, link.evidence, item)
    with pytest.raises(NotAllowed):
        evidence.attach(world.sam, link.evidence, item)


def test_taking_off_keeps_the_row(world: World, item: ReviewItem) -> None:
    link = add(world, item)
    evidence.remove(world.ines, link)
    link.refresh_from_db()
    assert link.removed_by == world.ines
    assert link.removed_at is not None
    assert TrailEntry.objects.get(action="evidence.removed").actor == world.ines
    assert add(world, item).pk != link.pk  # and the same file may come back


def test_an_owner_takes_off_only_what_they_attached(world: World, item: ReviewItem) -> None:
    theirs, own = add(world, item), add(world, item, world.priya, content=b"mine")
    evidence.remove(world.priya, own)
    with pytest.raises(NotAllowed):
        evidence.remove(world.priya, theirs)
    with pytest.raises(NotAllowed):
        evidence.remove(world.jonas, theirs)


def test_a_newer_file_supersedes_and_the_old_one_stays(world: World, item: ReviewItem, other: ReviewItem) -> None:
    old = add(world, item).evidence
    new = add(world, item, content=b"corrected", supersedes=old).evidence
    assert new.supersedes == old
    assert item.evidence_links.filter(removed_at__isnull=True).count() == 2
    with pytest.raises(Invalid, match="superseded already"):
        add(world, item, content=b"third", supersedes=old)
    with pytest.raises(Invalid, match="not attached to this question"):
        add(world, other, content=b"fourth", supersedes=new)


@pytest.mark.parametrize("state", [ReviewState.SUBMITTED, ReviewState.SIGNED])
def test_a_review_that_is_not_open_takes_and_loses_nothing(world: World, item: ReviewItem, state: str) -> None:
    link = add(world, item)
    signed = {"signed_at": dt.datetime(2026, 11, 1, tzinfo=dt.UTC), "signed_by": world.jonas}
    Review.objects.filter(pk=item.review_id).update(state=state, **(signed if state == ReviewState.SIGNED else {}))
    for act in (
        lambda: add(world, item, content=b"late"),
        lambda: evidence.attach(world.ines, link.evidence, item),
        lambda: evidence.remove(world.ines, link),
    ):
        with pytest.raises(Locked):
            act()


def test_a_download_is_checked_and_logged(world: World, item: ReviewItem) -> None:
    file = give(world, item).evidence
    with evidence.opened(world.maren, file) as stream:
        assert stream.read() == b"a,b\n1,2\n"
    entry = TrailEntry.objects.get(action="evidence.downloaded")
    assert entry.actor == world.maren
    with pytest.raises(NotAllowed):
        evidence.opened(world.sam, file)


def test_bytes_that_changed_in_the_archive_are_not_sent(world: World, item: ReviewItem) -> None:
    file = give(world, item).evidence
    (path,) = stored_files()
    path.chmod(0o600)
    path.write_bytes(b"a,b\n9,9\n")
    with pytest.raises(ArchiveError, match="no longer those that were given"):
        evidence.opened(world.maren, file)
    assert not TrailEntry.objects.filter(action="evidence.downloaded").exists()


@pytest.mark.parametrize(
    ("beginning", "name", "declared", "kind", "sent"),
    [
        (b"%PDF-1.7", "a.pdf", "text/html", "application/pdf", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n...", "a.png", "", "image/png", "image/png"),
        (b"<!DOCTYPE html><p>", "a.txt", "text/plain", "text/html", "application/octet-stream"),
        (b"  \n<HTML>", "report.pdf", "application/pdf", "text/html", "application/octet-stream"),
        (b"<svg xmlns='x'>", "a.png", "image/png", "image/svg+xml", "application/octet-stream"),
        (b"<?xml version='1.0'?>", "a.xml", "text/xml", "application/xml", "application/octet-stream"),
        (b"a,b\n1,2", "a.csv", "application/vnd.ms-excel", "text/csv", "text/csv"),
        (b'{"a": 1}', "a.json", "text/html", "application/json", "application/json"),
        (b"plain", "a.html", "text/html", "text/plain", "text/plain"),
        (b"PK\x03\x04", "a.xlsx", "", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", None),
        (b"\x00\x01\x02", "a.bin", "application/x-thing", "application/x-thing", "application/octet-stream"),
        (b"\x00\x01\x02", "a.bin", "text/html", "application/octet-stream", "application/octet-stream"),
        (b"\x00\x01\x02", "a.bin", "nonsense\r\nX-Bad: 1", "application/octet-stream", "application/octet-stream"),
        ("März".encode()[:2], "a.txt", "", "text/plain", "text/plain"),  # cut within a letter
    ],
)
def test_the_type_is_sniffed_and_active_types_are_sent_as_octets(beginning, name, declared, kind, sent) -> None:
    assert media_type(beginning, name, declared) == kind
    assert sent_as(kind) == (sent or kind)
