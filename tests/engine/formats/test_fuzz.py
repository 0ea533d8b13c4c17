"""Every format reads what was damaged, cut, reordered, encoded otherwise or written by an attacker.

No exception escapes, every record is accounted for, and no event has a time that no log entry can have. Run longer:

    FUZZ_EXAMPLES=500 python -m pytest tests/engine/formats/test_fuzz.py
"""

import datetime as dt
import json
import os
import re
from collections.abc import Callable
from functools import lru_cache
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.engine.catalogue import load_actions
from reviews.engine.formats import all_formats, get_format
from reviews.engine.reading import Context, Spans, normalise, split
from reviews.engine.reading.spans import no_rejects, positions
from tests.engine.formats.samples import MODIFIED, sample_files

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "1"))
FILES = 12  # damaged copies that one example reads, as files one after the other
RECORD_BYTES = 1 << 16
EARLIEST, LATEST = dt.datetime(1990, 1, 1), MODIFIED.replace(tzinfo=None) + dt.timedelta(days=1)  # noqa: DTZ001
ODD = (b"\0", b"\x01", b"\x1b[31m", b"\x1d", b"\x1f", b"\x7f", b"\xe9", b"\xff", b"\xed\xa0\x80", "\u202e".encode(),
       b"\\", b'"', b"'", b"{", b"}", b"[", b"]", b",", b"\t", b"\r", b"\n", b"\\u0000", b"\\ud800", b"|",
       b"=")  # fmt: skip
VALUES = (b"null", b"[]", b"{}", b"-1", b"1e999", b"true", b'""', b"99999999999999999999", b'"2026-02-30T25:61:61Z"',
          b'"9999-12-31T23:59:59Z"', b'"0001-01-01T00:00:00Z"', b'[{"a":[1]}]', b'"\\u0000"',
          b"253402300800000")  # fmt: skip
_VALUE = re.compile(rb'(?<=:)\s*("(?:[^"\\\n]|\\.)*"|[-\w.]+|\[\]|\{\})')

Mutation = Callable[[bytes, Random], bytes]


def odd_bytes(data: bytes, random: Random) -> bytes:
    for _ in range(random.randint(1, 20)):
        at = random.randrange(len(data) + 1)
        data = data[:at] + random.choice(ODD) + data[at + random.randint(0, 2) :]
    return data


def cut(data: bytes, random: Random) -> bytes:
    start, end = sorted((random.randrange(len(data) + 1), random.randrange(len(data) + 1)))
    return random.choice((data[start:], data[:end], data[:start] + data[end:]))


def reordered(data: bytes, random: Random) -> bytes:
    lines = data.split(b"\n")
    random.shuffle(lines)
    return b"\n".join(lines)


def huge(data: bytes, random: Random) -> bytes:
    words = list(re.finditer(rb"[\w./-]+", data))
    word = random.choice(words) if words else None
    filling = random.choice((b"x", b"9", b"a=b ", b"\\\\", b"[[", b'"', "ü".encode())) * random.choice(
        (300, 9000, 30_000)
    )
    return data[: word.start()] + filling + data[word.end() :] if word else filling


def nested(data: bytes, random: Random) -> bytes:
    depth, (opening, closing) = random.choice((9, 2000, 20_000)), random.choice(((b"[", b"]"), (b'{"a":', b"}")))
    deep = opening * depth + b"1" + closing * random.choice((depth, depth - 1, 0))
    values = list(_VALUE.finditer(data))
    at = random.choice(values) if values else None
    return data[: at.start()] + deep + data[at.end() :] if at else data + b"\n" + deep


def other_values(data: bytes, random: Random) -> bytes:
    share = random.choice((0.02, 0.2, 1))
    return _VALUE.sub(lambda found: random.choice(VALUES) if random.random() < share else found[0], data)


def other_numbers(data: bytes, random: Random) -> bytes:
    share = random.choice((0.02, 0.2))
    return re.sub(
        rb"\d+",
        lambda found: (
            random.choice((b"0", b"9" * len(found[0]), b"-1", b"99", found[0] * 3, b"1.5"))
            if random.random() < share
            else found[0]
        ),
        data,
    )


def other_times(data: bytes, random: Random) -> bytes:
    """Only the times: years that no log can have, and numbers that stand for them."""
    years, seconds = (b"0001", b"1970", b"1989", b"2027", b"9999"), (b"0", b"631151999", b"1798761600", b"253402300799")

    def another(found: re.Match[bytes]) -> bytes:
        if random.random() < 0.5:
            return found[0]
        return random.choice(years) if len(found[0]) == 4 else random.choice(seconds) + b"0" * (len(found[0]) - 10)

    return re.sub(rb"\b20[12]\d(?=[-/ T:])|\b1[5-9]\d{8}(?:\d{3}){0,3}\b", another, data)


def encoded(data: bytes, random: Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return random.choice(
        (text.encode("utf-16"), text.encode("utf-16-le"), text.replace("a", "é").encode("latin-1", "replace"))
    )


def enveloped(data: bytes, random: Random) -> bytes:
    lines = [line.decode("utf-8", "replace") for line in data.split(b"\n")]
    key = random.choice(("message", "log", "records", "value", "logEvents"))
    made = [json.dumps({key: random.choice((line, [line], [{"message": line}], {"message": line}))}) for line in lines]
    return random.choice(("\n", "", ",")).join(made).encode()


def doubled(data: bytes, random: Random) -> bytes:
    return data + random.choice((b"", b"\n", b"\r\n", b",", b"\xef\xbb\xbf")) + data


MUTATIONS: tuple[Mutation, ...] = (
    odd_bytes, cut, reordered, huge, nested, other_values, other_numbers, other_times, encoded, enveloped, doubled,
)  # fmt: skip


@lru_cache
def samples(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sample_files(name)]


@pytest.mark.parametrize("name", sorted(all_formats()))
@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_no_damage_loses_a_record_or_breaks_the_reading(name: str, seed: int):
    """With one example the seed is always 0, so that the suite does the same each time."""
    random = Random(seed)
    files = []
    for number in range(FILES):
        text = samples(name)[number % len(samples(name))]
        for mutate in random.choices(MUTATIONS, k=random.randint(1, 3)):
            text = mutate(text, random)
        files.append(text)
    check(name, files)


def check(name: str, files: list[bytes]) -> None:
    fmt, buffer, starts, offsets, lengths = get_format(name), b"", [], [], []
    for text in files:
        spans = split(fmt, text, final=True, record_bytes=RECORD_BYTES)
        assert_in_order(spans, len(text))
        starts.append(len(buffer))
        offsets.append(spans.offsets + len(buffer))
        lengths.append(spans.lengths)
        buffer += text + b"\n"
    taken = Spans(np.concatenate(offsets), np.concatenate(lengths), len(buffer), no_rejects())
    context = Context("Europe/Berlin", MODIFIED, next(iter(fmt.routes), ""), load_actions(), now=MODIFIED)
    found = normalise(fmt, buffer, taken, context, positions(starts), [MODIFIED] * len(files))
    assert len(found.records) == len(taken)
    assert found.records.sum() == found.events.num_rows + found.rejects.num_rows + found.ignored
    assert all(found.rejects["reason"].to_pylist())
    begins, ends = set(taken.offsets.tolist()), set((taken.offsets + taken.lengths).tolist())
    for row in found.events.to_pylist() + found.rejects.to_pylist():  # of joined records the end is that of the last
        assert (row["offset"] in begins, row["offset"] + row["length"] in ends) == (True, True)
    for event in found.events.to_pylist():
        assert EARLIEST <= event["occurred_at"] <= LATEST
        assert event["action"]
        assert "\0" not in "".join(str(value) for value in event.values())
    numbered = [(event["offset"], event["element"]) for event in found.events.to_pylist()]
    assert len(set(numbered)) == len(numbered)


def assert_in_order(spans: Spans, size: int) -> None:
    """Records and rejects lie one behind the other within the file."""
    places = [*zip(spans.offsets.tolist(), spans.lengths.tolist(), strict=True)]
    places += [(row["offset"], row["length"]) for row in spans.rejects.to_pylist()]
    end = 0
    for offset, length in sorted(places):
        assert end <= offset
        assert length > 0
        end = offset + length
    assert end <= size
    assert (spans.consumed, spans.unfinished) == (size, "")
