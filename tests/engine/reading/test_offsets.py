"""The offset of times without a zone, guessed by moments that are known."""

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.engine.events import READ_SCHEMA
from reviews.engine.reading.offsets import guess_by_receipt, guess_offset, offset_between, zones_by_offset

KNOWN = dt.datetime(2026, 7, 1, 10, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = KNOWN.date()


def local(offset: dt.timedelta, lag: dt.timedelta = dt.timedelta()) -> dt.datetime:
    return KNOWN.replace(tzinfo=None) + offset - lag


@given(st.sampled_from(sorted(zones_by_offset(DAY))), st.integers(-59, 299))
@settings(max_examples=50)
def test_every_offset_in_use_is_found_whatever_the_short_while_between(offset: dt.timedelta, seconds: int) -> None:
    assert offset_between(local(offset, dt.timedelta(seconds=seconds)), KNOWN) == offset


@pytest.mark.parametrize("minutes", [6, 14, 13 * 60 + 7])
def test_a_difference_that_no_zone_has_tells_nothing(minutes: int) -> None:
    assert offset_between(local(dt.timedelta(), dt.timedelta(minutes=minutes)), KNOWN) is None


def test_zones_follow_daylight_saving() -> None:
    assert "Europe/Berlin" in zones_by_offset(DAY)[2 * HOUR]
    assert "Europe/Berlin" in zones_by_offset(dt.date(2026, 12, 1))[HOUR]


def test_most_moments_must_agree() -> None:
    right, wrong = (local(2 * HOUR), KNOWN), (local(5 * HOUR), KNOWN)
    found = guess_offset([right] * 4 + [wrong])
    assert found is not None
    assert (found.offset, found.agree, found.of) == (2 * HOUR, 4, 5)
    assert guess_offset([right, wrong]) is None
    assert guess_offset([]) is None


def test_entries_that_say_when_they_were_received_tell_the_offset() -> None:
    def events(count: int, basis: str) -> pa.Table:
        row = dict.fromkeys(READ_SCHEMA.names) | {"occurred_at": local(-5 * HOUR), "time_basis": basis}
        return pa.Table.from_pylist([{**row, "observed_at": KNOWN.replace(tzinfo=None)}] * count, schema=READ_SCHEMA)

    found = guess_by_receipt(events(5, "configured"))
    assert found is not None
    assert (found.offset, found.of) == (-5 * HOUR, 5)
    assert guess_by_receipt(events(4, "configured")) is None
    assert guess_by_receipt(events(9, "explicit")) is None  # they carry a zone of their own
