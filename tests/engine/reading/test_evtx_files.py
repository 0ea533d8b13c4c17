"""Windows event log files: every record is found, leads back to its bytes, and damage costs only what is damaged."""

import datetime as dt
import re
import struct
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.engine.catalogue import load_actions
from reviews.engine.formats import get_format
from reviews.engine.reading import Context, Normalised, Spans, evtx_files, normalise, read_file, split
from reviews.engine.reading.evtx_files import CHUNK, DAMAGED, HEADER, record_texts
from reviews.engine.reading.spans import no_rejects, positions
from tests.engine.formats.samples import SAMPLES
from tests.engine.reading.evtx_builder import build, chunk, record

FORMAT = get_format("windows_event")
CONTEXT = Context("UTC", dt.datetime(2026, 7, 2, tzinfo=dt.UTC))
TEXT = (SAMPLES / "windows_event" / "many.xml").read_bytes().decode()
EVENTS = re.findall(r"<Event .*?</Event>", TEXT, re.DOTALL)
FIRST = 48210  # the number of the first of them

ONE_CHUNK = build([EVENTS[:6]], FIRST)
FRAMES = [match.start() for match in re.finditer(rb"\*\*\0\0", ONE_CHUNK)]  # where damage tells most
(USED,) = struct.unpack_from("<I", ONE_CHUNK, HEADER + 48)


def read(data: bytes, continues: str = "", context: Context = CONTEXT) -> tuple[Spans, Normalised]:
    spans = split(FORMAT, data, final=True, record_bytes=1 << 24, continues=continues)
    return spans, normalise(FORMAT, data, spans, context)


def numbers(found: Normalised) -> list[int]:
    return found.events["sequence_number"].to_pylist()


def places(table: pa.Table) -> list[tuple[int, int]]:
    return [(row["offset"], row["length"]) for row in table.to_pylist()]


def three_chunks() -> bytes:
    return build([EVENTS[:10], EVENTS[10:20], EVENTS[20:]], FIRST)


def test_a_file_says_the_same_as_the_events_that_were_exported_from_it() -> None:
    context = replace(CONTEXT, catalogue=load_actions())
    _, xml = read(TEXT.encode(), context=context)
    spans, evtx = read(three_chunks(), context=context)
    assert spans.rejects.num_rows + evtx.rejects.num_rows == 0
    same = [name for name in evtx.events.schema.names if name not in ("offset", "length")]
    assert evtx.events.select(same).to_pylist() == xml.events.select(same).to_pylist()
    assert len(spans) == 30


def test_every_record_leads_back_to_its_bytes() -> None:
    data = three_chunks()
    spans, found = read(data)
    for number, (offset, length) in enumerate(places(found.events), start=FIRST):
        taken = data[offset : offset + length]
        assert taken == record(EVENTS[number - FIRST], number, (offset - HEADER) % CHUNK)
        assert taken[-4:] == struct.pack("<I", length)
    assert spans.consumed == len(data)


@pytest.mark.parametrize("size", [HEADER + CHUNK, HEADER + CHUNK + 1, 100_000, 2 * CHUNK + 7, 1 << 20])
def test_where_a_file_is_cut_into_buffers_changes_nothing(tmp_path: Path, size: int) -> None:
    path = tmp_path / "Security.evtx"
    path.write_bytes(three_chunks())
    whole = [row for part in read_file(path, FORMAT, CONTEXT) for row in part.events.to_pylist()]
    apart = [row for part in read_file(path, FORMAT, CONTEXT, size) for row in part.events.to_pylist()]
    assert apart == whole
    assert [row["line"] for row in whole] == list(range(1, 31))


def test_no_buffer_ends_within_a_chunk() -> None:
    data = three_chunks()
    spans = split(FORMAT, data[: HEADER + CHUNK + 50_000], final=False, record_bytes=1 << 24)
    assert (len(spans), spans.consumed, spans.unfinished) == (10, HEADER + CHUNK, "evtx0")
    assert split(FORMAT, data[:5000], final=False, record_bytes=1 << 24).consumed == HEADER
    assert split(FORMAT, data[:50], final=False, record_bytes=1 << 24).consumed == 0


def test_a_damaged_record_costs_itself_only() -> None:
    data = bytearray(three_chunks())
    spans, _ = read(bytes(data))
    start, length = int(spans.offsets[14]), int(spans.lengths[14])
    for damage in (slice(start, start + 4), slice(start + 4, start + 8), slice(start, start + length)):
        broken = bytearray(data)
        broken[damage] = bytes(damage.stop - damage.start)
        spans, found = read(bytes(broken))
        assert numbers(found) == [*range(FIRST, FIRST + 14), *range(FIRST + 15, FIRST + 30)]
        assert places(spans.rejects) == [(start, length)]
        assert spans.rejects["reason"].to_pylist() == [DAMAGED]


def test_a_record_that_makes_no_sense_is_rejected_with_its_bytes() -> None:
    data = bytearray(three_chunks())
    spans, _ = read(bytes(data))
    start, length = int(spans.offsets[14]), int(spans.lengths[14])
    data[start + 24 : start + length - 4] = b"\xff" * (length - 28)
    spans, found = read(bytes(data))
    assert (spans.rejects.num_rows, found.events.num_rows) == (0, 29)
    assert places(found.rejects) == [(start, length)]
    assert found.rejects["reason"].to_pylist() == [FORMAT.unlike]


def test_a_damaged_chunk_costs_itself_only_and_an_empty_one_holds_nothing() -> None:
    data = bytearray(three_chunks())
    data[HEADER + CHUNK : HEADER + CHUNK + 8] = bytes(8)
    spans, found = read(bytes(data))
    assert numbers(found) == [*range(FIRST, FIRST + 10), *range(FIRST + 20, FIRST + 30)]
    assert places(spans.rejects) == [(HEADER + CHUNK, CHUNK)]
    data[HEADER + CHUNK : HEADER + 2 * CHUNK] = bytes(CHUNK)
    spans, found = read(bytes(data))
    assert (spans.rejects.num_rows, found.events.num_rows) == (0, 20)


def test_what_lies_in_the_free_space_is_no_record_unless_it_goes_on_with_the_next_number() -> None:
    data = bytearray(build([EVENTS[:10]], FIRST))
    spans, _ = read(bytes(data))
    third = int(spans.offsets[3])
    struct.pack_into("<I", data, HEADER + 48, third - HEADER)  # the header of a file that is being written lags behind
    assert numbers(read(bytes(data))[1]) == list(range(FIRST, FIRST + 10))
    old = record(EVENTS[4], FIRST - 400, int(spans.offsets[4]) - HEADER)
    data[int(spans.offsets[4]) : int(spans.offsets[4]) + len(old)] = old  # left over from an earlier use of the chunk
    spans, found = read(bytes(data))
    assert numbers(found) == list(range(FIRST, FIRST + 4))
    assert spans.rejects.num_rows == 0


def test_text_that_looks_like_a_record_or_a_chunk_hides_nothing() -> None:
    wide = EVENTS[5].replace("cmd /c", "x" * 800)
    data = bytearray(build([[*EVENTS[:5], wide, *EVENTS[6:10]]], FIRST))
    at = data.index("xxxx".encode("utf-16-le"))
    at += -at % 4
    bait = struct.pack("<4sIQQ", b"**\0\0", 1200, FIRST + 5, 0)
    data[at : at + len(bait)] = bait
    data[at + 1196 : at + 1200] = struct.pack("<I", 1200)
    data[at + 100 : at + 108] = b"ElfChnk\0"
    spans, found = read(bytes(data))
    assert numbers(found) == list(range(FIRST, FIRST + 10))
    assert spans.rejects.num_rows == 0


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(FRAMES) | st.integers(HEADER + 128, HEADER + USED - 8), st.binary(min_size=1, max_size=8)
        ),
        max_size=9,
    )
)
def test_whatever_is_damaged_every_byte_that_was_used_is_a_record_or_a_reject(damage: list[tuple[int, bytes]]) -> None:
    data = bytearray(ONE_CHUNK)
    for at, written in damage:
        data[at : at + len(written)] = written
    spans = split(FORMAT, bytes(data), final=True, record_bytes=1 << 24)
    texts = record_texts(bytes(data), spans.offsets, spans.lengths, None)
    parts = sorted([*zip(spans.offsets.tolist(), spans.lengths.tolist(), strict=True), *places(spans.rejects)])
    assert [at for at, _ in parts] == [HEADER + 512, *(at + length for at, length in parts[:-1])]
    assert sum(parts[-1]) >= HEADER + USED
    assert (len(texts), texts.null_count) == (len(spans), 0)


def test_a_ring_of_names_does_not_keep_the_reader_for_ever() -> None:
    data = bytearray(build([EVENTS[:3]], FIRST))
    names = [data.index(name.encode("utf-16-le")) - 8 - HEADER for name in ("System", "Provider")]
    struct.pack_into("<II", data, HEADER + 128, *names)
    for name, after in pairwise([*names, names[0]]):
        struct.pack_into("<I", data, HEADER + name, after)
    assert numbers(read(bytes(data))[1]) == list(range(FIRST, FIRST + 3))


def test_records_that_unpack_to_far_more_than_they_are_become_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    data = build([EVENTS[:3], EVENTS[3:6]], FIRST)
    spans, _ = read(data)
    whole = record_texts(data, spans.offsets, spans.lengths, None).to_pylist()
    assert b"{}" not in whole
    monkeypatch.setattr(evtx_files, "MOST_RATIO", 0)
    monkeypatch.setattr(evtx_files, "RATIO_FROM", sum(map(len, whole[:4])))
    kept = record_texts(data, spans.offsets, spans.lengths, None).to_pylist()
    assert kept == [*whole[:4], b"{}", b"{}"]
    _, found = read(data)
    assert (numbers(found), found.rejects.num_rows) == ([*range(FIRST, FIRST + 4)], 2)


def test_records_of_a_chunk_that_share_a_number_are_not_taken_for_each_other() -> None:
    data = bytearray(build([EVENTS[:4]], FIRST))
    spans, _ = read(bytes(data))
    struct.pack_into("<Q", data, int(spans.offsets[2]) + 8, FIRST + 1)
    _, found = read(bytes(data))
    assert numbers(found) == [FIRST, FIRST + 3]
    assert places(found.rejects) == [(int(spans.offsets[at]), int(spans.lengths[at])) for at in (1, 2)]


def test_a_file_that_was_cut_off_and_comes_whole_later_goes_on() -> None:
    data = three_chunks()
    whole, _ = read(data)
    cut = int(whole.offsets[13]) + 100
    spans, found = read(data[:cut])
    assert numbers(found) == list(range(FIRST, FIRST + 13))
    assert places(spans.rejects) == [(int(whole.offsets[13]), 100)]
    spans, found = read(data[cut:], spans.unfinished)
    assert numbers(found) == list(range(FIRST + 20, FIRST + 30))  # the rest of a chunk tells nothing without its head
    assert places(spans.rejects) == [(0, HEADER + 2 * CHUNK - cut)]
    assert (spans.consumed, spans.unfinished) == (len(data) - cut, "evtx0")


@pytest.mark.parametrize("size", [1, 100, HEADER - 1])
def test_a_file_that_ends_in_its_header_is_no_empty_log(size: int) -> None:
    spans, _ = read(build([])[:8].ljust(8, b"\0") + bytes(max(0, size - 8)))
    assert spans.rejects["reason"].to_pylist() == [DAMAGED]
    spans, _ = read(build([[]]))
    assert (len(spans), spans.rejects.num_rows) == (0, 0)


def test_files_of_all_kinds_share_a_buffer() -> None:
    """As a segment holds them: some text, a log file, and the later part of another one."""
    first, later = build([EVENTS[:5]], FIRST), chunk(EVENTS[5:9], FIRST + 5)
    parts = [(EVENTS[20] + "\n").encode(), first, (EVENTS[21] + "\n").encode(), later + chunk(EVENTS[9:12], FIRST + 9)]
    buffer, starts, offsets, lengths = b"", [], [], []
    for part, continues in zip(parts, ("", "", "", "evtx0"), strict=True):
        spans = split(FORMAT, part, final=True, record_bytes=1 << 24, continues=continues)
        starts.append(len(buffer))
        offsets += (spans.offsets + len(buffer)).tolist()
        lengths += spans.lengths.tolist()
        buffer += part
    spans = Spans(positions(offsets), positions(lengths), len(buffer), no_rejects())
    found = normalise(FORMAT, buffer, spans, CONTEXT, positions(starts))
    expected = [FIRST + 20, *range(FIRST, FIRST + 5), FIRST + 21, *range(FIRST + 5, FIRST + 12)]
    assert numbers(found) == expected
    assert found.rejects.num_rows == 0
