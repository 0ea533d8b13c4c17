"""Replays: rejected records are read again after a fix; stored events stay; the ledgers still add up."""

from pathlib import Path

import pytest

from reviews.engine.formats import all_formats
from reviews.errors import Conflict, NotAllowed
from reviews.models import (
    DayCount,
    Import,
    ImportKind,
    ImportState,
    LedgerChange,
    LogSource,
    RejectedRecord,
    TrailEntry,
)
from reviews.queries import rejects as desk
from reviews.queries import sources as queries
from reviews.workflows import imports, replaying
from reviews.workflows.rebuilding import rebuild
from tests.logs import access_line, access_log, put, trail_lines
from tests.workflows.importing import Importer, require_sums
from tests.workflows.test_counting import all_counts
from tests.world import World, make_source

SYSLOG = b"".join(
    f"<38>1 2026-10-15T09:0{n}:00Z gate sshd 41 - - Accepted password for ines from 192.0.2.7 port 4{n} ssh2\n".encode()
    for n in range(5)
)


@pytest.fixture
def mixed(world: World, places: Path) -> Importer:
    """A source read as an access log whose file also holds five lines of another format, and one of none."""
    importer = Importer(make_source(world, str(places), format="web_access", name="Access log"), places)
    put(places / "mixed.log", access_log(0, 4) + SYSLOG + b"no log line\n" + access_log(4, 10))
    assert importer.run().rejected == 6
    return importer


def as_format(source: LogSource, name: str) -> None:
    source.format = name
    source.save(update_fields=["format"])


def replay(importer: Importer, world: World) -> Import:
    queued = imports.ask_replay(world.tomas, importer.source)
    done = imports.run(queued.pk, "replayer", clock=lambda: importer.now)
    assert done is not None
    done.refresh_from_db()
    return done


def numbers(run: Import) -> tuple[int, ...]:
    run.refresh_from_db()
    return run.records, run.events, run.duplicates, run.ignored, run.rejected


def test_what_reads_now_becomes_an_event_and_the_rest_keeps_its_row_with_the_new_reason(
    mixed: Importer, world: World
) -> None:
    original = Import.objects.get()
    before = {event.event_id for event in mixed.events()}
    as_format(mixed.source, "syslog")
    done = replay(mixed, world)
    assert (done.state, done.kind) == (ImportState.DONE, ImportKind.REPLAY)
    assert numbers(done) == (6, 5, 0, 0, 1)
    assert numbers(original) == (16, 15, 0, 0, 1)
    change = LedgerChange.objects.get()
    assert (change.by, change.run, change.events, change.rejected, change.records) == (done, original, 5, -5, 0)
    assert before < {event.event_id for event in mixed.events()}
    assert mixed.counted() == 15
    left = RejectedRecord.objects.get()
    assert left.beginning == "no log line"
    assert left.reason.startswith("This is no syslog line")


def test_the_sums_of_the_source_are_those_of_its_imports(mixed: Importer, world: World) -> None:
    as_format(mixed.source, "syslog")
    replay(mixed, world)
    row = queries.row(mixed.source, mixed.now)
    assert (row.ledger.records, row.ledger.events, row.ledger.rejected) == (16, 15, 1)
    assert row.last is not None
    assert row.last.kind == ImportKind.IMPORT
    require_sums(row.last)


def test_a_second_replay_finds_nothing_more(mixed: Importer, world: World) -> None:
    as_format(mixed.source, "syslog")
    replay(mixed, world)
    before = all_counts(mixed.source)
    assert numbers(replay(mixed, world)) == (1, 0, 0, 0, 1)
    after = all_counts(mixed.source)
    assert {name: rows for name, rows in after.items() if name != "imports"} == {
        name: rows for name, rows in before.items() if name != "imports"
    }


def test_a_rebuild_after_a_replay_gives_the_same_numbers(trail: Importer, world: World) -> None:
    ahead = trail_lines(1, 2) + trail_lines(3, eventTime="2026-10-14 08:03") + trail_lines(2)
    put(trail.directory / "a.json", ahead)
    trail.run()
    replay(trail, world)
    days = list(DayCount.objects.values_list("day", "events", "catalogue_version", "skew_seconds"))
    before = all_counts(trail.source)
    rebuild(trail.source, "rebuilder", lambda: trail.now)
    assert all_counts(trail.source) == before
    assert list(DayCount.objects.values_list("day", "events", "catalogue_version", "skew_seconds")) == days


def test_a_rejected_record_that_was_stored_meanwhile_is_a_duplicate(world: World, places: Path) -> None:
    importer = Importer(make_source(world, str(places), format="web_access"), places)
    put(places / "a.json", trail_lines(1, 2))
    assert importer.run().rejected == 2
    as_format(importer.source, "cloudtrail")
    put(places / "b.json", trail_lines(2, 3))
    assert importer.run().events == 2
    done = replay(importer, world)
    assert numbers(done) == (2, 1, 1, 0, 0)
    assert importer.counted() == 3


def test_another_source_is_not_touched(mixed: Importer, world: World, tmp_path: Path) -> None:
    other = Importer(make_source(world, str(tmp_path / "other"), format="web_access", name="Other"), tmp_path / "other")
    put(tmp_path / "other" / "mixed.log", access_line(1) + SYSLOG)
    other.run()
    untouched = all_counts(other.source)
    as_format(mixed.source, "syslog")
    as_format(other.source, "syslog")
    replay(mixed, world)
    assert all_counts(other.source) == untouched


def test_a_replay_that_was_killed_is_done_to_its_end(mixed: Importer, world: World, monkeypatch) -> None:
    put(mixed.directory / "second.log", SYSLOG + access_log(100, 101))
    mixed.run()
    as_format(mixed.source, "syslog")
    queued = imports.ask_replay(world.tomas, mixed.source)
    real, calls = replaying.replay, []

    def dying(*arguments, **named):
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit
        return real(*arguments, **named)

    monkeypatch.setattr(replaying, "replay", dying)
    with pytest.raises(SystemExit):
        imports.run(queued.pk, "dies", clock=lambda: mixed.now)
    Import.objects.filter(pk=queued.pk).update(lease_until=mixed.now)
    mixed.now = mixed.now.replace(hour=20)
    done = imports.run(queued.pk, "second", clock=lambda: mixed.now)
    assert done is not None
    assert numbers(done) == (11, 10, 0, 0, 1)
    assert mixed.counted() == 21


def test_only_a_keeper_may_ask_and_only_when_nothing_is_under_way(mixed: Importer, world: World) -> None:
    with pytest.raises(NotAllowed):
        imports.ask_replay(world.ines, mixed.source)
    imports.ask(None, mixed.source)
    with pytest.raises(Conflict, match="under way"):
        imports.ask_replay(world.tomas, mixed.source)


def test_the_trail_tells_who_asked_and_what_came_of_it(mixed: Importer, world: World) -> None:
    as_format(mixed.source, "syslog")
    replay(mixed, world)
    asked, finished = TrailEntry.objects.filter(action__startswith="replay.").order_by("id")
    assert (asked.actor, finished.action, finished.after["events"]) == (world.tomas, "replay.finished", 5)


def test_the_desk_groups_by_reason_and_counts(mixed: Importer, world: World) -> None:
    groups = desk.groups([mixed.source])
    assert [(group.source, group.listed) for group in groups] == [(mixed.source, 6)]
    assert groups[0].versions == (all_formats()["web_access"].version,)
    assert len(groups[0].examples) == desk.EXAMPLES
    assert desk.rejected(mixed.source) == 6
