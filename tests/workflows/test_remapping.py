"""A new version of the catalogue: events of open quarters are judged anew, what was pinned stays."""

import datetime as dt
from dataclasses import replace

import pytest
from django.core.management import call_command
from django.urls import reverse

from reviews import tasks
from reviews.engine import formats
from reviews.engine.archive import archive_store
from reviews.engine.catalogue import CATALOGUE_DIR, load_actions
from reviews.engine.store import event_store
from reviews.models import (
    ActionCount,
    Cycle,
    DayCount,
    HourCount,
    Import,
    ImportKind,
    ImportState,
    Review,
    Segment,
    StoredEvents,
    TrailEntry,
    UnmappedAction,
)
from reviews.queries import days
from reviews.workflows import counting, freezing, imports, remapping, replaying, scanning
from reviews.workflows.rebuilding import rebuild
from tests.logs import access_line, put, trail_lines
from tests.quarters import open_quarter
from tests.workflows.importing import Importer
from tests.workflows.test_counting import all_counts
from tests.world import World

DAY = dt.date(2026, 10, 14)


@pytest.fixture
def new_catalogue(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory):
    """A function that puts a version in force which knows `CreateUser` by another name only."""

    def activate() -> str:
        text = (CATALOGUE_DIR / "critical-actions.yaml").read_text(encoding="utf-8")
        was = load_actions().version
        for old, new in (
            (f"catalogue_version: '{was}'", "catalogue_version: '2099.1'"),
            (
                "match: {all: [{field: eventName, op: eq, value: CreateUser}]}",
                "match: {all: [{field: eventName, op: eq, value: ListUsers}]}",
            ),
        ):
            assert old in text
            text = text.replace(old, new)
        directory = tmp_path_factory.mktemp("catalogue")
        (directory / "critical-actions.yaml").write_text(text, encoding="utf-8")
        made = load_actions(directory)
        for module in (scanning, remapping, counting, days):
            monkeypatch.setattr(module, "load_actions", lambda: made)
        return made.version

    return activate


@pytest.fixture
def users(trail: Importer) -> Importer:
    """Two events that the catalogue knows, two that it does not, and one of the quarter before."""
    before = trail_lines(9, eventTime="2026-09-20T08:00:00Z")
    put(trail.directory / "a.json", trail_lines(1, 2) + trail_lines(3, 4, name="ListUsers") + before)
    assert trail.run().events == 5
    return trail


def queued(kind: ImportKind) -> Import:
    return Import.objects.get(kind=kind, state=ImportState.QUEUED)


def shown(day: dt.date) -> dict[str, int]:
    return dict(ActionCount.objects.filter(day=day).values_list("action", "success"))


def test_events_of_the_open_quarter_are_judged_anew_from_the_archive(users: Importer, new_catalogue) -> None:
    assert shown(DAY) == {"ADM-cloudtrail-01": 2}
    ids = {event.event_id for event in users.events()}
    old = load_actions().version
    assert imports.queue_again(users.now) == 0
    version = new_catalogue()
    assert "judged anew in the background" in days.sentences(users.source, users.now)[0]
    assert imports.queue_again(users.now) == 1
    run = imports.run(queued(ImportKind.REMAP).pk, "a", clock=lambda: users.now)
    assert run is not None
    assert (run.state, run.problem, run.files_seen, run.files_read) == (ImportState.DONE, "", 1, 1)
    assert shown(DAY) == {"ADM-cloudtrail-01": 2}
    assert {event.action for event in users.events() if "ADM-cloudtrail-01" in event.critical_actions} == {
        "ListUsers", "CreateUser",
    }  # fmt: skip
    by_day = {event.occurred_at.date(): event for event in users.events() if event.critical_actions}
    assert by_day[DAY].action == "ListUsers"
    assert by_day[dt.date(2026, 9, 20)].action == "CreateUser"  # the quarter before is not open
    assert dict(StoredEvents.objects.values_list("day", "catalogue_version")) == {
        DAY: version, dt.date(2026, 9, 20): old,
    }  # fmt: skip
    assert DayCount.objects.get(day=DAY).catalogue_version == version
    assert list(UnmappedAction.objects.filter(day=DAY).values_list("action", "n")) == [("CreateUser", 2)]
    assert {event.event_id for event in users.events()} == ids
    assert imports.queue_again(users.now) == 0
    assert days.sentences(users.source, users.now) == []
    entry = TrailEntry.objects.get(action="remap.finished")
    assert entry.after["catalogue_version"] == version


def test_the_numbers_are_those_of_a_rebuild(users: Importer, new_catalogue) -> None:
    new_catalogue()
    imports.queue_again(users.now)
    imports.run(queued(ImportKind.REMAP).pk, "a", clock=lambda: users.now)
    counts = all_counts(users.source)
    hours = list(HourCount.objects.order_by("hour", "category").values_list("hour", "category", "outcome", "n"))
    rebuild(users.source, "b", lambda: users.now)
    in_quarter = {name: [row for row in rows if "2026, 9" not in repr(row)] for name, rows in counts.items()}
    again = {
        name: [row for row in rows if "2026, 9" not in repr(row)] for name, rows in all_counts(users.source).items()
    }
    assert again == in_quarter
    assert list(HourCount.objects.filter(hour__date=DAY).order_by("hour", "category").values_list("category", "n")) == [
        (category, n) for hour, category, _, n in hours if hour.date() == DAY
    ]


def test_a_quarter_whose_numbers_are_not_pinned_is_open_however_old(
    users: Importer, world: World, new_catalogue
) -> None:
    assert days.open_since(users.now) == dt.date(2026, 10, 1)
    cycle = open_quarter(world)
    assert days.open_since(users.now) == cycle.starts_on
    Review.objects.filter(cycle=cycle).update(frozen={"numbers": {}}, frozen_at=users.now)
    assert days.open_since(users.now) == dt.date(2026, 10, 1)
    pinned = list(Review.objects.values_list("frozen", flat=True))
    new_catalogue()
    imports.queue_again(users.now)
    imports.run(queued(ImportKind.REMAP).pk, "a", clock=lambda: users.now)
    assert list(Review.objects.values_list("frozen", flat=True)) == pinned


def test_numbers_are_not_pinned_while_events_wait_to_be_judged_anew(
    users: Importer, world: World, new_catalogue
) -> None:
    cycle = Cycle(starts_on=dt.date(2026, 10, 1), ends_on=dt.date(2026, 12, 31), quarter="2026-Q4")
    settled = users.now - dt.timedelta(days=1)
    assert freezing._is_read(users.source, settled, cycle)
    new_catalogue()
    assert not freezing._is_read(users.source, settled, cycle)
    imports.queue_again(users.now)
    imports.run(queued(ImportKind.REMAP).pk, "a", clock=lambda: users.now)
    assert freezing._is_read(users.source, settled, cycle)


def test_a_re_mapping_that_fails_says_why_and_rests(users: Importer, new_catalogue, settings) -> None:
    new_catalogue()
    segment = Segment.objects.get()
    path = archive_store(settings.ARCHIVE_URL).root / "segments"
    (file,) = [one for one in path.rglob("*") if one.is_file() and segment.stored_sha256[2:] in str(one)]
    file.unlink()
    before = all_counts(users.source)
    imports.queue_again(users.now)
    run = imports.run(queued(ImportKind.REMAP).pk, "a", clock=lambda: users.now)
    assert run is not None
    assert run.state == ImportState.FAILED
    assert "does not give" in run.problem
    assert imports.queue_again(users.now + dt.timedelta(hours=1)) == 0
    assert imports.queue_again(users.now + dt.timedelta(hours=7)) == 1
    users.source.refresh_from_db()
    assert users.source.failures == 0
    after = all_counts(users.source)
    assert {name: after[name] for name in ("hours", "actions", "stored")} == {
        name: before[name] for name in ("hours", "actions", "stored")
    }


def test_events_that_are_not_found_again_keep_what_was_said_of_them(users: Importer, new_catalogue, settings) -> None:
    stored = StoredEvents.objects.get(day=DAY)
    store = event_store(settings.EVENTS_URL)
    (file,) = scanning.stored_files(users.source.pk, [DAY])
    table = store.read(users.source.pk, [file])
    odd = table.set_column(table.schema.get_field_index("offset"), "offset", [[7 + n for n in range(4)]])
    store.write(users.source.pk, DAY, stored.name, odd)
    version = new_catalogue()
    imports.queue_again(users.now)
    run = imports.run(queued(ImportKind.REMAP).pk, "a", clock=lambda: users.now)
    assert run is not None
    assert run.problem.startswith("4 events were not found again in the sealed bytes")
    assert shown(DAY) == {"ADM-cloudtrail-01": 2}
    assert StoredEvents.objects.get(day=DAY).catalogue_version == f"{version} in part"
    assert imports.queue_again(users.now) == 0
    assert days.outdated(users.source, DAY, "2100.1").exists()  # the next version looks for them again


def test_a_source_that_got_another_format_meanwhile_is_judged_by_the_one_it_was_sealed_with(
    users: Importer, new_catalogue
) -> None:
    users.source.format = "web_access"
    users.source.save(update_fields=["format"])
    new_catalogue()
    imports.queue_again(users.now)
    run = imports.run(queued(ImportKind.REMAP).pk, "a", clock=lambda: users.now)
    assert run is not None
    assert run.problem == ""
    assert list(UnmappedAction.objects.filter(day=DAY).values_list("action", "n")) == [("CreateUser", 2)]


def test_records_that_an_older_version_of_the_format_rejected_are_read_again_by_the_tick(
    access: Importer, monkeypatch
) -> None:
    put(access.directory / "a.log", access_line(1) + b"rubbish\n")
    access.run()
    assert imports.queue_again(access.now) == 0
    known = formats.all_formats()
    newer = replace(known["web_access"], version=known["web_access"].version + 1)
    known = {**known, "web_access": newer}
    monkeypatch.setattr(replaying, "all_formats", lambda: known)
    assert imports.queue_again(access.now) == 1
    assert queued(ImportKind.REPLAY).asked_by is None


def test_the_tick_queues_it_and_the_task_does_it(trail: Importer, new_catalogue) -> None:
    put(trail.directory / "a.json", trail_lines(1, eventTime=f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"))
    tasks.tick()
    tasks.import_source(Import.objects.get().pk)
    version = new_catalogue()
    tasks.tick()
    tasks.import_source(queued(ImportKind.REMAP).pk)
    assert StoredEvents.objects.get().catalogue_version == version


def test_the_command_does_both_at_once(users: Importer, new_catalogue, monkeypatch, capsys) -> None:
    put(users.directory / "b.json", b"rubbish\n")
    users.run()
    new_catalogue()
    monkeypatch.setattr(remapping, "open_since", lambda now: DAY)
    call_command("read_again")
    told = capsys.readouterr().out.splitlines()
    assert told == [
        f"{users.source}: a new mapping of actions: 1 segments read again.",
        f"{users.source}: a replay of rejected records: 1 segments read again; of 1 rejected records 0 are events now, "
        "1 stay rejected.",
    ]
    call_command("read_again", users.source.name)
    assert "a replay of rejected records" in capsys.readouterr().out


def test_the_page_of_a_re_mapping_says_what_it_was(signed_in, world: World, users: Importer, new_catalogue) -> None:
    new_catalogue()
    imports.queue_again(users.now)
    client = signed_in(world.maren)
    page = client.get(reverse("source", args=[users.source.pk])).content.decode()
    assert "A new mapping of actions is queued." in page
    run = imports.run(queued(ImportKind.REMAP).pk, "a", clock=lambda: users.now)
    assert run is not None
    page = client.get(reverse("import", args=[run.pk])).content.decode()
    assert "A new mapping of actions of" in page
    assert "1 of 1 sealed segments" in page
    assert "+ Duplicates" not in page
