"""The write-once protocol, with real files, a real full disk and a real plain user."""

import hashlib
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reviews.engine.archive import ArchiveStore, archive_store
from reviews.engine.durable import TEMPORARY
from reviews.errors import ArchiveError, ConfigurationError

TEXT = b"Nov 24 03:35:00 web sshd[1]: Accepted publickey for ines\n"


def test_put_stores_under_the_hash_read_only_and_without_leftovers(tmp_path: Path) -> None:
    store = ArchiveStore(tmp_path / "archive")
    stored = store.put("evidence", [TEXT[:10], b"", TEXT[10:]])
    sha256 = hashlib.sha256(TEXT).hexdigest()
    assert (stored.sha256, stored.size) == (sha256, len(TEXT))
    assert stored.path == tmp_path / "archive" / "evidence" / sha256[:2] / sha256
    assert stat.S_IMODE(stored.path.stat().st_mode) == 0o440
    assert stored.path.stat().st_nlink == 1
    with store.open("evidence", sha256) as file:
        assert file.read() == TEXT
    assert store.exists("evidence", sha256)
    assert not store.exists("records", sha256)
    assert list((tmp_path / "archive").rglob(f"{TEMPORARY}*")) == []


def test_the_same_bytes_twice_are_one_file(tmp_path: Path) -> None:
    store = ArchiveStore(tmp_path)
    first = store.put("segments", [TEXT])
    inode = first.path.stat().st_ino
    assert store.put("segments", [TEXT]) == first
    assert first.path.stat().st_ino == inode
    assert list(store.stored_names("segments")) == [first.path]


def test_a_name_with_other_bytes_is_an_error_and_stays_as_it_is(tmp_path: Path) -> None:
    store = ArchiveStore(tmp_path)
    stored = store.put("segments", [TEXT])
    stored.path.chmod(0o640)
    stored.path.write_bytes(b"something else")
    with pytest.raises(ArchiveError, match="was changed after it was stored"):
        store.put("segments", [TEXT])
    assert stored.path.read_bytes() == b"something else"


def test_a_header_is_written_once(tmp_path: Path) -> None:
    store = ArchiveStore(tmp_path)
    store.put_header(0, b'{"seq":0}')
    store.put_header(0, b'{"seq":0}')
    assert store.header_path(0).read_bytes() == b'{"seq":0}'
    with pytest.raises(ArchiveError, match="should hold other bytes"):
        store.put_header(0, b'{"seq":1}')
    assert store.header_path(0).read_bytes() == b'{"seq":0}'


def test_many_writers_of_the_same_bytes_make_one_file(tmp_path: Path) -> None:
    store = ArchiveStore(tmp_path)
    found: list[Path] = []
    start = threading.Barrier(8)

    def write() -> None:
        start.wait()
        found.append(store.put("segments", [TEXT] * 200).path)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert list(store.stored_names("segments")) == found[:1]


def test_a_disk_that_takes_only_a_part_publishes_nothing(tmp_path: Path) -> None:
    """A limit on the file size makes write(2) return short first, then fail: the case that truncates in silence."""
    program = (
        "import resource, sys; from pathlib import Path\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (51200, 51200))\n"
        "from reviews.engine.archive import ArchiveStore\n"
        "ArchiveStore(Path(sys.argv[1])).put('segments', [b'x' * 100_000])\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ArchiveError: The archive at" in done.stderr
    assert "File too large" in done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a plain user")
def test_a_directory_that_may_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    place = tmp_path / "archive"
    place.mkdir(mode=0o755)
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == 0 and parent not in {Path("/"), Path("/tmp")}:
            parent.chmod(parent.stat().st_mode | 0o055)
    program = (
        "import os, sys; from pathlib import Path\n"
        "from reviews.engine.archive import ArchiveStore\n"
        "from reviews.errors import ArchiveError\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try:\n    ArchiveStore(Path(sys.argv[1])).put('segments', [b'x'])\n"
        "except ArchiveError as problem:\n    print(problem)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(place)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"The archive at {place / 'segments'} cannot be written: Permission denied.")
    assert len(done.stdout.splitlines()) == 1


def test_abandoned_temporary_files_go_after_a_day(tmp_path: Path) -> None:
    store = ArchiveStore(tmp_path)
    stored = store.put("segments", [TEXT])
    left = tmp_path / "segments" / f"{TEMPORARY}1-abc"
    left.write_bytes(b"half")
    written = left.stat().st_mtime
    assert list(store.stored_names("segments")) == [stored.path]
    assert store.sweep_abandoned(written + 3600) == 0
    assert store.sweep_abandoned(written + 25 * 3600) == 1
    assert not left.exists()
    assert stored.path.exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "ab", "A" * 64, ""])
def test_only_hashes_are_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveError, match="is no name in the archive"):
        ArchiveStore(tmp_path).open("evidence", name)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="No such file"):
        ArchiveStore(tmp_path).open("evidence", "0" * 64)


def test_the_address_names_a_local_directory() -> None:
    assert archive_store("file:///srv/a%20b").root == Path("/srv/a b")
    for wrong in ("s3://bucket/prefix", "archive", "file://other/host", ""):
        with pytest.raises(ConfigurationError, match="ARCHIVE_URL"):
            archive_store(wrong)
