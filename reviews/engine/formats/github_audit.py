"""GitHub audit log of an organisation or enterprise: streamed, read by the API, or exported as JSON.

Facts: GitHub documentation, "Audit log events for your organization" and "for your enterprise", "Streaming the audit
log", and the schema audit-log-event of the REST API.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._times import epoch_any, iso

PATHS: Final = {
    "timestamp": '$."@timestamp"',
    "created": "$.created_at",
    "done": "$.action",
    "document": "$._document_id",
    "actor": "$.actor",
    "actor_id": "$.actor_id",
    "actor_address": "$.actor_ip",
    "organisation": "$.org",
    "enterprise": "$.business",
    "repository": "$.repo",
    "team": "$.team",
    "data_team": "$.data.team",
    "user": "$.user",
    "name": "$.name",
}
# What was tried and did not happen has an action of its own.
_REFUSED: Final = r"(rejected|denied|declined|failed|_failure$)"

FORMAT: Final = Format(
    title="GitHub audit log",
    version=1,
    layout=JsonRecords(PATHS, first_keys=("@timestamp", "_document_id", "action", "actor", "active")),
    time=Time(
        instant=f"coalesce({epoch_any('timestamp')}, {epoch_any('created')}, {iso('timestamp')}, {iso('created')})"
    ),
    action='"done"',
    # No field says how it ended: an entry means that it happened.
    outcome=f"""CASE WHEN regexp_matches("done", '{_REFUSED}') THEN 'failure' ELSE 'success' END""",
    category="""CASE WHEN starts_with("done", 'git.') OR starts_with("done", 'workflows.')
            OR starts_with("done", 'api.') THEN 'api_usage'
        WHEN starts_with("done", 'user.login') OR starts_with("done", 'user.failed_login')
            OR starts_with("done", 'user.two_factor') THEN 'authentication'
        ELSE 'administrative_change' END""",
    columns={
        "actor": 'coalesce("actor", "actor_id")',
        "target": 'coalesce("repository", "team", "data_team", "user", "name", "organisation", "enterprise")',
        "source_ip": '"actor_address"',
        "event_id": '"document"',
    },
    routes={"account": "Organisation", "repository": "Repository"},
    route_columns={"account": 'coalesce("organisation", "enterprise")', "repository": '"repository"'},
    match_fields={"action": Expression('"done"')},
    looks_like="""regexp_matches("done", '^[a-z0-9_]+\\.[a-z0-9_]+$')
        AND coalesce("timestamp", "created") IS NOT NULL
        AND coalesce("actor", "actor_id", "organisation", "enterprise", "repository", "user") IS NOT NULL""",
    unlike="This is no entry of a GitHub audit log: action, or @timestamp and created_at, or who and where is missing.",
    has_native_id=True,
)
