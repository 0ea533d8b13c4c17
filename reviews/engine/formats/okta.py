"""Okta System Log: answers of /api/v1/logs, and what log streaming sends.

Facts: Okta developer documentation, "System Log API" and "Event types".
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._times import iso

PATHS: Final = {
    "uuid": "$.uuid",
    "published": "$.published",
    "event_type": "$.eventType",
    "actor_login": "$.actor.alternateId",
    "actor_name": "$.actor.displayName",
    "actor_id": "$.actor.id",
    "client_address": "$.client.ipAddress",
    "result": "$.outcome.result",
    "target_login": "$.target[0].alternateId",
    "target_name": "$.target[0].displayName",
    "target_id": "$.target[0].id",
}
# "unknown" stands where an object has no other name.
_NAMED: Final = "nullif(\"{}\", 'unknown')"
_SIGN_IN: Final = r"^(user\.(session|authentication|mfa)|policy\.evaluate_sign_on|app\.oauth2|security\.session)\b"
_CHANGE: Final = (
    r"^(user\.(lifecycle|account|credential|risk)|group|application|app\.(generic|user_management)|policy\.(lifecycle"
    r"|rule)|system\.(api_token|org|idp|log_stream|agent|custom|feature|mfa|role)|zone|network_zone|iam"
    r"|event_hook|inline_hook|oauth2|device\.(lifecycle|user))\b"
)

FORMAT: Final = Format(
    title="Okta System Log",
    version=1,
    layout=JsonRecords(PATHS, first_keys=("actor", "uuid", "version", "published")),
    time=Time(instant=iso("published")),
    action='"event_type"',
    outcome="""CASE WHEN "result" IN ('SUCCESS', 'ALLOW') THEN 'success'
        WHEN "result" IN ('FAILURE', 'DENY') THEN 'failure' ELSE 'unknown' END""",
    category=f"""CASE WHEN regexp_matches("event_type", '{_SIGN_IN}') THEN 'authentication'
        WHEN regexp_matches("event_type", '{_CHANGE}') THEN 'administrative_change' ELSE 'other' END""",
    columns={
        "actor": f'coalesce({_NAMED.format("actor_login")}, {_NAMED.format("actor_name")}, "actor_id")',
        "target": f'coalesce({_NAMED.format("target_login")}, {_NAMED.format("target_name")}, "target_id")',
        "source_ip": '"client_address"',
        "event_id": '"uuid"',
    },
    routes={},
    route_columns={},
    match_fields={"eventType": Expression('"event_type"')},
    looks_like='"uuid" IS NOT NULL AND "published" IS NOT NULL AND "event_type" IS NOT NULL',
    unlike="This is no entry of the Okta System Log: uuid, published or eventType is missing.",
    has_native_id=True,
)
