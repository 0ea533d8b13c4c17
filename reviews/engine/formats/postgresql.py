"""PostgreSQL server log: stderr with any common log_line_prefix, csvlog, jsonlog, and what clouds make of them.

Facts: PostgreSQL documentation, "Error Reporting and Logging": log_line_prefix, "Using CSV-Format Log Output" (23 to 26
columns by version), "Using JSON-Format Log Output" (since 15); CloudNativePG, "Logging"; Google Cloud SQL for
PostgreSQL, log entries with a textPayload; Amazon RDS for PostgreSQL, whose prefix is %t:%r:%u@%d:[%p]:.
"""

from dataclasses import replace
from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import CsvRecords, Format, JsonRecords, Pattern, TextRecords, Time
from reviews.engine.formats._postgresql_messages import (
    ACTION,
    CATEGORY,
    FURTHER,
    MESSAGE_FIELDS,
    OUTCOME,
    SEVERITIES,
)
from reviews.engine.formats._times import epoch, iso, iso_local, iso_named

_FIRST: Final = "|".join(SEVERITIES).replace("DEBUG", "DEBUG[1-5]?")
_MORE: Final = "|".join(FURTHER)
_NOTHING: Final = "CAST(NULL AS VARCHAR)"
_STAMP: Final = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?"
_ZONE: Final = r"[A-Z]{1,5}|[+-]\d\d(?::?\d\d)?"
_KNOWN: Final = f"""\"severity" IN {SEVERITIES + FURTHER} OR starts_with("severity", 'DEBUG')"""


def _of_prefix(keys: str, otherwise: str) -> str:
    """What a prefix calls by one of the names, as in user=%u, or else what the other expression finds in it."""
    keyed = f"regexp_extract(\"prefix\", '(?:^|[ ,\\[(])(?:{keys})=([^, \\])(]*)', 1)"
    return f"nullif(coalesce(nullif({keyed}, ''), {otherwise}), '[unknown')"


def _pair(group: int) -> str:
    """user@database, of which the user may be an e-mail address."""
    name = r"[^ :@,=\[\]]+"
    return f"nullif(regexp_extract(\"prefix\", '({name}(?:@{name})?)@({name})', {group}), '')"


_IPV4: Final = r"(?:\d{1,3}\.){3}\d{1,3}"
_IPV6: Final = r"[0-9a-fA-F]{1,4}:[0-9a-fA-F:]*:[0-9a-fA-F:.]*"


def _host(address: str) -> str:
    """A host with its port, as %r writes it."""
    return f"nullif(regexp_extract(\"prefix\", '({address})\\(\\d{{1,5}}\\)', 1), '')"


# Fields of the prefix that stands before the severity, whichever its parts are.
_PREFIX: Final = {
    "stamp": f"""regexp_extract("prefix", '{_STAMP}(?: (?:{_ZONE}))?')""",
    "seconds": r"""regexp_extract("prefix", '(?:^|[^0-9.])(\d{10}\.\d{3})(?:[^0-9.]|$)', 1)""",
    "user": _of_prefix("user|usr|u", _pair(1)),
    "database": _of_prefix("db|database|d", _pair(2)),
    "application": """nullif(nullif(trim(regexp_extract("prefix", '(?:^|[ ,])(?:app|application|a)=([^,]*)', 1)), ''),
        '[unknown]')""",
    "client": _of_prefix(
        "client|host|remote|remote_host|from|h|r",
        f"coalesce({_host(_IPV4)}, {_host(_IPV6)})",
    ),
    "state": """nullif(regexp_extract("said", '^([0-9A-Z]{3}[0-9][0-9A-Z]): ', 1), '')""",
    "session": _NOTHING,
    "line": _NOTHING,
    # Without the lines that say more about it, which hold what somebody wrote.
    "message": r"""regexp_replace(regexp_extract("said", '^[^\n]*(?:\n[\t ][^\n]*)*'),
        '^[0-9A-Z]{3}[0-9][0-9A-Z]: ', '')""",
}
_TIME: Final = Time(
    instant=f"coalesce({iso('stamp')}, {iso_named('stamp')}, {epoch('seconds', 's')})", local=iso_local("clock")
)
_CLOCK: Final = {"clock": f"""regexp_extract("stamp", '^{_STAMP}')"""}
_PORT: Final = r"""regexp_replace("connection", ':\d{1,5}$', '')"""

_TEXT: Final = Format(
    title="PostgreSQL server log (with pgAudit)",
    version=1,
    layout=TextRecords(
        patterns=(
            Pattern("line", rf"^(?P<prefix>[^\n]{{0,300}}?)(?P<severity>{_FIRST}|{_MORE}): {{1,2}}", rest="said"),
        ),
        derived=_PREFIX | {"node": _NOTHING} | _CLOCK | MESSAGE_FIELDS,
        continued_by=b"\t ",
        continued_where=rf"^[^\n]{{0,300}}?(?:(?P<goes_on>{_MORE})|{_FIRST}): {{1,2}}",
    ),
    time=_TIME,
    action=ACTION,
    outcome=OUTCOME,
    category=CATEGORY,
    columns={
        "actor": 'coalesce("user", "named_user")',
        "target": 'coalesce(nullif("audit_object", \'\'), "database", "named_database")',
        "source_ip": 'coalesce("client", "named_host")',
        # The session is the second of its start and a process: the time keeps those of two servers apart.
        "event_id": """CASE WHEN "session" IS NOT NULL THEN concat("session", '/', "line", '/', "stamp") END""",
    },
    routes={"database": "Database", "application": "Application", "host": "Instance"},
    route_columns={
        "database": 'coalesce("database", "named_database")',
        "application": '"application"',
        "host": '"node"',
    },
    match_fields={
        "message": Expression('"message"'),
        "pgaudit.class": Expression('"audit_class"'),
        "pgaudit.command": Expression('"audit_command"'),
        "application_name": Expression('"application"'),
    },
    looks_like="""coalesce(nullif("stamp", ''), nullif("seconds", '')) IS NOT NULL""",
    unlike="This is no line of a PostgreSQL log: it does not begin with a time, or names no severity such as LOG.",
    has_native_id=True,
)

_COLUMNS: Final = (
    "stamp", "user", "database", "", "connection", "session", "line", "", "", "", "", "severity", "state", "message",
    "", "", "", "", "", "", "", "", "application", "", "", "",
)  # fmt: skip
_CSV: Final = replace(
    _TEXT,
    layout=CsvRecords(
        _COLUMNS,
        derived={"client": _PORT, "node": _NOTHING} | _CLOCK | MESSAGE_FIELDS,
    ),
    time=Time(instant=f"coalesce({iso('stamp')}, {iso_named('stamp')})", local=iso_local("clock")),
    looks_like=rf"""({_KNOWN}) AND regexp_matches("session", '^[0-9a-f]+\.[0-9a-f]+$')
        AND regexp_matches("stamp", '^{_STAMP}')""",
)
_NAMES: Final = {
    "stamp": "timestamp",
    "user": "user",
    "database": "dbname",
    "client": "remote_host",
    "session": "session_id",
    "line": "line_num",
    "severity": "error_severity",
    "state": "state_code",
    "message": "message",
    "application": "application_name",
}
_JSON: Final = replace(
    _CSV,
    layout=JsonRecords(
        {field: f"$.{key}" for field, key in _NAMES.items()},
        first_keys=("timestamp",),
        derived={"node": _NOTHING} | _CLOCK | MESSAGE_FIELDS,
    ),
)
_RECORD: Final = {
    "stamp": "log_time",
    "user": "user_name",
    "database": "database_name",
    "connection": "connection_from",
    "session": "session_id",
    "line": "session_line_num",
    "severity": "error_severity",
    "state": "sql_state_code",
    "written": "message",
    "application": "application_name",
    "given_class": "audit.class",
    "given_command": "audit.command",
    "given_type": "audit.object_type",
    "given_object": "audit.object_name",
    "given_statement": "audit.statement",
}
# CloudNativePG takes pgAudit's message apart: it is put together again.
_CLOUD_NATIVE: Final = replace(
    _CSV,
    layout=JsonRecords(
        {field: f"$.record.{key}" for field, key in _RECORD.items()} | {"node": "$.logging_pod"},
        first_keys=("level",),
        derived={
            "client": _PORT,
            "message": """CASE WHEN "given_class" IS NULL THEN coalesce("written", '')
                ELSE concat('AUDIT: SESSION,,,', "given_class", ',', "given_command", ',', "given_type", ',"',
                    replace("given_object", '"', '""'), '","', replace("given_statement", '"', '""'), '",') END""",
        }
        | _CLOCK
        | MESSAGE_FIELDS,
    ),
)
# A line of stderr in an entry that has its own time: Cloud SQL; what CloudNativePG's postgres writes before it logs.
_WRAPPED_LINE: Final = """coalesce("payload", CASE WHEN "logger" = 'postgres' THEN "written" END)"""
_WRAPPED: Final = replace(
    _TEXT,
    layout=JsonRecords(
        {
            "payload": "$.textPayload",
            "written": "$.msg",
            "logger": "$.logger",
            "level": "$.level",
            "ts": "$.ts",
            "stamped": "$.timestamp",
            "log": "$.logName",
            "instance": "$.resource.labels.database_id",
            "pod": "$.logging_pod",
            "native": "$.insertId",
        },
        first_keys=("insertId", "textPayload", "level"),
        derived={
            "wrapped": _WRAPPED_LINE,
            "prefix": rf"""regexp_extract("wrapped", '^([^\n]{{0,300}}?)(?:{_FIRST}|{_MORE}): {{1,2}}', 1)""",
            "severity": rf"""nullif(regexp_extract("wrapped", '^[^\n]{{0,300}}?({_FIRST}|{_MORE}): {{1,2}}', 1), '')""",
            "said": rf"""regexp_replace("wrapped", '^[^\n]{{0,300}}?(?:{_FIRST}|{_MORE}): {{1,2}}', '')""",
            "node": 'coalesce("instance", "pod")',
        }
        | _PREFIX
        | _CLOCK
        | MESSAGE_FIELDS,
    ),
    time=Time(instant=f"coalesce({iso('stamped')}, {epoch('ts', 's')}, {_TIME.instant})"),
    columns={**_TEXT.columns, "event_id": """"log" || '/' || "stamped" || '/' || "native" """},
    looks_like=f'("severity" IN {SEVERITIES} OR starts_with("severity", \'DEBUG\'))',
    # What goes on with the entry before, and what CloudNativePG says of itself.
    ignore=f"""contains("log", 'postgres') AND starts_with("payload", chr(9)) OR "severity" IN {FURTHER}
        OR "ts" IS NOT NULL AND "pod" IS NOT NULL AND "level" IS NOT NULL AND "severity" IS NULL""",
)

FORMAT: Final = replace(_TEXT, others=(_CSV, _JSON, _CLOUD_NATIVE, _WRAPPED))
