"""HashiCorp Vault audit devices: one JSON object a line, one for each request and one for each response.

Facts: Vault documentation, "Audit log entry schema" and "Audit devices"; OpenBao writes the same.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled
from reviews.engine.formats._times import iso

PATHS: Final = {
    "time": "$.time",
    "type": "$.type",
    "error": "$.error",
    "request_id": "$.request.id",
    "operation": "$.request.operation",
    "path": "$.request.path",
    "remote_address": "$.request.remote_address",
    "namespace": "$.request.namespace.path",
    "display_name": "$.auth.display_name",
    "entity": "$.auth.entity_id",
    "answer": "$.response.data",
}

FORMAT: Final = Format(
    title="HashiCorp Vault audit device",
    version=1,
    layout=JsonRecords(PATHS, first_keys=("time", "auth", "type")),
    time=Time(instant=iso("time")),
    # The path is the target; its beginning says what kind of thing was asked for.
    action="""concat_ws(' ', "operation", regexp_extract("path", '^(?:(?:sys|auth|identity)/)?[^/]+'))""",
    # A refusal stands in "error", or is the only thing in the answer. A request alone does not tell how it ended.
    outcome="""CASE WHEN nullif("error", '') IS NOT NULL THEN 'failure'
        WHEN "type" = 'request' THEN 'unknown'
        WHEN regexp_matches("answer", '^\\{"error":"[^"]*"\\}$') THEN 'failure' ELSE 'success' END""",
    category="""CASE WHEN regexp_matches("path", '^auth/[^/]+/login') THEN 'authentication'
        WHEN regexp_matches("path", '^(?:sys|identity)/') AND "operation" NOT IN ('read', 'list')
        THEN 'administrative_change' ELSE 'api_usage' END""",
    columns={
        # Before a sign-in there is no token yet: the name stands in the path.
        "actor": f"""coalesce({first_filled("display_name", "entity")},
            regexp_extract("path", '^auth/[^/]+/login/([^/]+)$', 1))""",
        "target": '"path"',
        "source_ip": '"remote_address"',
        "event_id": """nullif("request_id", '') || '/' || "type\"""",  # both entries of a call carry its id
    },
    routes={"namespace": "Namespace"},
    route_columns={"namespace": '"namespace"'},
    match_fields={
        "type": Expression('"type"'),
        "error": Expression('"error"'),
        "request.operation": Expression('"operation"'),
        "request.path": Expression('"path"'),
    },
    looks_like=""""type" IN ('request', 'response') AND "operation" IS NOT NULL AND "time" IS NOT NULL""",
    unlike="This is no entry of a Vault audit device: type, time or request.operation is missing.",
    has_native_id=True,
)
