"""Lines that name the columns of the lines after them: which of them holds for each record.

A file that is read in parts names its columns in one of them: LastHeading keeps the line for those after it.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from reviews.engine.formats import Format, TextRecords
from reviews.engine.reading.evtx_files import record_texts
from reviews.engine.reading.spans import Buffer, Positions, octets, record_views
from reviews.engine.reading.statements import RECORD

_LONGEST: Final = 1 << 16  # a heading is cut there


def heading_of(fmt: Format) -> str:
    """With what the lines begin that name columns; empty for a format without."""
    return fmt.layout.heading if isinstance(fmt.layout, TextRecords) else ""


class LastHeading:
    """The last whole line with that beginning, of the bytes of a file that pass piece by piece."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix.encode()
        self._rest = b""  # the beginning of a line that is not whole yet
        self.text = ""

    def passed(self, data: bytes | memoryview) -> None:
        """The next bytes of the file."""
        if not self._prefix:
            return
        text = b"\n" + self._rest + bytes(data)
        whole = text.rfind(b"\n") + 1
        found = text.rfind(b"\n" + self._prefix, 0, whole)
        if found >= 0 and (end := text.find(b"\n", found + 1)) >= 0:
            self.text = text[found + 1 : end][:_LONGEST].removesuffix(b"\r").decode(errors="replace")
        self._rest = text[whole : whole + _LONGEST]


def record_columns(
    fmt: Format,
    buffer: Buffer,
    offsets: Positions,
    lengths: Positions,
    file_starts: Positions | None = None,
    before: Sequence[str] = (),
) -> dict[str, pa.Array]:
    """The columns that a statement finds in `records`: raw, and the record's number; for formats with headings the one
    in force. `before`: for each file of the buffer the heading in force at
    its start; empty texts, or none at all, where there is none."""
    columns = {RECORD: pa.array(np.arange(len(offsets), dtype=np.int64))}
    if fmt.reads_evtx:
        columns["raw"] = record_texts(buffer, offsets, lengths, file_starts)
    else:
        columns["raw"] = record_views(buffer, offsets, lengths)
    if isinstance(fmt.layout, TextRecords) and fmt.layout.heading:
        # A file begins without a heading, whatever the file before it in the buffer ended with.
        marks: dict[int, str | None] = {}
        starts = [0] if file_starts is None else np.searchsorted(offsets, file_starts).tolist()
        for number, text in zip(starts, before or [""] * len(starts), strict=True):
            marks[number] = text or None
        columns["heading"] = _in_force(marks | _headings(fmt.layout.heading, buffer, offsets, lengths), len(offsets))
    return columns


def _headings(prefix: str, buffer: Buffer, offsets: Positions, lengths: Positions) -> dict[int, str | None]:
    """The headings among the records, by the record's number."""
    begins = prefix.encode()
    found: dict[int, str | None] = {}
    for number in np.flatnonzero(octets(buffer)[offsets] == begins[0]).tolist():
        start = int(offsets[number])
        record = bytes(buffer[start : start + min(int(lengths[number]), _LONGEST)])
        if record.startswith(begins):
            found[number] = record.decode(errors="replace")
    return found


def _in_force(marks: dict[int, str | None], count: int) -> pa.Array:
    """For each of so many records the text of the last mark at or before it."""
    texts: dict[str | None, int] = {None: 0}
    begun, codes = [0], [0]  # a first mark before all records, which says that there is no heading
    for number, text in sorted(marks.items()):
        begun.append(number)
        codes.append(texts.setdefault(text, len(texts)))
    last = np.searchsorted(begun, np.arange(count), side="right") - 1
    return pa.array(list(texts), pa.string()).take(pa.array(np.asarray(codes)[last]))
