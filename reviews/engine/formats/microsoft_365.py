"""Microsoft 365 unified audit log: contents of the Management Activity API, and the AuditData of searches and exports.

Facts: Microsoft, "Office 365 Management Activity API schema" (common, Exchange, SharePoint and Entra schemas) and
"Audit log activities".
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled, without_port
from reviews.engine.formats._times import iso, iso_local

PATHS: Final = {
    "id": "$.Id",
    "created": "$.CreationTime",
    "operation": "$.Operation",
    "record_type": "$.RecordType",
    "workload": "$.Workload",
    "result": "$.ResultStatus",
    "user": "$.UserId",
    "user_key": "$.UserKey",
    "client": "$.ClientIP",
    "client_address": "$.ClientIPAddress",
    "actor_address": "$.ActorIpAddress",
    "object": "$.ObjectId",
    "mailbox": "$.MailboxOwnerUPN",
    "site": "$.SiteUrl",
    "team": "$.TeamName",
    "organisation": "$.OrganizationId",
}
_SIGN_IN: Final = "('UserLoggedIn', 'UserLoginFailed', 'MailboxLogin', 'TeamsSessionStarted')"
# 192.0.2.1 may be written as an IPv6 address (RFC 4291, 2.5.5.2).
_ADDRESSES: Final = [
    f"""nullif(regexp_replace({without_port(name)}, '^::ffff:([0-9.]+)$', '\\1'), '')"""
    for name in ("client", "client_address", "actor_address")
]

FORMAT: Final = Format(
    title="Microsoft 365 audit log",
    version=1,
    layout=JsonRecords(
        PATHS,
        arrays=("value",),
        first_keys=("CreationTime", "Id", "AppAccessContext", "Actor", "RecordType"),
        unwrap="$.AuditData",  # a search puts the record, as text, beside a few of its fields
    ),
    # The time is UTC by definition, and carries no zone.
    time=Time(instant=f"coalesce({iso('created')}, timezone('UTC', {iso_local('created')}))"),
    action="""coalesce(nullif("operation", ''), 'record type ' || "record_type")""",
    # Where there is no status, an entry means that it happened; what was refused says so in its name.
    outcome="""CASE WHEN regexp_matches("operation", '(Failed|Failure|Denied|Blocked)$') THEN 'failure'
        WHEN lower("result") IN ('failed', 'failure', 'false') THEN 'failure'
        WHEN lower("result") IN ('succeeded', 'success', 'true', '') OR "result" IS NULL THEN 'success'
        ELSE 'unknown' END""",
    category=f"""CASE WHEN "operation" IN {_SIGN_IN} THEN 'authentication'
        WHEN "workload" = 'AzureActiveDirectory' OR "record_type" IN ('1', '8', '18', '25')
            OR regexp_matches("operation", '^(Add|Set|New|Remove|Enable|Disable|Update|Delete)[-A-Z ]')
            THEN 'administrative_change'
        WHEN "workload" IN ('SharePoint', 'OneDrive')
            AND regexp_matches("operation", '(Modified|Deleted|Uploaded|Moved|Renamed|Copied|Recycled|Restored)')
            THEN 'file_modification' ELSE 'api_usage' END""",
    columns={
        "actor": first_filled("user", "user_key"),
        "target": first_filled("object", "mailbox", "site", "team"),
        "source_ip": f"coalesce({', '.join(_ADDRESSES)})",
        "event_id": '"id"',
    },
    routes={"application": "Workload", "account": "Organisation"},
    route_columns={"application": '"workload"', "account": '"organisation"'},
    match_fields={"Operation": Expression('"operation"')},
    looks_like='"id" IS NOT NULL AND "created" IS NOT NULL AND "record_type" IS NOT NULL',
    unlike="This is no Microsoft 365 audit record: Id, CreationTime or RecordType is missing.",
    has_native_id=True,
)
