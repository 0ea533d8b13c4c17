"""Google Cloud audit logs: entries of Cloud Logging whose payload is an AuditLog.

Facts: Google Cloud documentation, "LogEntry", "AuditLog", "Understand audit logs".
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._times import iso

PATHS: Final = {
    "timestamp": "$.timestamp",
    "received": "$.receiveTimestamp",
    "insert_id": "$.insertId",
    "log": "$.logName",
    "project": "$.resource.labels.project_id",
    "payload_type": '$.protoPayload."@type"',
    "method": "$.protoPayload.methodName",
    "service": "$.protoPayload.serviceName",
    "resource": "$.protoPayload.resourceName",
    "email": "$.protoPayload.authenticationInfo.principalEmail",
    "subject": "$.protoPayload.authenticationInfo.principalSubject",
    "caller_address": "$.protoPayload.requestMetadata.callerIp",
    "code": "$.protoPayload.status.code",
    "granted": "$.protoPayload.authorizationInfo[0].granted",
    "deltas": "$.protoPayload.serviceData.policyDelta.bindingDeltas",
}
_METHOD: Final = "protoPayload.methodName"
_DELTA_ACTION: Final = "protoPayload.serviceData.policyDelta.bindingDeltas.action"

FORMAT: Final = Format(
    title="Google Cloud audit logs",
    version=1,
    layout=JsonRecords(PATHS, first_keys=("insertId", "protoPayload", "logName")),
    time=Time(instant=iso("timestamp"), observed=iso("received")),
    action='"method"',
    # A status that is absent, or empty, or without a code, is that of success (google.rpc.Status, code 0).
    outcome="""CASE WHEN coalesce(try_cast("code" AS INTEGER), 0) <> 0 OR "granted" = 'false' THEN 'failure'
        ELSE 'success' END""",
    category="""CASE WHEN "service" = 'login.googleapis.com' THEN 'authentication'
        WHEN "log" LIKE '%cloudaudit.googleapis.com\\%2Fdata_access' ESCAPE '\\' THEN 'api_usage'
        WHEN "log" LIKE '%cloudaudit.googleapis.com\\%2Fsystem_event' ESCAPE '\\' THEN 'other'
        WHEN "log" LIKE '%cloudaudit.googleapis.com\\%2Factivity' ESCAPE '\\' THEN 'administrative_change'
        ELSE 'api_usage' END""",
    columns={
        "actor": 'coalesce(nullif("email", \'\'), "subject")',
        "target": '"resource"',
        "source_ip": '"caller_address"',
        "event_id": """CASE WHEN "insert_id" IS NOT NULL
            THEN concat_ws('/', "log", "timestamp", "insert_id") END""",
    },
    routes={"account": "Project", "application": "Service"},
    route_columns={
        "account": """coalesce("project", nullif(regexp_extract("log", '^[a-z]+/([^/]+)/logs/', 1), ''))""",
        "application": '"service"',
    },
    match_fields={
        _METHOD: Expression('"method"'),
        _DELTA_ACTION: Expression("""try(json_extract_string("deltas", '$[*].action'))""", many=True),
    },
    looks_like="""ends_with("payload_type", 'google.cloud.audit.AuditLog') AND "method" IS NOT NULL
        AND "timestamp" IS NOT NULL""",
    unlike="This is no Google Cloud audit entry: protoPayload is no AuditLog, or methodName or timestamp is missing.",
    has_native_id=True,
)
