"""Quarters (reviews/engine/analysis/quarters.py)."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.engine.analysis.quarters import Quarter
from reviews.errors import Invalid


@given(st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31)))
def test_every_day_lies_in_its_quarter_and_in_no_neighbour(day: dt.date):
    quarter = Quarter.of(day)
    assert quarter.starts_on <= day <= quarter.ends_on
    assert quarter.previous.ends_on < quarter.starts_on
    assert quarter.next.previous == quarter
    assert Quarter.parse(str(quarter)) == quarter


def test_what_is_no_quarter_is_refused_with_the_form_to_use():
    with pytest.raises(Invalid, match="2026-Q3"):
        Quarter.parse("2026-5")
