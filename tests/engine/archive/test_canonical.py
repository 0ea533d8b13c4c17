"""Canonical JSON (reviews/engine/archive/canonical.py)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.engine.archive import canonical
from reviews.errors import ArchiveError

TEXT = st.text(st.characters(codec="utf-8"))
KEYS = st.text(st.characters(max_codepoint=127))
NUMBERS = st.integers(-canonical.LARGEST, canonical.LARGEST)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_what_is_written_is_read_back_the_same(obj: object):
    assert canonical.loads(canonical.dumps(obj)) == obj


def test_keys_are_in_order_and_text_stays_text():
    assert canonical.dumps({"b": [1, True, None], "a": "é\n"}) == '{"a":"é\\n","b":[1,true,null]}'.encode()


@pytest.mark.parametrize("value", [1.0, float("nan"), 2**53, -(2**53), {1: 2}, {"é": 1}, b"x", {"a": [0.5]}, "\ud800"])
def test_what_has_no_single_form_is_not_written(value: object):
    with pytest.raises(ArchiveError):
        canonical.dumps(value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"a":1.5}',
        b"1e3",
        b"NaN",
        b"Infinity",
        b"9007199254740992",
        b'"\\ud800"',
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b"[1]\n",
        b'"\\u00e9"',
        b"\xff",
        b"",
        b"[" * 100_000,
        b"[" * 200 + b"]" * 200,
        b'\xef\xbb\xbf{"a":1}',
    ],
)
def test_other_bytes_are_refused(data: bytes):
    with pytest.raises(ArchiveError):
        canonical.loads(data)


def test_nesting_has_a_limit_in_both_directions():
    deep: list[object] = []
    for _ in range(canonical.DEEPEST + 1):
        deep = [deep]
    with pytest.raises(ArchiveError, match="nested"):
        canonical.dumps(deep)
