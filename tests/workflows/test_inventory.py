"""Services and log stores (reviews/workflows/inventory.py)."""

import datetime as dt

import pytest

from reviews import access
from reviews.access import Role
from reviews.errors import Invalid, NotAllowed
from reviews.models import LogStore, Service, TrailEntry
from reviews.workflows import inventory
from tests.world import World


def test_a_service_is_added_with_what_is_known(world: World):
    service = inventory.add_service(
        world.ada, name=" Ledger ", kind="database", critical=True, in_scope_from=dt.date(2026, 1, 1)
    )
    service.refresh_from_db()
    assert service.name == "Ledger"
    assert service.internet_facing is None
    entry = TrailEntry.objects.get(action="service.added")
    assert entry.after["in_scope_from"] == "2026-01-01"
    assert entry.actor == world.ada


def test_a_change_is_told_with_before_and_after_and_no_change_is_not_told(world: World):
    inventory.change_service(world.ada, world.payments, critical=False, kind="payment_application")
    entry = TrailEntry.objects.get(action="service.changed")
    assert (entry.before, entry.after) == ({"critical": True}, {"critical": False})
    inventory.change_service(world.ada, world.payments, critical=False)
    assert TrailEntry.objects.filter(action="service.changed").count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "payments api"}, "name"),
        ({"name": "X", "kind": "spaceship"}, "kind"),
        ({"name": "X", "data_class": "gossip"}, "data_class"),
        ({"name": "X", "run_by": "nobody"}, "run_by"),
        ({"name": "X", "tags": ["pci", "Not this"]}, "tags"),
        ({"name": "X", "time_zone": "Mars/Olympus"}, "time_zone"),
        ({"name": "X", "in_scope_from": dt.date(2026, 2, 1), "in_scope_to": dt.date(2026, 1, 1)}, "in_scope_to"),
    ],
)
def test_a_wrong_fact_names_its_field_and_saves_nothing(world: World, values: dict, field: str):
    before = Service.objects.count()
    with pytest.raises(Invalid) as refused:
        inventory.add_service(world.ada, **values)
    assert refused.value.field == field
    assert Service.objects.count() == before


def test_services_are_the_administrators(world: World):
    for name, person in world.everybody().items():
        if name != "administrator":
            with pytest.raises(NotAllowed):
                inventory.add_service(person, name="Mine")
            with pytest.raises(NotAllowed):
                inventory.change_service(person, world.payments, critical=False)
    assert not Service.objects.filter(name="Mine").exists()


def test_a_keeper_of_the_organisation_adds_a_store_and_keeps_it(world: World):
    store = inventory.add_store(world.tomas, name="Syslog host", kind="host", lock="none")
    assert access.roles(world.tomas, store) == {Role.KEEPER}
    inventory.change_store(world.tomas, store, lock="governance")
    assert TrailEntry.objects.get(action="store.changed").after == {"lock": "governance"}
    assert TrailEntry.objects.get(action="role.granted").after["log store"] == "Syslog host"


def test_others_neither_add_nor_change_stores(world: World):
    for name, person in world.everybody().items():
        if name in {"administrator", "keeper"}:
            continue
        with pytest.raises(NotAllowed):
            inventory.add_store(person, name="Mine")
        with pytest.raises(NotAllowed):
            inventory.change_store(person, world.vault, lock="none")
    assert not LogStore.objects.filter(name="Mine").exists()
    with pytest.raises(NotAllowed):
        inventory.change_store(world.tomas, world.hidden_vault, lock="none")
