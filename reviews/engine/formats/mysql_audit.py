"""MySQL Enterprise Audit and Percona's audit log filter: JSON, and XML of either style.

Facts: MySQL 8.4 reference manual, "Audit Log File Formats" (JSON, new-style and old-style XML), "Event classes and
subclasses"; Percona Server for MySQL documentation, "Audit Log Filter format" (JSON, XML).
"""

from dataclasses import replace
from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time, XmlRecords
from reviews.engine.formats._fields import first_filled
from reviews.engine.formats._times import iso, iso_local

PATHS: Final = {
    "timestamp": "$.timestamp",
    "class": "$.class",
    "event": "$.event",
    "connection": "$.connection_id",
    "account_user": "$.account.user",
    "account_host": "$.account.host",
    "login_user": "$.login.user",
    "login_ip": "$.login.ip",
    "general_status": "$.general_data.status",
    "general_command": "$.general_data.command",
    "sql_command": "$.general_data.sql_command",
    "query": "$.general_data.query",
    "connection_status": "$.connection_data.status",
    "connection_db": "$.connection_data.db",
    "program": "$.connection_data.connection_attributes.program_name",
    "table_db": "$.table_access_data.db",
    "table_name": "$.table_access_data.table",
    "table_command": "$.table_access_data.sql_command",
}
_COMMAND: Final = first_filled("sql_command", "table_command")
_STATUS: Final = first_filled("general_status", "connection_status")
_USER: Final = f"regexp_replace({first_filled('account_user', 'login_user')}, '\\[.*$', '')"  # Percona: root[root] @ …
# Commands, named as in the performance schema, that change accounts, rights or the server.
_ADMINISTRATION: Final = "(_users?|_roles?|grant|revoke|revoke_all|set_option|set_password|_plugin|_component|_server)$"

_JSON: Final = Format(
    title="MySQL audit log (Enterprise Audit, Percona)",
    version=1,
    layout=JsonRecords(PATHS, first_keys=("timestamp",)),
    # Written in UTC, without saying so.
    time=Time(instant=f"timezone('UTC', {iso_local('timestamp')})"),
    action=f"""concat_ws(' ', "class", "event", {_COMMAND})""",
    outcome=f"""CASE WHEN {_STATUS} = '0' THEN 'success' WHEN {_STATUS} IS NULL THEN 'unknown' ELSE 'failure' END""",
    category=f"""CASE WHEN "class" = 'connection' OR "class" = 'authentication' THEN 'authentication'
        WHEN regexp_matches({_COMMAND}, '{_ADMINISTRATION}') THEN 'administrative_change'
        WHEN "class" = 'table_access' AND "event" <> 'read' THEN 'file_modification'
        WHEN "class" = 'audit' THEN 'other' ELSE 'api_usage' END""",
    columns={
        "actor": _USER,
        "target": f"""coalesce(nullif(concat_ws('.', "table_db", "table_name"), ''),
            {first_filled("query", "connection_db")})""",
        "source_ip": '"login_ip"',
    },
    routes={"database": "Database"},
    route_columns={"database": first_filled("table_db", "connection_db")},
    match_fields={
        "class": Expression('"class"'),
        "event": Expression('"event"'),
        "general_data.sql_command": Expression('"sql_command"'),
        "general_data.status": Expression('"general_status"'),
        "general_data.query": Expression('"query"'),
        "connection_data.connection_attributes.program_name": Expression('"program"'),
    },
    looks_like=""""timestamp" IS NOT NULL AND "class" IN ('audit', 'connection', 'general', 'table_access', 'command',
        'query', 'authentication', 'stored_program', 'message', 'global_variable', 'server_startup', 'server_shutdown',
        'parse')""",
    unlike="This is no record of a MySQL audit log: timestamp or class is missing.",
)


def _said(name: str) -> str:
    """What a record of XML says: new style in an element of its own, old style in an attribute, never in both."""
    attribute = f"""regexp_extract("text", '(?s)^<AUDIT_RECORD(?:\\s[^<]*?)?\\s{name}="([^"]*)"', 1)"""
    freed = attribute
    for written, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "''"), ("&amp;", "&")):
        freed = f"replace({freed}, '{written}', '{letter}')"
    return f"""coalesce("element_{name}", nullif({freed}, ''))"""


_ELEMENTS: Final = (
    "NAME", "TIMESTAMP", "CONNECTION_ID", "USER", "IP", "HOST", "STATUS", "COMMAND_CLASS", "SQLTEXT", "DB", "TABLE",
    "RECORD_ID",
)  # fmt: skip
# Names of events and what JSON calls them; all others are of the class general.
_EVENTS: Final = {
    "Audit": ("audit", "startup"),
    "NoAudit": ("audit", "shutdown"),
    "Connect": ("connection", "connect"),
    "Change user": ("connection", "change_user"),
    "Quit": ("connection", "disconnect"),
    "TableRead": ("table_access", "read"),
    "TableInsert": ("table_access", "insert"),
    "TableUpdate": ("table_access", "update"),
    "TableDelete": ("table_access", "delete"),
}
_CLASSES: Final = " ".join(f"WHEN '{name}' THEN '{pair[0]}'" for name, pair in _EVENTS.items())
_NAMED: Final = " ".join(f"WHEN '{name}' THEN '{pair[1]}'" for name, pair in _EVENTS.items())
_XML: Final = replace(
    _JSON,
    layout=XmlRecords(
        "AUDIT_RECORD",
        {f"element_{name}": name for name in _ELEMENTS},
        around=("AUDIT",),
        derived={
            "name": _said("NAME"),
            "timestamp": _said("TIMESTAMP"),
            "account_user": _said("USER"),
            "login_user": "CAST(NULL AS VARCHAR)",
            "login_ip": _said("IP"),
            "status": _said("STATUS"),
            "command": f"lower({_said('COMMAND_CLASS')})",
            "query": _said("SQLTEXT"),
            "connection_db": _said("DB"),
            "table_name": _said("TABLE"),
            "record_id": _said("RECORD_ID"),
            "program": """regexp_extract("text", '<NAME>program_name</NAME>\\s*<VALUE>([^<]*)<', 1)""",
            "class": f"""CASE "name" {_CLASSES} ELSE 'general' END""",
            "event": f"""CASE "name" {_NAMED} ELSE lower(replace("name", ' ', '_')) END""",
            "sql_command": """CASE WHEN "class" = 'general' THEN "command" END""",
            "general_status": """CASE WHEN "class" <> 'connection' THEN "status" END""",
            "connection_status": """CASE WHEN "class" = 'connection' THEN "status" END""",
            "table_db": """CASE WHEN "class" = 'table_access' THEN "connection_db" END""",
            "table_command": """CASE WHEN "class" = 'table_access' THEN "command" END""",
        },
    ),
    time=Time(instant=f"coalesce({iso('timestamp')}, timezone('UTC', {iso_local('timestamp')}))"),
    columns={
        **_JSON.columns,
        # A number for each record, counted on from the size of the file, and when the server began it.
        "sequence_stream": """split_part("record_id", '_', 2)""",
        "sequence_number": """split_part("record_id", '_', 1)""",
    },
    looks_like=""""name" IS NOT NULL AND "timestamp" IS NOT NULL""",
)

FORMAT: Final = replace(_JSON, others=(_XML,))
