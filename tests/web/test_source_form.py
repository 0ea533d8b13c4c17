"""The form of a log source: saving, checking a place, routes, and what is wrong."""

import gzip
import re
from pathlib import Path

import pytest
from django.urls import reverse

from reviews import access
from reviews.access import Role
from reviews.models import LogSource, LogStore
from reviews.workflows import sources as workflow
from tests.world import World, make_source


@pytest.fixture
def source(world: World, places: Path) -> LogSource:
    return make_source(world, str(places))


def form_for(world: World, place: Path, **fields: str) -> dict[str, str]:
    return {
        "name": "Organisation trail",
        "store": str(world.vault.pk),
        "directory": str(place),
        "glob": "**/*",
        "format": "cloudtrail",
        "time_zone": "UTC",
        "service": str(world.cloud.pk),
        "routing_field": "",
        "every_minutes": "15",
        "cron": "",
        "grace_days": "7",
        "routes-TOTAL_FORMS": "3",
        "routes-INITIAL_FORMS": "0",
        **fields,
    }


def test_a_keeper_adds_a_source_by_the_form(signed_in, world: World, places: Path):
    page = signed_in(world.tomas).post(reverse("source_add"), form_for(world, places))
    source = LogSource.objects.get()
    assert page["Location"] == reverse("source", args=[source.pk])
    assert (source.service, source.every_minutes, source.next_run_at is not None) == (world.cloud, 15, True)


def test_a_keeper_shares_a_source_out_by_the_form(signed_in, world: World, places: Path):
    form = form_for(
        world,
        places,
        service="",
        routing_field="cloudtrail:account",
        **{"routes-0-value": "111", "routes-0-service": str(world.payments.pk)},
        **{"routes-2-value": "222", "routes-2-service": str(world.cloud.pk)},
    )
    assert signed_in(world.tomas).post(reverse("source_add"), form).status_code == 302
    source = LogSource.objects.get()
    assert source.routing_field == "account"
    assert {route.value: route.service for route in source.routes.all()} == {"111": world.payments, "222": world.cloud}


@pytest.mark.parametrize(
    ("fields", "said", "name"),
    [
        ({"directory": "/no/such"}, "There is no such directory", "directory"),
        ({"glob": "../x"}, "must stay inside the directory", "glob"),
        ({"format": ""}, "Choose one.", "format"),
        ({"directory": " "}, "Fill this in.", "directory"),
        ({"every_minutes": ""}, "Say how often to read", "every_minutes"),
        ({"every_minutes": "soon"}, "Enter a whole number", "every_minutes"),
        ({"cron": "x"}, "not both", "cron"),
        ({"read_from": "2999-01-01"}, "This day is still to come", "read_from"),
        ({"read_from": "soon"}, "Enter a valid date", "read_from"),
        ({"service": ""}, "Choose the service", "service"),
        ({"service": "", "routing_field": "cloudtrail:account"}, "Name at least one value", None),
        ({"routing_field": "cloudtrail:account"}, "not both", "service"),
    ],
)
def test_what_is_wrong_stands_under_its_field_and_nothing_typed_is_lost(
    signed_in, world: World, places: Path, fields: dict, said: str, name: str | None
):
    page = signed_in(world.tomas).post(reverse("source_add"), form_for(world, places, **fields))
    text = page.content.decode()
    assert page.status_code == 200
    assert said in text
    assert 'value="Organisation trail"' in text
    if name:
        wrong = re.search(rf'<(input|select)[^>]*name="{name}"[^>]*>', text).group(0)
        assert 'aria-invalid="true"' in wrong
        assert "autofocus" in wrong
    assert not LogSource.objects.exists()


def test_a_source_may_read_no_place(signed_in, world: World, places: Path):
    client = signed_in(world.tomas)
    typed = form_for(world, places, directory="/no/such") | {"place": "arriving"}
    assert client.post(reverse("source_add"), typed).status_code == 302
    source = LogSource.objects.get()
    assert source.directory == ""
    text = client.get(reverse("source", args=[source.pk])).content.decode()
    assert "None: logs are pushed or uploaded" in text
    assert "Make a push token" in text
    text = client.get(reverse("source_change", args=[source.pk])).content.decode()
    assert re.search(r'<input[^>]*value="arriving"[^>]*checked', text)
    client.force_login(world.ines, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "Make a push token" not in client.get(reverse("source", args=[source.pk])).content.decode()


def test_half_a_route_and_a_value_on_two_lines_are_said(signed_in, world: World, places: Path):
    client = signed_in(world.tomas)
    shared = {"service": "", "routing_field": "cloudtrail:account", "routes-0-value": "111"}
    text = client.post(reverse("source_add"), form_for(world, places, **shared)).content.decode()
    assert "Choose the service of this value" in text
    both = {"routes-0-service": str(world.cloud.pk), "routes-1-value": "111", "routes-1-service": str(world.cloud.pk)}
    text = client.post(reverse("source_add"), form_for(world, places, **shared, **both)).content.decode()
    assert "stands on another line already" in text
    assert not LogSource.objects.exists()


def test_checking_the_place_and_more_lines_save_nothing_and_keep_what_was_typed(signed_in, world: World, places: Path):
    (places / "a.json").write_text("{}")
    client = signed_in(world.tomas)
    typed = form_for(world, places, **{"routes-0-value": "111", "routes-0-service": str(world.cloud.pk)})
    text = client.post(reverse("source_add"), {**typed, "check": "1"}).content.decode()
    assert "1 file matches" in text
    assert 'value="111"' in text
    assert 'value="Organisation trail"' in text
    text = client.post(reverse("source_add"), {**typed, "glob": "*.gz", "check": "1"}).content.decode()
    assert "No file matches yet" in text
    text = client.post(reverse("source_add"), {**typed, "directory": "/etc/passwd", "check": "1"}).content.decode()
    assert "This is a file" in text
    before = text.count('-value"')
    text = client.post(reverse("source_add"), {**typed, "more": "1"}).content.decode()
    assert text.count('-value"') > before
    assert 'value="111"' in text
    assert not LogSource.objects.exists()


def test_checking_the_place_recognises_the_format_and_chooses_it_when_none_was(signed_in, world: World, places: Path):
    line = '203.0.113.9 - - [04/May/2026:10:00:0%d +0000] "GET / HTTP/1.1" 200 12 "-" "curl"\n'
    with gzip.open(places / "access.log.gz", "wt") as file:
        file.writelines(line % second for second in range(9))
    (places / "LICENSE").write_text("You may copy it.")
    client = signed_in(world.tomas)
    typed = form_for(world, places, format="")
    text = client.post(reverse("source_add"), {**typed, "check": "1"}).content.decode()
    assert "access.log.gz looks like Web access log (nginx, Apache). 9 of the first 9 records read" in text
    assert "No format of the portal finds a record in LICENSE" in text
    assert '<option value="web_access" selected>' in text
    text = client.post(reverse("source_add"), {**typed, "format": "cloudtrail", "check": "1"}).content.decode()
    assert '<option value="cloudtrail" selected>' in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "odd.log is empty"),
        (bytes(range(256)) * 40, "No format of the portal finds a record"),
        (b"\x1f\x8b\x08\x00broken", "ends before its first record"),
    ],
)
def test_checking_a_place_with_unreadable_files_says_so(
    signed_in, world: World, places: Path, content: bytes, said: str
):
    (places / "odd.log").write_bytes(content)
    page = signed_in(world.tomas).post(reverse("source_add"), {**form_for(world, places), "check": "1"})
    assert page.status_code == 200
    assert said in page.content.decode()


def test_the_form_of_a_source_shows_its_routes_and_saves_changes(signed_in, world: World, places: Path):
    source = make_source(world, str(places), service=None, routing_field="account")
    workflow.change_source(world.ada, source, routes={"111": world.payments})
    client = signed_in(world.tomas)
    text = client.get(reverse("source_change", args=[source.pk])).content.decode()
    assert 'value="111"' in text
    assert '<option value="cloudtrail:account" selected>' in text
    form = form_for(
        world,
        places,
        service="",
        routing_field="cloudtrail:account",
        every_minutes="",
        cron="15 6 * * *",
        **{"routes-0-value": "999", "routes-0-service": str(world.payments.pk)},
    )
    assert client.post(reverse("source_change", args=[source.pk]), form).status_code == 302
    source.refresh_from_db()
    assert (source.every_minutes, source.cron) == (None, "15 6 * * *")
    assert [route.value for route in source.routes.all()] == ["999"]


def test_a_keeper_is_offered_only_what_they_keep(signed_in, world: World):
    text = signed_in(world.tomas).get(reverse("source_add")).content.decode()
    assert "Audit bucket" in text
    assert "Hidden bucket" not in text
    assert "Secret project" not in text
    refused = signed_in(world.maren).get(reverse("source_add"))
    assert refused.status_code == 403
    assert "Ask an administrator for the role" in refused.content.decode()


def test_without_a_log_store_the_form_leads_to_one(signed_in, world: World):
    LogStore.objects.all().delete()
    assert reverse("store_add") in signed_in(world.ada).get(reverse("source_add")).content.decode()


def test_a_keeper_of_a_part_is_refused_the_whole(signed_in, world: World, source: LogSource):
    access.grant(world.sam, Role.KEEPER, world.vault)
    page = signed_in(world.sam).get(reverse("source_change", args=[source.pk]))
    assert page.status_code == 403
    assert "Cloud accounts" in page.content.decode()
