"""The form of a service, and the guide through an empty portal."""

import datetime as dt
from pathlib import Path

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from reviews.access import Role
from reviews.models import Cycle, Import, ImportState, Organisation, Service
from reviews.queries.inventory import guide
from reviews.workflows import inventory, people, sources
from tests.world import World, make_person


def test_a_service_is_added_by_the_form_with_unknown_facts(signed_in, world: World):
    form = {"name": "Ledger", "kind": "database", "critical": "true", "time_zone": "Europe/Berlin", "tags": "pci"}
    page = signed_in(world.ada).post(reverse("service_add"), form)
    service = Service.objects.get(name="Ledger")
    assert page["Location"] == reverse("service", args=[service.pk])
    assert (service.critical, service.has_api, service.tags) == (True, None, ["pci"])


def test_a_service_is_changed_and_errors_keep_what_was_typed(signed_in, world: World):
    client = signed_in(world.ada)
    url = reverse("service_change", args=[world.payments.pk])
    text = client.get(url).content.decode()
    assert 'value="2020-01-01"' in text
    assert '<option value="payment_application" selected>' in text
    form = {"name": "Payments API", "time_zone": "UTC", "in_scope_from": "2026-02-01", "in_scope_to": "2026-01-01"}
    text = client.post(url, {**form, "owner_team": "The new team"}).content.decode()
    assert "leaves the scope before it enters it" in text
    assert 'value="The new team"' in text
    assert client.post(url, {**form, "in_scope_to": ""}).status_code == 302
    world.payments.refresh_from_db()
    assert world.payments.in_scope_from == dt.date(2026, 2, 1)


def test_the_guide_leads_from_an_empty_portal_to_an_open_quarter(db, places: Path):
    Organisation.objects.create(name="Northmoor")
    ada = make_person("Ada Brandt", is_administrator=True)

    def stand() -> tuple[list[bool], str]:
        steps = guide(ada)
        return [step.done for step in steps], next((step.url_name for step in steps if step.open and not step.done), "")

    assert stand() == ([False] * 6, "people")
    issued = people.invite(ada, "ines@northmoor.example", "Ines")
    assert stand()[1] == "people"
    service = inventory.add_service(ada, name="Cloud accounts")
    people.grant_role(ada, issued.person, Role.PREPARER, service)
    assert stand() == ([True, True, False, False, False, False], "store_add")
    store = inventory.add_store(ada, name="Audit bucket")
    assert stand()[1] == "source_add"
    source = sources.add_source(
        ada,
        name="Trail",
        store=store,
        service=service,
        directory=str(places),
        format="cloudtrail",
        every_minutes=5,
    )
    assert stand()[1] == "sources"
    run = Import.objects.create(source=source)
    assert stand()[1] == "sources"
    run.state, run.finished_at = ImportState.DONE, timezone.now()
    run.save(update_fields=["state", "finished_at"])
    assert stand()[1] == "cycle_add"
    Cycle.objects.create(
        quarter="2026-Q1",
        starts_on=dt.date(2026, 1, 1),
        ends_on=dt.date(2026, 3, 31),
        due_on=dt.date(2026, 4, 30),
        template="essential",
        opened_by=ada,
    )
    assert guide(ada) == ()


def test_the_guide_has_one_primary_button_for_the_next_step(world: World):
    text = render_to_string("reviews/overview/guide.html", {"guide": guide(world.ada)})
    assert text.count('data-kind="primary"') == 1
    assert f'data-kind="primary" href="{reverse("source_add")}"' in text


def test_the_guide_is_for_administrators(world: World):
    for name, person in world.everybody().items():
        assert bool(guide(person)) == (name == "administrator"), name
