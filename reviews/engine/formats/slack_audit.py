"""Slack audit logs: entries of the Audit Logs API ({"entries": […]}), one a line or as delivered.

Facts: Slack developer documentation, "Audit Logs API" and "Audit logs: actions".
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled
from reviews.engine.formats._times import epoch

PATHS: Final = {
    "id": "$.id",
    "created": "$.date_create",
    "action_time": "$.details.action_timestamp",  # of the action that an anomaly is about
    "done": "$.action",
    "actor_type": "$.actor.type",
    "actor_email": "$.actor.user.email",
    "actor_id": "$.actor.user.id",
    "actor_name": "$.actor.user.name",
    "actor_app": "$.actor.app.name",
    "address": "$.context.ip_address",
    "workspace": "$.context.location.name",
    "entity_type": "$.entity.type",
    "entity_user": "$.entity.user.email",
    "entity_user_id": "$.entity.user.id",
    "entity_file": "$.entity.file.name",
    "entity_file_id": "$.entity.file.id",
    "entity_channel": "$.entity.channel.name",
    "entity_channel_id": "$.entity.channel.id",
    "entity_message": "$.entity.message.channel",
    "entity_app": "$.entity.app.name",
    "entity_workspace": "$.entity.workspace.name",
    "entity_enterprise": "$.entity.enterprise.name",
    "entity_group": "$.entity.usergroup.name",
    "entity_role": "$.entity.role.name",
    "entity_workflow": "$.entity.workflow.name",
}

FORMAT: Final = Format(
    title="Slack audit logs",
    version=1,
    layout=JsonRecords(PATHS, arrays=("entries",), first_keys=("id", "action")),
    time=Time(
        instant=f"coalesce({epoch('action_time', 'us')}, {epoch('created', 's')})", observed=epoch("created", "s")
    ),
    action='"done"',
    # Slack logs what was done, and has actions of their own for what was not.
    outcome="""CASE WHEN regexp_matches("done", '(_failed|_blocked|_denied|_rejected)$') THEN 'failure'
        WHEN "done" = 'anomaly' THEN 'unknown' ELSE 'success' END""",
    category="""CASE WHEN regexp_matches("done", '^user_(login|logout|session)') OR "done" = 'anomaly'
            THEN 'authentication'
        WHEN regexp_matches("done", '^(file|message|canvas)_') THEN 'file_modification'
        ELSE 'administrative_change' END""",
    columns={
        "actor": first_filled("actor_email", "actor_id", "actor_name", "actor_app"),
        "target": first_filled(*(name for name in PATHS if name.startswith("entity_") and name != "entity_type")),
        "source_ip": '"address"',
        "event_id": '"id"',
    },
    routes={"workspace": "Workspace"},
    route_columns={"workspace": '"workspace"'},
    match_fields={"action": Expression('"done"')},
    looks_like=""""created" IS NOT NULL AND "done" IS NOT NULL AND "actor_type" IS NOT NULL
        AND "entity_type" IS NOT NULL""",
    unlike="This is no entry of Slack's audit logs: date_create, action, actor or entity is missing.",
    has_native_id=True,
)
