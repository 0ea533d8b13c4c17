"""Finding records that are rows of comma-separated values (RFC 4180): a newline between quotes ends no row.

Quotes tell by their parity which newlines end a row. A quote that opens a value stands behind a separator or begins
the row, one that closes it stands before a separator or ends the row, and two in a row are one quote of the value.
Where that does not hold, the row is broken: its first line alone is rejected, and the search begins anew behind it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from reviews.engine.reading.lines import BOM, find_bytes, too_long, without_blank
from reviews.engine.reading.spans import Buffer, Flags, Octets, Positions, Spans, no_rejects, octets, positions, rejects

BROKEN: Final = "The quotes of this row do not pair up."
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34


@dataclass(frozen=True)
class _Marks:
    """Quotes and newlines of a buffer. A quote opens a value when its number is odd or even as the row's first is."""

    quotes: Positions
    newlines: Positions
    wrong: tuple[Positions, Positions]  # numbers of the quotes in a wrong place, when even or odd ones open
    ends: tuple[Positions, Positions]  # the newlines that end a row, in the same two cases


@dataclass(frozen=True)
class _Rows:
    starts: Positions
    ends: Positions  # the newline
    broken: tuple[tuple[int, int], ...]
    rest: int  # the first byte of the row that does not end here


def split_rows(separator: str, buffer: Buffer, *, final: bool, record_bytes: int, continues: bool = False) -> Spans:
    """The rows of a buffer that are not blank, without their line ends. `continues`: it begins in a line to skip."""
    data = octets(buffer)
    begin = 3 if bytes(data[:3]) == BOM else 0
    newlines = find_bytes(data, _NEWLINE)
    if continues:
        if not len(newlines) and not final:
            return Spans(positions(), positions(), len(data), no_rejects(), unfinished="line")
        begin = int(newlines[0]) + 1 if len(newlines) else len(data)
    marks = _marks(data, newlines, ord(separator))
    found = _find(marks, len(data), begin, final, record_bytes)
    starts, ends, consumed, unfinished = found.starts, found.ends, found.rest, ""
    tail = len(data) - found.rest
    if final or tail > record_bytes:  # a line without an end
        starts, ends = np.append(starts, found.rest), np.append(ends, len(data))
        consumed, unfinished = len(data), "" if final else "line"
    offsets, lengths = without_blank(data, starts, ends)
    long = lengths > record_bytes
    tables = [rejects(offsets[long], lengths[long], too_long(record_bytes))]
    if found.broken:
        bad = positions(found.broken)
        tables.append(rejects(*without_blank(data, bad[:, 0], bad[:, 1]), BROKEN))
    return Spans(offsets[~long], lengths[~long], consumed, pa.concat_tables(tables).sort_by("offset"), unfinished)


def _marks(data: Octets, newlines: Positions, separator: int) -> _Marks:
    quotes = find_bytes(data, _QUOTE)
    before = np.searchsorted(quotes, newlines)
    beside = np.zeros(256, dtype=np.bool_)
    beside[[separator, _NEWLINE, _RETURN, _QUOTE]] = True
    text_begins = 3 if bytes(data[:3]) == BOM else 0
    may_open = beside[data[quotes - 1]] | (quotes == text_begins)
    may_close = beside[data[np.minimum(quotes + 1, len(data) - 1)]] | (quotes == len(data) - 1)
    even: Flags = np.arange(len(quotes)) % 2 == 0
    wrong = (~np.where(even, may_open, may_close), ~np.where(even, may_close, may_open))
    return _Marks(
        quotes,
        newlines,
        (np.flatnonzero(wrong[0]), np.flatnonzero(wrong[1])),
        (newlines[before % 2 == 0], newlines[before % 2 == 1]),
    )


def _find(marks: _Marks, size: int, begin: int, final: bool, record_bytes: int) -> _Rows:
    """Rows between broken ones. One turn of the loop for each broken row."""
    starts, ends = [], []
    broken: list[tuple[int, int]] = []
    while True:
        first = int(np.searchsorted(marks.quotes, begin))
        case = first % 2
        bad = _first_from(marks.wrong[case], first)
        bad_at = int(marks.quotes[bad]) if bad >= 0 else size
        row_ends = marks.ends[case][slice(*np.searchsorted(marks.ends[case], (begin, bad_at)))]
        starts.append(np.concatenate((positions([begin]), row_ends + 1))[:-1])
        ends.append(row_ends)
        row = int(row_ends[-1]) + 1 if len(row_ends) else begin
        line = int(np.searchsorted(marks.newlines, row))
        if bad < 0 and not _is_stuck(marks, row, size, final, record_bytes):
            return _Rows(np.concatenate(starts), np.concatenate(ends), tuple(broken), row)
        if line == len(marks.newlines):  # its line has no end yet
            if not final:
                return _Rows(np.concatenate(starts), np.concatenate(ends), tuple(broken), row)
            broken.append((row, size))
            return _Rows(np.concatenate(starts), np.concatenate(ends), tuple(broken), size)
        broken.append((row, int(marks.newlines[line])))
        begin = int(marks.newlines[line]) + 1


def _first_from(numbers: Positions, first: int) -> int:
    """The first of the numbers, in order, that is not below `first`; -1: none."""
    at = int(np.searchsorted(numbers, first))
    return int(numbers[at]) if at < len(numbers) else -1


def _is_stuck(marks: _Marks, row: int, size: int, final: bool, record_bytes: int) -> bool:
    """Whether the last row has an open quote that nothing will close."""
    inside = (len(marks.quotes) - int(np.searchsorted(marks.quotes, row))) % 2 == 1
    return inside and (final or size - row > record_bytes)
