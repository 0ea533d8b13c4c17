"""Azure activity log: as diagnostic settings write it to a storage account or event hub, and as the REST API answers.

Microsoft's SDK for Python writes those answers with its own names: event_timestamp instead of eventTimestamp.

Facts: Microsoft, "Azure Activity Log event schema" with its table of how the two shapes correspond.
"""

import re
from dataclasses import replace
from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled, without_port
from reviews.engine.formats._times import iso

_NAMES: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
_CLAIMS: Final = {
    "upn": f"{_NAMES}/upn",
    "email": f"{_NAMES}/emailaddress",
    "name": f"{_NAMES}/name",
    "application": "appid",
    "object": "http://schemas.microsoft.com/identity/claims/objectidentifier",
}
PATHS: Final = {
    # storage account and event hub
    "time": "$.time",
    "operation": "$.operationName",
    "category": "$.category",
    "result": "$.resultType",
    "signature": "$.resultSignature",
    "address": "$.callerIpAddress",
    # REST API
    "event_time": "$.eventTimestamp",
    "submitted": "$.submissionTimestamp",
    "operation_value": "$.operationName.value",
    "category_value": "$.category.value",
    "status": "$.status.value",
    "status_code": "$.properties.statusCode",
    "client": "$.httpRequest.clientIpAddress",
    "caller": "$.caller",
    "id": "$.eventDataId",
    "subscription": "$.subscriptionId",
    # both
    "resource": "$.resourceId",
    "correlation": "$.correlationId",
    **{f"claim {name}": f'$.claims."{key}"' for name, key in _CLAIMS.items()},
    **{f"identity {name}": f'$.identity.claims."{key}"' for name, key in _CLAIMS.items()},
}
_OPERATION: Final = 'coalesce("operation_value", "operation")'
_KIND: Final = 'lower(coalesce("category_value", "category"))'
# Until 2019 an entry had the kind of its operation as category.
_KINDS: Final = (
    "('administrative', 'security', 'servicehealth', 'resourcehealth', 'alert', 'recommendation', 'policy', "
    "'autoscale', 'write', 'delete', 'action')"
)
_RESULT: Final = """CASE WHEN lower(coalesce("status", "result")) IN ('succeeded', 'success') THEN 'Succeeded'
    WHEN lower(coalesce("status", "result")) IN ('failed', 'failure') THEN 'Failed'
    ELSE coalesce("status", "result") END"""

_API: Final = Format(
    title="Azure activity log",
    version=1,
    layout=JsonRecords(PATHS, arrays=("records", "value"), first_keys=("time", "authorization", "RoleLocation")),
    time=Time(instant=f"coalesce({iso('event_time')}, {iso('time')})", observed=iso("submitted")),
    action=_OPERATION,
    # An operation that takes long is written when it is accepted or begins, and again when it ends.
    outcome=f"CASE {_RESULT} WHEN 'Succeeded' THEN 'success' WHEN 'Failed' THEN 'failure' ELSE 'unknown' END",
    category=f"""CASE WHEN {_KIND} IN ('servicehealth', 'resourcehealth') THEN 'system_health'
        WHEN {_KIND} IN ('security', 'alert', 'recommendation', 'autoscale') THEN 'other'
        WHEN regexp_matches(lower({_OPERATION}), '/(write|delete)$') THEN 'administrative_change'
        ELSE 'api_usage' END""",
    columns={
        "actor": first_filled("caller", *(f"{where} {name}" for name in _CLAIMS for where in ("claim", "identity"))),
        "target": '"resource"',
        "source_ip": f"coalesce({without_port('client')}, {without_port('address')})",
        "event_id": '"id"',
    },
    routes={"account": "Subscription", "namespace": "Resource group"},
    route_columns={
        "account": """lower(coalesce("subscription",
            nullif(regexp_extract("resource", '(?i)/subscriptions/([^/]+)', 1), '')))""",
        "namespace": """lower(nullif(regexp_extract("resource", '(?i)/resourcegroups/([^/]+)', 1), ''))""",
    },
    match_fields={
        "operationName": Expression(_OPERATION),
        "status.value": Expression(_RESULT),
        "properties.statusCode": Expression("""coalesce("status_code", split_part("signature", '.', 2))"""),
    },
    looks_like=f"""coalesce("event_time", "time") IS NOT NULL AND {_OPERATION} IS NOT NULL
        AND coalesce("correlation", "id", "resource") IS NOT NULL
        AND ({_KIND} IN {_KINDS} OR ("event_time" IS NOT NULL AND "operation_value" IS NOT NULL))""",
    unlike="This is no entry of the Azure activity log: time, operationName or a category of that log is missing.",
    has_native_id=True,
)
_SDK_PATHS: Final = {
    name: path if ".claims." in path else re.sub("(?<=[a-z])([A-Z])", lambda found: "_" + found[1].lower(), path)
    for name, path in PATHS.items()
}
FORMAT: Final = replace(
    _API, others=(replace(_API, layout=JsonRecords(_SDK_PATHS, arrays=("value",), first_keys=("authorization",))),)
)
