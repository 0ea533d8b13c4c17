"""Elasticsearch security audit log and Kibana audit log: JSON, one object a line.

Facts: Elastic documentation, "Elasticsearch audit events", "Audit event attributes" and "Kibana audit events".
Elasticsearch writes names with dots as single keys ("event.action"), Kibana and most shippers as nested objects.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled, without_port
from reviews.engine.formats._times import iso, iso_local

_NAMES: Final = (
    "event.action", "event.type", "event.outcome", "user.name", "user.run_by.name", "user.run_as.name", "apikey.name",
    "origin.address", "origin.type", "request.id", "request.body", "url.path", "node.name", "node.id", "cluster.name",
    "client.ip", "kibana.space_id", "kibana.saved_object.type", "kibana.saved_object.id",
)  # fmt: skip
PATHS: Final = {
    "time": '$."@timestamp"',
    "timestamp": "$.timestamp",
    "granted": "$.action",
    "indices": "$.indices",
    "kind": "$.type",
    "kibana_logger": "$.log.logger",
    # Whom or what a change of the security configuration is about.
    "changed_user": "$.put.user.name",
    "changed_role": "$.put.role.name",
    "changed_mapping": "$.put.role_mapping.name",
    "password_of": "$.change.password.user.name",
    "enabled_user": "$.change.enable.user.name",
    "disabled_user": "$.change.disable.user.name",
    "deleted_user": "$.delete.user.name",
    "deleted_role": "$.delete.role.name",
    "created_key": "$.create.apikey.name",
    "key_owner": "$.invalidate.apikeys.user.name",
    **{f"key {name}": f'$."{name}"' for name in _NAMES},
    **{f"path {name}": "$" + "".join(f'."{key}"' for key in name.split(".")) for name in _NAMES},
}


def _field(name: str) -> str:
    return f'coalesce("key {name}", "path {name}")'


_ACTION: Final = _field("event.action")
_DONE: Final = "^(access_granted|authentication_success|connection_granted|run_as_granted|logout_success)$"
_REFUSED: Final = "(_denied|_failed|_failure)$|^tampered_request$"

FORMAT: Final = Format(
    title="Elasticsearch and Kibana audit log",
    version=1,
    layout=JsonRecords(PATHS, first_keys=("type", "@timestamp", "timestamp", "event")),
    time=Time(
        instant=f"coalesce({iso('time')}, {iso('timestamp')})",
        local=f"coalesce({iso_local('time')}, {iso_local('timestamp')})",
    ),
    # What was granted or denied is the API's action, such as indices:data/write/bulk.
    action=f"""concat_ws(' ', {_ACTION}, "granted")""",
    # Kibana says how it ended. What changes the security configuration is logged before it is carried out.
    outcome=f"""CASE WHEN {_field("event.outcome")} IN ('success', 'failure', 'unknown') THEN {_field("event.outcome")}
        WHEN regexp_matches({_ACTION}, '{_DONE}') THEN 'success'
        WHEN regexp_matches({_ACTION}, '{_REFUSED}') THEN 'failure' ELSE 'unknown' END""",
    category=f"""CASE WHEN regexp_matches({_ACTION}, '^((realm_)?authentication_|run_as_|user_log|session_)')
            THEN 'authentication'
        WHEN {_field("event.type")} = 'security_config_change'
            OR regexp_matches({_ACTION}, '_(create|update|delete|enable|disable)$') THEN 'administrative_change'
        ELSE 'api_usage' END""",
    columns={
        "actor": f"coalesce({_field('user.name')}, {_field('apikey.name')})",
        "target": f"""coalesce({
            first_filled(
                "changed_user",
                "changed_role",
                "changed_mapping",
                "password_of",
                "enabled_user",
                "disabled_user",
                "deleted_user",
                "deleted_role",
                "created_key",
                "key_owner",
                "indices",
            )
        },
            {_field("url.path")}, {_field("user.run_as.name")},
            {_field("kibana.saved_object.type")} || ' ' || {_field("kibana.saved_object.id")})""",
        "source_ip": f"""coalesce({without_port("key origin.address")}, {without_port("path origin.address")},
            {_field("client.ip")})""",
    },
    routes={"cluster": "Cluster", "node": "Node", "space": "Kibana space"},
    route_columns={
        "cluster": _field("cluster.name"),
        "node": f"coalesce({_field('node.name')}, {_field('node.id')})",
        "space": _field("kibana.space_id"),
    },
    match_fields={
        "event.action": Expression(_ACTION),
        "action": Expression('"granted"'),
        "request.body": Expression(_field("request.body")),
    },
    looks_like=f"""{_ACTION} IS NOT NULL AND coalesce("time", "timestamp") IS NOT NULL
        AND ("kind" = 'audit' OR {_field("node.id")} IS NOT NULL OR "kibana_logger" = 'plugins.security.audit.ecs')""",
    unlike="This is no entry of an Elasticsearch or Kibana audit log: event.action, the time or the node is missing.",
)
