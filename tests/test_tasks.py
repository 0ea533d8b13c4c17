"""Tasks: one call each, and a step of the tick that fails keeps no other from being done."""

from pathlib import Path

import pytest

from reviews import tasks
from reviews.models import DirtyDay, Import, ImportState
from reviews.workflows import counting, imports
from tests.logs import put, trail_lines
from tests.world import World, make_source


def test_the_tick_queues_and_the_task_imports(world: World, places: Path) -> None:
    source = make_source(world, str(places))
    put(places / "a.json", trail_lines(1, 2, 3))
    tasks.tick()
    run = Import.objects.get()
    assert run.state == ImportState.QUEUED
    tasks.import_source(run.pk)
    run.refresh_from_db()
    assert (run.state, run.events) == (ImportState.DONE, 3)
    tasks.import_source(run.pk)  # a message that comes twice does nothing
    tasks.tick()
    assert Import.objects.count() == 1
    source.refresh_from_db()
    assert source.next_run_at is not None


def test_a_step_that_fails_is_logged_and_the_others_are_done(
    world: World, places: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_source(world, str(places))
    monkeypatch.setattr(imports, "requeue_expired", lambda now: 1 / 0)
    tasks.tick()
    assert "a step of the tick failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert Import.objects.filter(state=ImportState.QUEUED).count() == 1


def test_a_source_whose_routes_changed_is_counted_by_a_task(world: World, places: Path) -> None:
    source = make_source(world, str(places))
    put(places / "a.json", trail_lines(1, 2, 3))
    tasks.tick()
    tasks.import_source(Import.objects.get().pk)
    counting.mark_all(source)
    assert counting.waiting() == [source.pk]
    tasks.count_source(source.pk)
    assert not DirtyDay.objects.exists()
    tasks.count_source(10_000)  # a source that is gone is no error
