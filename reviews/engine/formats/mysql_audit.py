"""MySQL Enterprise Audit and Percona's audit log filter, in JSON: an array whose records stand one a line.

Facts: MySQL 8.4 reference manual, "Audit Log File Formats" (JSON), "Event classes and subclasses"; Percona Server for
MySQL documentation, "Audit Log Filter format - JSON".
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled
from reviews.engine.formats._times import iso_local

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

FORMAT: Final = Format(
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
