"""Keycloak: events of users and of administration, in the server's log (text or JSON) and as the REST API answers.

Facts: Keycloak server administration guide, "Auditing user and admin events"; the listener jboss-logging
(JBossLoggingEventListenerProvider) and the names in org.keycloak.events.EventType, OperationType and ResourceType.
"""

from dataclasses import replace
from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Pattern, TextRecords, Time
from reviews.engine.formats._times import epoch, iso, iso_local

_STAMP: Final = r"(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3})"
_EXCEPTION: Final = r"(?:[a-z]\w*\.)+[A-Z]\w*(?:Exception|Error)\b"


def _value(key: str, body: str = "[^ ]*?") -> str:
    """The value of a key. Names that people typed may imitate others, so a key that stands twice tells nothing."""
    found = rf"""regexp_extract("message", '(?:^|, ){key}=("(?:[^"\\]|\\.)*"|''[^'']*''|{body})(?:, |$)', 1)"""
    return f"""CASE WHEN length("message") - length(replace("message", ' {key}=', '')) <= {len(key) + 2}
        THEN nullif(nullif(trim({found}, '"'''), ''), 'null') END"""


_VALUES: Final = {
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
}

_LOG: Final = Format(
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
            **_VALUES,
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

# What the API names otherwise than the listener, or nests.
_EVENT_PATHS: Final = {
    "realm": ("$.realmName", "$.realmId", "$.authDetails.realmId"),
    "client": ("$.clientId", "$.authDetails.clientId"),
    "user": ("$.userId", "$.authDetails.userId"),
    "username": ("$.details.username", "$.authDetails.username"),
    "address": ("$.ipAddress", "$.authDetails.ipAddress"),
}
_JSON: Final = replace(
    _LOG,
    layout=JsonRecords(
        {
            "stamp": "$.timestamp",
            "logger": "$.loggerName",
            "tail": "$.message",
            "millis": "$.time",
            **{f"{name} {n}": path for name, paths in _EVENT_PATHS.items() for n, path in enumerate(paths)},
            **{f"{name} 0": f"$.{name}" for name in _VALUES if name not in _EVENT_PATHS},
        },
        first_keys=("timestamp", "time", "id"),
        derived={
            "message": """CASE WHEN "logger" = 'org.keycloak.events' THEN "tail" END""",
            **{
                name: "coalesce("
                + ", ".join(f'"{name} {n}"' for n in range(len(_EVENT_PATHS.get(name, (name,)))))
                + f", {value})"
                for name, value in _VALUES.items()
            },
        },
    ),
    time=Time(instant=f"coalesce({iso('stamp')}, {epoch('millis', 'ms')})", local=iso_local("stamp")),
    looks_like="""("logger" IS NOT NULL AND "stamp" IS NOT NULL AND "tail" IS NOT NULL) OR ("millis" IS NOT NULL
        AND "realm" IS NOT NULL AND coalesce("type", "operationType" || "resourceType") IS NOT NULL)""",
    ignore="false",
)

FORMAT: Final = replace(_LOG, others=(_JSON,))
