"""Windows event log files (.evtx): where their records lie, and what these say, as JSON.

A file is a header of 4 KiB and chunks of 64 KiB. A chunk is a header of 512 bytes, which says where its free space
begins, and records one behind the other: "**", size, number, time, BinXML, and the size again. A record can only be
understood with its chunk, where names and templates stand once for all. Chunks are used again: what lies in the free
space is no record of this log any more, unless it goes on with the next number, as in a file that was copied before
Windows had brought the header up to date.

Facts: libyal/libevtx, "Windows XML Event Log (EVTX) format".
"""

import struct
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Final

import numpy as np
import pyarrow as pa
from evtx import PyEvtxParser

from reviews.engine.reading.spans import (
    Buffer,
    Flags,
    Positions,
    Spans,
    octets,
    positions,
    record_views,
    rejects,
)

FILE_MAGIC: Final = b"ElfFile\0"
CONTINUES: Final = "evtx"  # followed by how many bytes of a chunk were taken before
DAMAGED: Final = "This part of the event log file is damaged: no record can be read in it."
HEADER: Final = 4096
CHUNK: Final = 65536
SMALLEST_EVTX: Final = 2 * CHUNK  # bytes in which a chunk is found whole, with the header before it
_CHUNK_MAGIC: Final = b"ElfChnk\0"
_CHUNK_HEADER: Final = 512
_TABLES: Final = 128  # where chains of names and templates begin
_FREE: Final = 48  # where a chunk states the beginning of its free space
_RECORD_MAGIC: Final = b"**\0\0"
_SMALLEST: Final = 28  # a record without content
_NO_EVENT: Final = b"{}"
# Records of a chunk share templates, so that a few bytes may become 60 KB of text. Logs come to a few times their size.
MOST_RATIO: Final = 12
RATIO_FROM: Final = 32 << 20  # bytes of text
_FILE_HEADER: Final = FILE_MAGIC.ljust(HEADER, b"\0")


def is_evtx(beginning: bytes) -> bool:
    """Whether a file that begins so is a Windows event log file."""
    return beginning.startswith(FILE_MAGIC)


def split_evtx(buffer: Buffer, *, final: bool, continues: str = "") -> Spans:
    """The records of whole chunks; with `final`, of the last one too if it was cut. Chunks of zeros hold none.

    `unfinished` always says that an event log file goes on: nothing else in the next buffer would tell.
    """
    data = octets(buffer)
    phase = int(continues.removeprefix(CONTINUES)) if continues else -HEADER
    begin = -phase % CHUNK
    if len(data) < begin and not final:
        return Spans(positions(), positions(), 0, rejects(positions(), positions(), DAMAGED), continues)
    # Of a chunk whose beginning was taken before, the rest tells nothing; a file within its header holds nothing yet.
    bad = [(0, min(begin, len(data)))] if (data[:begin].any() if continues else len(data) < HEADER) else []
    end = len(data) if final else begin + (len(data) - begin) // CHUNK * CHUNK
    found: list[tuple[int, int]] = []
    for at in range(begin, end, CHUNK):
        for start, stop, good in _walk(bytes(memoryview(buffer)[at : at + CHUNK])):
            (found if good else bad).append((at + start, at + stop))
    spans, gaps = positions(found).reshape(-1, 2), positions(bad).reshape(-1, 2)
    return Spans(
        spans[:, 0],
        spans[:, 1] - spans[:, 0],
        end,
        rejects(gaps[:, 0], gaps[:, 1] - gaps[:, 0], DAMAGED),
        f"{CONTINUES}{(phase + end) % CHUNK}",
    )


def _walk(chunk: bytes) -> Iterator[tuple[int, int, bool]]:
    """First byte and end of each record of a chunk, and of the parts that should hold records and do not (False)."""
    if not chunk.startswith(_CHUNK_MAGIC):
        if chunk.strip(b"\0"):
            yield 0, len(chunk), False
        return
    used = _word(chunk, _FREE)
    if not _CHUNK_HEADER <= used <= len(chunk):
        used = len(chunk)
    at, number = _CHUNK_HEADER, -1
    while at < used:
        size = _size(chunk, at)
        end = at + size if size else _next(chunk, at, used)
        yield at, end, bool(size)
        number = _number(chunk, at) if size else -1
        at = end
    while number >= 0 and (size := _size(chunk, at)) and _number(chunk, at) == number + 1:
        yield at, at + size, True
        at, number = at + size, number + 1


def _next(chunk: bytes, behind: int, used: int) -> int:
    """Where the next record behind one that is damaged begins."""
    at = chunk.find(_RECORD_MAGIC, behind + 1, used)
    while at >= 0 and not _size(chunk, at):
        at = chunk.find(_RECORD_MAGIC, at + 1, used)
    return at if at >= 0 else used


def _size(chunk: bytes, at: int) -> int:
    """The length of the record that begins there; 0 where none does."""
    if not chunk.startswith(_RECORD_MAGIC, at) or at + _SMALLEST > len(chunk):
        return 0
    size = _word(chunk, at + 4)
    whole = _SMALLEST <= size <= len(chunk) - at and _word(chunk, at + size - 4) == size
    return size if whole else 0


def _word(data: bytes, at: int) -> int:
    found: int = struct.unpack_from("<I", data, at)[0] if at + 4 <= len(data) else 0
    return found


def _number(data: bytes, at: int) -> int:
    found: int = struct.unpack_from("<Q", data, at + 8)[0]
    return found


# --- What records say ------------------------------------------------------------------------------------------


def record_texts(buffer: Buffer, offsets: Positions, lengths: Positions, file_starts: Positions | None) -> pa.Array:
    """The records of spans as binaries: those of event log files as JSON, `{}` where one cannot be understood.

    So are those for whose text there is no room, because the records unpack to far more than any log does.
    """
    binary = _is_record(buffer, offsets)
    if not binary.any():
        return record_views(buffer, offsets, lengths)
    texts = [_NO_EVENT] * len(offsets)
    for number in np.flatnonzero(~binary).tolist():
        texts[number] = bytes(memoryview(buffer)[offsets[number] : offsets[number] + lengths[number]])
    chosen = np.flatnonzero(binary)
    chunks = _chunk_of(buffer, offsets[chosen], positions([0]) if file_starts is None else file_starts)
    left = max(RATIO_FROM, MOST_RATIO * int(lengths[chosen].sum()))
    for part in np.split(np.arange(len(chosen)), np.flatnonzero(np.diff(chunks)) + 1):
        start, numbers = int(chunks[part[0]]), chosen[part]
        if start >= 0:
            chunk = bytes(memoryview(buffer)[start : start + CHUNK])
            made = _understood(chunk, offsets[numbers] - start, lengths[numbers], left)
            left -= sum(map(len, made))
            for number, text in zip(numbers.tolist(), made, strict=True):
                texts[number] = text
    return pa.array(texts, pa.large_binary())


def _is_record(buffer: Buffer, offsets: Positions) -> Flags:
    """Which of the spans are records of an event log file; no text begins so."""
    data = octets(buffer)
    found: Flags = np.ones(len(offsets), dtype=np.bool_)
    for index, letter in enumerate(_RECORD_MAGIC):
        found &= data[np.minimum(offsets + index, len(data) - 1)] == letter
    return found


def _chunk_of(buffer: Buffer, offsets: Positions, file_starts: Positions) -> Positions:
    """Where the chunk of each record begins; -1 where that cannot be told.

    Chunks lie in step from the beginning of a file. Where only a later part of it is here, the first record that lies
    right behind a chunk's header shows the step.
    """
    view, data = memoryview(buffer), octets(buffer)
    found = np.full(len(offsets), -1, dtype=np.int64)
    borders = [*np.searchsorted(offsets, file_starts).tolist(), len(offsets)]
    for index, start in enumerate(file_starts.tolist()):
        own = slice(borders[index], borders[index + 1])
        first = -1
        if is_evtx(bytes(view[start : start + len(FILE_MAGIC)])):
            first = start + HEADER
        else:
            for at in (offsets[own] - _CHUNK_HEADER).tolist():
                if at >= start and bytes(data[at : at + len(_CHUNK_MAGIC)]) == _CHUNK_MAGIC:
                    first = at
                    break
        if first >= 0:
            found[own] = offsets[own] - (offsets[own] - first) % CHUNK
    return found


def _understood(chunk: bytes, offsets: Positions, lengths: Positions, most: int) -> list[bytes]:
    """The JSON of each of these records of one chunk, of at most so many bytes in all."""
    places = list(zip(offsets.tolist(), (offsets + lengths).tolist(), strict=True))
    made = bytearray(chunk.ljust(CHUNK, b"\0"))
    # Without its tables, which only save time, the parser looks names and templates up where records point to them. It
    # follows the chains of the tables for ever where somebody made a ring of them.
    made[_TABLES:_CHUNK_HEADER] = bytes(_CHUNK_HEADER - _TABLES)
    struct.pack_into("<I", made, _FREE, places[-1][1])
    # The parser goes from record to record: what is damaged becomes the end of the record before it, where nothing is
    # read, or else the frame of an empty one.
    begun, before = -1, _CHUNK_HEADER
    for start, end in places:
        if before < start and begun < 0:
            made[before : before + 4] = _RECORD_MAGIC
            begun = before
        if before < start:
            size = struct.pack("<I", start - begun)
            made[begun + 4 : begun + 8] = made[start - 4 : start] = size
        begun, before = start, end
    numbers = [_number(chunk, start) for start, _ in places]
    found: dict[int, bytes] = {}
    for number, text in _parsed(bytes(made)):
        most -= len(text)
        if most < 0:
            break
        found[number] = text
    counts = Counter(numbers)  # no two records of a chunk have one number, unless somebody made them so
    return [found.get(number, _NO_EVENT) if counts[number] == 1 else _NO_EVENT for number in numbers]


def _parsed(chunk: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and JSON of each record that the parser understands; it goes on behind one that it does not."""
    records = iter(PyEvtxParser(BytesIO(_FILE_HEADER + chunk), 1, indent=False).records_json())
    for _ in range(CHUNK // _SMALLEST):  # more records, and so more defects, no chunk can hold
        try:
            for record in records:
                if record is not None:
                    yield record["event_record_id"], record["data"].encode()
            return
        except (RuntimeError, ValueError):
            continue
