"""Common Event Format (CEF), with or without a syslog header in front.

Facts: ArcSight, "Implementing ArcSight Common Event Format (CEF)": header, character encoding, extension dictionary,
date formats.
"""

from typing import Final

from reviews.engine.formats._declare import Format, Pattern, TextRecords, Time
from reviews.engine.formats._headers import BEFORE_BARS, TIME
from reviews.engine.formats._pairs import first_readable, freed, marked_at_keys, pairs, read_time, told_outcome

_PART: Final = r"(?:[^|\\]|\\.)*"  # | and \ stand behind a backslash
_HEADER: Final = "".join(rf"(?P<{name}>{_PART})\|" for name in ("vendor", "product", "release", "signature", "name"))
# Field → key of the extension dictionary.
_KEYS: Final = {
    "receipt": "rt", "ended": "end", "started": "start", "suser": "suser", "duser": "duser", "suid": "suid",
    "duid": "duid", "src": "src", "src6": "c6a2", "src6_label": "c6a2Label", "told": "outcome",
    "category_outcome": "categoryOutcome", "behavior": "categoryBehavior", "act": "act", "dhost": "dhost",
    "dst": "dst", "fname": "fname", "request_url": "request", "external_id": "externalId", "device": "dvchost",
    "device_address": "dvc",
}  # fmt: skip
_INSTANT, _LOCAL, _YEARLESS = read_time("moment")

FORMAT: Final = Format(
    title="CEF (Common Event Format)",
    version=1,
    layout=TextRecords(
        patterns=(
            Pattern(
                "cef",
                rf"{BEFORE_BARS}CEF: ?[01]\|{_HEADER}{_PART}\|",
                rest="extension",
            ),
        ),
        derived={
            "marked": marked_at_keys("extension"),
            **pairs("marked", _KEYS, escaped=True),
            "moment": first_readable("receipt", "ended", "started", "stamp"),
            "product_name": freed("product"),
            "said": freed("name"),
            "host_name": 'coalesce("device", "device_address", "host")',
        },
    ),
    time=Time(_INSTANT, _LOCAL, _YEARLESS, observed=TIME.instant),
    action="concat_ws(' ', \"signature\", nullif(\"said\", '')) || coalesce(': ' || \"act\", '')",
    outcome=told_outcome("told", "category_outcome", "act"),
    category="""CASE WHEN starts_with("behavior", '/Authentication') THEN 'authentication'
        WHEN starts_with("behavior", '/Authorization') OR starts_with("behavior", '/Modify/Configuration')
        THEN 'administrative_change' ELSE 'other' END""",
    columns={
        "actor": 'coalesce("suser", "duser", "suid", "duid")',
        "target": 'coalesce("dhost", "fname", "request_url", "dst")',
        "source_ip": """coalesce("src", CASE WHEN contains(lower("src6_label"), 'source') THEN "src6" END)""",
        # Devices count from the beginning after a restart: shown, but no ground to call an entry a duplicate.
        "event_id": """CASE WHEN "external_id" IS NOT NULL
            THEN concat_ws('/', "vendor", "product_name", "host_name", "external_id") END""",
    },
    routes={"application": "Product", "host": "Device"},
    route_columns={"application": '"product_name"', "host": '"host_name"'},
    match_fields={},
    looks_like='"shape" IS NOT NULL',
    unlike="This is no line of the Common Event Format: CEF:0 and seven parts between bars are missing.",
)
