"""SQL for the ways in which logs write times, for the declarations of formats.

Each function takes the name of a field and gives an expression that is NULL where the field holds no such time.
"""

from typing import Final

_DATE: Final = r"\d{4}-\d\d-\d\d"
_CLOCK: Final = r"\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?"
_ZONE: Final = r"Z|z|UTC|[+-]\d\d(?::?\d\d)?"
# Largest value of each unit: beyond it the number can only be meant in a smaller one. 1e11 seconds is the year 5138.
_SECONDS_TO: Final = "1e11"
_MILLIS_TO: Final = "1e14"
_MICROS_TO: Final = "1e17"
_YEAR_9999: Final = "253402300799000000"  # in microseconds
_FACTORS: Final = {"s": "1000000", "ms": "1000", "us": "1", "ns": "0.001"}


def iso(name: str) -> str:
    """A TIMESTAMPTZ from ISO 8601 (RFC 3339) text that carries a zone. Beyond microseconds it is cut."""
    text = _text(name)
    return (
        f"CASE WHEN regexp_matches({text}, '^{_DATE}[Tt ]{_CLOCK} ?(?:{_ZONE})$') THEN try_cast("
        f"regexp_replace(replace({text}, ',', '.'), ' ?UTC$', 'Z') AS TIMESTAMPTZ) END"
    )


def iso_local(name: str) -> str:
    """A TIMESTAMP from ISO 8601 text without a zone."""
    text = _text(name)
    return (
        f"CASE WHEN regexp_matches({text}, '^{_DATE}[Tt ]{_CLOCK}$') "
        f"THEN try_cast(replace({text}, ',', '.') AS TIMESTAMP) END"
    )


def epoch(name: str, unit: str) -> str:
    """A TIMESTAMPTZ from the number of s, ms, us or ns since 1970, in digits and perhaps with decimals."""
    return _instant(f"{_number(name)} * {_FACTORS[unit]}")


def epoch_any(name: str) -> str:
    """As `epoch`, with the unit told by the size of the number: seconds, milli-, micro- or nanoseconds."""
    number = _number(name)
    factor = (
        f"CASE WHEN abs({number}) < {_SECONDS_TO} THEN 1000000 WHEN abs({number}) < {_MILLIS_TO} THEN 1000 "
        f"WHEN abs({number}) < {_MICROS_TO} THEN 1 ELSE 0.001 END"
    )
    return _instant(f"{number} * {factor}")


def _text(name: str) -> str:
    return f'"{name}"'


def _instant(microseconds: str) -> str:
    """NULL outside of the years that calendars of programs know."""
    instant = f"make_timestamptz(try_cast({microseconds} AS BIGINT))"
    return f"CASE WHEN {microseconds} BETWEEN 0 AND {_YEAR_9999} THEN {instant} END"


def _number(name: str) -> str:
    """The field as an exact number, or NULL."""
    return f"""CASE WHEN regexp_matches({_text(name)}, '^-?\\d{{1,19}}(?:\\.\\d{{1,9}})?$')
        THEN try_cast({_text(name)} AS DECIMAL(38, 9)) END"""
