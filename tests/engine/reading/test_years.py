# ruff: noqa: DTZ001 - times of events are UTC and carry no zone
"""Years for times without one: the file runs forwards and lies before its modification time."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.engine.reading.years import find_years

MARCH = dt.datetime(2026, 3, 10, 12)


def years(
    stamps: list[str | None], latest: dt.datetime = MARCH, starts: list[int] | None = None, after=None
) -> list[int]:
    moments = [dt.datetime.fromisoformat(f"2000-{stamp}") if stamp else None for stamp in stamps]
    column = pa.chunked_array([pa.array(moments, pa.timestamp("us"))])
    offsets = np.arange(len(stamps), dtype=np.int64) * 10
    files = None if starts is None else np.array(starts, dtype=np.int64)
    return find_years(column, offsets, files, [latest], after).to_pylist()


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        (["03-09", "03-10"], [2026, 2026]),
        (["03-11"], [2026]),  # a day of disagreement between clocks
        (["03-12"], [2025]),
        (["12-30", "12-31", "01-01", "03-01"], [2025, 2025, 2026, 2026]),
        (["11-01", "02-01", "12-01", "01-05"], [2024, 2025, 2025, 2026]),
        # disorder around New Year
        (["12-31T23:59:58", "01-01T00:00:01", "12-31T23:59:59", "01-01T00:00:02"], [2025, 2026, 2025, 2026]),
        # small disorder elsewhere
        (["02-10", "02-08", "02-11"], [2026, 2026, 2026]),
        # a log that is silent from January to November stays in order
        (["01-20", "11-30"], [2025, 2025]),
        (["02-28", "02-29", "03-01"], [2024, 2024, 2024]),
        (["02-29", "12-01", "01-01"], [2024, 2024, 2025]),
        ([None, "03-01", None], [2026, 2026, 2026]),
        ([None], [2026]),
    ],
)
def test_the_year_that_keeps_a_file_in_order(stamps: list[str | None], expected: list[int]):
    assert years(stamps) == expected


def test_each_file_of_a_buffer_stands_for_itself():
    stamps = ["03-01", "03-02", "12-30", "12-31"]
    assert years(stamps, starts=[0, 20]) == [2026, 2026, 2025, 2025]


def test_a_known_beginning_decides():
    after = dt.datetime(2012, 1, 1)
    assert years(["01-22", "02-29", "12-18", "03-23"], after=after) == [2012, 2012, 2012, 2013]


def test_the_next_part_follows_the_one_before():
    assert years(["01-01T00:00:01"], after=dt.datetime(2023, 12, 31, 23, 59)) == [2024]
    assert years(["12-31T23:59:59"], after=dt.datetime(2024, 1, 1)) == [2023]


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 120 * 86_400), min_size=1, max_size=12),
    st.datetimes(dt.datetime(2001, 1, 1), dt.datetime(2030, 1, 1)),
)
def test_times_that_run_forwards_are_found_again(steps: list[int], begin: dt.datetime):
    """Whatever the dates: with steps below half a year, the years are those that the log was written in."""
    times = list(np.datetime64(begin, "us") + np.cumsum(np.array(steps, dtype="timedelta64[s]")))
    real = [moment.astype("datetime64[us]").item() for moment in times]
    stamps = [moment.replace(year=2000).isoformat()[5:] for moment in real]
    assert years(stamps, latest=real[-1] + dt.timedelta(hours=1)) == [moment.year for moment in real]
