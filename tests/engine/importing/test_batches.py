"""How files are cut into batches."""

import datetime as dt
import gzip
from pathlib import Path

import pytest

from reviews.engine.formats import get_format
from reviews.engine.importing import batches
from reviews.engine.importing.batches import Batch, Batcher, Limits, Taken
from reviews.engine.importing.streams import Stream

NOW = dt.datetime(2026, 10, 21, 12, 0, tzinfo=dt.UTC)


def cut(path: Path, format_id: str) -> list[Batch]:
    batcher = Batcher(get_format(format_id), Limits.of(64 << 20, 16 << 20))
    with Stream(path) as stream:
        file = Taken("k" * 16, b"a.log", NOW, stream, "", lambda: True)
        found = [*batcher.take(file), batcher.flush()]
    assert batcher.left == 0
    return [batch for batch in found if batch.pieces]


def joined(found: list[Batch]) -> bytes:
    return b"".join(bytes(batch.plain) for batch in found)


def test_records_of_two_bytes_do_not_make_a_batch_of_millions(tmp_path: Path) -> None:
    """81 kB of gzip like this took more than 12 GB of memory."""
    text = b"x\n" * 2_500_001 + b"the end\n"
    (tmp_path / "a.gz").write_bytes(gzip.compress(text))
    found = cut(tmp_path / "a.gz", "web_access")
    assert joined(found) == text
    assert [sum(piece.records for piece in batch.pieces) for batch in found] == [1_000_000, 1_000_000, 500_002]


@pytest.mark.parametrize("format_id", ["auditd", "cloudtrail", "syslog", "web_access"])
def test_where_a_crowd_is_cut_changes_no_record(tmp_path: Path, monkeypatch, format_id: str) -> None:
    samples = Path(__file__).parents[2] / "samples" / format_id
    for path in sorted(one for one in samples.iterdir() if not one.name.endswith(".expected.json")):
        whole = cut(path, format_id)
        with monkeypatch.context() as patched:
            patched.setattr(batches, "MOST_RECORDS", 2)
            apart = cut(path, format_id)
        assert joined(apart) == joined(whole), path.name
        assert [record for batch in apart for record in records(batch)] == [
            record for batch in whole for record in records(batch)
        ], path.name


def test_a_file_that_was_cut_loses_its_last_line_and_no_event_before(tmp_path: Path) -> None:
    """Events of the last seconds await more of themselves, which will not come: all of them were one reject."""
    text = "".join(
        f"type=SYSCALL msg=audit(1782879300.{n:03d}:{n}): arch=c000003e syscall=257 success=yes a1={n * 7919 % 1009}\n"
        f'type=PATH msg=audit(1782879300.{n:03d}:{n}): item=0 name="/etc/p{n * 31 % 97}"\n'
        for n in range(900)
    ).encode()
    packed = gzip.compress(text)
    (tmp_path / "a.gz").write_bytes(packed[: len(packed) // 2])
    (batch,) = cut(tmp_path / "a.gz", "auditd")
    (piece,) = batch.pieces
    plain = bytes(batch.plain)
    assert piece.length == len(plain) > 20_000
    assert records(batch) == plain.splitlines()[:-1]
    assert piece.rejects.to_pylist() == [
        {"offset": plain.rfind(b"\n") + 1, "length": piece.cut_off, "reason": batches.CUT_OFF}
    ]


def records(batch: Batch) -> list[bytes]:
    plain = bytes(batch.plain)
    return [
        plain[offset : offset + length]
        for piece in batch.pieces
        for offset, length in zip(piece.offsets.tolist(), piece.lengths.tolist(), strict=True)
    ]
