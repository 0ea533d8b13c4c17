"""Web access logs of Apache and nginx: common and combined, also with the virtual host in front.

Facts: Apache HTTP Server, "Log Files" and mod_log_config; nginx, ngx_http_log_module.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, Pattern, TextRecords, Time

# An address has no colon or many; a name before it, with or without a port, is the virtual host. Where proxies put a
# list, the last address counts: it is the one that the nearest proxy saw itself, the others can be made up.
_CLIENT: Final = r"(?:[^ ,]+, )*(?P<client>[^ ,:\[\"]+|[^ ,:\[\"]*:[^ ,:\[\"]*:[^ ,\[\"]*|unix:)"
# Quotes and backslashes within the request line are written with a backslash before them.
_REST: Final = r" ?\[(?P<stamp>[^\]]{10,40})\] \"(?P<request>(?:[^\"\\]|\\.)*)\" (?P<status>\d{3}|-)(?: |$)"
_NAME: Final = r" [^ ]+ (?P<user>[^ \[\"]*|\"\")"
_ADDRESS: Final = r"(?:[^ ,]+, )*(?P<client>[^ ,\[\"]*[.:][^ ,\[\"]*)"  # what follows a virtual host

FORMAT: Final = Format(
    title="Web access log (nginx, Apache)",
    version=2,
    layout=TextRecords(
        patterns=(
            Pattern("access", rf"^{_CLIENT}{_NAME}{_REST}"),
            Pattern("vhost", rf"^(?P<vhost>[A-Za-z0-9._-]+)(?::\d{{1,5}})? (?:\"[^\"]*\" )?{_ADDRESS}{_NAME}{_REST}"),
            Pattern("user_with_spaces", rf"^{_CLIENT} [^ ]+ (?P<user>[^\[\"]+){_REST}"),
        ),
        derived={
            "method": """CASE WHEN regexp_matches("request", '^[A-Z][A-Z_-]{0,30} ')
                THEN split_part("request", ' ', 1) END""",
            "path": """CASE WHEN "method" IS NOT NULL
                THEN split_part(split_part(split_part("request", ' ', 2), '?', 1), '#', 1) END""",
        },
    ),
    time=Time(instant="try_strptime(\"stamp\", '%d/%b/%Y:%H:%M:%S %z')"),
    action="coalesce(\"method\", 'invalid request')",
    outcome="""CASE WHEN "status" IN ('-', '000') THEN 'unknown'
            WHEN "status" < '400' THEN 'success' ELSE 'failure' END""",
    category="'api_usage'",
    columns={
        "actor": """CASE WHEN "user" NOT IN ('-', '""') THEN trim("user") END""",
        "target": '"path"',
        "source_ip": '"client"',
    },
    routes={"host": "Virtual host (only where the log begins with it)"},
    route_columns={"host": 'lower("vhost")'},
    match_fields={
        "status": Expression('"status"'),
        "method": Expression('"method"'),
        "path": Expression('"path"'),
    },
    looks_like='"shape" IS NOT NULL',
    unlike="This is no line of an access log in common or combined form.",
)
