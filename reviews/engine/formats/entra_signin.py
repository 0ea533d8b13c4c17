"""Microsoft Entra sign-in logs (interactive, non-interactive, service principals, managed identities, AD FS): answers
of Microsoft Graph, and what diagnostic settings write (the same in properties).

Facts: Microsoft Graph, "signIn resource type"; Microsoft Entra, "Sign-in log schema in Azure Monitor".
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled, without_port
from reviews.engine.formats._times import iso

_GRAPH: Final = {
    "id": "id",
    "created": "createdDateTime",
    "user": "userPrincipalName",
    "user_name": "userDisplayName",
    "user_id": "userId",
    "principal": "servicePrincipalName",
    "principal_id": "servicePrincipalId",
    "address": "ipAddress",
    "application": "appDisplayName",
    "application_id": "appId",
    "resource": "resourceDisplayName",
    "error": "status.errorCode",
}
PATHS: Final = {
    **{name: f"$.{path}" for name, path in _GRAPH.items()},
    **{f"inner {name}": f"$.properties.{path}" for name, path in _GRAPH.items()},
    "time": "$.time",
    "operation": "$.operationName",
    "result": "$.resultType",
    "caller_address": "$.callerIpAddress",
    "tenant": "$.tenantId",
}


def _either(*names: str) -> str:
    """The first of the fields that holds anything, in properties or at the top."""
    return first_filled(*(where for name in names for where in (f"inner {name}", name)))


_ERROR: Final = f'coalesce({_either("error")}, "result")'

FORMAT: Final = Format(
    title="Microsoft Entra sign-in log",
    version=1,
    layout=JsonRecords(PATHS, arrays=("records", "value"), first_keys=("id", "time")),
    time=Time(instant=f"coalesce({iso('inner created')}, {iso('created')}, {iso('time')})"),
    action="coalesce(\"operation\", 'Sign-in activity')",
    # The error code is 0 where the sign-in succeeded, else the number of the reason.
    outcome=f"CASE WHEN {_ERROR} = '0' THEN 'success' WHEN {_ERROR} IS NOT NULL THEN 'failure' ELSE 'unknown' END",
    category="'authentication'",
    columns={
        "actor": _either("user", "user_id", "user_name", "principal", "principal_id", "application_id"),
        "target": _either("application", "resource", "application_id"),
        "source_ip": f"""coalesce(nullif({without_port("inner address")}, ''), nullif({without_port("address")}, ''),
            {without_port("caller_address")})""",
        "event_id": _either("id"),
    },
    routes={"account": "Tenant", "application": "Application signed in to"},
    route_columns={"account": '"tenant"', "application": _either("application", "resource")},
    match_fields={"status.errorCode": Expression(_ERROR)},
    looks_like=f"{_either('created')} IS NOT NULL AND {_ERROR} IS NOT NULL "
    f"AND {_either('user_id', 'application_id', 'principal_id')} IS NOT NULL",
    unlike="This is no entry of an Entra sign-in log: createdDateTime, status.errorCode or who signed in is missing.",
    has_native_id=True,
)
