"""Elasticsearch security audit log, as JSON and as the text of versions before 6.5, and Kibana audit log.

Facts: Elastic documentation, "Elasticsearch audit events", "Kibana audit events", and for versions before 6.5 "Audit
log entry format". Elasticsearch writes names with dots as single keys ("event.action"), Kibana and most shippers as
nested objects.
"""

from dataclasses import replace
from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Pattern, TextRecords, Time
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


def _outcome(event: str) -> str:
    return f"""CASE WHEN regexp_matches({event}, '{_DONE}') THEN 'success'
        WHEN regexp_matches({event}, '{_REFUSED}') THEN 'failure' ELSE 'unknown' END"""


def _category(event: str) -> str:
    return f"""CASE WHEN regexp_matches({event}, '^((realm_)?authentication_|run_as_|user_log|session_)')
            THEN 'authentication'
        WHEN regexp_matches({event}, '_(create|update|delete|enable|disable)$') THEN 'administrative_change'
        ELSE 'api_usage' END"""


_JSON: Final = Format(
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
        ELSE {_outcome(_ACTION)} END""",
    category=f"""CASE WHEN {_field("event.type")} = 'security_config_change' THEN 'administrative_change'
        ELSE {_category(_ACTION)} END""",
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


def _attribute(name: str) -> str:
    """A value of the old text. Values may hold brackets and end only where the next attribute begins."""
    return f"""nullif(regexp_extract("attributes", '(?:^|, ){name}=\\[(.*?)\\](?:, [a-z_]+=\\[|$)', 1), '')"""


_TEXT: Final = replace(
    _JSON,
    layout=TextRecords(
        patterns=(
            Pattern(
                "text",
                r"^\[(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{3})\] (?:\[(?P<node>[^\]]*)\] )?(?:\[[^\]]*\] ){0,2}"
                r"\[(?P<layer>rest|transport|ip_filter)\] \[(?P<event>[a-z_]+)\]\s+",
                rest="attributes",
            ),
        ),
        derived={
            "granted": _attribute("action"),
            "user": _attribute("principal"),
            "address": _attribute("origin_address"),
            "about": f"coalesce({_attribute('indices')}, {_attribute('uri')}, {_attribute('run_as_principal')})",
        },
    ),
    time=Time(local=iso_local("stamp")),
    action="""concat_ws(' ', "event", "granted")""",
    outcome=_outcome('"event"'),
    category=_category('"event"'),
    columns={"actor": '"user"', "target": '"about"', "source_ip": without_port("address")},
    route_columns={"cluster": "CAST(NULL AS VARCHAR)", "node": '"node"', "space": "CAST(NULL AS VARCHAR)"},
    match_fields={
        "event.action": Expression('"event"'),
        "action": Expression('"granted"'),
        "request.body": Expression(_attribute("request_body")),
    },
    looks_like=""""shape" = 'text'""",
)

FORMAT: Final = replace(_JSON, others=(_TEXT,))
