"""JSON lines of an application: fields by the mapping of the source, or by the OWASP logging vocabulary without one.

Facts: OWASP Cheat Sheet Series, "Application Logging Vocabulary": the fields datetime, event, level, source_ip, and
event names such as authn_login_fail:userid, whose first parameter is the person.
"""

from dataclasses import replace
from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords
from reviews.engine.formats._mapping import (
    FieldMapping,
    category_of,
    json_paths,
    outcome_of,
    time_of,
)


def declare(mapping: FieldMapping) -> Format:
    """The format that reads JSON objects by this mapping."""
    paths = json_paths(mapping)
    columns = {name: f'"said_{name}"' for name in ("actor", "target", "source_ip", "event_id")}
    return Format(
        title="JSON lines, mapped by hand",
        version=1,
        layout=JsonRecords(paths),
        time=time_of("said_time", mapping.time_format),
        action='"said_action"',
        outcome=outcome_of("said_outcome", mapping),
        category=category_of("said_action", mapping),
        columns={name: column for name, column in columns.items() if f"said_{name}" in paths},
        routes={"mapped": "The field of the mapping"},
        route_columns={"mapped": '"said_route"' if mapping.route else "NULL"},
        match_fields={"event": Expression('"said_action"')},
        looks_like='"said_time" IS NOT NULL AND "said_action" IS NOT NULL',
        unlike=f"The entry lacks {mapping.time} or {mapping.action}, which the mapping names.",
        has_native_id=bool(mapping.event_id),
        parameters=mapping.as_json(),
    )


_OWASP: Final = FieldMapping(
    time="datetime",
    action="event",
    actor="useridentity",
    outcome="event",
    failure=(
        "authn_login_fail*",
        "authn_login_lock*",
        "authn_password_change_fail*",
        "authn_token_reuse*",
        "authz_fail*",
        "excess_*",
        "input_validation_fail*",
        "malicious_*",
        "payment_failed*",
        "sequence_fail*",
        "sys_crash*",
    ),
    success=(
        "authn_*",
        "authz_*",
        "payment_*",
        "privilege_*",
        "sensitive_*",
        "session_*",
        "sys_*",
        "upload_*",
        "user_*",
    ),
    target="resource",
    source_ip="source_ip",
    route="appid",
)
_EVENT: Final = (
    "^(authn|authz|excess|input|malicious|payment|privilege|sensitive|sequence|session|sys|upload|user|data|report)_"
)
_BY_NAME: Final = declare(_OWASP)

FORMAT: Final = replace(
    _BY_NAME,
    title="JSON lines (OWASP logging vocabulary, or mapped by hand)",
    action="""split_part("said_action", ':', 1)""",
    # The person stands in a field of its own, or is the first parameter of the event.
    columns={
        **_BY_NAME.columns,
        "actor": """coalesce("said_actor", "userid", CASE WHEN regexp_matches("said_action",
            '^(authn|authz|excess|privilege|sensitive|session|sys|upload|user)_[a-z_]+:')
            THEN nullif(split_part(split_part("said_action", ':', 2), ',', 1), '') END)""",
        "target": """coalesce("said_target", "request_uri")""",
    },
    layout=JsonRecords({**json_paths(_OWASP), "userid": "$.userid", "request_uri": "$.request_uri"}),
    looks_like=f""""said_time" IS NOT NULL AND regexp_matches("said_action", '{_EVENT}')""",
    unlike="This is no entry with datetime and an event of the OWASP vocabulary. Map its fields in the source.",
    parameters={},
)
