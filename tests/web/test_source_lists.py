"""Copying a source, and adding many from a list."""

import json
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from reviews.models import LogSource, SourceRoute
from tests.web.test_dashboards import text_of
from tests.world import World, make_source

HEADER = "name,store,service,directory,format,every_minutes\n"


def row(world: World, places: Path, name: str, service: str = "") -> str:
    return f"{name},{world.vault.name},{service or world.cloud.name},{places},cloudtrail,15\n"


def test_a_source_is_copied_into_the_form_and_nothing_is_saved(signed_in, world: World, places: Path) -> None:
    mapping = {"time": "ts", "action": "op", "route": "app", "categories": [["wipe", "data_export"]]}
    values = {"name": "App", "format": "json_lines", "mapping": mapping, "routing_field": "mapped", "service": None}
    source = make_source(world, str(places), glob="*.jsonl", time_zone="Europe/Berlin", grace_days=9, **values)
    SourceRoute.objects.create(source=source, value="shop", service=world.payments)
    client = signed_in(world.tomas)
    copy = f"{reverse('source_add')}?copy={source.pk}"
    assert copy in client.get(reverse("source", args=[source.pk])).content.decode()
    text = client.get(copy).content.decode()
    for shown in (
        'value="Copy of App"',
        'value="*.jsonl"',
        '<option value="Europe/Berlin" selected>',
        '<option value="json_lines" selected>',
        '<option value="json_lines:mapped" selected>',
        'value="shop"',
        'name="map-time" value="ts"',
        "&quot;wipe&quot;",
        '<option value="data_export" selected>',
        'value="9"',
    ):
        assert shown in text
    assert LogSource.objects.count() == 1


def test_only_who_may_change_a_source_may_copy_it(signed_in, world: World, places: Path) -> None:
    hidden = make_source(world, str(places), store=world.hidden_vault, service=world.secret)
    page = signed_in(world.tomas).get(reverse("source_add"), {"copy": hidden.pk})
    assert page.status_code == 404
    assert signed_in(world.maren).get(reverse("source_add"), {"copy": hidden.pk}).status_code == 403


def test_a_list_is_looked_at_before_anything_is_written(signed_in, world: World, places: Path) -> None:
    client = signed_in(world.tomas)
    good = HEADER + row(world, places, "One") + row(world, places, "Two")
    page = client.post(reverse("source_list_add"), {"text": good})
    assert "2 to add, 0 there already, 0 that cannot be added" in text_of(page)
    assert 'name="apply"' in page.content.decode()
    assert not LogSource.objects.exists()
    done = client.post(reverse("source_list_add"), {"text": good, "apply": "1"}, follow=True)
    assert "2 log sources are added." in text_of(done)
    again = client.post(
        reverse("source_list_add"), {"text": good + row(world, places, "Three"), "apply": "1"}, follow=True
    )
    assert "1 log source is added. 2 were there already." in text_of(again)
    assert LogSource.objects.count() == 3


def test_a_wrong_row_is_said_beside_the_others_and_holds_all_back(signed_in, world: World, places: Path) -> None:
    client = signed_in(world.tomas)
    data = HEADER + row(world, places, "One") + row(world, places, "<b>Two</b>", "Secret project")
    for more in ({}, {"apply": "1"}):
        page = client.post(reverse("source_list_add"), {"text": data, **more})
        assert "You are source keeper of no service “Secret project”" in text_of(page)
        assert 'name="apply"' not in page.content.decode()
        assert "&lt;b&gt;Two&lt;/b&gt;" in page.content.decode()
    assert "Nothing was added. Line 3:" in text_of(page)
    assert not LogSource.objects.exists()


def test_a_file_comes_back_as_text_so_that_it_can_be_added_as_it_was_seen(
    signed_in, world: World, places: Path
) -> None:
    entry = {"name": "One", "store": "Audit bucket", "service": "Payments API", "directory": str(places)}
    data = json.dumps([{**entry, "format": "syslog", "every_minutes": 15}])
    client = signed_in(world.tomas)
    page = client.post(reverse("source_list_add"), {"file": SimpleUploadedFile("l.yaml", data.encode())})
    text = page.content.decode()
    assert "1 to add" in text_of(page)
    assert 'name="file_name" value="l.yaml"' in text
    assert "&quot;One&quot;" in text
    again = {"text": data, "file_name": "l.yaml", "apply": "1"}
    assert client.post(reverse("source_list_add"), again).status_code == 302
    assert LogSource.objects.get().format == "syslog"


def test_what_is_no_list_or_too_large_is_said(signed_in, world: World) -> None:
    client = signed_in(world.tomas)
    assert "The list is empty." in text_of(client.post(reverse("source_list_add"), {"text": " "}))
    large = SimpleUploadedFile("l.csv", b"x" * 1_000_001)
    assert "larger than 1 MB" in text_of(client.post(reverse("source_list_add"), {"file": large}))


def test_templates_are_files_to_download(signed_in, world: World) -> None:
    client = signed_in(world.tomas)
    for kind in ("csv", "yaml"):
        page = client.get(reverse("source_list_template", args=[kind]))
        assert f'filename="log-sources.{kind}"' in page["Content-Disposition"]
        assert "Organisation trail" in page.content.decode()
    assert client.get(reverse("source_list_template", args=["exe"])).status_code == 404
