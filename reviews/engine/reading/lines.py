"""Finding records that are lines."""

from typing import Final

import numpy as np

from reviews.engine.reading.spans import Buffer, Octets, Positions, Spans, no_rejects, octets, positions, rejects

BLOCK: Final = 1 << 20  # newlines are searched in pieces that stay in the cache
BOM: Final = b"\xef\xbb\xbf"
_NEWLINE, _RETURN, _SPACE = 10, 13, 32
_INK: Final = ~np.isin(np.arange(256, dtype=np.uint8), np.frombuffer(b" \t\r\n\v\f", dtype=np.uint8))


def too_long(record_bytes: int) -> str:
    """The reason for a record that is too long."""
    size = f"{record_bytes >> 20} MiB" if record_bytes >= 1 << 20 else f"{record_bytes:,} bytes"
    return f"The record is longer than {size}."


def find_bytes(data: Octets, wanted: int) -> Positions:
    """Every position of one byte."""
    found = [np.flatnonzero(data[start : start + BLOCK] == wanted) + start for start in range(0, len(data), BLOCK)]
    return np.concatenate(found) if found else positions()


def split_lines(buffer: Buffer, *, final: bool, record_bytes: int, continues: bool = False) -> Spans:
    """The lines of a buffer that are not blank, without their line ends."""
    data = octets(buffer)
    newlines = find_bytes(data, _NEWLINE)
    begin = 0
    if continues:
        if not len(newlines) and not final:
            return Spans(positions(), positions(), len(data), no_rejects(), unfinished="line")
        begin = int(newlines[0]) + 1 if len(newlines) else len(data)
        newlines = newlines[1:]
    elif bytes(data[:3]) == BOM:
        begin = 3
    starts = np.concatenate((positions([begin]), newlines + 1))
    ends = np.concatenate((newlines, positions([len(data)])))
    tail = len(data) - int(starts[-1])
    overlong_tail = not final and tail > record_bytes
    if not final and not overlong_tail:
        starts, ends = starts[:-1], ends[:-1]
    offsets, lengths = without_blank(data, starts, ends)
    long = lengths > record_bytes
    return Spans(
        offsets=offsets[~long],
        lengths=lengths[~long],
        consumed=len(data) if final or overlong_tail else len(data) - tail,
        rejects=rejects(offsets[long], lengths[long], too_long(record_bytes)),
        unfinished="line" if overlong_tail else "",
    )


def without_blank(data: Octets, starts: Positions, ends: Positions) -> tuple[Positions, Positions]:
    """Take off carriage returns at the end, then drop lines of white space only."""
    full = ends > starts
    starts, ends = starts[full], ends[full]
    ends = ends - (data[ends - 1] == _RETURN)
    full = ends > starts
    starts, ends = starts[full], ends[full]
    doubtful = np.flatnonzero(data[starts] <= _SPACE)
    if len(doubtful):
        inked = np.append(_INK[data], False)
        borders = np.column_stack((starts[doubtful], ends[doubtful])).ravel()
        blank = doubtful[~np.logical_or.reduceat(inked, borders)[::2]]
        kept = np.ones(len(starts), dtype=bool)
        kept[blank] = False
        starts, ends = starts[kept], ends[kept]
    return starts, ends - starts
