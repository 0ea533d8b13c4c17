"""Files that come to be whole or not at all, and stay.

A file comes to be in this order, so that a crash at any point leaves either the whole file or none under its name:
exclusive temporary file, write in a loop, fsync, read back and compare, 0440, link(2) to the final name (which fails
if the name is taken, where rename would replace), fsync of the directory, unlink of the temporary file.
"""

import hashlib
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from reviews.errors import ArchiveError

TEMPORARY: Final = ".writing-"
_CHUNK: Final = 1024 * 1024


class Writing:
    """One temporary file on its way to its final name. Leaving the context removes the temporary name."""

    def __init__(self, directory: Path) -> None:
        # Same directory tree, hence same file system: link(2) works and the bytes are never copied.
        self.path = directory / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(6)}"
        self._handle = -1
        self._digest = hashlib.sha256()
        self.sha256 = ""
        self.size = 0

    def __enter__(self) -> "Writing":
        self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)
        with suppress(FileNotFoundError):
            os.unlink(self.path)

    def write(self, chunks: Iterable[bytes]) -> None:
        """Write all of it and finish."""
        for chunk in chunks:
            self.add(chunk)
        self.finish()

    def add(self, chunk: bytes) -> None:
        """Write some more."""
        self._digest.update(chunk)
        self.size += len(chunk)
        _write_all(self._handle, chunk)

    def finish(self) -> None:
        """Force to the disk, read back and compare."""
        self.sha256 = self._digest.hexdigest()
        os.fsync(self._handle)
        os.lseek(self._handle, 0, os.SEEK_SET)
        again, length = hashlib.sha256(), 0
        while chunk := os.read(self._handle, _CHUNK):
            again.update(chunk)
            length += len(chunk)
        if (again.hexdigest(), length) != (self.sha256, self.size):
            raise ArchiveError(
                f"The disk gave back other bytes than were written to {self.path.parent}. Nothing was stored; "
                "check the disk before the next try."
            )
        os.fchmod(self._handle, 0o440)

    def open(self) -> BinaryIO:
        """What is written so far, to read."""
        return self.path.open("rb")

    def publish(self, final: Path) -> bool:
        """Give the file its final name, durably. False if the name was taken, durably too."""
        try:
            os.link(self.path, final)
        except FileExistsError:
            sync_directory(final.parent)  # whoever took it a moment ago may not have come to it
            return False
        sync_directory(final.parent)
        return True


def _write_all(handle: int, chunk: bytes) -> None:
    """write(2) may take less than it was given, without an error: go on until all is taken."""
    left = memoryview(chunk)
    while left:
        taken = os.write(handle, left)
        if taken <= 0:
            raise OSError(5, "the disk takes no more bytes")
        left = left[taken:]


def make_directories(directory: Path, top: Path) -> None:
    """Make the directory below `top` (and `top`), each name durable in its parent."""
    if directory.is_dir():
        return
    if directory != top:
        make_directories(directory.parent, top)
        with suppress(FileExistsError):
            directory.mkdir(mode=0o750)
    else:
        directory.mkdir(mode=0o750, parents=True, exist_ok=True)
    sync_directory(directory.parent)


def sync_directory(directory: Path) -> None:
    """Make the names in the directory durable."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
