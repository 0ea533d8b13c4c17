"""Teleport audit events: one JSON object a line, as the auth service, the event handler and Athena exports write them.

Facts: Teleport documentation, "Audit events reference"; event codes and field names in gravitational/teleport,
lib/events/codes.go and api/proto/teleport/legacy/types/events. Letters that end a code: I, W and E (information,
warning, error).
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled, without_port
from reviews.engine.formats._times import iso

PATHS: Final = {
    "time": "$.time",
    "event": "$.event",
    "code": "$.code",
    "uid": "$.uid",
    "cluster": "$.cluster_name",
    "user": "$.user",
    "updated_by": "$.updated_by",
    "bot": "$.bot_name",
    "remote": '$."addr.remote"',
    "source": "$.src_addr",  # of a connection that a session opened
    "success": "$.success",
    "status_success": "$.status.success",
    "server": "$.server_hostname",
    "database": "$.db_service",
    "application": "$.app_name",
    "kubernetes": "$.kubernetes_cluster",
    "desktop": "$.desktop_addr",
    "path": "$.path",
    "file_path": "$.file_path",
    "name": "$.name",
    "list": "$.access_list_name",
    "member": "$.members[0].member_name",
    "identity": "$.identity.user",  # for whom a certificate was issued
    "session": "$.sid",
}

FORMAT: Final = Format(
    title="Teleport audit log",
    version=1,
    layout=JsonRecords(PATHS, first_keys=("addr.local", "addr.remote", "ei", "code", "event")),
    time=Time(instant=iso("time")),
    action='"event"',
    outcome="""CASE coalesce("success", "status_success") WHEN 'true' THEN 'success' WHEN 'false' THEN 'failure'
        ELSE CASE right("code", 1) WHEN 'I' THEN 'success' WHEN 'W' THEN 'failure' WHEN 'E' THEN 'failure'
        ELSE 'unknown' END END""",
    category="""CASE WHEN "event" IN ('auth', 'user.login', 'x11-forward', 'port') OR starts_with("event", 'session.')
            OR starts_with("event", 'device.authenticate') THEN 'authentication'
        WHEN regexp_matches("event", '[._](create|created|update|updated|delete|deleted)$') THEN 'administrative_change'
        ELSE 'api_usage' END""",
    columns={
        "actor": f"""CASE WHEN NOT coalesce(starts_with("user", '{{'), false)
            THEN {first_filled("user", "updated_by", "bot")} END""",
        "target": f"""coalesce({first_filled("path", "file_path")}, "list" || coalesce('/' || "member", ''),
            {first_filled("server", "database", "application", "kubernetes", "desktop", "name", "identity", "session")}
            )""",
        "source_ip": f"""coalesce({without_port("remote")}, "source")""",
        "event_id": '"uid"',
    },
    routes={"cluster": "Cluster", "server": "Server"},
    route_columns={"cluster": '"cluster"', "server": '"server"'},
    match_fields={"event": Expression('"event"')},
    looks_like=""""event" IS NOT NULL AND "time" IS NOT NULL AND regexp_matches("code", '^[A-Z]+\\d+[IWE]$')""",
    unlike="This is no Teleport audit event: event, time or a code such as T1000I is missing.",
    has_native_id=True,
)
