"""The pages of log sources, imports and log stores."""

import datetime as dt
import re
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews.models import (
    FileProblem,
    Import,
    ImportedPart,
    ImportState,
    LogFile,
    LogSource,
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


SOON = timezone.now() + dt.timedelta(days=1)
LONG_AGO = timezone.now() - dt.timedelta(hours=1)
UNDER_WAY = {"state": ImportState.RUNNING, "read_until": None}


# --- State ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "runs", "expected"),
    [
        ({}, [], "new"),
        ({}, [{}], "current"),
        ({"next_run_at": "long ago"}, [{}], "late"),
        ({"next_run_at": "long ago"}, [{}, {**UNDER_WAY, "lease_until": SOON}], "current"),
        ({"next_run_at": "long ago"}, [{}, UNDER_WAY], "late"),  # nobody holds it
        ({"next_run_at": "long ago"}, [{}, {**UNDER_WAY, "lease_until": LONG_AGO}], "late"),  # its worker died
        ({"next_run_at": "long ago"}, [{}, {**UNDER_WAY, "state": ImportState.QUEUED}], "late"),  # no worker takes it
        ({}, [{}, {"read_until": None}], "late"),  # some file could not be read
        ({}, [{}, {"files_seen": 0}], "late"),
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


def test_an_import_that_was_asked_for_and_that_nobody_begins_makes_the_source_late(source: LogSource):
    now = timezone.now()
    source.next_run_at = now + dt.timedelta(days=1)
    source.save()
    finished_import(source)
    asked = finished_import(source, **{**UNDER_WAY, "state": ImportState.QUEUED})
    assert queries.row(source, now).state.id == "current"
    Import.objects.filter(pk=asked.pk).update(queued_at=now - 2 * queries.PATIENCE)
    assert queries.row(source, now).state.id == "late"


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
    run = finished_import(source, state=ImportState.RUNNING, files_found=8, files_seen=2, finished_at=None)
    client = signed_in(world.maren)
    url = reverse("source", args=[source.pk])
    whole = client.get(url).content.decode()
    assert 'hx-trigger="every 2s"' in whole
    assert "Look again" in whole
    part = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert '<progress aria-label="An import" max="8" value="2">' in part
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
