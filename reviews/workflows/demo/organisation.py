"""Fills an empty demo: people, inventory, log sources, roles and quarters, all through the workflows of the portal.

Nothing is written that a person could not have typed. Log files then come in through the schedule.
"""

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import transaction

from reviews.access import Role, Thing
from reviews.errors import Conflict, NotAllowed
from reviews.models import LogStore, Organisation, Service
from reviews.workflows import cycles, inventory, invitations, people, sources
from reviews.workflows.demo import cast, growth, logs
from reviews.workflows.demo.plan import Plan

if TYPE_CHECKING:
    from auditportal.accounts.models import User

IN_SCOPE_SINCE: Final = dt.date(2020, 1, 1)


def may_fill() -> bool:
    """Whether the demo can be filled now. False when it is filled already; refused where it must not be."""
    if not settings.DEMO:
        raise NotAllowed("This is no demo. Set DEMO=1 to start one; it gets a place and a database of its own.")
    organisation = Organisation.objects.first()
    if organisation is None:
        return True
    if not organisation.is_demo:
        raise Conflict(f"This database holds {organisation.name}, which is no demo. Nothing was changed.")
    return False


def fill(plan: Plan, now: dt.datetime, say: Callable[[str], object] = print) -> None:
    """Write the log files, then everything else in one transaction: a demo is filled as a whole or not at all."""
    place = Path(settings.DATA_DIR)
    written = _write_files(plan, place, lives_on=plan.today == now.date())
    say(f"{written.lines:,} log records in {written.files:,} files, in {written.seconds:.1f} s.")
    with transaction.atomic():
        crew = _people(now)
        services, stores = _inventory(crew)
        _sources(crew, services, stores, place, now)
        _roles(crew, services, stores)
        for quarter in (plan.before, plan.running):
            cycles.open_cycle(crew[cast.ADMINISTRATOR], quarter, facts={"cycle.emergency_accounts": True})


def _write_files(plan: Plan, place: Path, *, lives_on: bool) -> logs.Written:
    """The files of an attempt that did not come to its end are replaced. Only a demo of today goes on from there."""
    for name in ("logs", logs.HELD):
        shutil.rmtree(place / name, ignore_errors=True)
    written = logs.write_logs(plan, place)
    (place / growth.PLAN_FILE).unlink(missing_ok=True)
    if lives_on:
        growth.remember(place, plan)
    return written


Crew = dict[cast.Person, "User"]


def _people(now: dt.datetime) -> Crew:
    """The administrator comes in by the first link, the others by invitation."""
    token = invitations.first_administrator_token(now)
    if token is None:
        raise Conflict(
            "There are people here already, but no organisation. Remove the demo's directory and start again."
        )
    administrator = invitations.join(
        token,
        settings.DEMO_PASSWORD,
        organisation=cast.ORGANISATION,
        name=cast.ADMINISTRATOR.name,
        email=cast.ADMINISTRATOR.email,
        time_zone=cast.TIME_ZONE,
        now=now,
    )
    crew: Crew = {cast.ADMINISTRATOR: administrator}
    for person in cast.PEOPLE:
        if person not in crew:
            issued = people.invite(administrator, person.email, person.name, now=now)
            crew[person] = invitations.join(issued.token, settings.DEMO_PASSWORD, now=now)
    return crew


def _inventory(crew: Crew) -> tuple[dict[str, Service], dict[str, LogStore]]:
    """Services by the administrator, log stores by the source keeper."""
    administrator, keeper = crew[cast.ADMINISTRATOR], crew[cast.KEEPER]
    services = {
        service.key: inventory.add_service(
            administrator, name=service.name, in_scope_from=IN_SCOPE_SINCE, **service.facts
        )
        for service in cast.SERVICES
    }
    kept: list[Thing] = [Organisation.objects.get(), *services.values()]
    for thing in kept:
        people.grant_role(administrator, keeper, Role.KEEPER, thing)
    stores = {store.key: inventory.add_store(keeper, name=store.name, **store.facts) for store in cast.STORES}
    return services, stores


def _sources(
    crew: Crew, services: dict[str, Service], stores: dict[str, LogStore], place: Path, now: dt.datetime
) -> None:
    for number, source in enumerate(cast.SOURCES):
        sources.add_source(
            crew[cast.KEEPER],
            # A microsecond apart, so that the first ones are imported first.
            now=now + dt.timedelta(microseconds=number - len(cast.SOURCES)),
            name=source.name,
            store=stores[source.store],
            service=services[source.service] if source.service else None,
            routing_field=source.routing_field,
            routes={value: services[key] for value, key in source.routes.items()},
            directory=str(place / "logs" / source.key),
            glob=source.glob,
            format=source.format,
            every_minutes=source.every_minutes,
            grace_days=cast.GRACE_DAYS,
        )


def _roles(crew: Crew, services: dict[str, Service], stores: dict[str, LogStore]) -> None:
    everything: list[Thing] = [*services.values(), *stores.values(), Organisation.objects.get()]
    owned: list[Thing] = [*(services[key] for key in cast.OPERATED), stores["collector"], stores["hosts"]]
    given: tuple[tuple[cast.Person, Role, list[Thing]], ...] = (
        (cast.MANAGER, Role.VIEWER, everything),
        (cast.PREPARER, Role.PREPARER, everything),
        (cast.APPROVER, Role.APPROVER, everything),
        (cast.SECOND_APPROVER, Role.APPROVER, everything),
        (cast.OWNER, Role.OWNER, owned),
    )
    for person, role, things in given:
        for thing in things:
            people.grant_role(crew[cast.ADMINISTRATOR], crew[person], role, thing)
