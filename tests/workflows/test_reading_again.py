"""Reading again what was read: for logs whose events are several records, or several in one record."""

import datetime as dt
from pathlib import Path

import pytest

from reviews.models import Import, ImportKind, StoredEvents
from reviews.workflows import imports, remapping
from reviews.workflows.rebuilding import rebuild
from tests.logs import put
from tests.workflows.importing import Importer
from tests.workflows.test_rebuilding import everything
from tests.world import World, make_source

SAMPLES = Path(__file__).parents[1] / "samples"
COUNTED = ("hours", "actions", "unmapped", "parts", "days", "rows", "rejects")


# Records joined to one event, several events in one record, and elements of one document. Every format passes; each
# takes a second or two.
@pytest.mark.parametrize("format_id", ["auditd", "google_workspace", "kubernetes_audit"])
def test_a_replay_a_re_mapping_and_a_rebuild_find_every_event_where_it_is_stored(
    world: World, places: Path, monkeypatch: pytest.MonkeyPatch, format_id: str
) -> None:
    importer = Importer(make_source(world, str(places), format=format_id, name=format_id), places)
    for sample in (SAMPLES / format_id).iterdir():
        if not sample.name.endswith(".expected.json") and sample.stat().st_size:
            put(places / sample.name, sample.read_bytes())
    assert importer.run().events > 0
    before = everything(importer.source)

    replayed = imports.run(imports.ask_replay(world.tomas, importer.source).pk, "a", clock=lambda: importer.now)
    assert replayed is not None
    assert (replayed.problem, replayed.events, replayed.duplicates) == ("", 0, 0)
    assert {name: everything(importer.source)[name] for name in COUNTED} == {name: before[name] for name in COUNTED}

    StoredEvents.objects.update(catalogue_version="older")
    monkeypatch.setattr(remapping, "open_since", lambda now: dt.date(1990, 1, 1))
    queued = imports.ask_here(importer.source, (), ImportKind.REMAP)
    assert queued is not None
    done = imports.run(queued.pk, "a", clock=lambda: importer.now)
    assert done is not None
    assert (done.problem, done.files_read) == ("", Import.objects.get(pk=done.pk).files_seen)
    assert {name: everything(importer.source)[name] for name in COUNTED} == {name: before[name] for name in COUNTED}

    rebuild(importer.source, "b", lambda: importer.now)
    after = everything(importer.source)
    assert {name: after[name] for name in COUNTED} == {name: before[name] for name in COUNTED}
