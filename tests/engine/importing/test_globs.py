"""Globs: what they match is told by a plain matcher, and that they end by a clock of the processor."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reviews.engine.importing.globs import check_glob, pattern
from reviews.errors import ReadingError


def plainly(glob: list[str], path: list[str]) -> bool:
    """Whether the parts match, by trying everything."""
    if not glob:
        return not path
    if glob[0] == "**":
        if len(glob) == 1:
            return bool(path)
        return plainly(glob[1:], path) or (len(path) > 1 and plainly(glob, path[1:]))
    if not path:
        return False
    name = "".join({"*": "[^/]*", "?": "[^/]"}.get(letter, re.escape(letter)) for letter in glob[0])
    return re.fullmatch(name, path[0]) is not None and plainly(glob[1:], path[1:])


NAMES = st.lists(st.text("ab.", min_size=1, max_size=5), min_size=1, max_size=5)
PART = st.one_of(st.just("**"), st.text("ab.?*", min_size=1, max_size=5).filter(lambda part: "**" not in part))


@given(st.lists(PART, min_size=1, max_size=5), NAMES)
@example(["**", "a", "**", "a*b", "*"], ["a", "a", "b", "ab", "b"])
@example(["*a*b"], ["abab"])
@example(["**", "**", "a"], ["a"])
def test_a_glob_matches_what_its_parts_match(glob: list[str], path: list[str]) -> None:
    assert (pattern("/".join(glob)).fullmatch("/".join(path)) is not None) == plainly(glob, path)


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("*a" * 60 + "x", "a" * 255),
        ("**/" * 60 + "x", "a/" * 500 + "b"),
        ("**/a/" * 30 + "x", "a/" * 500 + "b"),
        ("*a*a*/" * 20 + "x", ("a" * 200 + "/") * 20 + "b"),
        ("*" * 150 + "x", "a" * 255),
    ],
)
def test_no_glob_holds_the_portal_up(glob: str, path: str) -> None:
    begun = time.process_time()
    assert pattern(glob).fullmatch(path) is None
    assert time.process_time() - begun < 0.5


def test_two_stars_within_a_name_cross_directories_once() -> None:
    assert pattern("a**z.log").fullmatch("ab/c/yz.log")
    with pytest.raises(ReadingError, match="more than once"):
        check_glob("a**b**c**d/e**f**g")
    with pytest.raises(ReadingError, match="more than once"):
        check_glob("**a" * 20)


def test_no_class_matches_a_slash() -> None:
    assert pattern("[!a][bc].log").fullmatch("xb.log")
    assert not pattern("a[!b]c").fullmatch("a/c")
