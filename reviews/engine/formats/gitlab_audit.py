"""GitLab audit events: streamed, answers of the audit events API, and the file audit_json.log.

Facts: GitLab documentation, "Audit event schema", "Audit events API", "Audit event types", "Log system"
(audit_json.log).
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled
from reviews.engine.formats._times import iso

# The API and the database keep below details what a stream also writes at the top.
_BOTH: Final = (
    *("event_name", "author_name", "author_email", "ip_address", "entity_path", "target_details", "target_id"),
    *("custom_message", "change", "add", "remove", "with"),
)
PATHS: Final = {
    "id": "$.id",
    "event_type": "$.event_type",
    "created": "$.created_at",
    "time": "$.time",
    "author_id": "$.author_id",
    "entity_id": "$.entity_id",
    "entity_type": "$.entity_type",
    **{name: f"$.{name}" for name in _BOTH},
    **{f"detailed {name}": f"$.details.{name}" for name in _BOTH},
}


def _either(*names: str) -> str:
    """The first of the fields that holds anything, at the top or below details."""
    return first_filled(*(where for name in names for where in (name, f"detailed {name}")))


_EVENT: Final = first_filled("event_type", "event_name", "detailed event_name")
# Where the log gives no name of the event, what was done is a text or the name of what was changed.
_DONE: Final = f"""coalesce({_EVENT}, 'change ' || {_either("change")}, 'add ' || {_either("add")},
    'remove ' || {_either("remove")}, 'sign in with ' || {_either("with")}, {_either("custom_message")})"""
_REFUSED: Final = "(^login_failed|_failed$|_locked$|^ip_restricted_)"

FORMAT: Final = Format(
    title="GitLab audit events",
    version=1,
    layout=JsonRecords(PATHS, first_keys=("id", "severity", "author_id")),
    time=Time(instant=f"coalesce({iso('created')}, {iso('time')})"),
    action=_DONE,
    # No field says how it ended: an entry means that it happened, and failures have an event of their own.
    outcome=f"CASE WHEN regexp_matches({_EVENT}, '{_REFUSED}') THEN 'failure' ELSE 'success' END",
    category=f"""CASE WHEN regexp_matches({_EVENT}, '^(authenticated_with_|login_failed)')
            OR {_either("with")} IS NOT NULL THEN 'authentication'
        WHEN {_EVENT} = 'repository_git_operation' THEN 'api_usage' ELSE 'administrative_change' END""",
    columns={
        "actor": f'coalesce({_either("author_name", "author_email")}, "author_id")',
        "target": _either("target_details", "entity_path", "target_id"),
        "source_ip": _either("ip_address"),
        "event_id": "nullif(\"id\", '')",
    },
    routes={"repository": "Project or group"},
    route_columns={"repository": _either("entity_path")},
    match_fields={"event_type": Expression(_EVENT)},
    looks_like=f'"author_id" IS NOT NULL AND "entity_type" IS NOT NULL AND "entity_id" IS NOT NULL AND {_DONE} '
    "IS NOT NULL",
    unlike="This is no GitLab audit event: author_id, entity_type, entity_id or what was done is missing.",
    has_native_id=True,
)
