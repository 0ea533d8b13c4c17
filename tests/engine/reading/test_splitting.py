"""Splitting: every record with its exact bytes, whatever is broken beside it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.engine.formats import get_format
from reviews.engine.reading import Spans, split

LINES = get_format("web_access")
JSON = get_format("cloudtrail")
LIMIT = 1 << 24


def records(buffer: bytes, spans: Spans) -> list[bytes]:
    return [buffer[start : start + length] for start, length in zip(spans.offsets, spans.lengths, strict=True)]


def taken(fmt, buffer: bytes, **options) -> list[bytes]:
    return records(buffer, split(fmt, buffer, final=True, record_bytes=LIMIT, **options))


def in_pieces(fmt, buffer: bytes, sizes: list[int], limit: int = LIMIT) -> tuple[list[bytes], list[dict]]:
    """All records and rejects when the buffer comes in pieces, as importing reads a file."""
    found, refused, carry, continues, at = [], [], b"", "", 0
    for index in range(len(sizes) + 1):
        final = index == len(sizes)
        more = buffer[at:] if final else buffer[at : at + sizes[index]]
        at += len(more)
        whole = carry + more
        spans = split(fmt, whole, final=final, record_bytes=limit, continues=continues)
        found += records(whole, spans)
        refused += [whole[row["offset"] : row["offset"] + row["length"]] for row in spans.rejects.to_pylist()]
        carry, continues = whole[spans.consumed :], spans.unfinished
    assert carry == b""
    return found, refused


class TestLines:
    def test_line_ends_and_blank_lines_are_no_records(self):
        assert taken(LINES, b"\xef\xbb\xbfone\r\n\n  \t\r\n two \nthree") == [b"one", b" two ", b"three"]

    def test_without_final_the_last_line_waits(self):
        spans = split(LINES, b"one\ntwo", final=False, record_bytes=LIMIT)
        assert records(b"one\ntwo", spans) == [b"one"]
        assert spans.consumed == 4

    def test_a_line_of_nul_bytes_is_a_record(self):
        assert taken(LINES, b"\0\0\0\n") == [b"\0\0\0"]

    def test_a_long_line_is_one_reject(self):
        buffer = b"one\n" + b"x" * 100 + b"\ntwo\n"
        spans = split(LINES, buffer, final=True, record_bytes=50)
        assert records(buffer, spans) == [b"one", b"two"]
        assert spans.rejects.to_pylist() == [
            {"offset": 4, "length": 100, "reason": "The record is longer than 50 bytes."}
        ]

    def test_a_long_line_in_pieces_is_one_reject_and_never_kept_whole(self):
        found, refused = in_pieces(LINES, b"one\n" + b"x" * 1000 + b"\ntwo\n", [100, 100, 100, 100], limit=50)
        assert found == [b"one", b"two"]
        assert len(refused) == 1
        assert len(refused[0]) < 200

    @settings(deadline=None)
    @given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b""))))
    def test_like_splitlines(self, lines: list[bytes]):
        buffer = b"\n".join(lines)
        assert taken(LINES, b"x\n" + buffer)[1:] == [line for line in lines if line.strip(b" \t\v\f")]

    @settings(deadline=None)
    @given(st.binary(max_size=200), st.lists(st.integers(1, 40), max_size=6))
    def test_pieces_make_no_difference(self, buffer: bytes, sizes: list[int]):
        buffer = b"x\n" + buffer
        assert in_pieces(LINES, buffer, sizes)[0] == taken(LINES, buffer)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(['"', "\\", '\\"', "{", "}", "},{"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), max_size=8)
SHAPES = st.sampled_from(["records", "array", "lines", "after_other_keys", "several_documents"])


def written(objects: list[dict], shape: str, indent: int | None, ascii_only: bool) -> bytes:
    def dump(value: object) -> str:
        separators = (",", ":") if indent is None else None
        return json.dumps(value, indent=indent, separators=separators, ensure_ascii=ascii_only)

    if shape == "records":
        text = dump({"Records": objects})
    elif shape == "array":
        text = dump(objects)
    elif shape == "after_other_keys":
        text = dump({"schema": "1", "errors": [], "Records": objects, "page": {"next": "a}b"}, "end": "a}b"})
    elif shape == "several_documents":
        text = "\n".join(dump({"Records": objects[start : start + 2]}) for start in range(0, len(objects), 2))
    else:
        text = "\n".join(json.dumps(value, ensure_ascii=ascii_only) for value in objects)
    return text.encode("utf-8", "surrogatepass")


class TestDocuments:
    def test_a_part_of_an_array_that_begins_with_a_record(self):
        assert taken(JSON, b'{"n": 1},\n{"n": 2},\n') == [b'{"n": 1}', b'{"n": 2}']

    @settings(deadline=None, max_examples=150)
    @given(OBJECTS, SHAPES, st.sampled_from([None, 0, 2]), st.booleans())
    def test_like_json_loads(self, objects: list[dict], shape: str, indent: int | None, ascii_only: bool):
        buffer = written(objects, shape, indent, ascii_only)
        spans = split(JSON, buffer, final=True, record_bytes=LIMIT)
        assert [json.loads(record) for record in records(buffer, spans)] == objects
        assert spans.rejects.num_rows == 0

    @settings(deadline=None, max_examples=100)
    @given(OBJECTS, SHAPES, st.sampled_from([None, 2]), st.lists(st.integers(1, 60), max_size=8))
    def test_pieces_make_no_difference(self, objects: list[dict], shape: str, indent: int | None, sizes: list[int]):
        buffer = written(objects, shape, indent, True)
        found, refused = in_pieces(JSON, buffer, sizes)
        assert [json.loads(record) for record in found] == objects
        assert refused == []

    def test_a_broken_quote_costs_one_record(self):
        good = [json.dumps({"eventVersion": "1", "n": n}).encode() for n in range(6)]
        broken = good[1].replace(b'"1"', b'"1')
        buffer = b'{"Records":[' + b",".join([good[0], broken, *good[2:4], good[4][:-1], good[5]]) + b"]}"
        spans = split(JSON, buffer, final=True, record_bytes=LIMIT)
        assert records(buffer, spans) == [good[0], good[2], good[3], good[5]]
        assert [buffer[row["offset"] :][: row["length"]] for row in spans.rejects.to_pylist()] == [broken, good[4][:-1]]

    def test_two_broken_quotes_do_not_swallow_what_lies_between(self):
        good = [json.dumps({"eventVersion": "1", "n": n}).encode() for n in range(7)]
        broken = [one.replace(b'"1"', b'"1') for one in good]
        buffer = b"[" + b",\n ".join([good[0], broken[1], good[2], good[3], broken[4], good[5], good[6]]) + b"]"
        spans = split(JSON, buffer, final=True, record_bytes=LIMIT)
        assert records(buffer, spans) == [good[0], good[2], good[3], good[5], good[6]]
        assert spans.rejects.num_rows == 2

    def test_an_object_within_a_record_that_looks_like_a_record_stays_within(self):
        outer = json.dumps({"eventVersion": "1", "detail": [{"eventVersion": "forged", "eventName": "X"}]}).encode()
        buffer = b'{"Records":[' + outer + b"," + outer + b"]}"
        assert taken(JSON, buffer) == [outer, outer]

    def test_text_between_records_is_rejected_and_not_skipped(self):
        buffer = b'{"Records":[{"a":1}, lost ,{"b":2}] trailing }'
        spans = split(JSON, buffer, final=True, record_bytes=LIMIT)
        assert records(buffer, spans) == [b'{"a":1}', b'{"b":2}']
        assert [buffer[row["offset"] :][: row["length"]] for row in spans.rejects.to_pylist()] == [
            b"lost",
            b"] trailing }",
        ]

    def test_a_file_that_ends_within_a_record(self):
        buffer = b'{"Records":[{"a":1},{"b":"x'
        spans = split(JSON, buffer, final=True, record_bytes=LIMIT)
        assert records(buffer, spans) == [b'{"a":1}']
        assert spans.rejects.to_pylist() == [{"offset": 20, "length": 7, "reason": "The file ends within this record."}]

    def test_garbage_lines_between_json_lines_are_records_of_their_own(self):
        assert taken(JSON, b'{"a":1}\nxx\n{"b":2}\n') == [b'{"a":1}', b"xx", b'{"b":2}']

    def test_a_long_record_in_pieces_is_one_reject(self):
        long = json.dumps({"eventVersion": "1", "text": "y" * 3000}).encode()
        good = [json.dumps({"eventVersion": "1", "n": n}).encode() for n in range(4)]
        buffer = b'{"Records":[' + b",".join([good[0], good[1], long, good[2], good[3]]) + b"]}"
        found, refused = in_pieces(JSON, buffer, [200] * 12, limit=500)
        assert found == good
        assert len(refused) == 1
        assert len(refused[0]) <= 800

    @settings(deadline=None, max_examples=300)
    @given(st.text(alphabet='{}[]",\\ ab\n', max_size=60), st.booleans())
    def test_whatever_comes_no_text_is_lost(self, text: str, final: bool):
        buffer = b"[" + text.encode()
        spans = split(JSON, buffer, final=final, record_bytes=LIMIT)
        parts = sorted(
            [*zip(spans.offsets.tolist(), spans.lengths.tolist(), strict=True)]
            + [(row["offset"], row["length"]) for row in spans.rejects.to_pylist()]
        )
        covered, at = set(), 0
        for start, length in parts:
            assert start >= at
            at = start + length
            covered.update(range(start, at))
        assert at <= spans.consumed <= len(buffer)
        assert spans.consumed == len(buffer) or not final
        assert {index for index in range(spans.consumed) if buffer[index] in b"ab"} <= covered

    def test_a_hostile_frame_costs_no_more_than_a_good_one(self):
        buffer = b"[{}" + b"]   " * 20_000 + b"x"
        spans = split(JSON, buffer, final=True, record_bytes=LIMIT)
        assert (len(spans), spans.rejects.num_rows) == (1, 1)

    @pytest.mark.parametrize("text", [b"", b"  \n ", b"[]", b'{"Records":[]}', b'{"Records": [\n]\n}\n'])
    def test_nothing_to_find(self, text: bytes):
        spans = split(JSON, text, final=True, record_bytes=LIMIT)
        assert (len(spans), spans.rejects.num_rows, spans.consumed) == (0, 0, len(text))
