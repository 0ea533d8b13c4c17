"""Kubernetes audit events (audit.k8s.io/v1, v1beta1): files of the API server and what its webhook sends.

Facts: Kubernetes documentation, "Auditing" and the API reference "kube-apiserver Audit Configuration (v1)".
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._times import iso

PATHS: Final = {
    "kind": "$.kind",
    "api_version": "$.apiVersion",
    "audit_id": "$.auditID",
    "stage": "$.stage",
    "verb": "$.verb",
    "uri": "$.requestURI",
    "received": "$.requestReceivedTimestamp",
    "staged": "$.stageTimestamp",
    "impersonated": "$.impersonatedUser.username",
    "user": "$.user.username",
    # Those before the last come from headers, which the client can set.
    "address": "$.sourceIPs[#-1]",
    "resource": "$.objectRef.resource",
    "subresource": "$.objectRef.subresource",
    "namespace": "$.objectRef.namespace",
    "name": "$.objectRef.name",
    "code": "$.responseStatus.code",
    "status": "$.responseStatus.status",
    "decision": '$.annotations."authorization.k8s.io/decision"',
}

FORMAT: Final = Format(
    title="Kubernetes audit (audit.k8s.io)",
    version=1,
    layout=JsonRecords(PATHS, arrays=("items",), first_keys=("kind", "annotations", "level", "apiVersion", "auditID")),
    time=Time(instant=f"coalesce({iso('received')}, {iso('staged')})"),
    # A request for no resource, such as /healthz, has its HTTP method as verb; the path is its target.
    action="""concat("verb", ' ' || "resource", '/' || "subresource")""",
    outcome="""CASE WHEN try_cast("code" AS INTEGER) BETWEEN 100 AND 399 THEN 'success'
        WHEN try_cast("code" AS INTEGER) >= 400 OR "status" = 'Failure' OR "decision" = 'forbid'
            OR "stage" = 'Panic' THEN 'failure' ELSE 'unknown' END""",
    category="'api_usage'",
    columns={
        "actor": 'coalesce("impersonated", "user")',
        "target": """coalesce(nullif(concat_ws('/', "namespace", "name"), ''), split_part("uri", '?', 1))""",
        "source_ip": '"address"',
        # One request is logged at several stages.
        "event_id": """concat_ws('/', "audit_id", "stage")""",
    },
    routes={"namespace": "Namespace"},
    route_columns={"namespace": '"namespace"'},
    match_fields={
        "verb": Expression('"verb"'),
        "objectRef.resource": Expression('"resource"'),
        "objectRef.subresource": Expression('"subresource"'),
        "responseStatus.code": Expression('"code"'),
        "user.username": Expression('"user"'),
    },
    looks_like=""""audit_id" IS NOT NULL AND "verb" IS NOT NULL
        AND "stage" IN ('RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic')""",
    unlike="This is no Kubernetes audit event: auditID, stage or verb is missing.",
    has_native_id=True,
)
