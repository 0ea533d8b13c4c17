"""Cloudflare audit logs, versions 1 and 2, each as the API answers ({"result": […]}) and as Logpush delivers.

Facts: Cloudflare documentation, "Audit Logs" (versions 1 and 2), and the Logpush datasets audit_logs and audit_logs_v2.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled
from reviews.engine.formats._times import epoch_any, iso

# For each field the path of the API, and the key of Logpush; where version 2 has another name, it follows.
PATHS: Final = {
    "id": "$.id",
    "push_id": "$.ID",
    "push_id_2": "$.AuditLogID",
    "when": "$.when",
    "when_2": "$.action.time",
    "push_when": "$.When",
    "push_when_2": "$.ActionTimestamp",
    "action_type": "$.action.type",
    "push_action": "$.ActionType",
    "result": "$.action.result",
    "push_result": "$.ActionResult",
    "email": "$.actor.email",
    "push_email": "$.ActorEmail",
    "actor_id": "$.actor.id",
    "push_actor_id": "$.ActorID",
    "actor_type": "$.actor.type",
    "push_actor_type": "$.ActorType",
    "ip": "$.actor.ip",
    "ip_2": "$.actor.ip_address",
    "push_ip": "$.ActorIP",
    "push_ip_2": "$.ActorIPAddress",
    "resource": "$.resource.type",
    "push_resource": "$.ResourceType",
    "resource_id": "$.resource.id",
    "push_resource_id": "$.ResourceID",
    "account": "$.account.name",
    "push_account": "$.AccountName",
    "zone": "$.zone.name",
    "zone_1": "$.metadata.zone_name",
    "push_zone": "$.ZoneName",
}
_ACTION: Final = first_filled("action_type", "push_action")
_RESOURCE: Final = first_filled("resource", "push_resource")
_TIMES: Final = ("when", "when_2", "push_when", "push_when_2")
_ACTOR: Final = first_filled("email", "push_email", "actor_id", "push_actor_id", "actor_type", "push_actor_type")

FORMAT: Final = Format(
    title="Cloudflare audit log",
    version=1,
    layout=JsonRecords(PATHS, arrays=("result",), first_keys=("id", "action", "account", "ActionResult", "AccountID")),
    # Logpush writes RFC 3339, seconds or nanoseconds, as the job says.
    time=Time(instant=f"coalesce({', '.join([iso(name) for name in _TIMES] + [epoch_any(n) for n in _TIMES[2:]])})"),
    action=f"""concat_ws(' ', {_ACTION}, {_RESOURCE})""",
    outcome="""CASE lower(coalesce("result", "push_result")) WHEN 'true' THEN 'success' WHEN 'success' THEN 'success'
        WHEN 'false' THEN 'failure' WHEN 'failure' THEN 'failure' ELSE 'unknown' END""",
    category=f"""CASE WHEN {_ACTION} IN ('login', 'logout') THEN 'authentication'
        WHEN {_ACTION} IN ('view', 'API_key_view') THEN 'api_usage' ELSE 'administrative_change' END""",
    columns={
        "actor": _ACTOR,
        "target": f"concat_ws(' ', {_RESOURCE}, {first_filled('resource_id', 'push_resource_id')})",
        "source_ip": first_filled("ip", "ip_2", "push_ip", "push_ip_2"),
        "event_id": first_filled("id", "push_id", "push_id_2"),
    },
    routes={"account": "Account", "zone": "Zone"},
    route_columns={
        "account": first_filled("account", "push_account"),
        "zone": first_filled("zone", "zone_1", "push_zone"),
    },
    match_fields={"action.type": Expression(_ACTION), "resource.type": Expression(_RESOURCE)},
    looks_like=f"""{_ACTION} IS NOT NULL AND {_RESOURCE} IS NOT NULL
        AND coalesce("when", "when_2", "push_when", "push_when_2") IS NOT NULL
        AND coalesce("result", "push_result") IS NOT NULL""",
    unlike="This is no entry of a Cloudflare audit log: the action, its result, its time or the resource is missing.",
    has_native_id=True,
)
