"""From files to batches: the plain bytes of one segment, with the records of each file found in them.

A batch holds many small files or a stretch of a large one. A file that does not fit is cut behind its last whole
record and goes on in the next batch. A file that may still be written is taken up to its last whole record.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from reviews.engine.events import REJECT_SCHEMA
from reviews.engine.formats import Format, JsonRecords, TextRecords
from reviews.engine.importing.streams import Head, head_of
from reviews.engine.reading import SMALLEST_EVTX, Spans, split

MOST_PIECES: Final = 400  # files in one segment, so that registering it stays a small write
CUT_OFF: Final = "The file ends early, within this record."
Positions = npt.NDArray[np.int64]
MOST_RECORDS: Final = 1_000_000  # of one file in one segment: each takes about 600 bytes of memory while it is read
_READ: Final = 4 << 20
_SMALLEST_ROOM: Final = 1 << 20


class Readable(Protocol):
    """The stream of a file, standing where the last import stopped (engine/importing/streams.py)."""

    beginning: bytes
    position: int

    def read(self, size: int) -> bytes: ...
    def took(self, data: bytes | memoryview) -> None: ...
    def digest(self) -> str: ...
    @property
    def ends_early(self) -> bool: ...
    @property
    def heading(self) -> str: ...


@dataclass(frozen=True)
class Taken:
    """A file to take bytes from."""

    key: str  # of the logical file
    name: bytes
    modified_at: dt.datetime
    stream: Readable
    continues: str  # the file was left inside a record that is too long
    settled: Callable[[], bool]  # asked at the end of the file: nobody writes it any more


@dataclass
class Piece:
    """A stretch of one file in a batch: a member of the segment to be."""

    key: str
    name: bytes
    modified_at: dt.datetime
    start: int  # in the batch
    length: int
    file_offset: int
    continues: str
    cut_off: int
    offsets: Positions  # of its records, in the batch
    lengths: Positions
    rejects: pa.Table  # REJECT_SCHEMA, in the batch
    heading: str = ""  # the line of an earlier piece that names the columns
    unfinished: str = ""  # how the next piece continues
    sha256_after: str = ""  # of all that is imported of the file, with this piece
    head: Head = field(default_factory=lambda: Head(0, ""))

    @property
    def records(self) -> int:
        return len(self.offsets) + int(self.rejects.num_rows)


@dataclass
class Batch:
    """The plain bytes of one segment and the pieces they are made of."""

    plain: bytearray = field(default_factory=bytearray)
    pieces: list[Piece] = field(default_factory=list)


@dataclass(frozen=True)
class Limits:
    """`record_bytes` is at most half of `segment_bytes`, so that a record that is too long is seen as one."""

    segment_bytes: int
    record_bytes: int

    @classmethod
    def of(cls, segment_bytes: int, record_bytes: int) -> "Limits":
        return cls(segment_bytes, min(record_bytes, segment_bytes // 2))


class Batcher:
    """Collects files into batches. `take` yields each batch that is full; `flush` gives the last."""

    def __init__(self, fmt: Format, limits: Limits) -> None:
        self.fmt = fmt
        # Of an event log file whole chunks are taken: one must fit, however small segments are.
        least = SMALLEST_EVTX if fmt.reads_evtx else 0
        self.limits = replace(limits, segment_bytes=max(limits.segment_bytes, least))
        self.batch = Batch()
        self.left = 0  # bytes at the end of the last file that were not taken: no whole record yet

    def take(self, file: Taken) -> Iterator[Batch]:
        """Take what is new of the file. Afterwards `left` says how much of its end waits for the next import."""
        carry, continues, ended = b"", file.continues, False
        while not ended:
            if self._full():
                yield self.flush()
            start = len(self.batch.plain)
            self.batch.plain += carry
            ended = self._fill(file.stream)
            piece, ended = self._cut(file, start, continues, ended)
            end = start + piece.length
            carry = bytes(memoryview(self.batch.plain)[end:])
            del self.batch.plain[end:]
            if piece.length:
                self.batch.pieces.append(piece)
                continues = piece.unfinished
            if not ended:
                yield self.flush()
        self.left = len(carry)

    def flush(self) -> Batch:
        """The batch so far; the next file begins a new one."""
        batch, self.batch = self.batch, Batch()
        return batch

    def _full(self) -> bool:
        room = self.limits.segment_bytes - len(self.batch.plain)
        scarce = bool(self.batch.plain) and room < min(_SMALLEST_ROOM, self.limits.segment_bytes // 4)
        crowded = sum(piece.records for piece in self.batch.pieces) >= MOST_RECORDS
        return scarce or crowded or len(self.batch.pieces) >= MOST_PIECES

    def _fill(self, stream: Readable) -> bool:
        """Read until the segment is full (False) or the file ends (True)."""
        while (room := self.limits.segment_bytes - len(self.batch.plain)) > 0:
            chunk = stream.read(min(room, _READ))
            if not chunk:
                return True
            self.batch.plain += chunk
        return False

    def _cut(self, file: Taken, start: int, continues: str, ended: bool) -> tuple[Piece, bool]:
        """What can be taken of the bytes from `start` on, and whether that was the end of the file."""
        settled = ended and file.settled()
        # The last line of a file that was cut looks like a shorter one: no event may be made of it.
        torn = settled and file.stream.ends_early and self._has_lines()
        with memoryview(self.batch.plain) as plain, plain[start:] as view:
            spans = self._split_torn(view, continues) if torn else self._split(view, continues, final=settled)
            if len(spans.offsets) > MOST_RECORDS:  # as if the segment had been full there; the rest begins the next
                with view[: int(spans.offsets[MOST_RECORDS])] as some:
                    fewer = self._split(some, continues, final=False)
                if fewer.consumed:
                    spans, ended, torn = fewer, False, False
            length, cut_off = spans.consumed, 0
            if torn and length < len(view):
                cut_off = len(view) - length if bytes(view[length:]).strip() else 0
                length = len(view)
            elif not length and start == 0 and not ended:
                length = len(view)  # a whole segment of separators: there is nothing in it to be cut
            before, heading = file.stream.position, file.stream.heading
            file.stream.took(view[:length])
        offsets, lengths, rejects = placed(spans, start, length, cut_off)
        piece = Piece(
            key=file.key,
            name=file.name,
            modified_at=file.modified_at,
            start=start,
            length=length,
            file_offset=before,
            continues=continues,
            cut_off=cut_off,
            offsets=offsets,
            lengths=lengths,
            rejects=rejects,
            heading=heading,
            unfinished=spans.unfinished,
            sha256_after=file.stream.digest(),
            head=head_of(file.stream.beginning, before + length),
        )
        return piece, ended

    def _split_torn(self, view: memoryview, continues: str) -> Spans:
        """All but the last line. Where lines make an event together, none that would follow is awaited any more."""
        spans = self._split(view, continues, final=False)
        more = bytes(view[spans.consumed :]).rfind(b"\n") + 1
        if more and any(isinstance(one.layout, TextRecords) and one.layout.joined_by for one in self.fmt.shapes):
            with view[: spans.consumed + more] as lines:
                spans = self._split(lines, continues, final=True)
        return spans

    def _has_lines(self) -> bool:
        return any(not isinstance(shape.layout, JsonRecords) for shape in self.fmt.shapes)

    def _split(self, view: memoryview, continues: str, *, final: bool) -> Spans:
        return split(self.fmt, view, final=final, record_bytes=self.limits.record_bytes, continues=continues)


def placed(spans: Spans, start: int, length: int, cut_off: int) -> tuple[Positions, Positions, pa.Table]:
    """Records and rejects of a piece in the batch's offsets; what is cut off at its end is one more reject."""
    rejects = spans.rejects
    if start and rejects.num_rows:
        moved = pa.array(rejects["offset"].to_numpy() + start)
        rejects = rejects.set_column(0, REJECT_SCHEMA.field("offset"), moved)
    if cut_off:
        row = {"offset": start + length - cut_off, "length": cut_off, "reason": CUT_OFF}
        rejects = pa.concat_tables([rejects, pa.Table.from_pylist([row], schema=REJECT_SCHEMA)])
    return spans.offsets + start, spans.lengths, rejects
