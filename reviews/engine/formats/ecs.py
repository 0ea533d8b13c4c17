"""ECS events: documents in the Elastic Common Schema, nested or with dotted keys, bare or as hits with _source.

Facts: Elastic, "ECS field reference" and "ECS categorization fields". What is shown depends on the product.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, JsonRecords, Time
from reviews.engine.formats._fields import first_filled
from reviews.engine.formats._times import epoch_any, iso

_FIELDS: Final = (
    *("event.action", "event.category", "event.type", "event.code", "event.dataset", "event.module", "event.kind"),
    *("event.outcome", "event.id", "event.created", "event.ingested", "ecs.version", "log.logger", "winlog.channel"),
    *("user.name", "user.email", "user.id", "user.full_name", "client.user.name", "client.user.email"),
    *("client.user.id", "source.user.name", "source.user.email", "source.user.id"),
    *("source.ip", "client.ip", "source.address"),
    *("user.target.name", "user.target.email", "user.target.id", "group.name", "file.path", "url.path", "url.original"),
    *("package.name", "process.name", "service.name", "destination.domain", "host.name", "cloud.account.id"),
)
PATHS: Final = {
    "time": '$."@timestamp"',
    "first source.ip": "$.source.ip[0]",
    **{f"nested {name}": f"$.{name}" for name in _FIELDS},
    **{name: f'$."{name}"' for name in _FIELDS},
}


def _field(*names: str) -> str:
    """The first of the fields that holds anything, nested or under one dotted key."""
    return first_filled(*(way + name for name in names for way in ("nested ", "")))


def _all(name: str) -> str:
    """The values of a field that holds one or a list."""
    value = _field(name)
    return (
        f"CASE WHEN starts_with({value}, '[') THEN try(json_extract_string({value}, '$[*]')) "
        f"WHEN {value} IS NOT NULL THEN [{value}] END"
    )


def _holds(name: str, *words: str) -> str:
    """Whether one of the values of the field is one of the words."""
    return f"regexp_matches({_field(name)}, '\\b({'|'.join(words)})\\b')"


_ACTOR: Final = (
    *("user.name", "user.email", "user.id", "user.full_name"),
    *("client.user.name", "client.user.email", "client.user.id"),
    *("source.user.name", "source.user.email", "source.user.id"),
)
_TARGET: Final = (
    *("user.target.name", "user.target.email", "user.target.id", "group.name", "file.path", "url.path"),
    *("url.original", "package.name", "process.name", "destination.domain", "service.name", "host.name"),
)

FORMAT: Final = Format(
    title="ECS events",
    version=1,
    layout=JsonRecords(PATHS, first_keys=("@timestamp", "_index"), unwrap="$._source"),
    time=Time(
        instant=f"coalesce({iso('time')}, {epoch_any('time')})",
        observed=f"coalesce({iso('nested event.ingested')}, {iso('event.ingested')}, "
        f"{iso('nested event.created')}, {iso('event.created')})",
    ),
    action=f"coalesce({_field('event.action', 'event.code')}, "
    f"concat_ws(' ', list_aggregate({_all('event.category')}, 'string_agg', ' '), "
    f"list_aggregate({_all('event.type')}, 'string_agg', ' ')))",
    outcome=f"CASE {_field('event.outcome')} WHEN 'success' THEN 'success' WHEN 'failure' THEN 'failure' "
    "ELSE 'unknown' END",
    category=f"""CASE WHEN {_holds("event.category", "authentication", "session")} THEN 'authentication'
        WHEN {_holds("event.category", "iam", "configuration", "package")} THEN 'administrative_change'
        WHEN {_holds("event.category", "file")} AND {_holds("event.type", "creation", "change", "deletion")}
            THEN 'file_modification'
        WHEN {_holds("event.category", "api", "web", "database")} THEN 'api_usage'
        WHEN {_holds("event.category", "host", "driver")} THEN 'system_health' ELSE 'other' END""",
    columns={
        "actor": _field(*_ACTOR),
        "target": _field(*_TARGET),
        "source_ip": f'coalesce("first source.ip", {_field("source.ip", "client.ip", "source.address")})',
        # The id is unique for one product only, and some pipelines give it to several events.
        "event_id": f"""CASE WHEN {_field("event.id")} IS NOT NULL THEN
            concat_ws('/', {_field("event.dataset", "event.module")}, "time", {_field("event.action")},
            {_field("event.id")}) END""",
    },
    routes={"host": "Host", "application": "Service or data set", "account": "Cloud account"},
    route_columns={
        "host": f"lower({_field('host.name')})",
        "application": _field("service.name", "event.dataset", "event.module"),
        "account": _field("cloud.account.id"),
    },
    match_fields={
        "event.category": Expression(_all("event.category"), many=True),
        "event.type": Expression(_all("event.type"), many=True),
        "event.action": Expression(_field("event.action")),
    },
    # What Kibana and Winlogbeat write has formats of its own, which know more about it.
    looks_like=f""""time" IS NOT NULL AND {_field("event.category", "event.action", "event.type")} IS NOT NULL
        AND {_field("ecs.version", "event.kind", "event.dataset", "event.category")} IS NOT NULL
        AND NOT coalesce(starts_with({_field("log.logger")}, 'plugins.security.audit'), false)
        AND {_field("winlog.channel")} IS NULL""",
    unlike="This is no ECS event: @timestamp, or event.category and event.action, is missing.",
    has_native_id=True,
)
