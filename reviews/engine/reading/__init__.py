"""Reading: from the bytes of a log file to events. The only code that runs formats.

    with open_plain(path) as plain:            # decompresses
        buffer = plain.read(size)
    spans = split(fmt, buffer, final=True, record_bytes=...)
    found = normalise(fmt, buffer, spans, Context(...))

For every buffer: records = found.records.sum() + len(spans.rejects), and found.records.sum() = events + rejects +
ignored of what was found. A span is one record, unless the format says that it holds several events.
"""

from reviews.engine.reading.detecting import Guess, detect
from reviews.engine.reading.evtx_files import SMALLEST_EVTX, is_evtx
from reviews.engine.reading.files import Read, read_file
from reviews.engine.reading.headings import heading_of
from reviews.engine.reading.normalising import Context, Normalised, normalise
from reviews.engine.reading.opening import Plain, open_plain
from reviews.engine.reading.spans import Spans
from reviews.engine.reading.splitting import split

__all__ = [
    "SMALLEST_EVTX",
    "Context",
    "Guess",
    "Normalised",
    "Plain",
    "Read",
    "Spans",
    "detect",
    "heading_of",
    "is_evtx",
    "normalise",
    "open_plain",
    "read_file",
    "split",
]
