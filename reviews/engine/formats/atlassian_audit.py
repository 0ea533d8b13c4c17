"""Atlassian audit logs: Jira, Confluence and Bitbucket Data Center (files and API), Jira and Confluence Cloud, and the
events of an organisation.

Facts: Atlassian documentation, "Audit log events in Jira/Confluence/Bitbucket Data Center", "Audit log integrations",
the REST APIs "auditing/1.0/events", "api/3/auditing/record", "wiki/rest/api/audit" and "admin/v1/orgs/…/events".
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled
from reviews.engine.formats._times import epoch, iso

PATHS: Final = {
    # Data Center
    "timestamp": "$.timestamp",
    "seconds": "$.timestamp.epochSecond",
    "nanos": "$.timestamp.nano",
    "action_text": "$.type.action",
    "action_key": "$.type.actionI18nKey",
    "category": "$.type.category",
    "file_action": "$.auditType.action",
    "file_action_key": "$.auditType.actionI18nKey",
    "file_category": "$.auditType.category",
    "author_name": "$.author.name",
    "author_id": "$.author.id",
    "author_uri": "$.author.uri",
    "object": "$.affectedObjects[0].name",
    "source": "$.source",
    "system": "$.system",
    # Cloud: Jira, then Confluence
    "id": "$.id",
    "summary": "$.summary",
    "cloud_category": "$.category",
    "remote": "$.remoteAddress",
    "created": "$.created",
    "author_account": "$.authorAccountId",
    "author_key": "$.authorKey",
    "item": "$.objectItem.name",
    "created_millis": "$.creationDate",
    "display_name": "$.author.displayName",
    "account": "$.author.accountId",
    "affected": "$.affectedObject.name",
    # an organisation
    "org_time": "$.attributes.time",
    "org_action": "$.attributes.action",
    "org_email": "$.attributes.actor.email",
    "org_name": "$.attributes.actor.name",
    "org_id": "$.attributes.actor.id",
    "org_ip": "$.attributes.location.ip",
    "org_object": "$.attributes.context[0].attributes.name",
    "org_object_id": "$.attributes.context[0].id",
}
_ACTION: Final = first_filled("action_key", "action_text", "file_action_key", "file_action", "org_action", "summary")
_TIME: Final = first_filled("timestamp", "created", "created_millis", "org_time")

FORMAT: Final = Format(
    title="Atlassian audit log (Jira, Confluence, Bitbucket)",
    version=1,
    layout=JsonRecords(
        PATHS,
        arrays=("entities", "records", "results", "data"),
        first_keys=("timestamp", "affectedObjects", "id", "author"),
    ),
    time=Time(
        instant=f"""coalesce({iso("timestamp")}, {epoch("seconds", "s")}
            + to_microseconds(coalesce(try_cast("nanos" AS BIGINT), 0) // 1000),
            {iso("created")}, {epoch("created_millis", "ms")}, {iso("org_time")})""",
    ),
    action=_ACTION,
    # Entries are written after what they tell; what failed has names of its own.
    outcome=f"""CASE WHEN regexp_matches({_ACTION}, '(?i)(fail|denied|refused|rejected)') THEN 'failure'
        ELSE 'success' END""",
    category="""CASE WHEN regexp_matches(coalesce("category", "file_category", "cloud_category", "org_action"),
            '(?i)(login|log in|logged|authenticat|security_and_auth)') THEN 'authentication'
        ELSE 'administrative_change' END""",
    columns={
        # A number beside it says that the name is the one people sign in with. Confluence gives the full name, which
        # several may share; and anybody may be called System or Anonymous, whose ids are negative.
        "actor": f"""coalesce({first_filled("org_email", "org_name", "org_id", "author_account", "author_key")},
            url_decode(nullif(regexp_extract("author_uri", '[?&]username=([^&#]+)', 1), '')),
            CASE WHEN regexp_matches("author_id", '^\\d+$') THEN "author_name"
                ELSE {first_filled("author_name", "display_name")}
                    || coalesce(' (' || {first_filled("author_id", "account")} || ')', '') END,
            {first_filled("author_id", "account")})""",
        "target": first_filled("object", "item", "affected", "org_object", "org_object_id"),
        "source_ip": first_filled("source", "remote", "org_ip"),
        "event_id": '"id"',
    },
    routes={"system": "Base address"},
    route_columns={"system": '"system"'},
    match_fields={
        "type.actionI18nKey": Expression('"action_key"'),
        "type.action": Expression('"action_text"'),
        "auditType.actionI18nKey": Expression('"file_action_key"'),
        "auditType.action": Expression('"file_action"'),
        "summary": Expression('"summary"'),
        "attributes.action": Expression('"org_action"'),
    },
    looks_like=f"""{_ACTION} IS NOT NULL AND (
        (coalesce("action_key", "action_text", "file_action_key", "file_action") IS NOT NULL AND "timestamp" IS NOT NULL
            AND coalesce("author_name", "author_id") IS NOT NULL)
        OR ("summary" IS NOT NULL AND coalesce("created", "created_millis") IS NOT NULL
            AND "cloud_category" IS NOT NULL)
        OR ("org_action" IS NOT NULL AND "org_time" IS NOT NULL))""",
    unlike="This is no entry of an Atlassian audit log: the time, or the action or summary, is missing.",
    has_native_id=True,
)
