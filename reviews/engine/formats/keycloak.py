"""Keycloak: the server's log with the events that its listener writes, for users and for administration.

Facts: Keycloak server administration guide, "Auditing user and admin events"; the listener jboss-logging
(JBossLoggingEventListenerProvider) and the names in org.keycloak.events.EventType, OperationType and ResourceType.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, Pattern, TextRecords, Time
from reviews.engine.formats._times import iso_local

_STAMP: Final = r"(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3})"
_EXCEPTION: Final = r"(?:[a-z]\w*\.)+[A-Z]\w*(?:Exception|Error)\b"


def _value(key: str, body: str = "[^ ]*?") -> str:
    """The value of a key. Names that people typed may imitate others, so a key that stands twice tells nothing."""
    found = rf"""regexp_extract("message", '(?:^|, ){key}=("(?:[^"\\]|\\.)*"|''[^'']*''|{body})(?:, |$)', 1)"""
    return f"""CASE WHEN length("message") - length(replace("message", ' {key}=', '')) <= {len(key) + 2}
        THEN nullif(nullif(trim({found}, '"'''), ''), 'null') END"""


FORMAT: Final = Format(
    title="Keycloak events and server log",
    version=1,
    layout=TextRecords(
        patterns=(
            Pattern("log", rf"^{_STAMP} +(?P<level>[A-Z]+) +\[(?P<logger>[\w.$-]+)\] \([^)]*\) ?", rest="tail"),
            # What follows an exception: its class and message, and where it was raised.
            Pattern("trace", rf"^(?P<trace>\s+(?:at|\.\.\.|Suppressed:) |Caused by: |{_EXCEPTION})"),
        ),
        derived={
            # A shipper may have written it into JSON, quotes and all.
            "message": """CASE WHEN "logger" = 'org.keycloak.events' THEN replace("tail", '\\"', '"') END""",
            "type": _value("type"),
            "operationType": _value("operationType"),
            "resourceType": _value("resourceType"),
            "resourcePath": _value("resourcePath"),
            "realm": f"coalesce({_value('realmName', '.*?')}, {_value('realmId', '.*?')})",
            "client": _value("clientId"),
            "user": _value("userId"),
            "username": _value("username"),
            "address": _value("ipAddress"),
            "error": _value("error"),
        },
    ),
    time=Time(local=iso_local("stamp")),
    action="""coalesce("type", "operationType" || coalesce('-' || "resourceType", ''), "logger")""",
    outcome="""CASE WHEN coalesce("type", "operationType") IS NULL THEN 'unknown'
        WHEN "error" IS NOT NULL OR ends_with("type", '_ERROR') THEN 'failure' ELSE 'success' END""",
    category="""CASE WHEN "type" IS NOT NULL THEN 'authentication'
        WHEN "operationType" IS NOT NULL THEN 'administrative_change'
        WHEN regexp_matches("logger", '^(io\\.quarkus|org\\.jboss\\.as|org\\.infinispan)') THEN 'system_health'
        ELSE 'other' END""",
    columns={
        "actor": 'coalesce("username", "user")',
        "target": 'coalesce("resourcePath", "client", CASE WHEN "message" IS NULL THEN "tail" END)',
        "source_ip": '"address"',
    },
    routes={"realm": "Realm", "client": "Client"},
    route_columns={"realm": '"realm"', "client": '"client"'},
    match_fields={name: Expression(f'"{name}"') for name in ("type", "operationType", "resourceType", "resourcePath")},
    looks_like=""""shape" = 'log'""",
    unlike="This is no line of a Keycloak log: it does not begin with a time, a level and the name of a logger.",
    ignore=""""shape" = 'trace'""",
)
