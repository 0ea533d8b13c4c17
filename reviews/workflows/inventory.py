"""The inventory: services and log stores with their facts. Facts decide which questions are asked, so all is logged.

Services are added and changed by administrators. A log store is added by whoever keeps the stores of the
organisation, and changed by its keepers.
"""

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.db import transaction
from django.utils import timezone

from reviews import access
from reviews.access import Role
from reviews.errors import Invalid, NotAllowed
from reviews.models import Cycle, LogStore, Service
from reviews.queries.facts import allowed, word
from reviews.queries.time_zones import is_time_zone
from reviews.workflows import cycles, people, trail

if TYPE_CHECKING:
    from auditportal.accounts.models import User

T = TypeVar("T", Service, LogStore)

SERVICE_FIELDS: Final = (
    "name",
    "owner_team",
    "kind",
    "critical",
    "data_class",
    "internet_facing",
    "takes_payments",
    "own_sign_in",
    "has_api",
    "run_by",
    "tags",
    "time_zone",
    "in_scope_from",
    "in_scope_to",
)
STORE_FIELDS: Final = (
    "name",
    "kind",
    "provider",
    "account",
    "lock",
    "own_keys",
    "people_with_access",
    "network_reachable",
    "tags",
)
WHO_ADDS_STORES: Final = "Only an administrator or a source keeper of the whole organisation can add a log store."
_TAG: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


# --- What is wrong, by field: forms show all of it, workflows refuse with the first -----------------------------


def service_problems(values: dict[str, Any], service: Service | None = None) -> dict[str, str]:
    """Why these values of a service cannot be saved, by field."""
    problems = _shared_problems(Service, "service", ("kind", "data_class", "run_by"), values, service)
    if "time_zone" in values and not is_time_zone(values["time_zone"]):
        problems["time_zone"] = f"{values['time_zone']} is no time zone. Write it like Europe/Berlin or UTC."
    first = values.get("in_scope_from", service.in_scope_from if service else None)
    last = values.get("in_scope_to", service.in_scope_to if service else None)
    if first and last and last < first:
        problems["in_scope_to"] = "The service leaves the scope before it enters it. Change one of the two days."
    return problems


def store_problems(values: dict[str, Any], store: LogStore | None = None) -> dict[str, str]:
    """Why these values of a log store cannot be saved, by field."""
    return _shared_problems(LogStore, "store", ("kind", "lock"), values, store)


def _shared_problems(
    model: type[Service] | type[LogStore],
    prefix: str,
    closed: tuple[str, ...],
    values: dict[str, Any],
    existing: Service | LogStore | None,
) -> dict[str, str]:
    """Name, facts with a closed list of values, and tags."""
    problems: dict[str, str] = {}
    name = values.get("name", existing.name if existing else "").strip()
    others = model._default_manager.exclude(pk=existing.pk) if existing is not None else model._default_manager.all()
    if not name:
        problems["name"] = "Give a name."
    elif others.filter(name__iexact=name).exists():
        problems["name"] = f"There is a {model._meta.verbose_name} with this name already. Choose another."
    for field in closed:
        value = values.get(field) or ""
        if value and value not in allowed(f"{prefix}.{field}"):
            words = ", ".join(word(known) for known in allowed(f"{prefix}.{field}"))
            problems[field] = f"The review template does not know this value. Choose one of: {words}."
    wrong = [tag for tag in values.get("tags") or () if not _TAG.fullmatch(tag)]
    if wrong:
        problems["tags"] = f"A tag has small letters, digits, dots and dashes only: not “{wrong[0]}”."
    return problems


def _refuse(problems: dict[str, str]) -> None:
    for field, message in problems.items():
        raise Invalid(message, field)


# --- Services -------------------------------------------------------------------------------------------------


@transaction.atomic
def add_service(by: "User", **values: Any) -> Service:
    """A new service of the inventory. Facts that are not given stay unknown."""
    access.require_administrator(by)
    _refuse(service_problems({"name": "", **values}))
    service = Service(**_known(values, SERVICE_FIELDS))
    service.save()
    trail.log(by, "service.added", service, after=_told(service, values))
    bring_into_running_cycles(by)
    return service


@transaction.atomic
def change_service(by: "User", service: Service, **values: Any) -> Service:
    """Change facts of a service. Questions of a quarter that is open already stay as they were asked."""
    access.require_administrator(by)
    _refuse(service_problems(values, service))
    if _change(by, service, _known(values, SERVICE_FIELDS), "service.changed"):
        bring_into_running_cycles(by)
    return service


# --- Log stores -------------------------------------------------------------------------------------------------


def may_add_store(person: "User") -> bool:
    """Administrators, and source keepers of the whole organisation."""
    return person.is_active and (person.is_administrator or access.organisation_is_open(person, "keep"))


@transaction.atomic
def add_store(by: "User", **values: Any) -> LogStore:
    """A new log store. A keeper who adds one keeps it."""
    if not may_add_store(by):
        raise NotAllowed(WHO_ADDS_STORES)
    _refuse(store_problems({"name": "", **values}))
    store = LogStore(**_known(values, STORE_FIELDS))
    store.save()
    trail.log(by, "store.added", store, after=_told(store, values))
    if not by.is_administrator:
        access.grant(by, Role.KEEPER, store)
        trail.log(by, "role.granted", by, after=people.told(Role.KEEPER, store))
    return store


@transaction.atomic
def change_store(by: "User", store: LogStore, **values: Any) -> LogStore:
    """Change facts of a log store."""
    if not access.may(by, "keep", store):
        raise NotAllowed("Only an administrator or a source keeper of this log store can change it.")
    _refuse(store_problems(values, store))
    _change(by, store, _known(values, STORE_FIELDS), "store.changed")
    return store


# --- Shared -----------------------------------------------------------------------------------------------------


def _known(values: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    """The values, trimmed; a name that is no fact of the inventory is a mistake of the caller."""
    unknown = set(values) - set(fields)
    if unknown:
        raise TypeError(f"not facts of the inventory: {', '.join(sorted(unknown))}")
    return {key: value.strip() if isinstance(value, str) else value for key, value in values.items()}


def _told(thing: Service | LogStore, fields: Any) -> dict[str, Any]:
    """Values as the trail keeps them: JSON, days as text."""
    told = {}
    for field in fields:
        value = getattr(thing, field)
        told[field] = value.isoformat() if isinstance(value, dt.date) else value
    return told


def _change(by: "User", thing: T, values: dict[str, Any], action: str) -> bool:
    before = _told(thing, values)
    for field, value in values.items():
        setattr(thing, field, value)
    old, new = trail.changes(before, _told(thing, values))
    if new:
        thing.save(update_fields=list(values))
        trail.log(by, action, thing, before=old, after=new)
    return bool(new)


def bring_into_running_cycles(by: "User", today: dt.date | None = None) -> None:
    """What enters the scope while a quarter runs gets its review in it."""
    for cycle in Cycle.objects.filter(ends_on__gte=today or timezone.now().date()):
        cycles.add_missing(cycle, by)
