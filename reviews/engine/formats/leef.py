"""Log Event Extended Format (LEEF) 1.0 and 2.0, with or without a syslog header in front.

Facts: IBM QRadar, "LEEF event components", "Predefined LEEF event attributes", "Custom event date format".
"""

from typing import Final

from reviews.engine.formats._declare import Format, Pattern, TextRecords, Time
from reviews.engine.formats._headers import BEFORE_BARS, TIME
from reviews.engine.formats._pairs import first_readable, marked_at, marked_at_keys, pairs, read_time, told_outcome

_NAMES: Final = r"(?P<vendor>[^|]*)\|(?P<product>[^|]*)\|(?P<release>[^|]*)\|(?P<event>[^|]+)\|"
# Field → predefined attribute.
_KEYS: Final = {
    "device_time": "devTime", "user": "usrName", "src": "src", "identity_address": "identSrc", "dst": "dst",
    "resource": "resource", "url": "url", "kind": "cat", "result": "result", "act": "action",
    "identity_host": "identHostName",
}  # fmt: skip
_INSTANT, _LOCAL, _YEARLESS = read_time("moment")

FORMAT: Final = Format(
    title="LEEF (Log Event Extended Format)",
    version=1,
    layout=TextRecords(
        patterns=(
            Pattern(
                "with_delimiter",
                rf"{BEFORE_BARS}LEEF:2\.0\|{_NAMES}(?P<delimiter>[^|=\t]|0?[xX][0-9A-Fa-f]{{2,4}})?\|",
                rest="attributes",
            ),
            Pattern("tabs", rf"{BEFORE_BARS}LEEF:[12](?:\.0)?\|{_NAMES}", rest="attributes"),
        ),
        derived={
            "between": """CASE WHEN length("delimiter") = 1 THEN "delimiter" WHEN "delimiter" IS NOT NULL
                THEN try(decode(unhex(right("delimiter", 2)))) ELSE chr(9) END""",
            # Some senders turn tabs into blanks on the way.
            "marked": f"""CASE WHEN contains("attributes", "between") THEN {marked_at("attributes", '"between"')}
                ELSE {marked_at_keys("attributes")} END""",
            **pairs("marked", _KEYS, escaped=False),
            "moment": first_readable("device_time", "stamp"),
        },
    ),
    time=Time(_INSTANT, _LOCAL, _YEARLESS, observed=TIME.instant),
    action='concat_ws(\': \', "event", "kind")',
    outcome=told_outcome("result", "act", "kind"),
    category="'other'",
    columns={
        "actor": '"user"',
        "target": 'coalesce("resource", "url", "dst", "identity_host")',
        "source_ip": 'coalesce("src", "identity_address")',
    },
    routes={"application": "Product", "host": "Host in the syslog header"},
    route_columns={"application": '"product"', "host": '"host"'},
    match_fields={},
    looks_like='"shape" IS NOT NULL',
    unlike="This is no line of LEEF: LEEF:1.0 or LEEF:2.0 and five parts between bars are missing.",
)
