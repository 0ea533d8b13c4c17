"""Guessing formats, and a first mapping for what no format reads."""

from pathlib import Path

import pytest

from reviews.engine.formats import all_formats, get_format, mapping_problems
from reviews.engine.reading import detect
from reviews.engine.reading.suggesting import suggest

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def test_the_best_guess_comes_first_and_says_why():
    first, *others = detect((SAMPLES / "syslog" / "many.log").read_bytes())
    assert (first.format, first.share) == ("syslog", 1.0)
    assert first.why.endswith(f"records read as {all_formats()['syslog'].title}.")
    assert 0 < first.found <= 1
    assert all(other.share < 1 for other in others)


def test_a_sample_that_begins_with_another_log_is_read_by_both():
    web = (SAMPLES / "web_access" / "one.log").read_bytes()
    guesses = detect(web + (SAMPLES / "syslog" / "many.log").read_bytes())
    assert [guess.format for guess in guesses][:2] == ["syslog", "web_access"]


@pytest.mark.parametrize(
    "sample", [b"", b"Dear auditor,\n", bytes(range(256)) * 40, b"{" * 5000, b"\xff\xfea\x00\n\x00"]
)
def test_what_is_no_log_is_no_format(sample: bytes):
    assert detect(sample) == []
    assert suggest(sample) is None


def test_json_of_an_own_kind_is_suggested_with_its_fields():
    sample = (
        b'{"ts":"2026-07-01T10:00:00Z","user":{"email":"a@example.org","id":7},"operation":"wipe","result":"denied"}\n'
    )
    assert detect(sample) == []
    found = suggest(sample)
    assert found is not None
    assert found.format == "json_lines"
    assert found.fields == ("ts", "user.email", "user.id", "operation", "result")
    mapping = found.mapping
    assert (mapping.time, mapping.action, mapping.actor) == ("ts", "operation", "user.email")
    assert (mapping.outcome, mapping.success, mapping.failure) == ("result", (), ("denied",))
    assert mapping_problems(mapping) == {}


def test_columns_are_suggested_with_the_pattern_of_their_time_and_read_something():
    sample = b"Date;User;Operation;Status\n01.07.2026 10:00:00;Ada;wipe;200\n01.07.2026 10:00:01;Ada;read;403\n"
    found = suggest(sample)
    assert found is not None
    assert (found.format, found.mapping.separator, found.mapping.time_format) == ("csv", ";", "%d.%m.%Y %H:%M:%S")
    assert (found.mapping.success, found.mapping.failure) == (("2*", "3*"), ("4*", "5*"))
    assert get_format("csv", found.mapping.as_json()).parameters["columns"] == ["Date", "User", "Operation", "Status"]


@pytest.mark.parametrize("sample", [b"a,a,b\n1,2,3\n", b"1,2,3\n4,5,6\n", b'a,b,c\n"1,2,3\n'])
def test_columns_without_names_of_their_own_are_not_suggested(sample: bytes):
    assert suggest(sample) is None
