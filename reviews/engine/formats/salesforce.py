"""Salesforce: event log files (CSV as downloaded, or its rows as JSON), real-time events, and the set-up audit trail.

Facts: Salesforce documentation, "EventLogFile Supported Event Types", "Real-Time Event Monitoring Objects" (LoginEvent,
LogoutEvent, LoginAsEvent) and "SetupAuditTrail".
"""

from dataclasses import replace
from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Pattern, TextRecords, Time
from reviews.engine.formats._fields import first_filled
from reviews.engine.formats._times import iso

# Event log files write keys in capitals; objects of the API write them in camel case.
PATHS: Final = {
    "EVENT_TYPE": "$.EVENT_TYPE",
    "TIMESTAMP": "$.TIMESTAMP",
    "TIMESTAMP_DERIVED": "$.TIMESTAMP_DERIVED",
    "REQUEST_ID": "$.REQUEST_ID",
    "ORGANIZATION_ID": "$.ORGANIZATION_ID",
    "USER_NAME": "$.USER_NAME",
    "USER_ID": "$.USER_ID",
    "USER_ID_DERIVED": "$.USER_ID_DERIVED",
    "DELEGATED_USER_NAME": "$.DELEGATED_USER_NAME",
    "DELEGATED_USER_ID_DERIVED": "$.DELEGATED_USER_ID_DERIVED",
    "SOURCE_IP": "$.SOURCE_IP",
    "CLIENT_IP": "$.CLIENT_IP",
    "LOGIN_STATUS": "$.LOGIN_STATUS",
    "REQUEST_STATUS": "$.REQUEST_STATUS",
    "URI": "$.URI",
    "ENTITY_NAME": "$.ENTITY_NAME",
    "created": "$.CreatedDate",
    "event_date": "$.EventDate",
    "event_identifier": "$.EventIdentifier",
    "id": "$.Id",
    "object": "$.attributes.type",
    "username": "$.Username",
    "user": "$.UserId",
    "creator": "$.CreatedBy.Username",
    "creator_id": "$.CreatedById",
    "from_ip": "$.SourceIp",
    "status": "$.Status",
    "login_type": "$.LoginType",
    "setup": "$.Action",
    "section": "$.Section",
    "display": "$.Display",
    "delegate": "$.DelegateUser",
}
# 20260702101530.123, in UTC; as JSON it may be a number. Readable beside it: TIMESTAMP_DERIVED.
_DIGITS: Final = """regexp_replace("TIMESTAMP", '^(\\d{4})(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)(\\d\\d)(\\.\\d+)?$',
    '\\1-\\2-\\3 \\4:\\5:\\6\\7Z')"""

_JSON: Final = Format(
    title="Salesforce event log files and set-up audit trail",
    version=1,
    layout=JsonRecords(PATHS, arrays=("records",), first_keys=("EVENT_TYPE", "attributes", "Id")),
    time=Time(
        instant=f"""coalesce({iso("TIMESTAMP_DERIVED")}, CASE WHEN regexp_matches("TIMESTAMP", '^\\d{{14}}(\\.\\d+)?$')
            THEN try_cast({_DIGITS} AS TIMESTAMPTZ) END, {iso("event_date")}, {iso("created")})""",
    ),
    # Rows of real-time events name their type only where the API adds it; what LoginEvent alone has is its type.
    action=f"""coalesce({first_filled("EVENT_TYPE", "setup", "object")},
        CASE WHEN "login_type" IS NOT NULL THEN 'LoginEvent' ELSE 'event' END)""",
    outcome="""CASE WHEN "EVENT_TYPE" IN ('Login', 'LoginAs') AND nullif("LOGIN_STATUS", '') IS NOT NULL
            THEN CASE "LOGIN_STATUS" WHEN 'LOGIN_NO_ERROR' THEN 'success' ELSE 'failure' END
        WHEN "login_type" IS NOT NULL THEN CASE "status" WHEN 'Success' THEN 'success' ELSE 'failure' END
        WHEN "setup" IS NOT NULL THEN 'success'
        ELSE CASE "REQUEST_STATUS" WHEN 'S' THEN 'success' WHEN 'Success' THEN 'success' WHEN 'F' THEN 'failure'
            WHEN 'Failure' THEN 'failure' WHEN 'A' THEN 'failure' ELSE 'unknown' END END""",
    category="""CASE WHEN regexp_matches(coalesce("EVENT_TYPE", "object"), '^(Login|Logout)')
            OR "login_type" IS NOT NULL THEN 'authentication'
        WHEN "setup" IS NOT NULL THEN 'administrative_change' ELSE 'api_usage' END""",
    columns={
        # LoginAs: an administrator acts in the name of another, who is the target.
        "actor": first_filled(
            "DELEGATED_USER_NAME", "DELEGATED_USER_ID_DERIVED", "USER_NAME", "USER_ID_DERIVED", "USER_ID",
            "username", "creator", "user", "creator_id",
        ),
        "target": f"""coalesce(CASE WHEN nullif("DELEGATED_USER_ID_DERIVED", '') IS NOT NULL
            THEN {first_filled("USER_NAME", "USER_ID_DERIVED")} END,
            {first_filled("display", "URI", "ENTITY_NAME", "section")})""",
        "source_ip": first_filled("SOURCE_IP", "CLIENT_IP", "from_ip"),
        "event_id": first_filled("event_identifier", "id"),
    },
    routes={"organization": "Organization"},
    route_columns={"organization": '"ORGANIZATION_ID"'},
    match_fields={
        # Real-time events are named like the rows of event log files, with Event behind.
        "EVENT_TYPE": Expression("""coalesce("EVENT_TYPE", CASE WHEN "login_type" IS NOT NULL THEN 'Login'
            ELSE regexp_extract("object", '^(Login|Logout|LoginAs|ReportExport|Api)Event$', 1) END)"""),
        "Action": Expression('"setup"'),
    },
    looks_like="""("EVENT_TYPE" IS NOT NULL AND "TIMESTAMP" IS NOT NULL AND "ORGANIZATION_ID" IS NOT NULL)
        OR ("event_date" IS NOT NULL AND "event_identifier" IS NOT NULL)
        OR ("setup" IS NOT NULL AND "display" IS NOT NULL AND "created" IS NOT NULL)""",
    unlike="This is no Salesforce event: EVENT_TYPE with TIMESTAMP, EventDate, or Action with CreatedDate is missing.",
    has_native_id=True,
)  # fmt: skip


_HEADER: Final = '"EVENT_TYPE",'
# Each type of event has columns of its own, but all begin with these. Behind a part of a file only they are known.
_ALWAYS: Final = ("EVENT_TYPE", "TIMESTAMP", "REQUEST_ID", "ORGANIZATION_ID", "USER_ID")
_CELLS: Final = r"""'(?:^|,)("(?:[^"]|"")*"|[^,]*)'"""


def _cells(line: str) -> str:
    """The values of a row, without quotes around them."""
    plain = (
        "CASE WHEN starts_with(one, '\"') THEN replace(substring(one, 2, length(one) - 2), '\"\"', '\"') ELSE one END"
    )
    return f"list_transform(regexp_extract_all({line}, {_CELLS}, 1), lambda one: {plain})"


def _cell(name: str) -> str:
    otherwise = f'"cells"[{_ALWAYS.index(name) + 1}]' if name in _ALWAYS else "CAST(NULL AS VARCHAR)"
    return (
        f"""CASE WHEN len("cells") = len("names") THEN "cells"[list_position("names", '{name}')] ELSE {otherwise} END"""
    )


_CSV: Final = replace(
    _JSON,
    layout=TextRecords(
        patterns=(Pattern("row", r'^(?P<kind>"[A-Za-z]\w*"),"'),),
        heading=_HEADER,
        derived={
            "names": _cells('"heading"'),
            "cells": _cells('"text"'),
            **{name: _cell(name if name.isupper() else "") for name in PATHS},
        },
    ),
    looks_like="""starts_with("ORGANIZATION_ID", '00D')""",
    unlike="This is no row of a Salesforce event log file: the fourth value is no id of an organization.",
    ignore=f"""starts_with("text", '{_HEADER}')""",
)

FORMAT: Final = replace(_JSON, others=(_CSV,))
