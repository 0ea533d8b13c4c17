"""The spool: what lies there is whole, in order, and survives; what a dead process left goes away."""

import datetime as dt
import gzip
import io
import os
from pathlib import Path

import pytest

from reviews.engine.durable import TEMPORARY
from reviews.engine.importing.spool import ABANDONED_SECONDS, Arrived, Spool, measure
from reviews.errors import ReadingError

NOON = dt.datetime(2026, 10, 21, 12, 0, 0, 123_456, tzinfo=dt.UTC)


def push(spool: Spool, name: str, body: bytes, at: dt.datetime) -> bool:
    with spool.writing() as writing:
        writing.write([body])
        return spool.keep_push(writing, name, at)


def upload(spool: Spool, name: str, body: bytes, at: dt.datetime, *, whole: bool) -> None:
    with spool.writing() as writing:
        writing.write([body])
        spool.keep_upload(writing, name, at, whole=whole)


def contents(one: Arrived) -> bytes:
    with one.open() as file:
        return file.read()


def test_what_arrives_is_found_in_its_order_and_says_as_of_when_it_speaks(tmp_path: Path):
    spool = Spool(tmp_path, 7)
    assert spool.arrivals() == []
    push(spool, "b", b"second", NOON + dt.timedelta(seconds=1))
    push(spool, "z", b"first", NOON)
    upload(spool, "a.log", b"third", NOON + dt.timedelta(minutes=1), whole=False)
    upload(spool, "a.log", b"fourth", NOON + dt.timedelta(minutes=2), whole=True)
    found = spool.arrivals()
    assert [contents(one) for one in found] == [b"first", b"second", b"third", b"fourth"]
    assert [one.as_of for one in found] == [NOON, NOON + dt.timedelta(seconds=1), None, NOON + dt.timedelta(minutes=2)]
    assert [one.pushed for one in found] == [True, True, False, False]
    assert len({one.name for one in found}) == 4
    assert spool.waiting().size == len(b"firstsecondthirdfourth")
    assert Spool(tmp_path, 8).arrivals() == []
    for one in found:
        spool.remove(one)
        spool.remove(one)
    assert [path for path in spool.top.rglob("*") if path.is_file()] == []


def test_a_name_that_is_taken_keeps_what_it_names(tmp_path: Path):
    spool = Spool(tmp_path, 7)
    assert push(spool, "key-1", b"first", NOON)
    assert not push(spool, "key-1", b"second", NOON)
    assert [one.path.read_bytes() for one in spool.arrivals()] == [b"first"]


def test_what_is_being_written_is_no_arrival_and_is_swept_away_after_a_day(tmp_path: Path):
    spool = Spool(tmp_path, 7)
    with spool.writing() as writing:
        writing.add(b"half")
        assert spool.arrivals() == []
    left = spool.top / f"{TEMPORARY}1-abc"
    left.write_bytes(b"of a dead process")
    assert spool.sweep_abandoned() == 0
    old = left.stat().st_mtime - ABANDONED_SECONDS - 1
    os.utime(left, (old, old))
    assert spool.sweep_abandoned() == 1
    assert list(spool.top.iterdir()) == []


def test_a_body_is_measured_without_being_held(tmp_path: Path):
    plain = b"line\n" * 1_000_000
    packed = gzip.compress(plain)
    measured = measure("body", lambda: io.BytesIO(packed), "gzip", len(plain))
    assert (measured.length, measured) == (len(plain), measure("body", lambda: io.BytesIO(plain), "", len(plain)))
    with pytest.raises(ReadingError, match="unpacks to more than"):
        measure("body", lambda: io.BytesIO(packed), "gzip", len(plain) - 1)
