"""HAProxy: its HTTP, HTTPS, TCP, error and connection lines, as syslog delivers them or as they are.

Facts: HAProxy Configuration Manual, chapter 8 "Logging": 8.2 formats, 8.5 session state at disconnection.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.events import FAILURE, SYSTEM_HEALTH, UNKNOWN
from reviews.engine.formats._declare import Format, Pattern, Rule, TextRecords, Time
from reviews.engine.formats._headers import PRI, STAMP, TIME

_TAG: Final = r"haproxy(?:\[\d+\]:| (?:\d+|-) [^ ]+ (?:-|\[.*?\])) "
_HEAD: Final = rf"^{PRI}(?:(?P<stamp>{STAMP}) (?:(?P<host>[^ ]+) )?)?(?:{_TAG})?"
_CLIENT: Final = r"(?P<client>[^ ]+):\d+ \[(?P<accepted>\d\d/[A-Z][a-z]{2}/\d{4}:[^\]]{8,24})\]"
_WAY: Final = r" (?P<frontend>[^ /]+) (?P<backend>[^ /]+)/(?P<server>[^ ]+)"
_OWN: Final = r"(?: [^ \"]+)*?"  # what a log format of one's own puts in between
_TIMER: Final = r"\+?-?\d+"
_LOAD: Final = r" \d+/\d+/\d+/\d+/\+?\d+ \d+/\d+(?: |$)"

FORMAT: Final = Format(
    title="HAProxy log",
    version=1,
    layout=TextRecords(
        patterns=(
            Pattern(
                "http",
                rf"{_HEAD}{_CLIENT}{_WAY}{_OWN} {_TIMER}(?:/{_TIMER}){{4}} (?P<status>-1|\d{{3}}) \+?\d+ [^ ]+ [^ ]+"
                rf" (?P<ending>[-A-Za-z]{{4}}){_LOAD}(?:\{{[^}}]*\}} )*\"(?P<request>[^\"]*)",
                rest="more",
            ),
            Pattern(
                "tcp",
                rf"{_HEAD}{_CLIENT}{_WAY}{_OWN} {_TIMER}(?:/{_TIMER}){{2}} \+?\d+ (?P<ending>[-A-Za-z]{{2}}){_LOAD}",
                rest="more",
            ),
            Pattern("error", rf"{_HEAD}{_CLIENT} (?P<frontend>[^ /]+)/(?P<server>[^ ]+): ", rest="problem"),
            Pattern(
                "connect",
                rf"{_HEAD}Connect from (?P<client>[^ ]+):\d+ to (?P<server>[^ ]+) \((?P<frontend>[^ /)]+)/[A-Z]+\)",
                rest="more",
            ),
            Pattern("notice", rf"^{PRI}(?P<stamp>{STAMP}) (?:(?P<host>[^ ]+) )?{_TAG}", rest="message"),
        ),
        derived={
            "method": """CASE WHEN regexp_matches("request", '^[A-Z][A-Z_-]{0,30} ')
                THEN split_part("request", ' ', 1) END""",
            "path": """CASE WHEN "method" IS NOT NULL
                THEN split_part(split_part(split_part("request", ' ', 2), '?', 1), '#', 1) END""",
            "end": 'left("ending", 1)',
        },
        rules=(
            Rule(
                "server down",
                "contains(\"message\", ' is ')",
                r"erver (?P<target>[^ ]+) is (?:going )?DOWN",
                FAILURE,
                SYSTEM_HEALTH,
            ),
            Rule(
                "server up",
                "contains(\"message\", ' is ')",
                r"erver (?P<target>[^ ]+) is (?:going )?UP",
                UNKNOWN,
                SYSTEM_HEALTH,
            ),
            Rule(
                "no server left",
                "contains(\"message\", ' has no server')",
                r"(?:backend|proxy) (?P<target>[^ ]+) has no server available",
                FAILURE,
                SYSTEM_HEALTH,
            ),
            Rule(
                "proxy started or stopped",
                "contains(\"message\", 'roxy ')",
                r"^(?:Proxy|Stopping|Pausing) (?:(?:frontend|backend|proxy) )?(?P<target>[^ ]+)"
                r" (?:started|stopped|in \d+ ms)",
                UNKNOWN,
                SYSTEM_HEALTH,
            ),
        ),
    ),
    time=Time(
        instant=f"""coalesce(try_strptime("accepted", '%d/%b/%Y:%H:%M:%S %z'),
            CASE WHEN "accepted" IS NULL THEN {TIME.instant} END)""",
        local=f"""coalesce(try_strptime("accepted", ['%d/%b/%Y:%H:%M:%S.%f', '%d/%b/%Y:%H:%M:%S']),
            CASE WHEN "accepted" IS NULL THEN {TIME.local} END)""",
        yearless=f'CASE WHEN "accepted" IS NULL THEN {TIME.yearless} END',
        observed=TIME.instant,
    ),
    action="""CASE "shape" WHEN 'http' THEN coalesce("method", 'invalid request') WHEN 'tcp' THEN 'TCP session'
        WHEN 'error' THEN 'connection error' WHEN 'connect' THEN 'connection'
        ELSE coalesce("rule_action", 'message') END""",
    outcome="""CASE "shape" WHEN 'http' THEN CASE WHEN "status" = '-1' THEN CASE WHEN "end" = 'C' THEN 'unknown'
                ELSE 'failure' END WHEN "status" < '400' THEN 'success' ELSE 'failure' END
        WHEN 'tcp' THEN CASE WHEN "end" = '-' THEN 'success'
            WHEN "end" IN ('S', 'P', 'R', 'I', 'D', 'K') THEN 'failure' ELSE 'unknown' END
        WHEN 'error' THEN 'failure' ELSE "rule_outcome" END""",
    category="""CASE WHEN "shape" = 'http' THEN 'api_usage' ELSE coalesce("rule_category", 'other') END""",
    columns={
        "target": """coalesce("path", "rule_target",
            CASE WHEN "shape" <> 'notice' THEN concat_ws('/', "backend", "server") END)""",
        "source_ip": '"client"',
    },
    routes={"frontend": "Frontend", "backend": "Backend", "host": "Host that runs HAProxy"},
    route_columns={"frontend": """rtrim("frontend", '~')""", "backend": '"backend"', "host": '"host"'},
    match_fields={
        "status_code": Expression('"status"'),
        "http_method": Expression('"method"'),
        "http_path": Expression('"path"'),
    },
    # A line that is cut in the middle is no message of the program.
    looks_like="""coalesce("shape" <> 'notice' OR NOT regexp_matches("message", '^[^ ]+:\\d+ \\['), false)""",
    unlike="This is no line of HAProxy: neither client and accept date nor a message of the program haproxy.",
)
