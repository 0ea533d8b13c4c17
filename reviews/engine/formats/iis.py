"""IIS: the W3C extended log file format, as the HTTP Server API of Windows writes it.

Facts: Microsoft, "W3C Logging" (HTTP Server API: the fields, in the order in which they occur, times in UTC) and
"Configure Logging in IIS"; W3C, "Extended Log File Format" (directives). Which fields are logged is a setting; their
order is not. Blanks within a field are written as +.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, Pattern, TextRecords, Time
from reviews.engine.formats._times import iso

_ADDRESS: Final = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*)(?:%\w+)?"
_WORD: Final = r"[^ ]*[^ \d][^ ]*"  # what cannot be taken for a status or another number

FORMAT: Final = Format(
    title="IIS (W3C extended)",
    version=1,
    layout=TextRecords(
        patterns=(
            Pattern(
                "fixed_order",
                r"^(?P<date>\d{4}-\d\d-\d\d) (?P<clock>\d\d:\d\d:\d\d)(?: (?P<site>W3SVC\d+))?"
                rf"(?: (?P<computer>[^ ]+))??(?: {_ADDRESS})? (?P<method>[A-Z][A-Z_-]*) (?P<stem>[/*][^ ]*)"
                rf"(?: [^ ]+)??(?: (?P<port>\d+))?(?: +(?P<user>[^ ]+))?? +(?P<client>{_ADDRESS})(?: {_WORD})*?"
                rf" (?P<status>[1-5]\d\d)(?: \d+)+(?: {_WORD}(?: .*)?)?$",
            ),
        ),
        derived={"utc": """"date" || ' ' || "clock" || 'Z'"""},
    ),
    time=Time(instant=iso("utc")),
    action='"method"',
    outcome="""CASE WHEN "status" < '400' THEN 'success' ELSE 'failure' END""",
    category="'api_usage'",
    columns={
        "actor": "nullif(\"user\", '-')",
        "target": '"stem"',
        "source_ip": "regexp_replace(\"client\", '%.*$', '')",  # the zone of a link-local address is the server's own
    },
    routes={"host": "Server", "application": "Site"},
    route_columns={"host": '"computer"', "application": '"site"'},
    match_fields={
        "sc-status": Expression('"status"'),
        "cs-method": Expression('"method"'),
        "cs-uri-stem": Expression('"stem"'),
    },
    looks_like='"shape" IS NOT NULL',
    unlike="This is no line of the W3C extended format with date, time, method, path, client and status.",
    ignore="regexp_matches(\"text\", '^#(?:Software|Version|Date|Fields|Start-Date|End-Date|Remark):')",
)
