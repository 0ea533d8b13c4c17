"""Splitting a buffer into the records of a format."""

import json
import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from reviews.engine.formats import CsvRecords, Format, JsonRecords, Layout, TextRecords, XmlRecords
from reviews.engine.reading import elements, evtx_files
from reviews.engine.reading.continuations import split_continued
from reviews.engine.reading.documents import is_document, split_document
from reviews.engine.reading.joining import whole_events
from reviews.engine.reading.lines import BOM, split_lines
from reviews.engine.reading.rows import split_rows
from reviews.engine.reading.spans import Buffer, Spans

_HEAD: Final = 1 << 16
# JSON over several lines: how it begins, or how a later part of it does.
_PRETTY: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\{[ \t]*\r?\n\s*"|\[\s*\{\s*"|,\s*\{\s*")')
_BETWEEN: Final = re.compile(rb'\}\s*\{\s*"')


def split(fmt: Format, buffer: Buffer, *, final: bool, record_bytes: int, continues: str = "") -> Spans:
    """The whole records of a buffer that begins where a record begins (or where the last call stopped).

    `consumed` is the first byte that was not taken: begin the next buffer with it. With `final`, an unterminated last
    record is taken too. A record longer than `record_bytes` is one reject; when it is not even whole, what there is of
    it is consumed and `unfinished` says what to give as `continues` next time. Spans and rejects are in order and do
    not overlap; blank lines are no records. Where several records make one event (TextRecords.joined_by), an event
    that may go on behind the buffer is not taken.

    Of the shapes of a format, any JSON one makes a document of a buffer that begins like one; so does every format of
    one that begins like JSON over several lines or without line ends, for it may be an envelope. Else the first shape
    whose records look like the first line decides where records end.
    """
    head = bytes(memoryview(buffer)[:_HEAD])
    if fmt.reads_evtx and (continues.startswith(evtx_files.CONTINUES) or evtx_files.is_evtx(head)):
        return evtx_files.split_evtx(buffer, final=final, continues=continues)
    if (xml := _xml_of(fmt, head, continues)) is not None:
        return elements.split_elements(
            xml, buffer, final=final, record_bytes=record_bytes, continues=continues == elements.CONTINUES
        )
    document = _document_of(fmt, buffer, head, continues, record_bytes)
    if document is not None:
        return split_document(document, buffer, final=final, record_bytes=record_bytes, continues=bool(continues))
    layout = _ending(fmt, head, continues)
    if isinstance(layout, CsvRecords):
        return split_rows(layout.separator, buffer, final=final, record_bytes=record_bytes, continues=bool(continues))
    if isinstance(layout, TextRecords) and layout.continued_by:
        return split_continued(
            buffer,
            layout.continued_by,
            final=final,
            record_bytes=record_bytes,
            continues=bool(continues),
            continued_where=layout.continued_where,
        )
    spans = split_lines(buffer, final=final, record_bytes=record_bytes, continues=bool(continues))
    if isinstance(layout, TextRecords) and layout.joined_by and not final:
        return whole_events(layout.joined_by, buffer, spans, record_bytes)
    return spans


def _xml_of(fmt: Format, head: bytes, continues: str) -> XmlRecords | None:
    """The layout of elements to which the buffer belongs."""
    layouts = [shape.layout for shape in fmt.shapes if isinstance(shape.layout, XmlRecords)]
    if continues:
        return layouts[0] if layouts and continues == elements.CONTINUES else None
    return next((layout for layout in layouts if elements.is_element(layout, head)), None)


def _document_of(fmt: Format, buffer: Buffer, head: bytes, continues: str, record_bytes: int) -> JsonRecords | None:
    """How the records of a document are found, where the buffer belongs to one."""
    if continues not in ("", "document"):
        return None
    layouts = [shape.layout for shape in fmt.shapes if isinstance(shape.layout, JsonRecords)]
    arrays = tuple(dict.fromkeys(key for layout in layouts for key in layout.arrays))
    first_keys = tuple(dict.fromkeys(key for layout in layouts for key in layout.first_keys))
    document = JsonRecords({}, arrays=arrays, first_keys=first_keys)
    if continues or (layouts and is_document(document, head)):
        return document
    envelope = _is_run_together(buffer, head, record_bytes) or (not layouts and _PRETTY.match(head))
    # A text log may have JSON over several lines in its messages, and a part of a file may begin there.
    return document if envelope and not (not layouts and _has_own_lines(fmt, head)) else None


def _has_own_lines(fmt: Format, head: bytes) -> bool:
    lines = head.decode(errors="replace").splitlines()
    return any(_begins(shape.layout, line) for shape in fmt.shapes for line in lines)


def _is_run_together(buffer: Buffer, head: bytes, record_bytes: int) -> bool:
    """Whether the first line holds several JSON objects, as Firehose delivers them."""
    text = head.removeprefix(BOM).lstrip()
    if not text.startswith(b"{"):
        return False
    line = text.partition(b"\n")[0]
    if len(line) == len(text) and len(memoryview(buffer)) > len(head):
        line = bytes(memoryview(buffer)[: 2 * record_bytes]).removeprefix(BOM).lstrip().partition(b"\n")[0]
    if not _BETWEEN.search(line):
        return False
    try:
        decoded = line.decode(errors="replace")
        _, end = json.JSONDecoder().raw_decode(decoded)
    except (ValueError, RecursionError):
        return False
    return decoded[end:].lstrip().startswith("{")


def _ending(fmt: Format, head: bytes, continues: str) -> Layout:
    """The layout that says where a record ends: of the first shape that the first whole line looks like."""
    layouts = [shape.layout for shape in fmt.shapes]
    if len(layouts) > 1:
        if continues:
            head = head.partition(b"\n")[2]
        line = head.lstrip().partition(b"\n")[0].decode(errors="replace")
        layouts = [layout for layout in layouts if _begins(layout, line)] or layouts
    if isinstance(layouts[0], CsvRecords) and head.removeprefix(BOM).startswith(b"{"):
        return JsonRecords({})  # an envelope, whose quotes are not those of a row
    return layouts[0]


def _begins(layout: Layout, line: str) -> bool:
    if isinstance(layout, JsonRecords):
        return line.startswith("{")
    if isinstance(layout, XmlRecords):
        return line.startswith("<")
    if isinstance(layout, TextRecords):
        # Arrow's expressions take time in proportion to the text, whatever somebody wrote into it.
        text = pa.array([line])
        return any(pc.match_substring_regex(text, pattern.regex)[0].as_py() for pattern in layout.patterns)
    return line.count(layout.separator) >= max(1, len(layout.columns) // 2)
