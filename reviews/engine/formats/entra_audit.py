"""Microsoft Entra audit log: answers of Microsoft Graph, and what diagnostic settings write (the same in properties).

Facts: Microsoft Graph, "directoryAudit resource type"; Microsoft Entra, "Stream activity logs to an event hub".
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled, without_port
from reviews.engine.formats._times import iso

_GRAPH: Final = {
    "id": "id",
    "time": "activityDateTime",
    "activity": "activityDisplayName",
    "result": "result",
    "kind": "category",
    "service": "loggedByService",
    "user": "initiatedBy.user.userPrincipalName",
    "user_name": "initiatedBy.user.displayName",
    "user_id": "initiatedBy.user.id",
    "application": "initiatedBy.app.displayName",
    "principal": "initiatedBy.app.servicePrincipalName",
    "principal_id": "initiatedBy.app.servicePrincipalId",
    "application_id": "initiatedBy.app.appId",
    "address": "initiatedBy.user.ipAddress",
    "target": "targetResources[0].userPrincipalName",
    "target_name": "targetResources[0].displayName",
    "target_id": "targetResources[0].id",
}
PATHS: Final = {
    **{name: f"$.{path}" for name, path in _GRAPH.items()},
    **{f"inner {name}": f"$.properties.{path}" for name, path in _GRAPH.items()},
    "caller_address": "$.callerIpAddress",
    "tenant": "$.tenantId",
}


def _either(*names: str) -> str:
    """The first of the fields that holds anything, in properties or at the top."""
    return first_filled(*(where for name in names for where in (f"inner {name}", name)))


FORMAT: Final = Format(
    title="Microsoft Entra audit log",
    version=1,
    layout=JsonRecords(PATHS, arrays=("records", "value"), first_keys=("id", "time")),
    time=Time(instant=f"coalesce({iso('inner time')}, {iso('time')})"),
    action=_either("activity"),
    outcome=f"""CASE {_either("result")} WHEN 'success' THEN 'success' WHEN 'failure' THEN 'failure'
        WHEN 'timeout' THEN 'failure' ELSE 'unknown' END""",
    category=f"CASE WHEN {_either('kind')} = 'Authentication' THEN 'authentication' ELSE 'administrative_change' END",
    columns={
        "actor": _either("user", "user_name", "user_id", "application", "principal", "principal_id", "application_id"),
        "target": _either("target", "target_name", "target_id"),
        "source_ip": f"""coalesce(nullif({without_port("inner address")}, ''), nullif({without_port("address")}, ''),
            {without_port("caller_address")})""",
        "event_id": _either("id"),
    },
    routes={"account": "Tenant", "application": "Service that wrote the entry"},
    route_columns={"account": '"tenant"', "application": _either("service")},
    match_fields={"activityDisplayName": Expression(_either("activity"))},
    looks_like=f'{_either("activity")} IS NOT NULL AND coalesce("inner time", "time") IS NOT NULL '
    f"AND {_either('id')} IS NOT NULL",
    unlike="This is no entry of the Entra audit log: activityDisplayName, activityDateTime or id is missing.",
    has_native_id=True,
)
