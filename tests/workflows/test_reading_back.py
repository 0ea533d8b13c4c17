"""Reading back from a day: older files are left alone, counted and listed, and read when the day moves back."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews.models import HourCount, Import, ImportState, LogFile
from reviews.queries import activity, older_files, sources
from reviews.queries.progress import progress_of
from reviews.workflows.rebuilding import rebuild
from reviews.workflows.scanning import spool_of
from tests.logs import LONG_AGO, access_log, put
from tests.web.test_dashboards import text_of
from tests.workflows.importing import NOW, Importer

DAY = dt.date(2026, 10, 20)
BEFORE = dt.datetime(2026, 10, 19, 23, 59, 59, tzinfo=dt.UTC)


@pytest.fixture
def since(access: Importer) -> Importer:
    access.source.read_from = DAY
    access.source.save(update_fields=["read_from"])
    return access


def older(importer: Importer) -> list[str]:
    return [file.name for file in older_files.files(importer.source)]


def test_files_of_before_the_day_are_left_alone_and_listed(since: Importer) -> None:
    put(since.directory / "old.log", access_log(0, 10), BEFORE)
    put(since.directory / "older.log", access_log(10, 20), BEFORE - dt.timedelta(days=3))
    put(since.directory / "new.log", access_log(20, 30), LONG_AGO)  # its day begins at midnight, UTC
    run = since.run()
    assert (run.files_found, run.files_seen, run.files_older, run.files_read, run.events) == (3, 3, 2, 1, 10)
    assert run.read_until == run.started_at
    assert older(since) == ["old.log", "older.log"]
    again = since.run()
    assert (again.files_seen, again.files_older, again.files_read) == (3, 2, 0)
    assert LogFile.objects.count() == 3


def test_when_the_day_moves_back_they_are_read(since: Importer) -> None:
    put(since.directory / "old.log", access_log(0, 10), BEFORE)
    assert since.run().events == 0
    since.source.read_from = BEFORE.date()
    since.source.save(update_fields=["read_from"])
    run = since.run()
    assert (run.files_older, run.events) == (0, 10)
    assert older(since) == []
    assert LogFile.objects.count() == 1


def test_a_file_that_was_begun_is_gone_on_with(access: Importer) -> None:
    path = put(access.directory / "a.log", access_log(0, 10), BEFORE - dt.timedelta(hours=5))
    access.run()
    access.source.read_from = DAY
    access.source.save(update_fields=["read_from"])
    put(path, access_log(0, 15), BEFORE)
    run = access.run()
    assert (run.files_older, run.events) == (0, 5)


def test_what_is_asked_for_by_name_is_read_whatever_its_age(since: Importer) -> None:
    path = put(since.directory / "old.log", access_log(0, 10), BEFORE)
    assert since.run(path).events == 10


def test_what_is_uploaded_is_read_whatever_its_age(since: Importer) -> None:
    """Left alone it would be lost: the spool lets go of what an import looked at."""
    spool = spool_of(since.source)
    with spool.writing() as writing:
        writing.write([access_log(0, 10)])
        spool.keep_upload(writing, "old.log", BEFORE, whole=False)
    run = since.run()
    assert (run.files_older, run.events) == (0, 10)


def test_hours_before_the_day_are_not_imported_whatever_a_newer_file_holds(since: Importer) -> None:
    put(since.directory / "new.log", access_log(0, 10), LONG_AGO)  # its entries are of 14 October
    since.run()
    assert HourCount.objects.filter(hour__lt=LONG_AGO).exists()
    (span,) = activity.imported_by_source([since.source.pk], since.now).values()
    assert span.begin == dt.datetime.combine(DAY, dt.time(), dt.UTC)
    rebuild(since.source, "test", lambda: NOW + dt.timedelta(hours=1))
    assert since.counted() == 10


def test_only_older_files_are_no_current_source(since: Importer) -> None:
    put(since.directory / "old.log", access_log(0, 10), BEFORE)
    run = since.run()
    since.source.refresh_from_db()
    state = sources.state_of(since.source, run, run, since.now)
    assert (state.id, state.sentence) == (
        "late",
        "The last import found only files of before 20 Oct 2026, which are left alone.",
    )


def test_the_page_lists_them(signed_in, since: Importer, world) -> None:
    put(since.directory / "old.log", access_log(0, 10), BEFORE)
    run = since.run()
    client = signed_in(world.tomas)
    text = text_of(client.get(reverse("source", args=[since.source.pk]), {"show": "older"}))
    assert "Older files 1" in text
    assert "old.log 19 Oct 2026, 23:59 UTC" in text
    assert "Read back from 20 Oct 2026" in text
    assert "Older files 1 left alone" in text_of(client.get(reverse("import", args=[run.pk])))


# --- Progress -----------------------------------------------------------------------------------------------------


def running(**fields: int) -> Import:
    return Import(state=ImportState.RUNNING, started_at=NOW - dt.timedelta(minutes=2), attempt=1, **fields)


@pytest.mark.parametrize(
    ("fields", "first", "share", "said"),
    [
        ({"files_found": 400, "files_seen": 140, "files_older": 40}, True, 35, "About 5 minutes more, if the other"),
        ({"files_found": 400, "files_seen": 140, "files_older": 130}, True, 35, "How long it will take cannot be told"),
        ({"files_found": 40_000, "files_seen": 140}, True, 0, "About 9 hours more"),
        ({"files_found": 400, "files_seen": 140}, False, 35, ""),
        ({"files_found": 0, "files_seen": 140}, True, 0, "How many files there are is known at the end."),
        ({"files_found": 140, "files_seen": 140}, True, 100, ""),
        ({"files_found": 140, "files_seen": 150}, True, 100, ""),
    ],
)
def test_the_rest_is_estimated_only_by_what_was_read(fields: dict, first: bool, share: int, said: str) -> None:
    found = progress_of(running(**fields), first=first, now=NOW)
    assert found is not None
    assert found.share == share
    assert found.estimate.startswith(said)
    assert bool(found.estimate) == bool(said)


def test_a_pass_that_was_taken_over_gives_no_estimate() -> None:
    run = running(files_found=400, files_seen=140)
    run.attempt = 2
    found = progress_of(run, first=True, now=NOW)
    assert found is not None
    assert found.estimate == ""


def test_the_page_shows_the_files_of_a_running_import(signed_in, since: Importer, world) -> None:
    now = timezone.now()
    Import.objects.create(
        source=since.source,
        state=ImportState.RUNNING,
        started_at=now,
        lease_until=now + dt.timedelta(minutes=1),
        files_found=40,
        files_seen=10,
        files_older=4,
        files_read=5,
        bytes_read=2048,
    )
    page = signed_in(world.tomas).get(reverse("source", args=[since.source.pk]), headers={"HX-Request": "true"})
    text = text_of(page)
    assert "10 of 40 files are looked at (25 %), 4 of them older and left alone." in text
    assert 'max="40" value="10"' in page.content.decode()
