"""AWS CloudTrail: files as delivered ({"Records": […]}), JSON lines, bare arrays, and the answers of LookupEvents.

Facts: AWS CloudTrail user guide, "CloudTrail record contents" and "userIdentity element".
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time

PATHS: Final = {
    "event_time": "$.eventTime",
    "event_name": "$.eventName",
    "event_source": "$.eventSource",
    "event_type": "$.eventType",
    "event_version": "$.eventVersion",
    "event_id": "$.eventID",
    "region": "$.awsRegion",
    "source_address": "$.sourceIPAddress",
    "error_code": "$.errorCode",
    "error_message": "$.errorMessage",
    "identity_type": "$.userIdentity.type",
    "identity_name": "$.userIdentity.userName",
    "identity_arn": "$.userIdentity.arn",
    "identity_principal": "$.userIdentity.principalId",
    "identity_account": "$.userIdentity.accountId",
    "identity_service": "$.userIdentity.invokedBy",
    "issuer_name": "$.userIdentity.sessionContext.sessionIssuer.userName",
    "on_behalf_of": "$.userIdentity.onBehalfOf.userId",
    "recipient_account": "$.recipientAccountId",
    "console_login": "$.responseElements.ConsoleLogin",
    "check_mfa": "$.responseElements.CheckMfa",
    "switch_role": "$.responseElements.SwitchRole",
    "resource_arn": "$.resources[0].ARN",
    "resource_arn_lower": "$.resources[0].arn",
    "resource_name": "$.resources[0].ResourceName",
    "parameters": "$.requestParameters",
    "additional": "$.additionalEventData",
    "digest_start": "$.digestStartTime",
}

FORMAT: Final = Format(
    title="AWS CloudTrail",
    version=1,
    layout=JsonRecords(
        PATHS,
        arrays=("Records", "Events"),
        first_keys=("eventVersion", "awsRegion", "additionalEventData", "EventId"),
        unwrap="$.CloudTrailEvent",  # LookupEvents puts the record, as text, into an envelope
    ),
    time=Time(
        instant="""CASE WHEN regexp_matches("event_time", '^\\d{4}-\\d\\d-\\d\\d[T ].*(Z|[+-]\\d\\d:?\\d\\d)$')
            THEN try_cast("event_time" AS TIMESTAMPTZ) END""",
    ),
    action='"event_name"',
    outcome="""CASE WHEN "console_login" = 'Failure' OR "switch_role" = 'Failure' OR "check_mfa" = 'Failure'
            OR "error_code" IS NOT NULL OR "error_message" IS NOT NULL THEN 'failure' ELSE 'success' END""",
    category="""CASE WHEN "event_type" = 'AwsConsoleSignIn' OR "event_source" = 'signin.amazonaws.com'
            THEN 'authentication' ELSE 'api_usage' END""",
    columns={
        "actor": """coalesce("issuer_name", "identity_name", "on_behalf_of", "identity_arn", "identity_service",
            "identity_principal", "identity_account", "identity_type")""",
        "target": """coalesce("resource_arn", "resource_arn_lower", "resource_name")""",
        "source_ip": '"source_address"',
        "event_id": """CASE WHEN "event_id" IS NOT NULL
            THEN concat_ws('/', "event_id", "recipient_account") END""",
    },
    routes={"account": "Account", "region": "Region"},
    route_columns={
        "account": 'coalesce("recipient_account", "identity_account")',
        "region": '"region"',
    },
    match_fields={
        "eventName": Expression('"event_name"'),
        "eventSource": Expression('"event_source"'),
        "errorCode": Expression('"error_code"'),
    },
    looks_like='"event_time" IS NOT NULL AND "event_name" IS NOT NULL AND "event_source" IS NOT NULL',
    unlike="This is no CloudTrail record: eventTime, eventName or eventSource is missing.",
    ignore='"digest_start" IS NOT NULL AND "event_name" IS NULL',
    has_native_id=True,
)
