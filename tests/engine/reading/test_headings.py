"""Lines that name the columns of those after them, in files that lie one after the other in a buffer."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.engine.formats import get_format
from reviews.engine.reading import Context, normalise, split
from reviews.engine.reading.headings import LastHeading, heading_of
from reviews.engine.reading.spans import positions

BY_USER = b"#Fields: date time cs-username cs-method cs-uri-stem c-ip sc-status\n"
BY_ADDRESS = b"#Fields: date time c-ip cs-username cs-method cs-uri-stem sc-status\n"
LINE = b"2026-07-01 04:15:00 %s\n"
IIS = get_format("iis")


def read(
    buffer: bytes, file_starts: list[int] | None = None, headings: tuple[str, ...] = ()
) -> list[tuple[object, ...]]:
    spans = split(IIS, buffer, final=True, record_bytes=1 << 20)
    starts = positions(file_starts) if file_starts is not None else None
    context = Context("", dt.datetime(2026, 7, 2, tzinfo=dt.UTC))
    found = normalise(IIS, buffer, spans, context, starts, (), headings)
    assert len(spans) == found.events.num_rows + found.rejects.num_rows + found.ignored
    return [(row["actor"], row["action"], row["source_ip"], row["outcome"]) for row in found.events.to_pylist()]


def test_the_last_heading_before_a_line_holds():
    buffer = BY_USER + LINE % b"ines GET / 192.0.2.10 200" + BY_ADDRESS + LINE % b"192.0.2.11 yusuf PUT / 403"
    assert read(buffer) == [("ines", "GET", "192.0.2.10", "success"), ("yusuf", "PUT", "192.0.2.11", "failure")]


def test_a_heading_ends_with_its_file():
    first = BY_ADDRESS + LINE % b"192.0.2.11 yusuf PUT / 403"
    second = LINE % b"192.0.2.12 marek PUT / 403"
    assert len(read(first + second)) == 2
    assert read(first + second, [0, len(first)]) == [("yusuf", "PUT", "192.0.2.11", "failure")]


def test_a_heading_of_an_earlier_part_holds_until_the_next():
    first = LINE % b"192.0.2.11 yusuf PUT / 403"
    second = LINE % b"192.0.2.12 marek PUT / 403"
    before = (BY_ADDRESS.decode().strip(), "")
    assert read(first + second, [0, len(first)], before) == [("yusuf", "PUT", "192.0.2.11", "failure")]
    third = BY_USER + LINE % b"ines GET / 192.0.2.10 200"
    assert [row[0] for row in read(first + third, None, before[:1])] == ["yusuf", "ines"]


@given(
    lines=st.lists(st.sampled_from([BY_USER, BY_ADDRESS, LINE % b"a", b"\n", b" #Fields: no\r\n", b"#Fields: x\r\n"])),
    rest=st.sampled_from([b"", b"#Fields: not whole", b"x"]),
    cuts=st.lists(st.integers(0, 400)),
)
@settings(max_examples=50)
def test_the_last_heading_is_the_same_however_the_bytes_are_cut(lines: list[bytes], rest: bytes, cuts: list[int]):
    data = b"".join(lines) + rest
    last = LastHeading(heading_of(IIS))
    borders = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in pairwise(borders):
        last.passed(memoryview(data)[start:end])
    headings = [line for line in lines if line.startswith(b"#Fields: ")]
    assert last.text == (headings[-1].decode().rstrip("\r\n") if headings else "")


def test_without_a_heading_the_order_of_windows_holds():
    line = b"198.51.100.1 GET / - 443 EXAMPLE\\ines 192.0.2.10 agent - 403 0 0 15"
    assert read(LINE % line) == [("EXAMPLE\\ines", "GET", "192.0.2.10", "failure")]


@pytest.mark.parametrize("agent", [b"200", b"200 0"])
def test_a_client_that_calls_itself_200_does_not_choose_its_outcome(agent: bytes):
    fields = b"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "
    rest = b"cs(Referer) " if b" " in agent else b""
    heading = fields + rest + b"sc-status sc-substatus sc-win32-status time-taken\n"
    line = LINE % (b"198.51.100.1 GET /admin - 443 - 203.0.113.9 " + agent + b" 403 0 0 15")
    assert read(heading + line) == [(None, "GET", "203.0.113.9", "failure")]
