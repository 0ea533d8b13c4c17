"""What an import makes of what it cannot read: a row in the ledger or a sentence, and nothing lost beside it."""

import datetime as dt
import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reviews.engine.reading import opening
from reviews.models import ImportState, LogFile, RejectedRecord, Segment
from tests.logs import LONG_AGO, access_line, access_log, put
from tests.workflows.importing import NOW, Importer


def test_a_record_that_is_too_long_is_one_reject_however_many_segments_it_takes(access: Importer, settings) -> None:
    settings.SEGMENT_BYTES, settings.RECORD_BYTES = 20_000, 4_000
    long = b"x" * 95_000
    put(access.directory / "access.log", access_log(0, 5) + long + b"\n" + access_log(5, 9))
    run = access.run()
    assert (run.records, run.events, run.rejected) == (10, 9, 1)
    assert Segment.objects.count() >= 5
    assert RejectedRecord.objects.get().reason.startswith("The record is longer than")
    assert LogFile.objects.get().unfinished == ""


def test_a_record_that_is_too_long_may_grow_over_imports(access: Importer, settings) -> None:
    settings.SEGMENT_BYTES, settings.RECORD_BYTES = 20_000, 4_000
    path = put(access.directory / "access.log", access_log(0, 5) + b"x" * 9_000, NOW)
    assert (access.run().records, LogFile.objects.get().unfinished) == (6, "line")
    put(path, access_log(0, 5) + b"x" * 50_000 + b"\n" + access_log(5, 7), NOW + dt.timedelta(minutes=2))
    run = access.run()
    assert (run.records, run.events) == (2, 2)
    assert access.ledger() == {"records": 8, "events": 7, "rejected": 1}


def test_a_gzip_that_ends_early_gives_its_whole_records_and_is_said(access: Importer) -> None:
    packed = gzip.compress(os.urandom(100).hex().encode() + b"\n" + access_log(0, 2000))
    path = put(access.directory / "access.log.gz", packed[: len(packed) // 2])
    run = access.run()
    assert run.state == ImportState.DONE
    assert run.events > 100
    assert run.rejected == 2  # the first line, and the one that is cut
    assert list(access.problems(run).values()) == [
        "This compressed file ends early. What could be read of it is imported."
    ]
    assert RejectedRecord.objects.filter(reason="The file ends early, within this record.").count() == 1
    assert access.run().files_read == 0
    put(path, packed, LONG_AGO + dt.timedelta(hours=1))
    access.run()
    total = access.ledger()
    assert total["events"] + total["rejected"] in {2002, 2001}  # the cut record was rejected in two halves, or whole
    assert total["events"] >= 1999


def test_a_gzip_that_is_still_written_waits_without_a_problem(access: Importer) -> None:
    packed = gzip.compress(access_log(0, 2000))
    path = put(access.directory / "access.log.gz", packed[:3000], NOW)
    run = access.run()
    assert 0 < run.events < 2000
    assert (run.rejected, access.problems(run)) == (0, {})
    put(path, packed)
    access.run()
    assert access.ledger() == {"records": 2000, "events": 2000}


def test_files_without_anything_to_import_are_said_once(access: Importer) -> None:
    put(access.directory / "empty.log", b"")
    put(access.directory / "empty.gz", gzip.compress(b""))
    put(access.directory / "program", b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 20)
    put(access.directory / "just-made.log", b"", NOW)
    run = access.run()
    assert access.problems(run) == {
        "empty.log": "The file is empty.",
        "empty.gz": "The file is empty.",
        "program": "This is no text log: it holds binary data. It was not imported.",
    }
    assert (run.state, run.records) == (ImportState.DONE, 0)
    assert run.problem == "3 files could not be imported as a whole; the list says which and why."
    assert run.read_until is not None
    assert access.problems(access.run()) == {}
    put(access.directory / "empty.log", access_log(0, 3), LONG_AGO + dt.timedelta(hours=1))
    assert access.run().events == 3
    assert LogFile.objects.filter(name="empty.log").count() == 1


def test_nul_bytes_and_invalid_utf8_cost_their_own_records_only(access: Importer) -> None:
    broken = b"\0" * 5000 + access_line(3)
    latin = '192.0.2.1 - Zoë [14/Oct/2026:08:00:00 +0000] "GET /ü HTTP/1.1" 200 1\n'.encode("latin-1")
    put(access.directory / "access.log", access_log(0, 3) + broken + latin + access_log(4, 6))
    run = access.run()
    assert (run.records, run.events, run.rejected) == (7, 5, 2)
    assert set(RejectedRecord.objects.values_list("reason", flat=True)) == {
        "The record holds NUL bytes.",
        "The record is not UTF-8.",
    }
    assert all(reject.beginning.isprintable() for reject in RejectedRecord.objects.all())


def test_a_link_out_of_the_directory_is_said(access: Importer, tmp_path: Path) -> None:
    put(tmp_path / "secret" / "other.log", access_log(0, 5))
    (access.directory / "link.log").symlink_to(tmp_path / "secret" / "other.log")
    run = access.run()
    assert (run.records, run.state) == (0, ImportState.DONE)
    assert "leads out of the source's directory" in access.problems(run)["link.log"]


def test_a_file_that_vanishes_or_cannot_be_read_blocks_the_claim_of_being_current(access: Importer) -> None:
    put(access.directory / "a.log", access_log(0, 5))
    (access.directory / "gone.log").symlink_to(access.directory / "nowhere")
    run = access.run()
    assert (run.state, run.events, run.read_until) == (ImportState.DONE, 5, None)
    assert "does not count as read up to now" in run.problem
    (access.directory / "gone.log").unlink()
    assert access.run().read_until is not None


def test_more_rejects_than_are_listed_are_counted(access: Importer) -> None:
    put(access.directory / "a.log", b"rubbish\n" * 3000)
    put(access.directory / "b.log", b"other rubbish\n" * 4 + access_line(1))
    run = access.run()
    assert (run.records, run.rejected, run.events) == (3005, 3004, 1)
    listed = RejectedRecord.objects.values_list("part__name", flat=True)
    assert len(listed) == 1000
    assert list(listed).count("b.log") == 4


@pytest.mark.timeout(300)
def test_a_line_of_100_mb_is_one_reject_and_takes_no_multiple_of_its_size(tmp_path: Path) -> None:
    """In a process of its own, so that its peak of memory is its own."""
    program = (
        "import datetime as dt, resource, sys; from pathlib import Path\n"
        "from reviews.engine.archive import ArchiveStore\n"
        "from reviews.engine.catalogue import load_actions\n"
        "from reviews.engine.formats import get_format\n"
        "from reviews.engine.importing.batches import Batcher, Limits, Taken\n"
        "from reviews.engine.importing.preparing import Places, Source, prepare\n"
        "from reviews.engine.importing.streams import Stream\n"
        "from reviews.engine.store import EventStore\n"
        "place, fmt, now = Path(sys.argv[1]), get_format('web_access'), dt.datetime.now(dt.UTC)\n"
        "source = Source(1, fmt, 'UTC', '', frozenset(), load_actions())\n"
        "places = Places(ArchiveStore(place / 'archive'), EventStore(place / 'events'))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "batcher, ledgers = Batcher(fmt, Limits.of(64 << 20, 16 << 20)), []\n"
        "with Stream(place / 'a.log') as stream:\n"
        "    file = Taken('k' * 16, b'a.log', now, stream, '', lambda: True)\n"
        "    def work(batch, name):\n"
        "        return prepare(batch, source, places, import_id=1, name=name, stored=lambda d: [], now=now).ledgers\n"
        "    for number, batch in enumerate(batcher.take(file)): ledgers += work(batch, str(number))\n"
        "    ledgers += work(batcher.flush(), 'last')\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(sum(l.records for l in ledgers), sum(l.rejected for l in ledgers), (after - before) // 1024)\n"
    )
    with (tmp_path / "a.log").open("wb") as file:
        file.write(access_log(0, 5))
        for _ in range(100):
            file.write(os.urandom(500_000).hex().encode())
        file.write(b"\n" + access_log(5, 10))
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    records, rejected, megabytes = map(int, done.stdout.split())
    assert (records, rejected) == (11, 1)
    assert megabytes < 450


def test_utf_16_is_named_and_costs_no_other_file(access: Importer) -> None:
    put(access.directory / "wide.log", access_log(0, 5).decode().encode("utf-16"))
    put(access.directory / "access.log", access_log(0, 3))
    run = access.run()
    assert (run.records, run.events) == (3, 3)
    assert list(access.problems(run)) == ["wide.log"]
    assert "UTF-8" in access.problems(run)["wide.log"]


def test_a_compression_bomb_fills_nothing_and_the_source_is_not_read_up_to_now(access: Importer, monkeypatch) -> None:
    monkeypatch.setattr(opening, "RATIO_FROM", 1 << 20)
    put(access.directory / "good.log", access_log(0, 5))
    put(access.directory / "bomb.log.gz", gzip.compress(access_log(5, 9) + b"\n" * (16 << 20), 9))
    run = access.run()
    assert run.events == 9
    assert "unpacks to more than 500 times its size" in access.problems(run)["bomb.log.gz"]
    assert run.read_until is None
    assert run.bytes_read < 12 << 20
