"""Opening: plain bytes out of whatever a file is packed in."""

import bz2
import gzip
import hashlib
import lzma
import tracemalloc
from pathlib import Path

import pytest
import zstandard

from reviews.engine.reading import open_plain, opening
from reviews.errors import ReadingError, UnpacksTooFar

TEXT = b"".join(b"line %d of a log\n" % number for number in range(200_000))  # more than one block when packed
PACKERS = {
    "": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def read_all(path: Path, size: int = 70_001) -> tuple[bytes, str, bool]:
    pieces = []
    with open_plain(path) as plain:
        while piece := plain.read(size):
            pieces.append(piece)
        return b"".join(pieces), plain.compression, plain.truncated


@pytest.mark.parametrize("name", PACKERS)
def test_plain_bytes_come_out(tmp_path: Path, name: str):
    path = tmp_path / "log.txt"  # the name tells nothing
    path.write_bytes(PACKERS[name](TEXT))
    assert read_all(path) == (TEXT, name, False)


@pytest.mark.parametrize("name", [name for name in PACKERS if name])
def test_members_one_after_the_other(tmp_path: Path, name: str):
    path = tmp_path / "log"
    path.write_bytes(PACKERS[name](b"one\n") + PACKERS[name](b"") + PACKERS[name](TEXT))
    assert read_all(path) == (b"one\n" + TEXT, name, False)


@pytest.mark.parametrize("name", [name for name in PACKERS if name])
def test_a_stream_that_ends_early_gives_what_there_was_and_says_so(tmp_path: Path, name: str):
    packed = PACKERS[name](TEXT)
    path = tmp_path / "log"
    path.write_bytes(packed[: len(packed) * 3 // 4])
    text, _, truncated = read_all(path)
    assert truncated
    assert TEXT.startswith(text)
    assert len(text) > 0 or name == "bzip2"


@pytest.mark.parametrize("name", [name for name in PACKERS if name])
def test_every_reading_size_gives_the_same(tmp_path: Path, name: str):
    path = tmp_path / "log"
    path.write_bytes(PACKERS[name](TEXT[:5000]))
    assert read_all(path, 1)[0] == read_all(path, 1 << 20)[0] == TEXT[:5000]


@pytest.mark.parametrize("name", ["gzip", "xz"])
def test_a_damaged_stream_is_refused_with_a_sentence(tmp_path: Path, name: str):
    packed = bytearray(PACKERS[name](TEXT))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = b"\xff" * 40
    path = tmp_path / "log.gz"
    path.write_bytes(packed)
    with pytest.raises(ReadingError, match=r"log\.gz is a damaged .* file"):
        read_all(path)


def test_garbage_behind_a_gzip_is_refused_but_padding_is_not(tmp_path: Path):
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(b"one\n") + b"\0" * 512)
    assert read_all(path) == (b"one\n", "gzip", False)
    path.write_bytes(gzip.compress(b"one\n") + b"something else")
    with pytest.raises(ReadingError, match="holds something else"):
        read_all(path)


def test_what_cannot_be_opened(tmp_path: Path):
    with pytest.raises(ReadingError, match=r"gone\.log cannot be opened: No such file"):
        open_plain(tmp_path / "gone.log")
    with pytest.raises(ReadingError, match="is a directory"):
        open_plain(tmp_path)


def test_an_empty_file(tmp_path: Path):
    path = tmp_path / "empty"
    path.write_bytes(b"")
    assert read_all(path) == (b"", "", False)


@pytest.mark.parametrize("name", [name for name in PACKERS if name])
def test_what_unpacks_to_far_more_is_never_held_whole(tmp_path: Path, name: str):
    path = tmp_path / "log"
    length = 32 << 20
    path.write_bytes(PACKERS[name](bytes(length)))
    assert path.stat().st_size < 1 << 17
    tracemalloc.start()
    try:
        with open_plain(path) as plain:
            found = 0
            while piece := plain.read(1 << 20):
                found += len(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (found, plain.truncated) == (length, False)
    assert peak < 12 << 20


@pytest.mark.parametrize("checksum", [False, True])
@pytest.mark.parametrize("sized", [False, True])
def test_frames_of_zstd_may_be_written_in_any_way(tmp_path: Path, checksum: bool, sized: bool):
    packer = zstandard.ZstdCompressor(write_checksum=checksum, write_content_size=sized, threads=2)
    note = b"\x51\x2a\x4d\x18" + (300).to_bytes(4, "little") + bytes(300)  # a frame that holds no log
    incompressible = hashlib.shake_256(b"log").digest(400_000)
    path = tmp_path / "log"
    path.write_bytes(packer.compress(TEXT) + note + packer.compress(incompressible) + packer.compress(bytes(1 << 20)))
    for size in (100, 70_001, 1 << 24):
        assert read_all(path, size) == (TEXT + incompressible + bytes(1 << 20), "zstd", False)


@pytest.mark.parametrize("cut", [5, 7, 20, 40_000])
def test_a_frame_of_zstd_may_end_anywhere_and_says_so(tmp_path: Path, cut: int):
    path = tmp_path / "log"
    path.write_bytes(zstandard.ZstdCompressor(write_checksum=True).compress(TEXT)[:-cut])
    text, _, truncated = read_all(path)
    assert truncated
    assert TEXT.startswith(text)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("packer", ["", "gzip"])
def test_utf_16_is_refused_with_a_sentence(tmp_path: Path, encoding: str, packer: str):
    path = tmp_path / "log.txt"
    path.write_bytes(PACKERS[packer](TEXT[:5000].decode().encode(encoding)))
    with pytest.raises(ReadingError, match=r"log\.txt is UTF-16 text, .*UTF-8"):
        read_all(path)


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"\0" * 5000, b"a\0", b"\0" * 3000 + TEXT[:3000], "Überprüfung\n".encode("latin-1") * 9, TEXT[:99]],
)
def test_nul_bytes_alone_are_no_utf_16(tmp_path: Path, data: bytes):
    path = tmp_path / "log.txt"
    path.write_bytes(data)
    assert read_all(path)[0] == data


def packed_spaces(name: str, megabytes: int) -> bytes:
    """Made as small as can be: gzip to a thousandth, the others to far less."""
    spaces = b" " * (megabytes << 20)
    return gzip.compress(spaces, 9) if name == "gzip" else PACKERS[name](spaces)


def unpacked(plain: opening.Plain) -> int:
    return sum(len(piece) for piece in iter(lambda: plain.read(1 << 20), b""))


@pytest.mark.parametrize("name", [name for name in PACKERS if name])
def test_a_bomb_is_read_no_further_than_the_ratio_allows(tmp_path: Path, name: str, monkeypatch):
    path = tmp_path / "access.log"
    path.write_bytes(packed_spaces(name, 24))
    with open_plain(path) as plain:
        assert unpacked(plain) == 24 << 20  # too little to fill a disk
    monkeypatch.setattr(opening, "RATIO_FROM", 4 << 20)
    with open_plain(path) as plain:
        with pytest.raises(UnpacksTooFar, match=r"^access\.log unpacks to more than 500 times its size"):
            unpacked(plain)
        assert plain._unpacked <= max(4 << 20, 500 * path.stat().st_size) + (2 << 20)


@pytest.mark.parametrize("name", [name for name in PACKERS if name])
def test_a_bomb_of_many_members_is_one_bomb(tmp_path: Path, name: str, monkeypatch):
    monkeypatch.setattr(opening, "RATIO_FROM", 4 << 20)
    path = tmp_path / "log"
    path.write_bytes(packed_spaces(name, 3) * 8)
    with open_plain(path) as plain, pytest.raises(UnpacksTooFar):
        unpacked(plain)


def test_no_file_unpacks_to_more_than_the_limit_on_bytes(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(opening, "MOST_UNPACKED", 3 << 20)
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(TEXT * 2))
    with open_plain(path) as plain, pytest.raises(UnpacksTooFar, match="unpacks to more than"):
        unpacked(plain)


@pytest.mark.parametrize("name", [name for name in PACKERS if name])
def test_a_log_that_says_the_same_every_second_is_no_bomb(tmp_path: Path, name: str, monkeypatch):
    """What packs best of all that is a log: about 215 times by xz."""
    monkeypatch.setattr(opening, "RATIO_FROM", 1 << 20)
    path = tmp_path / "log"
    line = b'192.0.2.1 - - [14/Oct/2026:%02d:%02d:%02d +0000] "GET /health HTTP/1.1" 200 2 "-" "probe/1.0"\n'
    text = b"".join(line % (n // 3600, n // 60 % 60, n % 60) for n in range(60_000))
    path.write_bytes(PACKERS[name](text))
    with open_plain(path) as plain:
        assert unpacked(plain) == len(text)
