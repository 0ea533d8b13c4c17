"""Spans: where the records of a buffer lie, and the same records as an Arrow array without copying them."""

import re
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from reviews.engine.events import REJECT_SCHEMA

Buffer: TypeAlias = bytes | bytearray | memoryview
Positions: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
Octets: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]
Flags: TypeAlias = np.ndarray[tuple[int], np.dtype[np.bool_]]

_INLINE = 12  # an Arrow view holds so many bytes itself


@dataclass(frozen=True)
class Spans:
    """The records found in a buffer, in its order. `buffer[offset:offset + length]` is exactly one record."""

    offsets: Positions
    lengths: Positions
    consumed: int  # the first byte not taken: carry the rest over to the next buffer
    rejects: pa.Table  # REJECT_SCHEMA: records that are too long, or text between records
    # Not empty: the buffer ended inside a record that is too long and was rejected already. Give this value as
    # `continues` with the buffer that follows, so that the rest of that record is skipped.
    unfinished: str = ""

    def __len__(self) -> int:
        return len(self.offsets)


@dataclass(frozen=True)
class Records:
    """Records of a buffer, and where in it its files begin (None: it is one file)."""

    buffer: Buffer
    offsets: Positions
    lengths: Positions
    file_starts: Positions | None = None

    def __len__(self) -> int:
        return len(self.offsets)

    def take(self, chosen: Positions) -> "Records":
        return Records(self.buffer, self.offsets[chosen], self.lengths[chosen], self.file_starts)

    def files(self, chosen: Positions) -> Positions:
        """The number of the file that each of the chosen records lies in."""
        if self.file_starts is None:
            return np.zeros(len(chosen), dtype=np.int64)
        return positions(np.searchsorted(self.file_starts, self.offsets[chosen], side="right") - 1)


def rejects(offsets: Positions, lengths: Positions, reason: str) -> pa.Table:
    """A table of rejected spans with one reason."""
    return pa.table(
        [
            pa.array(offsets, pa.int64()),
            pa.array(lengths, pa.int64()),
            pa.repeat(pa.scalar(reason, pa.string()), len(offsets)),
        ],
        schema=REJECT_SCHEMA,
    )


def no_rejects() -> pa.Table:
    return REJECT_SCHEMA.empty_table()


def positions(values: object = ()) -> Positions:
    return np.asarray(values, dtype=np.int64)


def octets(buffer: Buffer) -> Octets:
    return np.frombuffer(buffer, dtype=np.uint8)


def holds(buffer: Buffer, text: bytes) -> bool:
    """Whether these bytes occur anywhere, found without copying the buffer."""
    if isinstance(buffer, memoryview):
        return re.search(re.escape(text), buffer) is not None
    return buffer.find(text) >= 0


def record_views(buffer: Buffer, offsets: Positions, lengths: Positions) -> pa.Array:
    """The records as an Arrow binary-view array over the same buffer.

    A view is sixteen bytes: the length, then either the bytes themselves (up to twelve) or their first four, the
    number of the data buffer, and the offset in it.
    """
    data = octets(buffer)
    views = np.zeros((len(offsets), 16), dtype=np.uint8)
    numbers = views.view(np.int32)
    numbers[:, 0] = lengths
    long = lengths > _INLINE
    at = offsets[long]
    for index in range(4):
        views[long, 4 + index] = data[at + index]
    numbers[long, 3] = at
    short = np.flatnonzero(~long)
    for index in range(_INLINE):
        longer = short[lengths[short] > index]
        if not len(longer):
            break
        views[longer, 4 + index] = data[offsets[longer] + index]
    return pa.Array.from_buffers(
        pa.binary_view(), len(offsets), [None, pa.py_buffer(np.ascontiguousarray(views)), pa.py_buffer(buffer)]
    )
