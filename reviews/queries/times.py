"""Times in sentences, as pages write them: day and month in words, always with a zone."""

import datetime as dt


def moment(value: dt.datetime) -> str:
    """`14 Oct 2026, 08:55 UTC`."""
    value = value.astimezone(dt.UTC)
    return f"{value.day} {value:%b %Y, %H:%M} UTC"


def date(value: dt.date) -> str:
    """`14 Oct 2026`."""
    return f"{value.day} {value:%b %Y}"
