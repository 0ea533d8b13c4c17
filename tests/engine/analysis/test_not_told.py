"""What nobody can know is never "no silence": hours that were not read, and the end of what was read."""

import numpy as np
import pytest

from reviews.engine.analysis.gaps import find_gaps, judge_service
from tests.engine.analysis.synthetic import business, hours, series, utc

BEGIN, END = utc(2026, 7, 1), utc(2026, 9, 30)


def test_busy_hours_that_nobody_imported_leave_the_whole_quarter_untold():
    counts = business(np.random.default_rng(1), 20)
    read = np.arange(len(counts)) < hours(utc(2026, 8, 15))
    found = judge_service(series(counts * read, imported=read), {}, BEGIN, END, {}).total
    assert found.verdict == "unknown"
    assert found.reason.startswith("1,104 hours of the period were not imported; about ")
    one_night = np.ones(len(counts), np.bool_)
    one_night[hours(utc(2026, 8, 16, 0)) : hours(utc(2026, 8, 16, 1))] = False  # a Sunday: hardly an event is usual
    quiet = business(np.random.default_rng(1), 1)
    assert judge_service(series(quiet, imported=one_night), {}, BEGIN, END, {}).total.verdict == "judged"


def test_what_was_found_stands_though_not_all_was_read():
    counts = business(np.random.default_rng(1), 20)
    outage = hours(utc(2026, 7, 15, 8))
    counts[outage : outage + 19] = 0
    read = np.arange(len(counts)) < hours(utc(2026, 8, 15))
    found = judge_service(series(counts * read, imported=read), {}, BEGIN, END, {})
    assert (found.total.verdict, len(found.gaps)) == ("unknown", 1)


@pytest.mark.parametrize(("read_on", "found"), [(0, 0), (24, 1), (7 * 24, 1)])
def test_a_silence_in_the_last_hours_is_found_once_more_was_read_behind_them(read_on, found):
    """Files may come a day late; when the week after was read, they did not."""
    counts = business(np.random.default_rng(9), 50)
    end = hours(utc(2026, 9, 24, 16))  # a Thursday
    counts[end - 20 : end] = 0
    gaps = find_gaps(series(counts[:end]), BEGIN, utc(2026, 9, 24, 16), read_on=read_on).gaps
    assert len(gaps) == found
    for gap in gaps:
        assert gap.ends_at == utc(2026, 9, 24, 16)
        assert not gap.running
        assert "at the last import" not in gap.sentence


@pytest.mark.parametrize("shift", [0, 3])
def test_failures_that_repeat_through_the_quarter_are_no_habit(shift):
    """A day without events each week, at the same hours or at others, where there was none in the quarter before."""
    counts = np.random.default_rng(1).poisson(20, 26 * 168)
    starts = [week * 168 + 30 + (week - 13) * shift for week in range(13, 26)]
    for first in starts:
        counts[first : first + 24] = 0
    gaps = find_gaps(series(counts, zone="UTC"), BEGIN, END).gaps
    assert [hours(gap.starts_at) for gap in gaps] == starts
    every_week = counts.copy()
    for week in range(26):
        every_week[week * 168 + 30 : week * 168 + 54] = 0
    if not shift:
        assert find_gaps(series(every_week, zone="UTC"), BEGIN, END).gaps == ()
