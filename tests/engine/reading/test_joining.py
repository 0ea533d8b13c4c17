"""Records that make one event together, wherever they stand."""

import json
from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reviews.engine.formats import Joined, Pattern, TextRecords, get_format
from reviews.engine.importing.batches import Batcher, Limits, Taken
from reviews.engine.importing.streams import Stream
from reviews.engine.reading import Spans, normalise, read_file, split
from reviews.engine.reading.spans import positions
from tests.engine.formats.samples import SAMPLES
from tests.engine.reading.test_attempts import CONTEXT, a_format, read, rows

KEY = r"^t=(?P<seconds>\d+) n=(?P<serial>\d+)"
FORMAT = a_format(
    TextRecords(
        (Pattern("record", r"^t=(?P<seconds>\d+) n=(?P<serial>\d+)", rest="what"),),
        derived={
            "who": """regexp_extract("text", 'who=([a-z]+)', 1)""",
            "at": """strftime(make_timestamp(CAST("seconds" AS BIGINT) * 1000000), '%Y-%m-%dT%H:%M:%SZ')""",
        },
        joined_by=Joined(KEY, mark=KEY[1:], over_after=2),
    )
)
A, B = 1782806400, 1782806401
MIXED = (f"t={A} n=1 call\nt={A} n=2 call\nt={A} n=1 who=ines\nnonsense\nt={B} n=3 call\nt={A} n=2 who=omar\n").encode()


def test_what_has_the_same_key_is_one_event_where_its_first_record_stands():
    found = read(FORMAT, MIXED)
    assert rows(found, "actor", "action", "offset", "length") == [
        ("ines", f" call\nt={A} n=1 who=ines", 0, 21),
        ("omar", f" call\nt={A} n=2 who=omar", 22, 21),
        (None, " call", MIXED.index(b"t=1782806401"), 21),
    ]
    assert found.rejects["offset"].to_pylist() == [MIXED.index(b"nonsense")]
    assert found.records.tolist() == [1, 1, 0, 1, 1, 0]


def test_an_event_whose_records_stand_together_has_all_their_bytes():
    text = f"t={A} n=1 call\r\nt={A} n=1 who=ines\r\n\r\nt={A} n=1 later\r\n".encode()
    (row,) = read(FORMAT, text).events.to_pylist()
    assert text[row["offset"] : row["offset"] + row["length"]] == f"t={A} n=1 call\r\nt={A} n=1 who=ines".encode()
    assert row["action"].endswith("later")


def test_a_record_that_is_no_text_costs_only_itself():
    found = read(FORMAT, f"t={A} n=1 call\nt={A} n=1 who=i\n".encode() + f"t={A} n=1 \xe4".encode("latin-1"))
    assert rows(found, "actor") == [("i",)]
    assert found.rejects["reason"].to_pylist() == ["The record is not UTF-8."]


def test_no_event_reaches_from_one_file_into_another():
    spans = split(FORMAT, MIXED + MIXED, final=True, record_bytes=1000)
    found = normalise(FORMAT, MIXED + MIXED, spans, CONTEXT, positions([0, len(MIXED)]), [CONTEXT.reference_time] * 2)
    assert rows(found, "actor") == rows(read(FORMAT, MIXED), "actor") * 2
    assert found.records.tolist() == [1, 1, 0, 1, 1, 0] * 2


def test_what_may_go_on_is_left_for_the_next_buffer():
    taken = split(FORMAT, MIXED, final=False, record_bytes=1000)
    assert (len(taken), taken.consumed) == (0, 0)
    more = MIXED + f"t={B + 1} n=4 call\nt={B + 2} n=5 call\n".encode()
    taken = split(FORMAT, more, final=False, record_bytes=1000)
    assert taken.consumed == more.index(f"t={B + 1}".encode())  # n=3 stands between records of n=2
    assert len(split(FORMAT, more, final=True, record_bytes=1000)) == 8


def test_an_endless_event_does_not_stop_the_reading():
    text = b"".join(f"t={A} n=1 part {number}\n".encode() for number in range(40))
    taken = split(FORMAT, text, final=False, record_bytes=100)
    assert (len(taken), taken.consumed) == (40, len(text))
    young = b"".join(f"t={A} n={number} call\n".encode() for number in range(40))
    assert split(FORMAT, young, final=False, record_bytes=100).consumed == young.index(b" n=39") - len(f"t={A}")


def test_a_clock_that_was_put_back_holds_back_nothing():
    """A record of the future was younger than all that follow: up to 16 MiB of them waited, and read as silence."""
    later = "".join(f"t={B + 10 + number} n={number} call\n" for number in range(5000))
    text = (f"t={A} n=1 call\nt={A + 1_000_000} n=2 call\n" + later).encode()
    taken = split(FORMAT, text, final=False, record_bytes=16 << 20)
    assert taken.consumed == text.index(f"t={B + 10 + 4998} ".encode())


def cut_at(text: bytes, sizes: list[int]) -> list[list[bytes]]:
    """The records that each buffer gives."""
    found, carry, rest, turn = [], b"", text, 0
    while True:
        size = sizes[turn % len(sizes)]
        carry, rest, turn = carry + rest[:size], rest[size:], turn + 1
        spans = split(FORMAT, carry, final=not rest, record_bytes=1000)
        found.append([carry[at : at + length] for at, length in zip(spans.offsets, spans.lengths, strict=True)])
        carry = carry[spans.consumed :]
        if not rest:
            return found


RECORDS = st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["call", "who=ines", "x"])), max_size=12)


@settings(max_examples=50, deadline=None)
@given(RECORDS, st.lists(st.integers(1, 90), min_size=1, max_size=4))
@example([(0, "call"), (3, "call"), (0, "who=ines")], [1])
def test_no_event_is_torn_wherever_the_buffers_end(records: list[tuple[int, str]], sizes: list[int]):
    """A record comes at most a second after a younger one: within the time that the format allows."""
    newest, lines = 0, []
    for second, what in records:
        newest = max(newest, second)
        second = max(second, newest - 1)
        lines.append(f"t={A + second} n={second} {what}".encode())
    parts = cut_at(b"\n".join(lines), sizes)
    assert [record for part in parts for record in part] == lines
    keys = [{record.split()[1] for record in part} for part in parts]
    assert sum(len(part) for part in keys) == len(set().union(*keys))


def mixed_events(count: int) -> bytes:
    """Events of three records each, three of them mixed at a time."""
    lines: list[bytes] = []
    for begin in range(0, count, 3):
        for what in ("call", "who=ines", "end"):
            lines += [f"t={A + begin} n={number} {what}".encode() for number in range(begin, min(begin + 3, count))]
    return b"\n".join(lines) + b"\n"


def test_a_file_that_is_cut_into_batches_gives_the_same_events(tmp_path: Path):
    (tmp_path / "a.log").write_bytes(mixed_events(100))
    found = []
    with Stream(tmp_path / "a.log") as stream:
        batcher = Batcher(FORMAT, Limits.of(2000, 1000))
        file = Taken("k" * 16, b"a.log", CONTEXT.reference_time, stream, "", lambda: True)
        batches = [*batcher.take(file), batcher.flush()]
    for batch in batches:
        for piece in batch.pieces:
            spans = Spans(piece.offsets, piece.lengths, len(batch.plain), piece.rejects)
            found += rows(normalise(FORMAT, bytes(batch.plain), spans, CONTEXT), "actor", "action")
    assert len(batches) > 3
    assert len(found) == 100
    assert all(actor == "ines" and action.endswith("end") for actor, action in found)


def test_a_file_read_part_by_part_has_the_same_events(tmp_path: Path):
    (tmp_path / "a.log").write_bytes(mixed_events(30))
    for chunk in (300, 1 << 20):
        parts = read_file(tmp_path / "a.log", FORMAT, CONTEXT, chunk_bytes=chunk)
        found = [(row["line"], row["actor"]) for part in parts for row in part.events.to_pylist()]
        assert found == [(1 + 9 * (number // 3) + number % 3, "ines") for number in range(30)]


def test_the_order_of_records_in_an_event_changes_only_where_it_begins():
    lines = (SAMPLES / "auditd" / "one.log").read_bytes().splitlines()
    files = [b"\n".join(np.roll(np.array(lines, dtype=object), turn).tolist()) + b"\n" for turn in range(len(lines))]
    text, fmt = b"".join(files), get_format("auditd")
    starts = positions(np.cumsum([0, *map(len, files[:-1])]))
    spans = split(fmt, text, final=True, record_bytes=1000)
    found = normalise(fmt, text, spans, CONTEXT, starts, [CONTEXT.reference_time] * len(files))
    assert rows(found, "actor", "target") == [("1001", "/srv/pay roll/salaries.ods")] * len(files)


def test_records_in_envelopes_are_joined_too_and_not_torn():
    lines = (SAMPLES / "auditd" / "one.log").read_text().splitlines()
    later = "type=SERVICE_START msg=audit(1782806409.000:502): pid=1 uid=0 msg='unit=cron res=success'"
    shipped = [
        json.dumps({"@timestamp": "2026-06-30T08:00:01.000Z", "message": line, "log": {"offset": 0}, "agent": {}})
        for line in [*lines, later]
    ]
    text, fmt = "".join(line + "\n" for line in shipped).encode(), get_format("auditd")
    assert len(split(fmt, text, final=False, record_bytes=1 << 20)) == len(lines)
    found = read(fmt, text)
    assert found.records.tolist() == [1, 0, 0, 0, 1]
    assert rows(found, "actor", "target") == [("1001", "/srv/pay roll/salaries.ods"), ("0", "cron")]
