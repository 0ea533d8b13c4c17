"""1Password Events: audit events, item usages and sign-in attempts, as the Events API answers ({"items": […]}).

Facts: 1Password developer documentation, "Events API reference" and "Audit events".
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled
from reviews.engine.formats._times import iso

PATHS: Final = {
    "uuid": "$.uuid",
    "timestamp": "$.timestamp",
    # audit events
    "verb": "$.action",  # of item usages too
    "object_type": "$.object_type",
    "object": "$.object_uuid",
    "object_email": "$.object_details.email",
    "object_name": "$.object_details.name",
    "actor_email": "$.actor_details.email",
    "actor": "$.actor_uuid",
    "session_ip": "$.session.ip",
    # sign-in attempts
    "category": "$.category",
    "target_user": "$.target_user.uuid",
    "target_email": "$.target_user.email",
    # item usages
    "user": "$.user.uuid",
    "user_email": "$.user.email",
    "item": "$.item_uuid",
    "vault": "$.vault_uuid",
    "client_ip": "$.client.ip_address",
    "account": "$.account_uuid",
}

FORMAT: Final = Format(
    title="1Password events",
    version=1,
    layout=JsonRecords(PATHS, arrays=("items",), first_keys=("uuid",)),
    time=Time(instant=iso("timestamp")),
    action="""CASE WHEN "category" IS NOT NULL THEN 'sign-in ' || "category"
        WHEN "item" IS NOT NULL THEN coalesce("verb", 'use') || ' item'
        ELSE concat_ws(' ', "verb", "object_type") END""",
    # Audit events and usages are about what was done; only sign-in attempts can fail.
    outcome="""CASE WHEN "category" IS NULL OR "category" IN ('success', 'firewall_reported_success') THEN 'success'
        ELSE 'failure' END""",
    category="""CASE WHEN "category" IS NOT NULL THEN 'authentication' WHEN "item" IS NOT NULL THEN 'api_usage'
        ELSE 'administrative_change' END""",
    columns={
        "actor": first_filled("actor_email", "target_email", "user_email", "actor", "target_user", "user"),
        "target": """coalesce("object_email", "object_name", "object", concat_ws('/', "vault", "item"))""",
        "source_ip": first_filled("session_ip", "client_ip"),
        "event_id": '"uuid"',
    },
    routes={"account": "Account"},
    route_columns={"account": '"account"'},
    match_fields={
        "action": Expression('"verb"'),
        "object_type": Expression('"object_type"'),
        "category": Expression('"category"'),
    },
    looks_like=""""uuid" IS NOT NULL AND "timestamp" IS NOT NULL
        AND (("verb" IS NOT NULL AND "object_type" IS NOT NULL AND "actor" IS NOT NULL)
            OR ("category" IS NOT NULL AND "target_user" IS NOT NULL)
            OR ("item" IS NOT NULL AND "vault" IS NOT NULL))""",
    unlike="This is no 1Password event: it is neither an audit event nor an item usage nor a sign-in attempt.",
    has_native_id=True,
)
