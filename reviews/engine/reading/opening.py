"""Opening a log file: plain or compressed, told by its first bytes and never by its name.

gzip (also of many members), bzip2, xz and zstd streams are decompressed while they are read. A compressed stream
that ends early yields what there was and says so; a damaged one raises a ReadingError.

So does UTF-16, told by its byte order mark or by NUL in every second byte: decoding it would move every offset, and
an offset must lead back to the sealed bytes.
"""

import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

import zstandard

from reviews.engine.reading.unpacking import Decompressor, decompressor
from reviews.errors import ReadingError, UnpacksTooFar

BLOCK: Final = 1 << 20
# Logs pack to a fiftieth, lines that differ in their times alone to a few hundredths. What unpacks to far more, or to
# more than any disk of logs, is made to fill one.
MOST_RATIO: Final = 500
RATIO_FROM: Final = 64 << 20  # bytes that are unpacked before the ratio is looked at
MOST_UNPACKED: Final = 256 << 30
_MAGIC: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT: Final = 1024  # bytes in which NUL is looked for
_DAMAGED: Final = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, zstandard.ZstdError)


class Plain:
    """The plain bytes of a file. Use it as a context manager."""

    def __init__(self, path: Path, opener: Callable[[], BinaryIO] | None = None) -> None:
        self.path = path
        try:
            self._file: BinaryIO = path.open("rb") if opener is None else opener()
        except OSError as error:
            raise ReadingError(f"{path.name} cannot be opened: {error.strerror or error}.") from error
        self._pending = self._read_file(BLOCK)
        self.compression = next((name for magic, name in _MAGIC if self._pending.startswith(magic)), "")
        self.truncated = False  # true once a compressed stream was found to end early
        self._ready = bytearray()
        self._ended = False
        self._stream: Decompressor | None = None
        self._packed, self._unpacked = len(self._pending), 0  # bytes of a compressed file so far
        self._looked_at = False

    def __enter__(self) -> "Plain":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        """Up to `size` plain bytes: fewer only at the end, none after it."""
        if not self._looked_at:
            self._look_at_beginning()
        self._fill(size)
        taken = bytes(memoryview(self._ready)[:size])
        del self._ready[:size]
        return taken

    def _fill(self, size: int) -> None:
        while len(self._ready) < size and not self._ended:
            self._more(size - len(self._ready))

    def _look_at_beginning(self) -> None:
        self._looked_at = True
        self._fill(_LOOKED_AT)
        if is_utf16(bytes(self._ready[:_LOOKED_AT])):
            self.close()
            raise ReadingError(
                f"{self.path.name} is UTF-16 text, which cannot be read. Have it written or converted as UTF-8, "
                "for example by: iconv -f UTF-16 -t UTF-8."
            )

    def _read_file(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except OSError as error:
            raise ReadingError(f"{self.path.name} cannot be read: {error.strerror or error}.") from error

    def _more(self, wanted: int) -> None:
        if not self.compression:
            piece = self._pending or self._read_file(max(BLOCK, wanted))
            self._pending = b""
            self._ready += piece
            self._ended = not piece
            return
        if not self._pending and (self._stream is None or self._stream.needs_input):
            self._pending = self._read_file(BLOCK)
            self._packed += len(self._pending)
            if not self._pending:
                self.truncated = self._stream is not None
                self._ended = True
                return
        if self._stream is None and not self._next_member():
            return
        assert self._stream is not None  # noqa: S101 - set by _next_member
        self._refuse_bombs()
        try:
            given = self._stream.decompress(self._pending, max(BLOCK, wanted))
        except _DAMAGED as error:
            raise ReadingError(
                f"{self.path.name} is a damaged {self.compression} file: ask for a fresh copy of it."
            ) from error
        self._ready += given
        self._unpacked += len(given)
        self._pending = self._stream.unused_data if self._stream.eof else b""
        if self._stream.eof:
            self._stream = None

    def _refuse_bombs(self) -> None:
        """Stop before more is unpacked than any log holds. What came before is given; the file is named."""
        if self._unpacked > MOST_UNPACKED:
            most = f"{MOST_UNPACKED >> 30} GiB"
        elif self._unpacked > max(RATIO_FROM, MOST_RATIO * self._packed):
            most = f"{MOST_RATIO} times its size"
        else:
            return
        raise UnpacksTooFar(
            f"{self.path.name} unpacks to more than {most}: it was read no further. If it is a log, unpack it first."
        )

    def _next_member(self) -> bool:
        """Begin the next member of the stream; False when only padding follows the last."""
        magic = next(magic for magic, name in _MAGIC if name == self.compression)
        self._pending = self._pending.lstrip(b"\0") if self._ready or self._started else self._pending
        if not self._pending:
            return False
        while len(self._pending) < len(magic) and (more := self._read_file(BLOCK)):
            self._pending += more
        if not self._pending.startswith(magic) and not self._skippable():
            raise ReadingError(
                f"{self.path.name} holds something else after its {self.compression} part: ask for a fresh copy of it."
            )
        self._started = True
        self._stream = decompressor(self.compression)
        return True

    _started = False

    def _skippable(self) -> bool:
        """A zstd frame may carry metadata frames beside it."""
        return self.compression == "zstd" and self._pending[1:4] == b"\x2a\x4d\x18" and self._pending[0] >> 4 == 5


def is_utf16(beginning: bytes) -> bool:
    """Whether a file that begins so is UTF-16 (or UTF-32, whose mark begins likewise) rather than UTF-8."""
    if beginning.startswith(_UTF16_MARKS):
        return True
    whole = beginning[: len(beginning) // 2 * 2]
    first, second = whole[::2].count(0), whole[1::2].count(0)
    return len(whole) >= 16 and min(first, second) == 0 and max(first, second) * 10 > len(whole) // 2 * 9


def open_plain(path: Path | str, opener: Callable[[], BinaryIO] | None = None) -> Plain:
    """Open a file for its plain bytes. ReadingError, as one plain sentence, when that cannot be done.

    With `opener` the bytes come from what it opens, and the path only names them.
    """
    path = Path(path)
    if opener is None and path.is_dir():
        raise ReadingError(f"{path.name} is a directory, not a log file.")
    return Plain(path, opener)
