"""Rows of comma-separated values: where they end, what their values are, and what a broken one costs."""

import csv
import datetime as dt
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.engine.formats import CsvRecords, Format, Time
from reviews.engine.formats._times import iso
from reviews.engine.reading import Context, normalise, split
from reviews.engine.reading.rows import BROKEN, split_rows

COLUMNS = ("when", "who", "what", "about")
FORMAT = Format(
    title="Rows",
    version=1,
    layout=CsvRecords(COLUMNS),
    time=Time(instant=iso("when")),
    action='"what"',
    outcome="'unknown'",
    category="'other'",
    columns={"actor": '"who"', "target": '"about"'},
    routes={},
    route_columns={},
    match_fields={},
    looks_like='"when" IS NOT NULL',
    unlike="This is no row.",
    id="rows",
)
WORDS = st.text(st.sampled_from('ab",\n \x1f'), max_size=6)


def written(rows: list[list[str]], end: str = "\n") -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows(rows)
    return text.getvalue().encode()


def rows_of(buffer: bytes, *, final: bool = True, record_bytes: int = 1000) -> list[bytes]:
    spans = split_rows(",", buffer, final=final, record_bytes=record_bytes)
    return [buffer[at : at + length] for at, length in zip(spans.offsets, spans.lengths, strict=True)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=5), st.sampled_from(["\n", "\r\n"]))
def test_values_are_those_that_a_csv_reader_finds(rows, end):
    table = [["2026-05-04T08:00:00Z", who, "x" + what, about] for who, what, about in rows]
    buffer = written(table, end)
    spans = split(FORMAT, buffer, final=True, record_bytes=1000)
    found = normalise(FORMAT, buffer, spans, Context("", dt.datetime(2026, 6, 1, tzinfo=dt.UTC)))
    shown = [[one["actor"] or "", one["action"], one["target"] or ""] for one in found.events.to_pylist()]
    assert shown == [[part.replace("\x1f", "\u241f") for part in row[1:]] for row in table]
    assert (spans.rejects.num_rows, found.rejects.num_rows) == (0, 0)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS), max_size=6), st.integers(0, 80))
def test_rows_do_not_depend_on_where_buffers_end(rows, cut):
    buffer = written([["x" + one, two] for one, two in rows])
    head = split_rows(",", buffer[:cut], final=False, record_bytes=1000)
    taken = rows_of(buffer[:cut], final=False) + rows_of(buffer[head.consumed :])
    assert taken == rows_of(buffer)


@pytest.mark.parametrize(
    "broken",
    [b'1,"cut off', b'1,cut "off', b'1,"cut" off', b'"', b'1,2"', b'1,"a"b"'],
)
def test_a_broken_row_costs_only_itself(broken: bytes):
    good = [b'1,"a\nb"', b'2,"c"', b'3,"d,""e"""', b"4,f"]
    buffer = b"\n".join([*good, broken, *good]) + b"\n"
    spans = split_rows(",", buffer, final=True, record_bytes=1000)
    assert rows_of(buffer) == good + good
    at = len(b"\n".join(good)) + 1
    assert spans.rejects.to_pylist() == [{"offset": at, "length": len(broken), "reason": BROKEN}]


def test_a_quote_that_nothing_closes_waits_for_more_and_then_costs_its_line():
    buffer = b'1,2\n3,"4\n5,6\n7,8\n'
    waiting = split_rows(",", buffer, final=False, record_bytes=1000)
    assert (waiting.consumed, len(waiting), waiting.rejects.num_rows) == (4, 1, 0)
    for late in (
        split_rows(",", buffer, final=True, record_bytes=1000),
        split_rows(",", buffer, final=False, record_bytes=8),
    ):
        assert late.rejects["reason"].to_pylist() == [BROKEN]
        assert np.array_equal(late.offsets, [0, 9, 13])


def test_a_line_that_is_too_long_is_one_reject_however_many_buffers_it_takes():
    begun = split_rows(",", b"1,2\n" + b"x" * 50, final=False, record_bytes=20)
    assert (begun.consumed, begun.unfinished, begun.rejects.num_rows) == (54, "line", 1)
    assert rows_of(b"1,2\n") == [b"1,2"]
    rest = split_rows(",", b"xxx\n3,4\n", final=True, record_bytes=20, continues=True)
    assert (rest.offsets.tolist(), rest.lengths.tolist(), rest.rejects.num_rows) == ([4], [3], 0)


def test_the_header_is_ignored_and_no_defect():
    buffer = b"\xef\xbb\xbfwhen,who,what,about\r\n2026-05-04T08:00:00Z,ada,read,\r\n"
    spans = split(FORMAT, buffer, final=True, record_bytes=1000)
    found = normalise(FORMAT, buffer, spans, Context("", dt.datetime(2026, 6, 1, tzinfo=dt.UTC)))
    assert (found.ignored, found.events["actor"].to_pylist(), found.rejects.num_rows) == (1, ["ada"], 0)
