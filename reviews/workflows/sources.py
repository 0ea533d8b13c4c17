"""Log sources: added and changed by who keeps their store and every service they speak of. Each change is logged."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cronsim import CronSim, CronSimError
from django.db import transaction
from django.utils import timezone

from reviews import access
from reviews.engine.formats import all_formats, get_format
from reviews.errors import Invalid, NotAllowed, ReadingError
from reviews.models import LogSource, LogStore, Service, SourceRoute
from reviews.queries.places import directory_problem, glob_problem
from reviews.queries.time_zones import is_time_zone
from reviews.workflows import counting, inventory, trail

if TYPE_CHECKING:
    from auditportal.accounts.models import User

LONGEST_EVERY: Final = 7 * 24 * 60  # minutes
LONGEST_GRACE: Final = 90  # days
FIELDS: Final = (
    "name",
    "store",
    "service",
    "routing_field",
    "directory",
    "glob",
    "format",
    "mapping",
    "time_zone",
    "read_from",
    "every_minutes",
    "cron",
    "grace_days",
    "enabled",
)
_TEXTS: Final = ("name", "routing_field", "directory", "glob", "format", "time_zone", "cron")


# --- What is wrong, by field: forms show all of it, workflows refuse with the first -----------------------------


def cron_problem(line: str) -> str | None:
    """Why this is no schedule; None when it is one."""
    if len(line.split()) != 5:
        return "A cron line has five parts: minute, hour, day of month, month, day of week. For example 15 6 * * *"
    try:
        next(CronSim(line, dt.datetime(2024, 1, 1)))  # noqa: DTZ001 # any day will do; cronsim wants it naive
    except CronSimError:
        return "This cron line cannot be read. For example, 15 6 * * * is each day at 06:15 UTC."
    except StopIteration:
        return "This cron line names a moment that never comes."
    return None


def problems(
    values: Mapping[str, Any], routes: Mapping[str, Service], source: LogSource | None = None
) -> dict[str, str]:
    """Why a source with all these settings cannot be saved, by field."""
    found = _text_problems(values)
    if found:  # what no database takes is not asked for anywhere
        return found
    found = _named_problems(values, source)
    for field, problem in (
        ("directory", _place_problem(values["directory"], source)),
        ("glob", glob_problem(values["glob"])),
    ):
        if problem:
            found[field] = problem
    if values["read_from"] is not None and values["read_from"] > timezone.now().date():
        found["read_from"] = "This day is still to come, so that nothing would be read. Choose one that has begun."
    found.update(_schedule_problems(values))
    found.update(_routing_problems(values, routes))
    return found


def _text_problems(values: Mapping[str, Any]) -> dict[str, str]:
    """Texts that do not fit where they are kept."""
    found: dict[str, str] = {}
    for name in _TEXTS:
        most = LogSource._meta.get_field(name).max_length or 0  # type: ignore[union-attr]
        if len(values.get(name, "")) > most:
            found[name] = f"Give at most {most} letters."
        elif "\0" in values.get(name, ""):
            found[name] = "This holds a NUL character. Leave it out."
    return found


def _place_problem(directory: str, source: LogSource | None) -> str | None:
    """Without a directory, logs come by push and upload alone."""
    if not directory.strip():
        return None
    if source is not None and source.push_tokens.filter(ends_at=None).exists():
        return "Push tokens of this source are in use. Revoke them first, so that no sender is turned away unnoticed."
    return directory_problem(directory)


def _named_problems(values: Mapping[str, Any], source: LogSource | None) -> dict[str, str]:
    found: dict[str, str] = {}
    name = values["name"].strip()
    others = LogSource.objects.exclude(pk=source.pk) if source is not None else LogSource.objects.all()
    if not name:
        found["name"] = "Give a name."
    elif others.filter(name__iexact=name).exists():
        found["name"] = "There is a log source with this name already. Choose another."
    if values.get("store") is None:
        found["store"] = "Choose the log store that the files come from."
    if values["format"] not in all_formats():
        found["format"] = "The portal does not know this format. Choose one of the list."
    elif problem := _mapping_problem(values):
        found["mapping"] = problem
    if not is_time_zone(values["time_zone"]):
        found["time_zone"] = f"{values['time_zone']} is no time zone. Write it like Europe/Berlin or UTC."
    if not 0 <= values["grace_days"] <= LONGEST_GRACE:
        found["grace_days"] = f"Choose 0 to {LONGEST_GRACE} days."
    return found


def _mapping_problem(values: Mapping[str, Any]) -> str:
    """Why events cannot be read by the mapping; empty when they can."""
    try:
        fmt = get_format(values["format"], values["mapping"])
    except ReadingError as problem:
        return str(problem)
    if values["mapping"] and values["routing_field"] and not values["mapping"].get("route"):
        return f"The mapping names no field to share events out by, which {fmt.title} needs here."
    return ""


def _schedule_problems(values: Mapping[str, Any]) -> dict[str, str]:
    every, cron = values["every_minutes"], values["cron"].strip()
    if every is not None and cron:
        return {"cron": "Give either the minutes or a cron line, not both."}
    if cron:
        problem = cron_problem(cron)
        return {"cron": problem} if problem else {}
    if every is None:
        return {"every_minutes": "Say how often to read: a number of minutes, or a cron line."}
    if not 1 <= every <= LONGEST_EVERY:
        return {"every_minutes": f"Choose 1 to {LONGEST_EVERY:,} minutes. {LONGEST_EVERY:,} minutes are a week."}
    return {}


def _routing_problems(values: Mapping[str, Any], routes: Mapping[str, Service]) -> dict[str, str]:
    field = values["routing_field"]
    if not field:
        if routes:
            return {"routing_field": "Choose the field by which the events are shared out."}
        if values.get("service") is None:
            return {"service": "Choose the service that the logs speak of, or share them out by a field."}
        return {}
    if values.get("service") is not None:
        return {"service": "Choose one service, or share the events out by a field, not both."}
    known = all_formats().get(values["format"])
    if known is not None and field not in known.routes:
        return {"routing_field": f"{known.title} has no such field to share events out by."}
    if not routes:
        return {"routes": "Name at least one value of the field and its service."}
    if any(not value.strip() or len(value) > 200 or "\0" in value for value in routes):
        return {"routes": "Each line needs a value of at most 200 characters, without NUL, and a service."}
    return {}


# --- Acts -------------------------------------------------------------------------------------------------------


def check_keeper(by: "User", store: LogStore | None, services: Sequence[Service | None]) -> None:
    """Who changes a source decides what is counted: for the store, and for every service it speaks of."""
    things = [thing for thing in (store, *services) if thing is not None]
    refused = [thing.name for thing in things if not access.may(by, "keep", thing)]
    if refused:
        raise NotAllowed(
            f"You are not source keeper of {' and '.join(sorted(set(refused)))}. Ask an administrator for the role."
        )


def require_keeper(by: "User", source: LogSource) -> None:
    """Whether the person keeps all that the source touches; NotAllowed names what is missing."""
    check_keeper(by, source.store, services_of(source))


def services_of(source: LogSource) -> list[Service]:
    """The services a source speaks of."""
    if source.service is not None:
        return [source.service]
    return list(Service.objects.filter(routes__source=source).distinct())


@transaction.atomic
def add_source(
    by: "User", *, routes: Mapping[str, Service] | None = None, now: dt.datetime | None = None, **values: Any
) -> LogSource:
    """A new source, due at once. `routes` maps values of the routing field to services."""
    routes = {value.strip(): service for value, service in (routes or {}).items()}
    values = completed(values)
    service = values["service"]
    check_keeper(by, values["store"], [service] if service is not None else list(routes.values()))
    _refuse(problems(values, routes))
    source = LogSource.objects.create(**values, next_run_at=(now or timezone.now()) if values["enabled"] else None)
    _write_routes(source, routes)
    trail.log(by, "source.added", source, after=settings_of(source))
    inventory.bring_into_running_cycles(by)  # its log store may be in use only now
    return source


@transaction.atomic
def change_source(
    by: "User",
    source: LogSource,
    *,
    routes: Mapping[str, Service] | None = None,
    now: dt.datetime | None = None,
    **values: Any,
) -> LogSource:
    """Change settings. What is imported already stays as it was read; the source is due at once.

    Without `routes` the routes stay, unless the source now names one service.
    """
    source = LogSource.objects.select_for_update(of=("self",)).get(pk=source.pk)
    before = settings_of(source)
    require_keeper(by, source)
    old_routes = {route.value: route.service for route in source.routes.select_related("service")}
    new = {**{field: getattr(source, field) for field in FIELDS}, **_known(values)}
    if not new["routing_field"]:
        wanted: dict[str, Service] = {}
    else:
        wanted = old_routes if routes is None else {value.strip(): service for value, service in routes.items()}
    check_keeper(by, new["store"], [new["service"]] if new["service"] is not None else list(wanted.values()))
    _refuse(problems(new, wanted, source))
    for field in FIELDS:
        setattr(source, field, new[field])
    old, changed = trail.changes(before, {**settings_of(source), "routes": _routes_told(wanted)})
    if not changed:
        return source
    source.failures = 0
    source.next_run_at = (now or timezone.now()) if source.enabled else None
    source.save(update_fields=[*FIELDS, "failures", "next_run_at"])
    if wanted != old_routes:
        source.routes.all().delete()
        _write_routes(source, wanted)
    if {"service", "routing_field", "routes"} & changed.keys():
        counting.mark_all(source)  # which service an event belongs to is told when it is counted
    trail.log(by, "source.changed", source, before=old, after=changed)
    inventory.bring_into_running_cycles(by)
    return source


def completed(values: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a new source: those given, and what the others are when nothing is said."""
    return {
        "name": "",
        "store": None,
        "directory": "",
        "format": "",
        "service": None,
        "routing_field": "",
        "glob": "**/*",
        "mapping": {},
        "time_zone": "UTC",
        "read_from": None,
        "every_minutes": None,
        "cron": "",
        "grace_days": 7,
        "enabled": True,
        **_known(values),
    }


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, trimmed; a name that is no setting of a source is a mistake of the caller."""
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise TypeError(f"not settings of a source: {', '.join(sorted(unknown))}")
    return {key: value.strip() if isinstance(value, str) else value for key, value in values.items()}


def _refuse(found: dict[str, str]) -> None:
    for field, message in found.items():
        raise Invalid(message, field)


def _write_routes(source: LogSource, routes: Mapping[str, Service]) -> None:
    SourceRoute.objects.bulk_create(
        SourceRoute(source=source, value=value, service=service) for value, service in routes.items()
    )


def _routes_told(routes: Mapping[str, Service]) -> dict[str, str]:
    return {value: service.name for value, service in sorted(routes.items())}


def settings_of(source: LogSource) -> dict[str, Any]:
    """The settings as the trail keeps them: names, so that they outlive their rows."""
    told: dict[str, Any] = {field: getattr(source, field) for field in FIELDS}
    told["store"] = source.store.name
    told["read_from"] = source.read_from.isoformat() if source.read_from is not None else None
    told["service"] = source.service.name if source.service is not None else None
    told["routes"] = _routes_told({route.value: route.service for route in source.routes.select_related("service")})
    return told
