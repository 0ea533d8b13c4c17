"""Log lines hold what happened, and no secret."""

import logging

import pytest

from auditportal.logging import PlainFormatter, without_secrets


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("Not Found: /join/abcDEF123-_x", "Not Found: /join/…"),
        ("password=hunter2 user=ines", "password=… user=ines"),
        (
            "{'password': 'hunter2', 'email': 'ines@northmoor.example'}",
            "{'password': '…', 'email': 'ines@northmoor.example'}",
        ),
        ("postgres://portal:hunter2@db/portal", "postgres://portal:…@db/portal"),
        ("csrfmiddlewaretoken=abc&next=/", "csrfmiddlewaretoken=…&next=/"),
        ("imported 12 records of 3 files", "imported 12 records of 3 files"),
    ],
)
def test_secrets_are_cut_out(line, kept):
    assert without_secrets(line) == kept


def test_a_line_says_when_how_bad_and_who():
    record = logging.LogRecord("reviews.imports", logging.WARNING, "f.py", 1, "late by %d h\nsecond", (3,), None)
    record.created = 1_791_968_102
    assert PlainFormatter().format(record) == "2026-10-14T08:55:02Z WARNING reviews.imports late by 3 h\n    second"
