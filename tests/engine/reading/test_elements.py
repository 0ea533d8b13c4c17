"""Records that are XML elements: found whole wherever lines end, and nothing between them is lost."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.engine.formats import get_format
from reviews.engine.reading import Context, normalise, split
from reviews.engine.reading.documents import BETWEEN, CUT
from reviews.engine.reading.elements import UNENDED
from tests.engine.formats.samples import SAMPLES

FORMAT = get_format("windows_event")
TEXT = (SAMPLES / "windows_event" / "many.xml").read_bytes()
ONE = (SAMPLES / "windows_event" / "one.xml").read_bytes().strip()


def records(data: bytes, sizes: list[int], record_bytes: int = 1 << 20) -> tuple[list[bytes], list[tuple[str, bytes]]]:
    """Records, and rejects with their reason, of data that comes in buffers of these sizes and then at once."""
    found, refused, carry, continues, at = [], [], b"", "", 0
    for size in [*sizes, len(data)]:
        buffer, at = carry + data[at : at + size], at + size
        spans = split(FORMAT, buffer, final=at >= len(data), record_bytes=record_bytes, continues=continues)
        found += [buffer[a : a + n] for a, n in zip(spans.offsets.tolist(), spans.lengths.tolist(), strict=True)]
        for row in spans.rejects.to_pylist():
            refused.append((row["reason"], buffer[row["offset"] : row["offset"] + row["length"]]))
        carry, continues = buffer[spans.consumed :], spans.unfinished
        if at >= len(data):
            break
    assert not carry
    return found, refused


WHOLE = records(TEXT, [])


@settings(max_examples=40)
@given(st.lists(st.integers(1, 9000), max_size=4))
def test_where_an_export_is_cut_changes_nothing(sizes: list[int]) -> None:
    # A first buffer that ends before the first element could be anything.
    assert records(TEXT, [200, *sizes]) == WHOLE
    assert (len(WHOLE[0]), WHOLE[1]) == (30, [])


@pytest.mark.parametrize(
    ("text", "count", "refused"),
    [
        (b"<Events>\n" + ONE + b"\r\n<!-- the end -->\n</Events>\n", 1, []),
        (b"\xef\xbb\xbf<?xml version='1.0'?>" + ONE + ONE, 2, []),
        (ONE + b"oops" + ONE, 2, [(BETWEEN, b"oops")]),
        (ONE + b"\n</Event>\n" + ONE, 2, [(BETWEEN, b"</Event>")]),
        (ONE[:90] + b"\n" + ONE, 1, [(UNENDED, ONE[:90])]),
        (ONE + b"\n" + ONE[:90], 1, [(CUT, ONE[:90])]),
        (ONE + b"\n<Event> <Event>\n", 1, [(UNENDED, b"<Event>"), (CUT, b"<Event>")]),
    ],
)
def test_what_is_no_element_is_rejected_and_its_neighbours_are_read(text, count, refused) -> None:
    found, rejects = records(text, [])
    assert (len(found), rejects) == (count, refused)


def test_an_element_that_is_too_long_is_one_reject_however_many_buffers_it_takes() -> None:
    long = ONE.replace(b"PC17", b"P" * 5000)
    reason = "The record is longer than 2,000 bytes."
    assert records(ONE + long + ONE, [], 2000) == ([ONE, ONE], [(reason, long)])
    found, refused = records(ONE + long + ONE, [1000, 2500, 1000], 2000)
    assert found == [ONE, ONE]
    assert [why for why, _ in refused] == [reason]


def test_values_are_read_as_xml_writes_them() -> None:
    """What an attacker types cannot end its own element: it is always escaped, and freed once only."""
    typed = b"a&amp;lt;b&lt;/Data&gt;&lt;Data Name='SubjectUserName'&gt;root&#13;&#10;"
    data = ONE.replace(b">mara.voss<", b">" + typed + b"<")
    spans = split(FORMAT, data, final=True, record_bytes=1 << 20)
    context = Context("UTC", dt.datetime(2026, 7, 2, tzinfo=dt.UTC))
    (event,) = normalise(FORMAT, data, spans, context).events.to_pylist()
    assert event["actor"] == "EXAMPLE\\a&lt;b</Data><Data Name='SubjectUserName'>root\r\n"


@pytest.mark.parametrize("size", [1, 7, 40, 150])
def test_an_element_that_is_all_in_its_tag_is_a_record_wherever_it_is_cut(size: int) -> None:
    fmt = get_format("mysql_audit")
    text = (
        b'<?xml version="1.0"?>\n<AUDIT>\n<AUDIT_RECORD\n  NAME="a&gt;/>"/><AUDIT_RECORD><NAME>b</NAME></AUDIT_RECORD>'
    )
    text += b"<AUDIT_RECORD/>\n<AUDIT_RECORD NAME='c' <AUDIT_RECORD NAME=\"d\"/></AUDIT>\n"
    found, refused, carry, at = [], [], text[:60], 60
    while True:
        spans = split(fmt, carry, final=at >= len(text), record_bytes=1000)
        found += [carry[a : a + n] for a, n in zip(spans.offsets.tolist(), spans.lengths.tolist(), strict=True)]
        refused += spans.rejects["reason"].to_pylist()
        if at >= len(text):
            break
        carry, at = carry[spans.consumed :] + text[at : at + size], at + size
    assert [record.count(b"AUDIT_RECORD") for record in found] == [1, 2, 1, 1]
    assert refused == [UNENDED]
