"""Log files that a keeper uploads on the page of a source: into the spool, told, imported; or refused and gone."""

import datetime as dt
import gzip
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.client import encode_multipart
from django.urls import reverse
from django.utils import timezone

from reviews.models import Import, LogSource, TrailEntry
from reviews.web.uploads import SEATS
from reviews.workflows.scanning import spool_of
from tests.arrivals import make_open_source
from tests.logs import access_log, put
from tests.workflows.importing import Importer
from tests.world import World, make_source

LINES = access_log(0, 20)


class Page:
    """The page of a source, as its keeper sees it."""

    def __init__(self, client: Client, source: LogSource) -> None:
        self.client, self.source = client, source
        self.url = reverse("source_upload", args=[source.pk])

    def upload(self, *files: tuple[str, bytes], until: str = "", end: str = "whole", **more: str) -> HttpResponse:
        sent = [SimpleUploadedFile(name, body) for name, body in files]
        return self.client.post(self.url, {"until": until, "files": sent, "end": end}, follow=True, **more)

    def kept(self) -> dict[str, bytes]:
        return {one.path.name: one.path.read_bytes() for one in spool_of(self.source).arrivals()}

    def nothing_is_left(self) -> bool:
        return not [path for path in spool_of(self.source).top.rglob("*") if path.is_file()]


def told_last() -> dict:
    """What the trail says of the last upload."""
    return TrailEntry.objects.filter(action="source.uploaded").order_by("id").last().after


@pytest.fixture
def form(signed_in, world: World, places: Path) -> Page:
    return Page(signed_in(world.tomas), make_open_source(world))


def test_files_are_kept_told_and_imported(form: Page, places: Path):
    packed = gzip.compress(access_log(20, 30))
    response = form.upload(("access.log", LINES), ("more.log.gz", packed))
    assert "2 files are here. The import starts at once." in response.content.decode()
    assert form.kept() == {"access.log": LINES, "more.log.gz": packed}
    assert Import.objects.get().asked_by is not None
    told = TrailEntry.objects.get(action="source.uploaded").after["files"]
    assert told[0].startswith(f"access.log, {len(LINES):,} bytes, SHA-256 ")
    run = Importer(form.source, places, now=timezone.now()).run()
    assert (run.events, run.read_until) == (30, run.last_event_at)
    assert form.nothing_is_left()
    assert TrailEntry.objects.get(action="import.finished").after["uploaded"] == 2


def test_the_same_bytes_again_are_said_to_be_nothing_new(form: Page, places: Path):
    importer = Importer(form.source, places, now=timezone.now())
    form.upload(("access.log", LINES))
    importer.run()
    response = form.upload(("again.log.gz", gzip.compress(LINES)))
    assert "again.log.gz holds nothing new: all its bytes were imported" in response.content.decode()
    assert form.nothing_is_left()
    assert told_last()["nothing_new_in"] == ["again.log.gz"]
    response = form.upload(("grown.log", LINES + access_log(20, 25)))  # a file that has grown since
    assert "One file is here" in response.content.decode()
    assert importer.run().events == 5


def test_a_source_with_a_place_takes_uploads_too(signed_in, world: World, places: Path):
    source = make_source(world, str(places), format="web_access")
    form = Page(signed_in(world.tomas), source)
    put(places / "a.log", access_log(100, 110))
    form.upload(("b.log", LINES))
    run = Importer(source, places, now=timezone.now()).run()
    assert (run.events, run.files_read, run.read_until) == (30, 2, run.started_at)
    assert form.nothing_is_left()


def test_a_day_up_to_which_the_files_are_whole_is_what_the_source_is_known_to(form: Page, places: Path):
    importer = Importer(form.source, places, now=timezone.now())
    today = timezone.now().date()
    response = form.upload(("access.log", LINES), until=f"{today}")
    assert "Choose a day that is over" in response.content.decode()
    assert form.nothing_is_left()
    assert not TrailEntry.objects.filter(action="source.uploaded").exists()
    yesterday = today - dt.timedelta(days=1)
    form.upload(("access.log", LINES), until=f"{yesterday - dt.timedelta(days=1)}")
    assert importer.run().read_until == dt.datetime.combine(yesterday, dt.time(), dt.UTC)
    form.upload(("access.log", LINES), until=f"{yesterday}")  # nothing new in it, which is what was said
    run = importer.run()
    assert (run.events, run.read_until) == (0, dt.datetime.combine(today, dt.time(), dt.UTC))
    assert told_last()["whole_until"] == f"{yesterday}"


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([], "Choose at least one file."),
        ([("empty.log", b"")], "empty.log is empty"),
        ([("good.log", LINES), ("odd.gz", b"\x1f\x8b" + b"\0" * 100)], "damaged gzip file"),
    ],
)
def test_what_cannot_be_read_at_all_is_said_and_nothing_is_kept(form: Page, files, sentence: str):
    assert sentence in form.upload(*files).content.decode()
    assert form.nothing_is_left()
    assert not Import.objects.exists()
    assert not TrailEntry.objects.filter(action="source.uploaded").exists()


def test_a_request_that_was_cut_off_keeps_nothing(form: Page):
    data = {"until": "", "files": SimpleUploadedFile("access.log", LINES), "end": "whole"}
    body = encode_multipart("BoUnDaRy", data)
    assert LINES in body
    for length in (body.index(LINES) + 500, body.index(b'name="end"')):
        response = form.client.post(form.url, body[:length], content_type="multipart/form-data; boundary=BoUnDaRy")
        assert "The upload ended early" in response.content.decode()
        assert form.nothing_is_left()


def test_limits_are_said_and_nothing_is_kept(form: Page, settings):
    settings.UPLOAD_BYTES = 1 << 20
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    large = b"a" * (1 << 20) + b"\n"
    assert "Larger than 1 MB: large.log" in form.upload(("large.log", large), ("b.log", LINES)).content.decode()
    assert form.nothing_is_left()
    settings.SPOOL_FREE_BYTES = 1 << 60
    assert "nearly full" in form.upload(("b.log", LINES)).content.decode()
    settings.SPOOL_FREE_BYTES = 0
    seats = 0
    while SEATS.acquire(blocking=False):
        seats += 1
    try:
        assert "Too many files are being sent" in form.upload(("b.log", LINES)).content.decode()
    finally:
        for _ in range(seats):
            SEATS.release()
    assert form.nothing_is_left()
    assert "One file is here" in form.upload(("b.log", LINES)).content.decode()


def test_names_are_made_harmless(form: Page):
    form.upload(
        ("../../etc/pass\u202ewd", LINES), ("ä" * 300 + ".log", access_log(30, 40)), (".hidden", access_log(40, 50))
    )
    names = set(form.kept())
    assert {"passwd", "hidden"} <= names
    assert all(len(name.encode()) <= 255 for name in names)
    assert len(names) == 3


def test_script_is_sent_on_and_sees_what_is_wrong(form: Page):
    htmx = {"HTTP_HX_REQUEST": "true"}
    response = form.upload(("access.log", LINES), **htmx)
    assert response.headers["HX-Redirect"] == reverse("source", args=[form.source.pk])
    text = form.upload(**htmx).content.decode()
    assert 'id="upload"' in text
    assert "Choose at least one file." in text


def test_only_who_keeps_all_of_the_source_sends_bytes(signed_in, world: World, form: Page):
    client = signed_in(world.ines)
    data = encode_multipart("x", {"files": SimpleUploadedFile("a", LINES), "end": "whole"})
    response = client.generic("POST", form.url, data, content_type="multipart/form-data; boundary=x")
    assert response.status_code == 403
    assert form.nothing_is_left()
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.tomas, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(form.url, {"files": SimpleUploadedFile("a", LINES), "end": "whole"}).status_code == 403
    assert form.nothing_is_left()
    assert 'id="upload"' not in signed_in(world.ines).get(reverse("source", args=[form.source.pk])).content.decode()
