"""The write-once, content-addressed files of the archive.

    <root>/segments|evidence|records/<first two hex digits>/<SHA-256 of the bytes>
    <root>/log/segments/<seq>.json        the chained headers; tree and checkpoints get their place beside it

How a file comes to be, so that a crash leaves it whole or not at all, says `durable`.
"""

import hashlib
import re
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal
from urllib.parse import unquote, urlsplit

from reviews.engine.durable import TEMPORARY, Writing, make_directories, sync_directory
from reviews.errors import ArchiveError, ConfigurationError

Kind = Literal["segments", "evidence", "records"]
KINDS: Final[tuple[Kind, ...]] = ("segments", "evidence", "records")
HEADERS: Final = "log/segments"
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
            make_directories(base, self.root)
            with Writing(base) as writing:
                writing.write(chunks)
                final = base / writing.sha256[:2] / writing.sha256
                make_directories(final.parent, base)
                if not writing.publish(final):
                    _require_same(final, writing.sha256, writing.size)
                return Stored(writing.sha256, writing.size, final)
        except OSError as problem:
            raise _cannot_write(base, problem) from problem

    def put_header(self, seq: int, header: bytes) -> None:
        """Store the header of a segment by its number. A second time must bring the same bytes."""
        base = self.root / HEADERS
        try:
            make_directories(base, self.root)
            with Writing(base) as writing:
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


def _require_same(final: Path, sha256: str, size: int) -> None:
    if file_sha256(final) != (sha256, size):
        raise ArchiveError(
            f"{final} should hold other bytes than it does: it was changed after it was stored. "
            "Run verify_archive; nothing was overwritten."
        )
    sync_directory(final.parent)  # the one who stored it first may have died before this


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
