"""SQL for the ways in which logs write times, for the declarations of formats.

Each function takes the name of a field and gives an expression that is NULL where the field holds no such time.
"""

from typing import Final

from reviews.engine.catalogue.matching import quote

_DATE: Final = r"\d{4}-\d\d-\d\d"
_CLOCK: Final = r"\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?"
_ZONE: Final = r"Z|z|UTC|[+-]\d\d(?::?\d\d)?"
# Largest value of each unit: beyond it the number can only be meant in a smaller one. 1e11 seconds is the year 5138.
_SECONDS_TO: Final = "1e11"
_MILLIS_TO: Final = "1e14"
_MICROS_TO: Final = "1e17"
_YEAR_9999: Final = "253402300799000000"  # in microseconds
_FACTORS: Final = {"s": "1000000", "ms": "1000", "us": "1", "ns": "0.001"}
# Names of zones that RFC 5322 section 4.3 defines. Other short names mean different zones to different people.
_ZONE_NAMES: Final = {
    "UT": "+00", "UTC": "+00", "GMT": "+00", "Z": "+00", "EST": "-05", "EDT": "-04", "CST": "-06", "CDT": "-05",
    "MST": "-07", "MDT": "-06", "PST": "-08", "PDT": "-07",
}  # fmt: skip

# Names that the time zone database gives to one offset only.
_ONE_OFFSET: Final = {
    "WET": "+00", "WEST": "+01", "CET": "+01", "CEST": "+02", "EET": "+02", "EEST": "+03", "JST": "+09", "KST": "+09",
    "AEST": "+10", "AEDT": "+11", "NZST": "+12", "NZDT": "+13",
}  # fmt: skip


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


def iso_named(name: str) -> str:
    """A TIMESTAMPTZ from ISO 8601 text with the name of a zone that has one meaning: "EDT", "CEST"."""
    zone = f"regexp_extract({_text(name)}, ' ([A-Z]{{1,4}})$', 1)"
    named = " ".join(f"WHEN '{letters}' THEN '{offset}'" for letters, offset in (_ZONE_NAMES | _ONE_OFFSET).items())
    clock = f"replace(regexp_extract({_text(name)}, '^{_DATE}[Tt ]{_CLOCK}'), ',', '.')"
    return f"try_cast({clock} || CASE {zone} {named} END AS TIMESTAMPTZ)"


def month_first(name: str) -> str:
    """A TIMESTAMP from "Jul  1 2026 06:15:00"; what follows it, such as the name of a zone, is not looked at."""
    return _month_first(name, r"( \d{4})", "")


def month_first_yearless(name: str) -> str:
    """A TIMESTAMP in the year 2000 from "Jul  1 06:15:00"."""
    return _month_first(name, "()", " 2000")


def month_first_zoned(name: str) -> str:
    """A TIMESTAMPTZ from the same with year, and with an offset or a zone that has one meaning: "EDT", "+02:00"."""
    zone = f"regexp_extract({_text(name)}, ' ([A-Z]{{1,3}}|(?:GMT|UTC)?[+-]\\d\\d:?\\d\\d)$', 1)"
    named = " ".join(f"WHEN '{letters}' THEN '{offset}'" for letters, offset in _ZONE_NAMES.items())
    offset = f"CASE {zone} {named} ELSE nullif(regexp_extract({zone}, '[+-].*$'), '') END"
    return f"try_cast(CAST({month_first(name)} AS VARCHAR) || {offset} AS TIMESTAMPTZ)"


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


def _month_first(name: str, year: str, added: str) -> str:
    shape = quote(rf"^([A-Z][a-z]{{2}}) +(\d{{1,2}}){year} (\d\d:\d\d:\d\d(?:\.\d{{1,6}})?)")
    regular = f"regexp_replace({_text(name)}, {shape} || '.*$', '\\1 \\2\\3{added} \\4')"
    moment = f"try_strptime({regular}, ['%b %d %Y %H:%M:%S', '%b %d %Y %H:%M:%S.%f'])"
    return f"CASE WHEN regexp_matches({_text(name)}, {shape}) THEN {moment} END"


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
