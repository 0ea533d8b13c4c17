"""Splitting a buffer into the records of a format."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from reviews.engine.formats import CsvRecords, Format, JsonRecords, Layout, TextRecords
from reviews.engine.reading.continuations import split_continued
from reviews.engine.reading.documents import is_document, split_document
from reviews.engine.reading.lines import split_lines
from reviews.engine.reading.rows import split_rows
from reviews.engine.reading.spans import Buffer, Spans

_HEAD: Final = 1 << 16


def split(fmt: Format, buffer: Buffer, *, final: bool, record_bytes: int, continues: str = "") -> Spans:
    """The whole records of a buffer that begins where a record begins (or where the last call stopped).

    `consumed` is the first byte that was not taken: begin the next buffer with it. With `final`, an unterminated last
    record is taken too. A record longer than `record_bytes` is one reject; when it is not even whole, what there is of
    it is consumed and `unfinished` says what to give as `continues` next time. Spans and rejects are in order and do
    not overlap; blank lines are no records.

    Of the shapes of a format, any JSON one makes a document of a buffer that begins like one; else the first shape
    whose records look like the first line decides where records end.
    """
    head = bytes(memoryview(buffer)[:_HEAD])
    document = _document_of(fmt, head, continues)
    if document is not None:
        return split_document(document, buffer, final=final, record_bytes=record_bytes, continues=bool(continues))
    layout = _ending(fmt, head, continues)
    if isinstance(layout, CsvRecords):
        return split_rows(layout.separator, buffer, final=final, record_bytes=record_bytes, continues=bool(continues))
    if isinstance(layout, TextRecords) and layout.continued_by:
        return split_continued(
            buffer, layout.continued_by, final=final, record_bytes=record_bytes, continues=bool(continues)
        )
    return split_lines(buffer, final=final, record_bytes=record_bytes, continues=bool(continues))


def _document_of(fmt: Format, head: bytes, continues: str) -> JsonRecords | None:
    """How the records of a document are found, where the buffer belongs to one."""
    layouts = [shape.layout for shape in fmt.shapes if isinstance(shape.layout, JsonRecords)]
    if not layouts or continues not in ("", "document"):
        return None
    arrays = tuple(dict.fromkeys(key for layout in layouts for key in layout.arrays))
    first_keys = tuple(dict.fromkeys(key for layout in layouts for key in layout.first_keys))
    document = JsonRecords({}, arrays=arrays, first_keys=first_keys)
    return document if continues or is_document(document, head) else None


def _ending(fmt: Format, head: bytes, continues: str) -> Layout:
    """The layout that says where a record ends: of the first shape that the first whole line looks like."""
    layouts = [shape.layout for shape in fmt.shapes]
    if len(layouts) > 1:
        if continues:
            head = head.partition(b"\n")[2]
        line = head.lstrip().partition(b"\n")[0].decode(errors="replace")
        layouts = [layout for layout in layouts if _begins(layout, line)] or layouts
    return layouts[0]


def _begins(layout: Layout, line: str) -> bool:
    if isinstance(layout, JsonRecords):
        return line.startswith("{")
    if isinstance(layout, TextRecords):
        # Arrow's expressions take time in proportion to the text, whatever somebody wrote into it.
        text = pa.array([line])
        return any(pc.match_substring_regex(text, pattern.regex)[0].as_py() for pattern in layout.patterns)
    return line.count(layout.separator) >= max(1, len(layout.columns) // 2)
