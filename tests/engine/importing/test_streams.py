"""How a logical file is known again."""

import gzip
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from reviews.engine.importing.streams import HEAD_BYTES, Head, Stream, head_of, looks_binary, possible_heads


@dataclass
class Known:
    length: int
    sha256: str


def known(data: bytes) -> Known:
    return Known(len(data), hashlib.sha256(data).hexdigest())


LINES = b"".join(b"line %d of the log\n" % number for number in range(20_000))


@pytest.mark.parametrize("imported", [1, 2, 3, 4095, 4096, 4097, 100_000])
def test_a_head_is_among_the_possible_heads_of_the_same_file(imported: int) -> None:
    head = head_of(LINES[:HEAD_BYTES], imported)
    assert head in possible_heads(LINES[:HEAD_BYTES])
    assert head.length <= min(imported, HEAD_BYTES) < head.length * 2 or head.length == HEAD_BYTES
    assert head not in possible_heads(b"x" + LINES[: HEAD_BYTES - 1])


def test_nothing_imported_has_no_head() -> None:
    assert head_of(b"abc", 0) == Head(0, "")
    assert possible_heads(b"") == []


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_goes_on_after_the_longest_that_is_all_in_it(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(LINES) if packed else LINES)
    short, middle, other = known(LINES[:19]), known(LINES[:50_000]), Known(60_000, "0" * 64)
    with Stream(path) as stream:
        assert stream.beginning == LINES[:HEAD_BYTES]
        assert stream.go_on_after([other, middle, short]) is middle
        assert stream.position == 50_000
        assert stream.read(10) == LINES[50_000:50_010]
        stream.took(LINES[50_000:50_010])
        assert stream.digest() == hashlib.sha256(LINES[:50_010]).hexdigest()


def test_a_file_that_continues_none_is_read_from_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(LINES)
    with Stream(tmp_path / "log") as stream:
        assert stream.go_on_after([Known(70_000, "0" * 64)]) is None
        assert stream.position == 0
        assert stream.read(4) == LINES[:4]


def test_a_shorter_file_tells_its_length_and_hash(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(LINES[:9000])
    with Stream(tmp_path / "log") as stream:
        assert stream.go_on_after([known(LINES)]) is None
        assert stream.whole == (9000, hashlib.sha256(LINES[:9000]).hexdigest())


def test_at_end_looks_ahead_and_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(LINES[:5000])
    with Stream(tmp_path / "log") as stream:
        assert not stream.at_end()
        assert stream.advance(5000)
        assert stream.at_end()
        assert not stream.advance(5001)
        assert stream.digest() == hashlib.sha256(LINES[:5000]).hexdigest()


def test_a_damaged_stream_ends_with_its_reason(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(os.urandom(3_000_000)))
    packed[2_000_000:2_000_100] = b"\0" * 100
    (tmp_path / "log.gz").write_bytes(bytes(packed[:1_500_000]))
    with Stream(tmp_path / "log.gz") as stream:
        assert not stream.ends_early
        while stream.read(1 << 20):
            pass
        assert stream.ends_early
    (tmp_path / "bad.gz").write_bytes(bytes(packed) + b"rubbish")
    with Stream(tmp_path / "bad.gz") as stream:
        while stream.read(1 << 20):
            pass
        assert "damaged" in stream.trouble or "something else" in stream.trouble


@pytest.mark.parametrize(
    ("data", "binary"),
    [
        (LINES[:4096], False),
        (b"\0" * 4096, False),  # what a crash leaves of a file that was cut while it was written
        (b"\0" * 3000 + LINES[:1000], False),
        ("Überprüfung für Ñandú\n".encode("latin-1") * 50, False),
        ("日本語のログ\n".encode() * 50, False),
        (b"\x1b[31mred\x1b[0m\tline\r\n" * 50, False),
        ("utf-16 line\n".encode("utf-16") * 40, False),
        (bytes(range(256)) * 16, True),
        (b"\x7fELF\x02\x01\x01" + b"\0" * 9 + b"\x03\0>\0\x01\0\0\0\x10\x12" * 20, True),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(128, 256)) * 4 + bytes(range(32)) * 4, True),
        (gzip.compress(LINES)[10:4000], True),
    ],
)
def test_binary_data_is_told_from_text_in_any_encoding(data: bytes, binary: bool) -> None:
    assert looks_binary(data) is binary
