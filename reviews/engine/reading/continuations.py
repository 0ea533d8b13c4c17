"""Finding records that go on over lines which begin in a way of their own, such as with a tab."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reviews.engine.reading.lines import BOM, find_bytes, too_long, without_blank
from reviews.engine.reading.spans import (
    Buffer,
    Flags,
    Octets,
    Positions,
    Spans,
    no_rejects,
    octets,
    positions,
    record_views,
    rejects,
)

_NEWLINE: Final = 10
_HEAD: Final = 1 << 10


def split_continued(
    buffer: Buffer,
    continued_by: bytes,
    *,
    final: bool,
    record_bytes: int,
    continues: bool = False,
    continued_where: str = "",
) -> Spans:
    """The records of a buffer: a line, and those after it that go on with it (TextRecords).

    A record is whole only where the next one begins, or with `final`. Blank lines within it are part of it. A line
    that would go on with what is not there is a record of its own. `continues`: the buffer begins within a record.
    """
    data = octets(buffer)
    newlines = find_bytes(data, _NEWLINE)
    goes_on: Flags = np.isin(np.arange(256), np.frombuffer(continued_by, dtype=np.uint8))
    begin = 3 if bytes(data[:3]) == BOM else 0
    if continues:
        begin = _next_record(data, newlines, goes_on)
        if begin < 0:
            return Spans(positions(), positions(), _end(data, final), no_rejects(), "" if final else "line")
    newlines = newlines[newlines >= begin]
    starts = np.concatenate((positions([begin]), newlines + 1))
    offsets, lengths = without_blank(data, starts, np.concatenate((newlines, positions([len(data)]))))
    firsts = ~goes_on[data[offsets]]
    if continued_where:
        firsts &= ~_says_more(continued_where, buffer, offsets, lengths)
    firsts[:1] = True
    heads = np.flatnonzero(firsts)
    lasts = np.append(heads[1:], len(offsets))[: len(heads)] - 1
    starts, ends = offsets[heads], (offsets + lengths)[lasts]
    consumed, unfinished = len(data), ""
    if not final:
        last = int(starts[-1]) if len(starts) else int(np.append(begin, newlines + 1)[-1])
        if len(data) - last > record_bytes:
            consumed, unfinished = _end(data, final), "line"
        else:
            consumed, starts, ends = last, starts[:-1], ends[:-1]
    long = ends - starts > record_bytes
    if unfinished:  # what there is of it may be shorter without the line ends, but it is not whole
        long[-1] = True
    lengths = ends - starts
    refused = rejects(starts[long], lengths[long], too_long(record_bytes))
    return Spans(starts[~long], lengths[~long], consumed, refused, unfinished)


def _says_more(pattern: str, buffer: Buffer, offsets: Positions, lengths: Positions) -> Flags:
    """The lines in which the pattern finds something for its group "goes_on"."""
    heads = record_views(buffer, offsets, np.minimum(lengths, _HEAD)).cast(pa.binary())
    found = pc.struct_field(pc.extract_regex(heads, pattern=pattern), "goes_on")
    flags: Flags = pc.greater(pc.binary_length(found), 0).fill_null(False).to_numpy(zero_copy_only=False)
    return flags


def _next_record(data: Octets, newlines: Positions, goes_on: Flags) -> int:
    """Where the first record begins behind a line end; -1: nowhere in this buffer."""
    behind = newlines[newlines + 1 < len(data)] + 1
    begins = ~(goes_on[data[behind]] | np.isin(data[behind], (10, 13)))
    return int(behind[np.argmax(begins)]) if begins.any() else -1


def _end(data: Octets, final: bool) -> int:
    """What is consumed of a record that is skipped: not the last line end, by which the next record is found."""
    return len(data) - (not final and data[-1:].tolist() == [_NEWLINE])
