"""The write-once, content-addressed files of the archive.

    <root>/segments|evidence|records/<first two hex digits>/<SHA-256 of the bytes>
    <root>/log/segments/<seq>.json        the chained headers; tree and checkpoints get their place beside it

A file comes to be in this order, so that a crash at any point leaves either the whole file or none under its name:
exclusive temporary file, write in a loop, fsync, read back and compare, 0440, link(2) to the final name (which fails
if the name is taken, where rename would replace), fsync of the directory, unlink of the temporary file.
"""

import hashlib
import os
import re
import secrets
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal
from urllib.parse import unquote, urlsplit

from reviews.errors import ArchiveError, ConfigurationError

Kind = Literal["segments", "evidence", "records"]
KINDS: Final[tuple[Kind, ...]] = ("segments", "evidence", "records")
HEADERS: Final = "log/segments"
TEMPORARY: Final = ".writing-"
ABANDONED_SECONDS: Final = 24 * 3600  # no write takes longer; what is older belongs to a dead process

_CHUNK = 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Stored:
    """A file that is now in the archive, durable."""

    sha256: str
    size: int
    path: Path


class ArchiveStore:
    """The archive at one place of the local file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, kind: Kind, chunks: Iterable[bytes]) -> Stored:
        """Store the bytes under their SHA-256. The same bytes twice are stored once."""
        base = self.root / kind
        try:
            _make_directories(base, self.root)
            with _Writing(base) as writing:
                writing.write(chunks)
                final = base / writing.sha256[:2] / writing.sha256
                _make_directories(final.parent, base)
                if not writing.publish(final):
                    _require_same(final, writing.sha256, writing.size)
                return Stored(writing.sha256, writing.size, final)
        except OSError as problem:
            raise _cannot_write(base, problem) from problem

    def put_header(self, seq: int, header: bytes) -> None:
        """Store the header of a segment by its number. A second time must bring the same bytes."""
        base = self.root / HEADERS
        try:
            _make_directories(base, self.root)
            with _Writing(base) as writing:
                writing.write([header])
                final = self.header_path(seq)
                if not writing.publish(final):
                    _require_same(final, writing.sha256, writing.size)
        except OSError as problem:
            raise _cannot_write(base, problem) from problem

    def header_path(self, seq: int) -> Path:
        return self.root / HEADERS / f"{seq}.json"

    def path(self, kind: Kind, sha256: str) -> Path:
        """Where the bytes lie, or would lie."""
        if kind not in KINDS or not _SHA256.fullmatch(sha256):
            raise ArchiveError(f"{kind}/{sha256} is no name in the archive.")
        return self.root / kind / sha256[:2] / sha256

    def exists(self, kind: Kind, sha256: str) -> bool:
        return self.path(kind, sha256).is_file()

    def open(self, kind: Kind, sha256: str) -> BinaryIO:
        """The stored bytes, to read. Their hash is not checked here; `verifying` does that."""
        path = self.path(kind, sha256)
        try:
            return path.open("rb")
        except OSError as problem:
            raise ArchiveError(f"The archive does not give {kind}/{sha256}: {problem.strerror}.") from problem

    def stored_names(self, kind: Kind) -> Iterator[Path]:
        """Every file below the kind, whatever its name, without unfinished temporary files; in order."""
        yield from _files_below(self.root / kind)

    def header_files(self) -> Iterator[Path]:
        yield from _files_below(self.root / HEADERS)

    def sweep_abandoned(self, now: float | None = None) -> int:
        """Remove temporary files that a dead process left more than a day ago. How many."""
        limit = (time.time() if now is None else now) - ABANDONED_SECONDS
        removed = 0
        for folder in (*KINDS, HEADERS):
            for path in (self.root / folder).glob(f"{TEMPORARY}*"):
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < limit:
                        path.unlink()
                        removed += 1
        return removed


def archive_store(url: str) -> ArchiveStore:
    """The archive that ARCHIVE_URL names."""
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"} or not parts.path.startswith("/"):
        raise ConfigurationError(f"ARCHIVE_URL is {url!r}. Write it as file:///an/absolute/directory.")
    return ArchiveStore(Path(unquote(parts.path)))


def file_sha256(path: Path) -> tuple[str, int]:
    """SHA-256 and length of a file's bytes."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


class _Writing:
    """One temporary file on its way to its final name. Leaving the context removes the temporary name."""

    def __init__(self, directory: Path) -> None:
        # Same directory tree, hence same file system: link(2) works and the bytes are never copied.
        self._path = directory / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(6)}"
        self._handle = -1
        self.sha256 = ""
        self.size = 0

    def __enter__(self) -> "_Writing":
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)
        with suppress(FileNotFoundError):
            os.unlink(self._path)

    def write(self, chunks: Iterable[bytes]) -> None:
        """Write, force to the disk, read back and compare."""
        digest = hashlib.sha256()
        for chunk in chunks:
            digest.update(chunk)
            self.size += len(chunk)
            _write_all(self._handle, chunk)
        self.sha256 = digest.hexdigest()
        os.fsync(self._handle)
        os.lseek(self._handle, 0, os.SEEK_SET)
        again, length = hashlib.sha256(), 0
        while chunk := os.read(self._handle, _CHUNK):
            again.update(chunk)
            length += len(chunk)
        if (again.hexdigest(), length) != (self.sha256, self.size):
            raise ArchiveError(
                f"The disk gave back other bytes than were written to {self._path.parent}. Nothing was stored; "
                "check the disk before the next try."
            )
        os.fchmod(self._handle, 0o440)

    def publish(self, final: Path) -> bool:
        """Give the file its final name, durably. False if the name was taken."""
        try:
            os.link(self._path, final)
        except FileExistsError:
            return False
        _sync_directory(final.parent)
        return True


def _write_all(handle: int, chunk: bytes) -> None:
    """write(2) may take less than it was given, without an error: go on until all is taken."""
    left = memoryview(chunk)
    while left:
        taken = os.write(handle, left)
        if taken <= 0:
            raise OSError(5, "the disk takes no more bytes")
        left = left[taken:]


def _require_same(final: Path, sha256: str, size: int) -> None:
    if file_sha256(final) != (sha256, size):
        raise ArchiveError(
            f"{final} should hold other bytes than it does: it was changed after it was stored. "
            "Run verify_archive; nothing was overwritten."
        )
    _sync_directory(final.parent)  # the one who stored it first may have died before this


def _make_directories(directory: Path, top: Path) -> None:
    """Make the directory below `top` (and `top`), each name durable in its parent."""
    if directory.is_dir():
        return
    if directory != top:
        _make_directories(directory.parent, top)
        with suppress(FileExistsError):
            directory.mkdir(mode=0o750)
    else:
        directory.mkdir(mode=0o750, parents=True, exist_ok=True)
    _sync_directory(directory.parent)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _files_below(directory: Path) -> Iterator[Path]:
    if not directory.is_dir():
        return
    for path in sorted(directory.rglob("*")):
        if not stat.S_ISDIR(path.lstat().st_mode) and not path.name.startswith(TEMPORARY):
            yield path


def _cannot_write(directory: Path, problem: OSError) -> ArchiveError:
    return ArchiveError(
        f"The archive at {directory} cannot be written: {problem.strerror or problem}. "
        "Give the portal's user write access and free space there; nothing was stored."
    )
