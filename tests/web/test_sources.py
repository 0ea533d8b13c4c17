"""The pages of log sources, imports and log stores."""

import datetime as dt
import gzip
import re
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews import access
from reviews.access import Role
from reviews.models import (
    FileProblem,
    Import,
    ImportedPart,
    ImportState,
    LogFile,
    LogSource,
    LogStore,
    RejectedRecord,
    Segment,
    TrailEntry,
    UnmappedAction,
)
from reviews.queries import sources as queries
from reviews.workflows import sources as workflow
from tests.world import World, make_source

LEDGER = {"records": 20, "events": 12, "duplicates": 4, "ignored": 3, "rejected": 1}


@pytest.fixture
def source(world: World, places: Path) -> LogSource:
    return make_source(world, str(places))


def finished_import(source: LogSource, **fields: object) -> Import:
    now = timezone.now()
    values = {"state": ImportState.DONE, "started_at": now, "finished_at": now, "read_until": now, "files_seen": 1}
    return Import.objects.create(source=source, **{**values, **LEDGER, **fields})


def rejected_record(run: Import) -> RejectedRecord:
    file = LogFile.objects.create(source=run.source, name="a.json", last_seen_at=timezone.now())
    segment = Segment.objects.create(
        seq=0,
        header=b"{}",
        header_sha256="a" * 64,
        prev="0" * 64,
        stored_sha256="b" * 64,
        plain_length=9,
        stored_length=9,
        source_id_sealed=run.source_id,
        sealed_at=timezone.now(),
    )
    part = ImportedPart.objects.create(
        run=run, file=file, segment=segment, name="a.json", file_offset=0, segment_offset=0, length=9, **LEDGER
    )
    return RejectedRecord.objects.create(
        part=part, offset=3, length=6, reason="This is no complete JSON.", format_version=1, beginning='{"<script>'
    )


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


# --- State ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "runs", "expected"),
    [
        ({}, [], "new"),
        ({}, [{}], "current"),
        ({"next_run_at": "long ago"}, [{}], "late"),
        ({"next_run_at": "long ago"}, [{}, {"state": ImportState.RUNNING, "read_until": None}], "current"),
        ({"failures": 2}, [{}, {"state": ImportState.FAILED, "problem": "The directory is not there."}], "failing"),
        ({"failures": 2}, [{"state": ImportState.FAILED}, {"state": ImportState.QUEUED}], "failing"),
        ({"enabled": False}, [{}], "off"),
    ],
)
def test_a_source_is_current_late_failing_new_or_off(source: LogSource, fields: dict, runs: list, expected: str):
    now = timezone.now()
    for name, value in fields.items():
        setattr(source, name, now - dt.timedelta(hours=1) if value == "long ago" else value)
    source.save()
    for run in runs:
        finished_import(source, **run)
    assert queries.row(source, now).state.id == expected


def test_never_read_is_not_current_and_a_due_source_is_late_only_after_a_while(source: LogSource):
    now = source.created_at
    assert queries.row(source, now).state.verdict == "unknown"
    assert queries.row(source, now + queries.PATIENCE).state.id == "new"
    assert queries.row(source, now + queries.PATIENCE + dt.timedelta(seconds=1)).state.id == "late"


def test_the_list_takes_few_queries_and_shows_the_sums(
    signed_in, world: World, places: Path, django_assert_max_num_queries
):
    for number in range(12):
        source = make_source(world, str(places), name=f"Source {number}")
        finished_import(source)
        finished_import(source)
    client = signed_in(world.maren)
    with django_assert_max_num_queries(14):
        text = client.get(reverse("sources")).content.decode()
    assert text.count("Source 1</a>") == 1
    assert ">24</td>" in text


# --- The page of a source ---------------------------------------------------------------------------------------


def test_the_page_shows_a_sum_that_balances_and_the_problems(signed_in, world: World, source: LogSource):
    run = finished_import(source, unrouted=2)
    FileProblem.objects.create(run=run, name="b.bin", problem="This is no text.")
    text = signed_in(world.maren).get(reverse("source", args=[source.pk])).content.decode()
    assert re.search(r"= Records</th><td class=\"num\">20<", text)
    assert "1 record (5 %) could not be understood" in text
    assert "2 events belong to no service" in text
    assert "1 file of the last import could not be read" in text
    assert "Import now" not in text


def test_rejected_records_are_listed_and_never_run(signed_in, world: World, source: LogSource):
    rejected_record(finished_import(source))
    page = signed_in(world.maren).get(reverse("source", args=[source.pk]), {"show": "rejected"})
    text = page.content.decode()
    assert "This is no complete JSON." in text
    assert "&lt;script&gt;" in text
    assert "<script>'" not in text


def test_unknown_actions_and_changes_have_lists(signed_in, world: World, source: LogSource):
    UnmappedAction.objects.create(source=source, day=dt.date(2026, 5, 1), action="DescribeTea", n=3)
    UnmappedAction.objects.create(source=source, day=dt.date(2026, 5, 2), action="DescribeTea", n=4)
    workflow.change_source(world.tomas, source, glob="*.json")
    client = signed_in(world.maren)
    text = client.get(reverse("source", args=[source.pk]), {"show": "unmapped"}).content.decode()
    assert "DescribeTea" in text
    assert ">7</td>" in text
    text = client.get(reverse("source", args=[source.pk]), {"show": "changes"}).content.decode()
    assert "**/* → *.json" in text


def test_who_sees_one_of_several_services_sees_nothing_of_the_others(signed_in, world: World, places: Path):
    source = make_source(world, str(places), service=None, routing_field="account", store=world.hidden_vault)
    workflow.change_source(world.ada, source, routes={"111": world.payments, "222": world.secret})
    rejected_record(finished_import(source))
    url = reverse("source", args=[source.pk])
    everything = signed_in(world.ada).get(url, {"show": "changes"}).content.decode()
    assert "Secret project" in everything
    assert "222" in everything
    client = signed_in(world.maren)
    for show in ("imports", "rejected", "changes", "unmapped"):
        text = client.get(url, {"show": show}).content.decode()
        assert "Payments API" in text
        assert "Secret project" not in text
        assert "<code>222</code>" not in text
        assert "This is no complete JSON." not in text
        assert "1 more that you do not see" in text
    assert "Hidden bucket" not in client.get(url).content.decode()
    run = source.imports.get()
    text = client.get(reverse("import", args=[run.pk]), {"show": "rejected"}).content.decode()
    assert "This is no complete JSON." not in text


def test_import_now_queues_one_import_and_tells_the_trail(signed_in, world: World, source: LogSource):
    client = signed_in(world.tomas)
    assert "Import now" in client.get(reverse("source", args=[source.pk])).content.decode()
    for _ in range(2):
        assert client.post(reverse("source_import", args=[source.pk])).status_code == 302
    assert source.imports.count() == 1
    assert TrailEntry.objects.filter(action="import.asked", actor=world.tomas).count() == 2


def test_while_an_import_runs_htmx_draws_the_progress_and_then_the_page(signed_in, world: World, source: LogSource):
    run = finished_import(source, state=ImportState.RUNNING, files_seen=8, files_read=2, finished_at=None)
    client = signed_in(world.maren)
    url = reverse("source", args=[source.pk])
    whole = client.get(url).content.decode()
    assert 'hx-trigger="every 2s"' in whole
    assert "Look again" in whole
    part = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert '<progress aria-label="Import" max="8" value="2">' in part
    assert "<html" not in part
    run.state = ImportState.DONE
    run.save(update_fields=["state"])
    assert client.get(url, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_the_schedule_is_switched_off_and_on(signed_in, world: World, source: LogSource):
    client = signed_in(world.tomas)
    client.post(reverse("source_switch", args=[source.pk]), {"enabled": "no"})
    source.refresh_from_db()
    assert not source.enabled
    text = client.get(reverse("source", args=[source.pk])).content.decode()
    assert "New entries are not noticed" in text
    client.post(reverse("source_switch", args=[source.pk]), {"enabled": "yes"})
    source.refresh_from_db()
    assert source.enabled
    assert client.post(reverse("source_switch", args=[source.pk]), {}).status_code == 400


def test_the_page_of_an_import_has_ledger_files_and_problems(signed_in, world: World, source: LogSource):
    run = finished_import(source, state=ImportState.FAILED, problem="The directory is not there.")
    rejected_record(run)
    FileProblem.objects.create(run=run, name="b.bin", problem="This is no text.")
    client = signed_in(world.maren)
    text = client.get(reverse("import", args=[run.pk])).content.decode()
    assert "The directory is not there. What was read before is kept" in text
    assert "a.json" in text
    assert "Segment 0" in text
    assert "This is no text." in client.get(reverse("import", args=[run.pk]), {"show": "problems"}).content.decode()
    assert "no complete JSON" in client.get(reverse("import", args=[run.pk]), {"show": "rejected"}).content.decode()


# --- The form ---------------------------------------------------------------------------------------------------


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
        ({"format": ""}, "This field is required", "format"),
        ({"every_minutes": ""}, "Say how often to read", "every_minutes"),
        ({"every_minutes": "soon"}, "Enter a whole number", "every_minutes"),
        ({"cron": "x"}, "not both", "cron"),
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
    client = signed_in(world.tomas)
    typed = form_for(world, places, format="")
    text = client.post(reverse("source_add"), {**typed, "check": "1"}).content.decode()
    assert "looks like Web access log (nginx, Apache). 9 of the first 9 records read" in text
    assert '<option value="web_access" selected>' in text
    text = client.post(reverse("source_add"), {**typed, "format": "cloudtrail", "check": "1"}).content.decode()
    assert '<option value="cloudtrail" selected>' in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The newest file is empty"),
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


# --- Log stores -------------------------------------------------------------------------------------------------


def test_a_store_is_added_changed_and_shown(signed_in, world: World):
    client = signed_in(world.tomas)
    page = client.post(
        reverse("store_add"), {"name": "Syslog host", "kind": "host", "own_keys": "false", "tags": "PCI, dora"}
    )
    store = access.stores(world.tomas).get(name="Syslog host")
    assert page["Location"] == reverse("store", args=[store.pk])
    assert (store.own_keys, store.network_reachable, store.tags) == (False, None, ["pci", "dora"])
    text = client.get(page["Location"]).content.decode()
    assert "Kept by Tomas Lindqvist" in text
    assert "Not known" in text
    text = client.get(reverse("store_change", args=[store.pk])).content.decode()
    assert '<option value="false" selected>' in text
    assert 'value="pci, dora"' in text
    wrong = client.post(reverse("store_change", args=[store.pk]), {"name": "audit BUCKET", "lock": "maybe"})
    assert "There is a log store with this name already" in wrong.content.decode()
    assert (
        client.post(reverse("store_change", args=[store.pk]), {"name": "Syslog host", "lock": "none"}).status_code
        == 302
    )
    store.refresh_from_db()
    assert (store.lock, store.kind) == ("none", "")


def test_empty_lists_say_why_and_what_next(signed_in, world: World):
    client = signed_in(world.sam)
    assert "An administrator can grant you a role" in client.get(reverse("stores")).content.decode()
    assert "an administrator can grant you a role" in client.get(reverse("sources")).content.decode()
    assert "Add a log source" in signed_in(world.tomas).get(reverse("sources")).content.decode()
