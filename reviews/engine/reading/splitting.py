"""Splitting a buffer into the records of a format."""

from reviews.engine.formats import CsvRecords, Format, JsonRecords
from reviews.engine.reading.documents import is_document, split_document
from reviews.engine.reading.lines import split_lines
from reviews.engine.reading.rows import split_rows
from reviews.engine.reading.spans import Buffer, Spans

_HEAD = 1 << 16


def split(fmt: Format, buffer: Buffer, *, final: bool, record_bytes: int, continues: str = "") -> Spans:
    """The whole records of a buffer that begins where a record begins (or where the last call stopped).

    `consumed` is the first byte that was not taken: begin the next buffer with it. With `final`, an unterminated last
    record is taken too. A record longer than `record_bytes` is one reject; when it is not even whole, what there is of
    it is consumed and `unfinished` says what to give as `continues` next time. Spans and rejects are in order and do
    not overlap; blank lines are no records.
    """
    layout = fmt.layout
    if isinstance(layout, JsonRecords) and (
        continues == "document" or (not continues and _is_document(layout, buffer))
    ):
        return split_document(layout, buffer, final=final, record_bytes=record_bytes, continues=bool(continues))
    if isinstance(layout, CsvRecords):
        return split_rows(layout.separator, buffer, final=final, record_bytes=record_bytes, continues=bool(continues))
    return split_lines(buffer, final=final, record_bytes=record_bytes, continues=bool(continues))


def _is_document(layout: JsonRecords, buffer: Buffer) -> bool:
    return is_document(layout, bytes(memoryview(buffer)[:_HEAD]))
