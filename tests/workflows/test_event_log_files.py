"""Importing Windows event log files: binary, read chunk by chunk, and written anew in place by Windows."""

import datetime as dt
import gzip
import re
from pathlib import Path

import pytest

from reviews.engine.archive import archive_store
from reviews.engine.archive.segments import read_record
from reviews.models import ImportState, RejectedRecord, Segment
from reviews.workflows.rebuilding import rebuild
from tests.engine.formats.samples import SAMPLES
from tests.engine.reading.evtx_builder import build
from tests.logs import put
from tests.workflows.importing import NOW, Importer
from tests.world import World, make_source

EVENTS = re.findall(r"<Event .*?</Event>", (SAMPLES / "windows_event" / "many.xml").read_bytes().decode(), re.DOTALL)


@pytest.fixture
def windows(world: World, places: Path) -> Importer:
    return Importer(make_source(world, str(places), format="windows_event", name="Event logs"), places)


def test_event_log_files_are_imported_chunk_by_chunk(windows: Importer, settings) -> None:
    settings.SEGMENT_BYTES, settings.RECORD_BYTES = 20_000, 4_000  # smaller than a chunk: one is taken all the same
    data = build([EVENTS[:10], EVENTS[10:20], EVENTS[20:]], 48210)
    put(windows.directory / "Security.evtx.gz", gzip.compress(data))
    put(windows.directory / "export.xml", (EVENTS[0] + "\r\n").encode())
    run = windows.run()
    assert (run.state, run.problem, run.events, run.duplicates, run.rejected) == (ImportState.DONE, "", 30, 1, 0)
    assert Segment.objects.count() > 1
    archive = archive_store(settings.ARCHIVE_URL)
    raw = [read_record(archive, one.segment, one.offset, one.length) for one in windows.events()]
    assert all(one.startswith((b"**\0\0", b"<Event ")) for one in raw)
    before = windows.ledger()
    done = rebuild(windows.source, "worker", lambda: NOW)
    assert done is not None
    assert windows.counted() == 30
    assert windows.ledger() == before


def test_a_log_that_windows_goes_on_writing_gives_each_event_once(windows: Importer) -> None:
    path = put(windows.directory / "Security.evtx", build([EVENTS[:10]], 48210))
    assert windows.run().events == 10
    assert windows.run().records == 0
    put(path, build([EVENTS[:14]], 48210), NOW)  # the same chunk, with four more
    run = windows.run()
    assert (run.events, run.duplicates, windows.problems(run)) == (4, 10, {})
    assert windows.counted() == 14
    put(path, b"", NOW - dt.timedelta(hours=2))
    assert "The file was emptied" in windows.problems(windows.run())["Security.evtx"]


def test_damage_is_listed_and_other_binaries_are_still_set_aside(windows: Importer) -> None:
    data = bytearray(build([EVENTS[:10]], 48210))
    data[4096 + 600 : 4096 + 700] = bytes(range(100))
    data[4096 + 512 : 4096 + 516] = b"\0\0\0\0"
    put(windows.directory / "Security.evtx", bytes(data))
    put(windows.directory / "program.exe", bytes(range(256)) * 20)
    run = windows.run()
    assert (run.events, run.rejected) == (9, 1)
    assert RejectedRecord.objects.get().offset == 4096 + 512
    assert list(windows.problems(run)) == ["program.exe"]
