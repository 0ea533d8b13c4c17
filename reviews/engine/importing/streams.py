"""One file, read once from front to back and hashed on the way; and how a logical file is known by its beginning.

A logical file keeps the hash of its first `head_length` plain bytes (a power of two, at most HEAD_BYTES) to be found
by, and the hash of everything that was imported to be sure. Whatever a candidate is called or packed in: if its first
plain bytes are those that were imported, it is that file, and only what follows them is new.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol, TypeVar

from reviews.engine.reading import open_plain
from reviews.engine.reading.headings import LastHeading
from reviews.errors import ReadingError, UnpacksTooFar

HEAD_BYTES: Final = 4096
_STEP: Final = 1 << 20
_CONTROL: Final = bytes([*range(1, 9), 11, 12, *range(14, 27), *range(28, 32), 127])  # never in text logs


class Known(Protocol):
    """What is known of a logical file."""

    @property
    def length(self) -> int: ...
    @property
    def sha256(self) -> str: ...


K = TypeVar("K", bound=Known)


@dataclass(frozen=True)
class Head:
    """By what a logical file is looked up."""

    length: int
    sha256: str


def head_of(beginning: bytes, imported: int) -> Head:
    """The head to keep for a file of which `imported` plain bytes, starting with `beginning`, are imported."""
    available = min(len(beginning), imported, HEAD_BYTES)
    if not available:
        return Head(0, "")
    length = 1 << (available.bit_length() - 1)
    return Head(length, hashlib.sha256(beginning[:length]).hexdigest())


def possible_heads(beginning: bytes) -> list[Head]:
    """Every head that a known file with this beginning can have."""
    lengths = [1 << power for power in range(HEAD_BYTES.bit_length())]
    return [
        Head(length, hashlib.sha256(beginning[:length]).hexdigest()) for length in lengths if length <= len(beginning)
    ]


class Stream:
    """The plain bytes of a file, hashed as they pass. Use as a context manager."""

    def __init__(self, path: Path, opener: Callable[[], BinaryIO] | None = None, heading: str = "") -> None:
        """`heading`: with what lines begin that name the columns of those after them."""
        self.path, self._opener, self._prefix = path, opener, heading
        self._open()
        try:
            self.beginning = self._plain.read(HEAD_BYTES)
        except ReadingError:
            self._plain.close()
            raise
        self._ahead = self.beginning
        self.trouble = ""  # why the file could not be read to its end
        self.withholds = False  # there is more in it that nobody has looked at
        self.whole: tuple[int, str] | None = None  # length and hash, if a search for candidates came to the end

    def _open(self) -> None:
        self._plain = open_plain(self.path, self._opener)
        self._ahead = b""
        self.position = 0
        self.hash = hashlib.sha256()
        self._headings = LastHeading(self._prefix)

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self._plain.close()

    @property
    def compression(self) -> str:
        return self._plain.compression

    @property
    def heading(self) -> str:
        """The line that names the columns of what follows `position`; empty: none does."""
        return self._headings.text

    @property
    def ends_early(self) -> bool:
        return self._plain.truncated or bool(self.trouble)

    def read(self, size: int) -> bytes:
        """The next plain bytes, not hashed yet; none at the end. A damaged stream ends with `trouble`."""
        if self._ahead:
            taken, self._ahead = self._ahead[:size], self._ahead[size:]
            return taken
        if self.trouble:
            return b""
        try:
            return self._plain.read(size)
        except ReadingError as problem:
            self.trouble, self.withholds = str(problem), isinstance(problem, UnpacksTooFar)
            return b""

    def at_end(self) -> bool:
        """Whether nothing follows."""
        if not self._ahead:
            self._ahead = self.read(1)
        return not self._ahead

    def advance(self, to: int) -> bool:
        """Hash and pass over the bytes up to offset `to`. False when the file ends before it."""
        while self.position < to:
            chunk = self.read(min(to - self.position, _STEP))
            if not chunk:
                return False
            self.took(chunk)
        return True

    def took(self, data: bytes | memoryview) -> None:
        """Count bytes that were read as imported."""
        self.hash.update(data)
        self._headings.passed(data)
        self.position += len(data)

    def digest(self) -> str:
        """SHA-256 of the bytes up to `position`."""
        return self.hash.copy().hexdigest()

    def go_on_after(self, candidates: Sequence[K]) -> K | None:
        """Which candidate this file continues: the longest whose bytes are all here.

        The stream then stands behind them. None: it continues none and stands at its beginning.
        """
        best: K | None = None
        for candidate in sorted(candidates, key=lambda one: one.length):
            if not self.advance(candidate.length):
                self.whole = (self.position, self.digest())
                break
            if self.digest() == candidate.sha256:
                best = candidate
        wanted = best.length if best is not None else 0
        if self.position != wanted:
            self._plain.close()
            self._open()
            if not self.advance(wanted) or (best is not None and self.digest() != best.sha256):
                raise ReadingError("The file was changed while it was read; the next import takes it up.")
        return best


def looks_binary(beginning: bytes) -> bool:
    """Whether this is no text at all. NUL bytes alone do not count: a crash leaves them in the best of logs."""
    text = beginning.replace(b"\0", b"")
    if not text:
        return False
    odd = len(text) - len(text.translate(None, _CONTROL))
    if odd * 20 > len(text):
        return True
    undecodable = text.decode("utf-8", "replace").count("\ufffd")
    return odd > 0 and undecodable * 5 > len(text)
