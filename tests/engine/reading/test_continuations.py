"""Records that go on over several lines."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reviews.engine.formats import Pattern, TextRecords, get_format
from reviews.engine.reading import split
from tests.engine.reading.test_attempts import a_format, read

FORMAT = a_format(
    TextRecords((Pattern("line", r"(?s)^(?P<at>20[^ ]+) (?P<who>[^ ]+) (?P<what>.+)$"),), continued_by=b"\t")
)


def records(text: bytes, final: bool = True, size: int = 1000) -> list[bytes]:
    spans = split(FORMAT, text, final=final, record_bytes=size)
    return [text[start : start + length] for start, length in zip(spans.offsets, spans.lengths, strict=True)]


def by_hand(text: bytes) -> list[bytes]:
    """The records of a whole file, line by line."""
    found: list[list[bytes]] = []
    for line in text.split(b"\n"):
        if line.strip() and (not found or not line.startswith(b"\t")):
            found.append([line])
        elif found:
            found[-1].append(line)
    return [_trimmed(lines) for lines in found]


def _trimmed(lines: list[bytes]) -> bytes:
    while not lines[-1].strip():
        lines = lines[:-1]
    return b"\n".join(lines).removesuffix(b"\r")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", []),
        (b"one\n", [b"one"]),
        (b"one\n\tmore\ntwo\n\tmore\n\teven\nthree", [b"one\n\tmore", b"two\n\tmore\n\teven", b"three"]),
        (b"\talone\none", [b"\talone", b"one"]),
        (b"one\n\n\tmore\n\n\ntwo\n\n", [b"one\n\n\tmore", b"two"]),
        (b"one\r\n\tmore\r\ntwo\r\n", [b"one\r\n\tmore", b"two"]),
        (b"\xef\xbb\xbfone\n\tmore", [b"one\n\tmore"]),
    ],
)
def test_lines_that_begin_so_belong_to_the_record_before(text: bytes, expected: list[bytes]):
    assert records(text) == expected


def test_a_record_is_whole_only_when_the_next_begins():
    assert records(b"one\n\tmore\n", final=False) == []
    assert records(b"one\n\tmore\ntwo", final=False) == [b"one\n\tmore"]
    spans = split(FORMAT, b"one\n\tmore\ntwo\n", final=False, record_bytes=1000)
    assert spans.consumed == len(b"one\n\tmore\n")


PIECES = st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\n\t", b"\r\n", b"\t", b" ", b"\n\n"]), max_size=40)


@settings(max_examples=300, deadline=None)
@given(PIECES.map(b"".join), st.lists(st.integers(1, 30), min_size=1, max_size=10))
@example(b"a\n\tb\nc", [1])
def test_buffers_may_be_cut_anywhere(text: bytes, sizes: list[int]):
    found, carry, rest = [], b"", text
    while True:
        size = sizes[len(found) % len(sizes)]
        carry, rest = carry + rest[:size], rest[size:]
        spans = split(FORMAT, carry, final=not rest, record_bytes=1000)
        found += [carry[at : at + length] for at, length in zip(spans.offsets, spans.lengths, strict=True)]
        carry = carry[spans.consumed :]
        if not rest:
            break
    assert found == by_hand(text)
    assert found == records(text)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 50])
def test_a_record_that_is_too_long_is_one_reject_and_costs_no_other(step: int):
    text = b"one\n" + b"two\n" + b"\tmore\n" * 20 + b"\n" + b"three\nfour\n\tmore\n"
    found, refused, carry, rest, continues = [], 0, b"", text, ""
    while True:
        carry, rest = carry + rest[:step], rest[step:]
        spans = split(FORMAT, carry, final=not rest, record_bytes=30, continues=continues)
        found += [carry[at : at + length] for at, length in zip(spans.offsets, spans.lengths, strict=True)]
        refused += spans.rejects.num_rows
        carry, continues = carry[spans.consumed :], spans.unfinished
        if not rest:
            break
    assert (found, refused) == ([b"one", b"three", b"four\n\tmore"], 1)


def test_a_line_that_says_more_goes_on_with_the_record_before():
    fmt = get_format("postgresql")
    text = b"2026-07-01 10:00:00 UTC [1] ERROR:  no\n2026-07-01 10:00:00 UTC [1] STATEMENT:  SELECT\n\t1\n"
    more = b"2026-07-01 10:00:01 UTC [1] LOG:  statement: SELECT 'x STATEMENT:  y'\n"
    spans = split(fmt, text + more + text, final=False, record_bytes=1000)
    assert spans.offsets.tolist() == [0, len(text)]
    assert (spans.offsets + spans.lengths).tolist() == [len(text) - 1, len(text + more) - 1]
    assert spans.consumed == len(text + more)


def test_the_record_is_read_as_one():
    text = b"2026-07-01T10:00:00Z ines SELECT 1,\n\t2\n2026-07-01T10:00:01Z ines x\n"
    events = read(FORMAT, text).events.to_pylist()
    assert [(row["offset"], row["length"], row["action"]) for row in events] == [
        (0, 38, "SELECT 1,\n\t2"),
        (39, 27, "x"),
    ]
