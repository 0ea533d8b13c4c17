"""Auth0 tenant logs: entries of the Management API, or of a log stream, which puts them under "data".

Facts: Auth0 documentation, "Log schema", "Log event type codes" and "Log streams".
"""

from dataclasses import replace
from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled
from reviews.engine.formats._times import iso

PATHS: Final = {
    "date": "$.date",
    "type": "$.type",
    "log_id": "$.log_id",
    "ip": "$.ip",
    "user_name": "$.user_name",
    "user_id": "$.user_id",
    "admin_email": "$.details.request.auth.user.email",
    "admin_name": "$.details.request.auth.user.name",
    "client_name": "$.client_name",
    "client_id": "$.client_id",
    "connection": "$.connection",
    "tenant": "$.tenant_name",
    "request_path": "$.details.request.path",
    "description": "$.description",
}

_ENTRY: Final = Format(
    title="Auth0 tenant log",
    version=1,
    layout=JsonRecords(PATHS, first_keys=("log_id", "date", "_id"), unwrap="$.data"),
    time=Time(instant=iso("date")),
    action='"type"',
    # Codes begin with s for success and f for failure; the longer ones say it at their end.
    outcome="""CASE WHEN regexp_matches("type", '(_failed|_failure|_rejected|_error|pwd_leak)$')
            OR regexp_matches("type", '^(f[a-z]{0,7}|limit_[a-z]+|api_limit.*)$') THEN 'failure'
        WHEN regexp_matches("type", '(_succeed|_succeeded|_complete|_completed)$')
            OR regexp_matches("type", '^(s[a-z]{0,7}|du|gd_unenroll|mgmt_api_read)$') THEN 'success'
        ELSE 'unknown' END""",
    category="""CASE WHEN "type" IN ('sapi', 'fapi', 'mgmt_api_read', 'api_limit') THEN 'api_usage'
        WHEN regexp_matches("type", '^(s|f|fp|fu|slo|flo|limit_.*|gd_.*|se[a-z]+ft|fe[a-z]+ft|ssa|fsa|cls|cs)$')
        THEN 'authentication' ELSE 'other' END""",
    columns={
        "actor": first_filled("user_name", "admin_email", "admin_name", "user_id", "client_name", "client_id"),
        "target": first_filled("request_path", "connection", "client_name", "description"),
        "source_ip": '"ip"',
        "event_id": '"log_id"',
    },
    routes={"tenant": "Tenant", "application": "Application"},
    route_columns={"tenant": '"tenant"', "application": '"client_name"'},
    match_fields={"type": Expression('"type"'), "details.request.path": Expression('"request_path"')},
    looks_like=""""log_id" IS NOT NULL AND "date" IS NOT NULL AND regexp_matches("type", '^[a-z0-9_]{1,60}$')""",
    unlike="This is no entry of an Auth0 tenant log: log_id, date or type is missing.",
    has_native_id=True,
)

# The same as an event of AWS EventBridge.
FORMAT: Final = replace(
    _ENTRY, others=(replace(_ENTRY, layout=JsonRecords(PATHS, first_keys=("version",), unwrap="$.detail.data")),)
)
