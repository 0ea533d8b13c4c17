"""MongoDB audit log in the mongo schema: one JSON object a line. What auditLog.schema OCSF writes is the format ocsf.

Facts: MongoDB manual, "mongo Schema Audit Messages" with its table of actions, details and results.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled
from reviews.engine.formats._times import epoch, iso

PATHS: Final = {
    "atype": "$.atype",
    "date": '$.ts."$date"',
    "millis": '$.ts."$date"."$numberLong"',
    "result": "$.result",
    "remote_ip": "$.remote.ip",
    "remote_system": "$.remote.isSystemUser",
    "user": "$.users[0].user",
    "command": "$.param.command",
    "namespace": "$.param.ns",
    "param_user": "$.param.user",
    "param_role": "$.param.role",
    "param_db": "$.param.db",
    "param_old": "$.param.old",
    "local_port": "$.local.port",
}
# What a command does to users, roles, data and the cluster begins with one of these.
_CHANGES: Final = "^(create|drop|update|grant|revoke|add|remove|enable|shard|reshard|refine|repl|import|audit|rotate)"

FORMAT: Final = Format(
    title="MongoDB audit log",
    version=1,
    layout=JsonRecords(PATHS, first_keys=("atype",)),
    time=Time(instant=f"coalesce({iso('date')}, {epoch('millis', 'ms')})"),
    action="""concat_ws(' ', "atype", CASE WHEN "atype" = 'authCheck' THEN "command" END)""",
    outcome="""CASE WHEN "result" = '0' THEN 'success' WHEN "result" IS NULL THEN 'unknown' ELSE 'failure' END""",
    category=f"""CASE WHEN "atype" IN ('authenticate', 'logout', 'clientMetadata') THEN 'authentication'
        WHEN "atype" IN ('startup', 'shutdown') THEN 'system_health' WHEN "atype" = 'authCheck' THEN 'api_usage'
        WHEN "atype" = 'directAuthMutation' OR regexp_matches("atype", '{_CHANGES}') THEN 'administrative_change'
        ELSE 'other' END""",
    columns={
        # Who fails to sign in is none of the session's users yet.
        "actor": """coalesce("user", CASE WHEN "atype" = 'authenticate' THEN "param_user" END,
            CASE WHEN "remote_system" = 'true' THEN 'system' END)""",
        "target": f"""coalesce({first_filled("namespace")},
            nullif(concat_ws('.', "param_db", coalesce("param_user", "param_role")), ''), "param_old")""",
        "source_ip": '"remote_ip"',
    },
    routes={"database": "Database"},
    route_columns={"database": """coalesce("param_db", nullif(split_part("namespace", '.', 1), ''))"""},
    match_fields={
        "atype": Expression('"atype"'),
        "result": Expression('"result"'),
        "param.command": Expression('"command"'),
    },
    looks_like=""""atype" IS NOT NULL AND "date" IS NOT NULL AND "result" IS NOT NULL""",
    unlike="This is no MongoDB audit message: atype, ts or result is missing.",
)
