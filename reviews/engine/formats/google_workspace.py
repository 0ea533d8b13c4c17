"""Google Workspace: activities of the Reports API, each of which may hold several events.

Facts: Google, Admin SDK Reports API, "Activities" and the activity events of each application.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled
from reviews.engine.formats._times import iso

PATHS: Final = {
    "time": "$.id.time",
    "qualifier": "$.id.uniqueQualifier",
    "application": "$.id.applicationName",
    "customer": "$.id.customerId",
    "email": "$.actor.email",
    "key": "$.actor.key",
    "profile": "$.actor.profileId",
    "address": "$.ipAddress",
    "domain": "$.ownerDomain",
}
OF_EVENT: Final = {"name": "$.name", "type": "$.type", "parameters": "$.parameters"}
# Parameters that name what an event was about; the first that is there counts.
_ABOUT: Final = (
    "USER_EMAIL|GROUP_EMAIL|group_email|user_email|affected_email_address|doc_title|doc_id|target_user|app_name"
    "|ROLE_NAME|SETTING_NAME|ALERT_NAME|DOMAIN_NAME|ORG_UNIT_NAME|API_CLIENT_NAME|DEVICE_ID"
)
_VALUE: Final = rf'"name"\s*:\s*"(?:{_ABOUT})"\s*,\s*"value"\s*:\s*"((?:[^"\\]|\\.)*)"'
_WRITTEN: Final = "('create', 'upload', 'edit', 'rename', 'move', 'copy', 'delete', 'trash', 'untrash')"
_CHALLENGE: Final = r'(?i)"login_challenge_status"\s*,\s*"value"\s*:\s*"(?:challenge )?'

FORMAT: Final = Format(
    title="Google Workspace audit log",
    version=1,
    layout=JsonRecords(
        PATHS, arrays=("items",), first_keys=("kind", "id", "etag"), each="$.events", each_paths=OF_EVENT
    ),
    time=Time(instant=iso("time")),
    action='"name"',
    # Refused calls are not recorded: an event happened, but for sign-ins, challenges and warnings.
    outcome=f"""CASE WHEN regexp_matches("name", '(failure|failed|denied|blocked)$') THEN 'failure'
        WHEN regexp_matches("parameters", '{_CHALLENGE}passed') THEN 'success'
        WHEN regexp_matches("parameters", '{_CHALLENGE}failed') THEN 'failure'
        WHEN "application" = 'login' AND "name" NOT IN ('login_success', 'logout')
            AND regexp_matches("name", 'challenge|verification|suspicious|warning|attack') THEN 'unknown'
        ELSE 'success' END""",
    category=f"""CASE WHEN "application" IN ('login', 'saml') THEN 'authentication'
        WHEN "application" IN ('admin', 'groups', 'groups_enterprise', 'user_accounts', 'mobile', 'chrome')
            OR "type" = 'acl_change' THEN 'administrative_change'
        WHEN "application" = 'drive' AND "name" IN {_WRITTEN} THEN 'file_modification'
        WHEN "application" IN ('drive', 'token', 'gcp', 'calendar', 'chat', 'meet', 'keep') THEN 'api_usage'
        ELSE 'other' END""",
    columns={
        "actor": first_filled("email", "key", "profile"),
        "target": f"""coalesce(nullif(regexp_extract("parameters", '{_VALUE}', 1), ''), "domain")""",
        "source_ip": '"address"',
        # Some tools write each event of an activity as a record: what it says tells it from the others.
        "event_id": """CASE WHEN "qualifier" IS NOT NULL THEN concat_ws('/', "customer", "application", "time",
            "qualifier", "name", md5(coalesce("parameters", ''))) END""",
    },
    routes={"application": "Application", "account": "Customer"},
    route_columns={"application": '"application"', "account": '"customer"'},
    match_fields={"events.name": Expression('"name"')},
    looks_like='"time" IS NOT NULL AND "application" IS NOT NULL AND "name" IS NOT NULL',
    unlike="This is no activity of Google Workspace: id.time, id.applicationName or events is missing.",
    has_native_id=True,
)
