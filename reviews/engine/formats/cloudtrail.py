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
    "insight": "$.insightDetails.eventName",
    "digest_start": "$.digestStartTime",
    # What a call was about, by the names that services give it in the request.
    "bucket": "$.requestParameters.bucketName",
    "key": "$.requestParameters.key",
    "user_name": "$.requestParameters.userName",
    "role_name": "$.requestParameters.roleName",
    "role_arn": "$.requestParameters.roleArn",
    "group_name": "$.requestParameters.groupName",
    "group_id": "$.requestParameters.groupId",
    "policy_arn": "$.requestParameters.policyArn",
    "instance": "$.requestParameters.instancesSet.items[0].instanceId",
    "instance_id": "$.requestParameters.instanceId",
    "secret": "$.requestParameters.secretId",
    "key_id": "$.requestParameters.keyId",
    "function": "$.requestParameters.functionName",
    "database": "$.requestParameters.dBInstanceIdentifier",
    "snapshot": "$.requestParameters.snapshotId",
    "log_group": "$.requestParameters.logGroupName",
    "trail": "$.requestParameters.trailName",
    "name": "$.requestParameters.name",
    "parameters": "$.requestParameters",
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
    action="""coalesce("event_name", 'Insight ' || "insight")""",
    outcome="""CASE WHEN "event_name" IS NULL THEN 'unknown'
        WHEN 'Failure' IN ("console_login", "switch_role", "check_mfa") THEN 'failure'
        WHEN "error_code" IS NOT NULL OR "error_message" IS NOT NULL THEN 'failure' ELSE 'success' END""",
    category="""CASE WHEN "event_name" IS NULL THEN 'other'
        WHEN "event_type" = 'AwsConsoleSignIn' OR "event_source" = 'signin.amazonaws.com' THEN 'authentication'
        ELSE 'api_usage' END""",
    columns={
        "actor": """coalesce("issuer_name", "identity_name", "on_behalf_of", "identity_arn", "identity_service",
            "identity_principal", "identity_account", "identity_type")""",
        "target": """coalesce("resource_arn", "resource_arn_lower", "bucket" || coalesce('/' || "key", ''),
            "resource_name", "instance", "instance_id", "secret", "key_id", "function", "database", "snapshot",
            "log_group", "trail", "user_name", "role_name", "role_arn", "group_name", "group_id", "policy_arn", "name",
            nullif("parameters", '{}'), "insight")""",
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
    looks_like=""""event_time" IS NOT NULL
        AND (("event_name" IS NOT NULL AND "event_source" IS NOT NULL) OR "insight" IS NOT NULL)""",
    unlike="This is no CloudTrail record: eventTime, eventName or eventSource is missing.",
    ignore='"digest_start" IS NOT NULL AND "event_name" IS NULL',
    has_native_id=True,
)
