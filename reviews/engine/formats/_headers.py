"""The time and host with which a line of syslog begins, for formats that are sent through it.

Facts: RFC 3164 section 4, RFC 5424 section 6; files of rsyslog and syslog-ng, which write either time without PRI.
"""

from typing import Final

from reviews.engine.formats._declare import Time
from reviews.engine.formats._times import iso, iso_local, month_first, month_first_yearless, month_first_zoned

PRI: Final = r"(?:<\d{1,3}>(?:1 )?)?"
_MONTH_FIRST: Final = r"[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,6})?"
_ISO: Final = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?Z|[+-]\d\d:?\d\d)?"
STAMP: Final = rf"(?:{_ISO}|{_MONTH_FIRST})"
# What stands before the bar-separated head of CEF and LEEF: nothing, or the header of syslog and what a relay adds.
BEFORE_BARS: Final = rf"^{PRI}(?:(?P<stamp>{STAMP}) (?:(?P<host>[^ |]+) )?(?:[^|]{{0,200}}? )??)?"

TIME: Final = Time(
    instant=f"coalesce({iso('stamp')}, {month_first_zoned('stamp')})",
    local=f"coalesce({iso_local('stamp')}, {month_first('stamp')})",
    yearless=month_first_yearless("stamp"),
)
