"""Reading one file from its first byte to its last, for looking at it. Importing has its own way, with a memory."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reviews.engine.formats import Format
from reviews.engine.reading import evtx_files
from reviews.engine.reading.lines import find_bytes
from reviews.engine.reading.normalising import Context, normalise
from reviews.engine.reading.opening import Plain, open_plain
from reviews.engine.reading.spans import Buffer, Positions, Spans, octets, positions
from reviews.engine.reading.splitting import split

CHUNK_BYTES: Final = 32 << 20
RECORD_BYTES: Final = 16 << 20
_NEWLINE: Final = 10


@dataclass(frozen=True)
class Read:
    """What a part of a file holds. `offset` counts from the beginning of the plain bytes, `line` from 1."""

    events: pa.Table  # READ_SCHEMA and line
    rejects: pa.Table  # REJECT_SCHEMA and line
    ignored: int
    truncated: bool = False  # a compressed file ends early here


def read_file(path: Path | str, fmt: Format, context: Context, chunk_bytes: int = CHUNK_BYTES) -> Iterator[Read]:
    """The events and rejects of a file, part by part. ReadingError when it cannot be read."""
    with open_plain(path) as plain:
        carry, base, lines, continues, final = b"", 0, 0, "", False
        while not final:
            more = _next(plain, chunk_bytes)
            final = len(more) < chunk_bytes
            buffer = carry + more
            spans = split(fmt, buffer, final=final, record_bytes=RECORD_BYTES, continues=continues)
            found = normalise(fmt, buffer, spans, context)
            newlines = line_ends(buffer, spans)
            rejects = pa.concat_tables([spans.rejects, found.rejects]).sort_by("offset")
            yield Read(
                _placed(found.events, newlines, base, lines),
                _placed(rejects, newlines, base, lines),
                found.ignored,
                plain.truncated,
            )
            carry, continues = buffer[spans.consumed :], spans.unfinished
            if context.after is not None and found.events.num_rows:
                context = replace(context, after=found.events["occurred_at"][-1].as_py())
            base, lines = base + spans.consumed, lines + len(newlines)


def line_ends(buffer: Buffer, spans: Spans) -> Positions:
    """The last byte of each line; in an event log file, which has none, of each record or part that is damaged."""
    if spans.unfinished.startswith(evtx_files.CONTINUES):
        refused = spans.rejects
        ends = [spans.offsets + spans.lengths, refused["offset"].to_numpy() + refused["length"].to_numpy()]
        return positions(np.sort(np.concatenate(ends)) - 1)
    return find_bytes(octets(buffer)[: spans.consumed], _NEWLINE)


def _next(plain: Plain, size: int) -> bytes:
    """`size` bytes, or what is left."""
    pieces, left = [], size
    while left and (piece := plain.read(left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _placed(table: pa.Table, newlines: Positions, base: int, lines: int) -> pa.Table:
    """The table with offsets in the file, and the line in which each record begins."""
    offsets = table["offset"].combine_chunks().to_numpy(zero_copy_only=False)
    line = np.searchsorted(newlines, offsets) + lines + 1
    moved = pc.add(table["offset"], pa.scalar(base, pa.int64()))
    table = table.set_column(table.schema.get_field_index("offset"), "offset", moved)
    return table.append_column("line", pa.array(line, pa.int64()))
