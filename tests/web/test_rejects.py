"""The desk of rejected records."""

from pathlib import Path

import pytest
from django.urls import reverse

from reviews.models import Import, ImportKind, LogSource, RejectedRecord, SourceRoute
from reviews.workflows import imports
from tests.logs import access_log, put
from tests.workflows.importing import NOW
from tests.world import World, make_source

HOSTILE = "<script>alert(1)</script> \u202e \x1b[31m =cmd()"


@pytest.fixture
def source(world: World, places: Path) -> LogSource:
    source = make_source(world, str(places), format="web_access")
    put(places / "access.log", access_log(0, 3) + HOSTILE.encode() + b"\n")
    assert imports.run(imports.ask(None, source).pk, "a", clock=lambda: NOW).rejected == 1
    return source


def test_the_desk_shows_groups_of_all_sources_with_hostile_values_as_text(signed_in, world: World, source: LogSource):
    text = signed_in(world.maren).get(reverse("rejects")).content.decode()
    assert source.name in text
    assert "&lt;script&gt;alert(1)" in text
    assert "\\x202e" in text
    assert "\\x1b[31m" in text
    assert "\u202e" not in text
    assert "\x1b" not in text


def test_one_record_shows_its_sealed_bytes(signed_in, world: World, source: LogSource):
    record = RejectedRecord.objects.get()
    text = signed_in(world.maren).get(reverse("reject", args=[record.pk])).content.decode()
    assert "3c 73 63 72 69 70 74 3e" in text
    assert "&lt;script&gt;" in text
    assert "<script>alert" not in text


def test_its_bytes_are_downloaded_as_they_were_sealed_and_never_rendered(signed_in, world: World, source: LogSource):
    record = RejectedRecord.objects.get()
    response = signed_in(world.maren).get(reverse("reject_raw", args=[record.pk]))
    assert b"".join(response.streaming_content) == HOSTILE.encode()
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == f'attachment; filename="rejected-{record.pk}.bin"'
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_a_record_whose_segment_was_lost_is_told_so(
    signed_in, world: World, source: LogSource, settings, tmp_path: Path
):
    record = RejectedRecord.objects.get()
    settings.ARCHIVE_URL = f"file://{tmp_path / 'elsewhere'}"
    client = signed_in(world.maren)
    assert "The archive does not give" in client.get(reverse("reject", args=[record.pk])).content.decode()
    response = client.get(reverse("reject_raw", args=[record.pk]))
    assert response.status_code == 400
    assert "The archive does not give" in response.content.decode()


def test_a_keeper_has_them_read_again_and_sees_how_far_it_is(signed_in, world: World, source: LogSource):
    client = signed_in(world.tomas)
    url = reverse("source_rejects", args=[source.pk])
    assert "Read them again" in client.get(url).content.decode()
    response = client.post(reverse("source_replay", args=[source.pk]), follow=True)
    assert "A replay of rejected records is queued." in response.content.decode()
    assert client.get(url, headers={"HX-Request": "true"}).headers.get("HX-Refresh") is None
    run = Import.objects.get(kind=ImportKind.REPLAY)
    assert run.asked_by == world.tomas
    imports.run(run.pk, "b", clock=lambda: NOW)
    assert client.get(url, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    page = client.get(reverse("import", args=[run.pk])).content.decode()
    assert "A replay of rejected records of" in page


def test_a_change_of_a_ledger_is_told_on_both_pages(signed_in, world: World, source: LogSource):
    original = Import.objects.get()
    run = Import.objects.create(source=source, kind=ImportKind.REPLAY, state="done", started_at=NOW)
    run.changes_made.create(run=original, events=1, rejected=-1)
    client = signed_in(world.maren)
    for one, words in ((original, "Changed since"), (run, "Imports whose ledger it changed")):
        page = client.get(reverse("import", args=[one.pk])).content.decode()
        assert words in page
        assert "\u22121" in page


def test_who_sees_only_a_part_of_a_source_sees_none_of_its_records(signed_in, world: World, source: LogSource):
    source.store, source.service, source.routing_field = world.hidden_vault, None, "account"
    source.save()
    for value, service in (("1", world.cloud), ("2", world.secret)):
        SourceRoute.objects.create(source=source, value=value, service=service)
    client = signed_in(world.maren)
    record = RejectedRecord.objects.get()
    assert client.get(reverse("source_rejects", args=[source.pk])).status_code == 403
    assert client.get(reverse("reject", args=[record.pk])).status_code == 404
    assert source.name not in client.get(reverse("rejects")).content.decode()
