"""OCSF events: any class of the Open Cybersecurity Schema Framework, as JSON.

Facts: schema.ocsf.io, base event, the classes of categories 1 (system), 3 (identity and access), 4 (network) and 6
(application), and the profile "date/time".
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled
from reviews.engine.formats._times import epoch_any, iso

PATHS: Final = {
    "class": "$.class_uid",
    "class_name": "$.class_name",
    "activity": "$.activity_id",
    "activity_name": "$.activity_name",
    "type": "$.type_uid",
    "type_name": "$.type_name",
    "time": "$.time",
    "time_text": "$.time_dt",
    "logged": "$.metadata.logged_time",
    "logged_text": "$.metadata.logged_time_dt",
    "uid": "$.metadata.uid",
    "version": "$.metadata.version",
    "product": "$.metadata.product.name",
    "status": "$.status",
    "status_id": "$.status_id",
    "actor_name": "$.actor.user.name",
    "actor_email": "$.actor.user.email_addr",
    "actor_uid": "$.actor.user.uid",
    "actor_application": "$.actor.app_name",
    "actor_service": "$.actor.invoked_by",
    "user_name": "$.user.name",
    "user_email": "$.user.email_addr",
    "user_uid": "$.user.uid",
    "address": "$.src_endpoint.ip",
    "operation": "$.api.operation",
    "resource_uid": "$.resources[0].uid",
    "resource_name": "$.resources[0].name",
    "old_resource_uid": "$.resource.uid",
    "old_resource_name": "$.resource.name",
    "group": "$.group.name",
    "entity": "$.entity.name",
    "file": "$.file.path",
    "file_name": "$.file.name",
    "log_name": "$.log_name",
    "table": "$.table.name",
    "url": "$.http_request.url.path",
    "service": "$.service.name",
    "destination": "$.dst_endpoint.hostname",
    "destination_address": "$.dst_endpoint.ip",
    "host": "$.device.hostname",
    "account": "$.cloud.account.uid",
}
_USER: Final = ("user_name", "user_email", "user_uid")
_ACTOR: Final = ("actor_name", "actor_email", "actor_uid")
_PROGRAM: Final = ("actor_application", "actor_service")
_AUTHENTICATION: Final = "('3002', '3003')"
_CHANGES_OF_USERS: Final = "('3001', '3005', '3006')"  # there the field user is who was changed
_TARGET: Final = (
    *("resource_uid", "resource_name", "old_resource_uid", "old_resource_name", "file", "file_name", "group", "entity"),
    *("log_name", "table", "url", "service", "destination", "destination_address", "host"),
)

FORMAT: Final = Format(
    title="OCSF events",
    version=1,
    layout=JsonRecords(PATHS, first_keys=("metadata", "activity_id", "class_uid", "time")),
    # Milliseconds by the schema; some products write seconds.
    time=Time(
        instant=f"coalesce({epoch_any('time')}, {iso('time_text')})",
        observed=f"coalesce({epoch_any('logged')}, {iso('logged_text')})",
    ),
    action="""coalesce(nullif("operation", ''), nullif("type_name", ''), "class_name" || ': ' || "activity_name",
        concat('class ', "class", ' activity ', "activity"))""",
    outcome="""CASE WHEN "status_id" = '1' THEN 'success' WHEN "status_id" = '2' THEN 'failure'
        WHEN "status_id" IS NULL AND lower("status") = 'success' THEN 'success'
        WHEN "status_id" IS NULL AND lower("status") = 'failure' THEN 'failure' ELSE 'unknown' END""",
    # 1001 and 6006 are about files: reading one changes nothing, downloading one takes it away.
    category=f"""CASE WHEN "class" IN {_AUTHENTICATION} THEN 'authentication'
        WHEN "class" BETWEEN '3001' AND '3999' OR "class" = '6002' THEN 'administrative_change'
        WHEN "class" = '1008' THEN 'logging_control'
        WHEN "class" = '6006' AND "activity" = '2' THEN 'data_export'
        WHEN "class" = '1001' AND "activity" IN ('1', '3', '4', '5', '6', '7', '9', '10', '11', '12', '13')
            OR "class" = '6006' AND "activity" IN ('1', '3', '4', '5', '6', '7', '8') THEN 'file_modification'
        WHEN "class" BETWEEN '6001' AND '6999' THEN 'api_usage' ELSE 'other' END""",
    columns={
        "actor": f"""CASE WHEN "class" IN {_AUTHENTICATION} THEN {first_filled(*_USER, *_ACTOR, *_PROGRAM)}
            WHEN "class" IN {_CHANGES_OF_USERS} THEN {first_filled(*_ACTOR, *_PROGRAM)}
            ELSE {first_filled(*_ACTOR, *_USER, *_PROGRAM)} END""",
        "target": f"""CASE WHEN "class" IN {_CHANGES_OF_USERS} THEN {first_filled(*_USER, *_TARGET)}
            ELSE {first_filled(*_TARGET)} END""",
        "source_ip": '"address"',
        "event_id": '"uid"',
    },
    routes={"account": "Cloud account", "host": "Device", "application": "Product"},
    route_columns={"account": '"account"', "host": 'lower("host")', "application": '"product"'},
    match_fields={"class_uid": Expression('"class"'), "activity_id": Expression('"activity"')},
    looks_like="""regexp_matches("class", '^[0-9]{4,9}$') AND coalesce("time", "time_text") IS NOT NULL
        AND coalesce("activity", "type") IS NOT NULL AND coalesce("version", "product", "uid") IS NOT NULL""",
    unlike="This is no OCSF event: class_uid, activity_id, time or metadata is missing.",
    has_native_id=True,
)
