"""The spool: what was pushed or uploaded for a source, durable until an import has registered it.

    <root>/<source id>/pushed/<id>
    <root>/<source id>/uploaded/<id>/<name given>
    <root>/<source id>/uploaded/<id>.whole/<name given>

A file's time of change says as of when it speaks: of a push, when it arrived; of an upload that was declared whole,
up to when; of another, when it came. `Arrived` files are complete, and nobody writes them any more.
"""

import datetime as dt
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from reviews.engine.durable import TEMPORARY, Writing, make_directories
from reviews.engine.importing.candidates import Candidate, Trouble
from reviews.engine.importing.discovering import Found
from reviews.engine.importing.showing import shown_name
from reviews.engine.importing.streams import HEAD_BYTES, looks_binary
from reviews.engine.reading import open_plain
from reviews.errors import ReadingError

ABANDONED_SECONDS: Final = 24 * 3600  # no request takes longer; what is older belongs to a dead process
_WHOLE: Final = ".whole"
_STEP: Final = 1 << 20
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Arrived(Found):
    """A file in the spool."""

    pushed: bool = False
    as_of: dt.datetime | None = None  # the sender had nothing older to say then; None: not known


@dataclass(frozen=True)
class Waiting:
    """How much lies in the spool."""

    files: int
    size: int


@dataclass(frozen=True)
class Measured:
    """The plain bytes of a body."""

    sha256: str
    length: int


class Spool:
    """What has arrived for one source: a Place (candidates.py) that the portal itself fills."""

    def __init__(self, root: Path, source_id: int) -> None:
        self.root, self.top = root, root / str(source_id)

    def writing(self) -> Writing:
        """A temporary file to write into; use it as a context manager."""
        make_directories(self.top, self.root)
        return Writing(self.top)

    def pushed_path(self, name: str) -> Path:
        """Where a push of this id lies, or would lie."""
        return self.top / "pushed" / name

    def keep_push(self, writing: Writing, name: str, arrived: dt.datetime) -> bool:
        """Make a finished file a durable push. False when one of this id lies there already."""
        final = self.pushed_path(name)
        make_directories(final.parent, self.top)
        _stamp(writing.path, arrived)
        return writing.publish(final)

    def keep_upload(self, writing: Writing, name: str, as_of: dt.datetime, *, whole: bool) -> None:
        """Make a finished file a durable upload. `whole`: everything up to `as_of` is in it."""
        folder = self.top / "uploaded" / (secrets.token_hex(4) + (_WHOLE if whole else ""))
        make_directories(folder, self.top)
        _stamp(writing.path, as_of)
        writing.publish(folder / name)

    def arrivals(self) -> list[Arrived]:
        """Everything that waits, in the order in which it arrived."""
        top = Path(os.path.realpath(self.top))
        found = [_arrived(path, top, pushed=True) for path in sorted(top.glob("pushed/*"))]
        found += [_arrived(path, top, pushed=False) for path in sorted(top.glob("uploaded/*/*"))]
        return sorted((one for one in found if one is not None), key=lambda one: (one.modified_ns, one.name))

    def find(self) -> Iterator[Candidate | Trouble]:
        """As a place of logs."""
        return iter(self.arrivals())

    def ahead(self, wanted: Iterable[Candidate | Trouble]) -> Iterator[Candidate | Trouble]:
        return iter(wanted)

    def waiting(self) -> Waiting:
        sizes = [one.size for one in self.arrivals()]
        return Waiting(len(sizes), sum(sizes))

    def remove(self, arrived: Arrived) -> None:
        """Let go of a file whose bytes are registered."""
        with suppress(FileNotFoundError):
            arrived.path.unlink()
        if not arrived.pushed:
            with suppress(OSError):
                arrived.path.parent.rmdir()

    def sweep_abandoned(self, now: float | None = None) -> int:
        """Remove temporary files that a dead process left more than a day ago. How many."""
        limit = (time.time() if now is None else now) - ABANDONED_SECONDS
        removed = 0
        for path in self.top.glob(f"{TEMPORARY}*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < limit:
                    path.unlink()
                    removed += 1
        return removed


def _arrived(path: Path, top: Path, *, pushed: bool) -> Arrived | None:
    """None when it was removed a moment ago."""
    try:
        told = path.lstat()
    except FileNotFoundError:
        return None
    stamp = _EPOCH + dt.timedelta(microseconds=told.st_mtime_ns // 1000)
    return Arrived(
        path=path,
        real=path,
        name=shown_name(path, top),
        size=told.st_size,
        modified_ns=told.st_mtime_ns,
        inode=told.st_ino & (2**63 - 1),
        is_final=True,
        pushed=pushed,
        as_of=stamp if pushed or path.parent.name.endswith(_WHOLE) else None,
    )


def _stamp(path: Path, moment: dt.datetime) -> None:
    microseconds = (moment - _EPOCH) // dt.timedelta(microseconds=1)
    os.utime(path, ns=(microseconds * 1000, microseconds * 1000))


def measure(name: str, opener: Callable[[], BinaryIO], packing: str, most: int) -> Measured:
    """Read a body to its end, at most `most` plain bytes of it, keeping none.

    `packing` is what it is said to be compressed with; empty: not said. ReadingError when it is something else, ends
    early, is damaged, unpacks to more, or is no text.
    """
    with open_plain(name, opener) as plain:
        if packing and plain.compression != packing:
            raise ReadingError(f"The body is said to be {packing}, and is not. Pack it, or leave Content-Encoding out.")
        beginning = plain.read(HEAD_BYTES)
        if looks_binary(beginning):
            raise ReadingError("The body holds binary data. Send text lines or JSON lines, packed once at most.")
        digest, length = hashlib.sha256(beginning), len(beginning)
        while chunk := plain.read(_STEP):
            digest.update(chunk)
            length += len(chunk)
            if length > most:
                raise ReadingError(f"The body unpacks to more than {most:,} bytes. Send it in smaller parts.")
        if plain.truncated:
            raise ReadingError("The compressed body ends early. Send it again as a whole.")
        return Measured(digest.hexdigest(), length)
