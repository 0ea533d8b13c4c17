"""IIS: the W3C extended log file format, as the HTTP Server API of Windows writes it.

Facts: Microsoft, "W3C Logging" (HTTP Server API: the fields, in the order in which they occur, times in UTC) and
"Configure Logging in IIS"; W3C, "Extended Log File Format" (directives). Which fields are logged is a setting; their
order is not, so lines are read without the directive too. Blanks within a field are written as +.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, Pattern, TextRecords, Time
from reviews.engine.formats._times import iso

_ADDRESS: Final = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*)(?:%\w+)?"
_WORD: Final = r"[^ ]*[^ \d][^ ]*"  # what cannot be taken for a status or another number
_FIELDS: Final = "#Fields: "


def _field(name: str, otherwise: str) -> str:
    """A value: by its name in the directive in force, where line and directive have as many, else by the order."""
    value = f'"values"[list_position("names", \'{name}\')]'
    return f'nullif(CASE WHEN "named" THEN {value} ELSE "{otherwise}" END, \'-\')'


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
        heading=_FIELDS,
        derived={
            "names": f"""string_split(substring("heading", {len(_FIELDS) + 1}), ' ')""",
            "values": 'CASE WHEN "heading" IS NOT NULL AND "text"[1] <> \'#\' THEN string_split("text", \' \') END',
            "named": 'len("values") = len("names")',
            "utc": f"""{_field("date", "date")} || ' ' || {_field("time", "clock")} || 'Z'""",
            "verb": _field("cs-method", "method"),
            "path": _field("cs-uri-stem", "stem"),
            "code": _field("sc-status", "status"),
            "name": _field("cs-username", "user"),
            "address": _field("c-ip", "client"),
            "server": _field("s-computername", "computer"),
            "site_name": _field("s-sitename", "site"),
        },
    ),
    time=Time(instant=iso("utc")),
    action='"verb"',
    outcome="""CASE WHEN "code" < '400' THEN 'success' ELSE 'failure' END""",
    category="'api_usage'",
    columns={
        "actor": '"name"',
        "target": '"path"',
        "source_ip": "regexp_replace(\"address\", '%.*$', '')",  # the zone of a link-local address is the server's own
    },
    routes={"host": "Server", "application": "Site"},
    route_columns={"host": '"server"', "application": '"site_name"'},
    match_fields={
        "sc-status": Expression('"code"'),
        "cs-method": Expression('"verb"'),
        "cs-uri-stem": Expression('"path"'),
    },
    looks_like="""("shape" IS NOT NULL OR coalesce("named", false)) AND regexp_matches("code", '^[1-5]\\d\\d$')""",
    unlike="This is no line of the W3C extended format with date, time, method, path, client and status.",
    ignore="regexp_matches(\"text\", '^#(?:Software|Version|Date|Fields|Start-Date|End-Date|Remark):')",
)
