"""The trail page and its download."""

import csv
import io

import pytest
from django.urls import reverse

from reviews.access import Role
from reviews.models import TrailEntry
from reviews.workflows import inventory, people, trail
from tests.world import World


@pytest.fixture
def told(world: World) -> World:
    people.grant_role(world.ada, world.sam, Role.VIEWER, world.payments)
    inventory.change_service(world.ada, world.payments, critical=False, tags=["pci", "dora"])
    trail.log(None, "import.finished", world.cloud, after={"events": 12})
    return world


def test_it_shows_who_did_what_with_before_and_after(signed_in, told: World):
    text = signed_in(told.ada).get(reverse("trail")).content.decode()
    assert "changed the service" in text
    assert "yes → no" in text
    assert "pci → pci, dora" in text
    assert "the schedule" in text


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ({"action": "role.granted"}, "Viewer", "yes → no"),
        ({"person": "the schedule"}, "12", "yes → no"),
        ({"object": "cloud"}, "12", "yes → no"),
        ({"first": "2999-01-01"}, "No entry fits", "yes → no"),
        ({"last": "2020-01-01"}, "No entry fits", "yes → no"),
    ],
)
def test_filters_leave_what_fits(signed_in, told: World, query: dict, shown: str, hidden: str):
    client = signed_in(told.ada)
    assert hidden in client.get(reverse("trail")).content.decode()
    text = client.get(reverse("trail"), query).content.decode()
    assert shown in text
    assert hidden not in text


def test_a_wrong_filter_is_said_under_its_field(signed_in, told: World):
    text = signed_in(told.ada).get(reverse("trail"), {"first": "2026-02-01", "last": "2026-01-01"}).content.decode()
    assert "This day lies before the first one" in text


def test_a_long_trail_has_pages_that_keep_the_filter(signed_in, told: World):
    for _ in range(60):
        trail.log(told.sam, "sign_in.succeeded", None)
    text = signed_in(told.ada).get(reverse("trail"), {"action": "sign_in.succeeded"}).content.decode()
    assert "1 to 50 of 60" in text
    assert "action=sign_in.succeeded&amp;page=2" in text


def test_the_download_escapes_formulas_and_is_told(signed_in, told: World):
    inventory.add_service(told.ada, name='=HYPERLINK("http://evil")')
    response = signed_in(told.ada).post(reverse("trail_download"), {"action": "service.added"})
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert response["Content-Disposition"].startswith("attachment")
    assert len(rows) == 2
    assert rows[1][rows[0].index("object")] == '\'=HYPERLINK("http://evil")'
    entry = TrailEntry.objects.get(action="trail.downloaded")
    assert entry.after == {"action": "service.added", "entries": 1}
    assert entry.actor == told.ada


def test_only_administrators_read_or_take_it(signed_in, told: World):
    for name, person in told.everybody().items():
        if name != "administrator":
            client = signed_in(person)
            assert client.get(reverse("trail")).status_code == 403
            assert client.post(reverse("trail_download")).status_code == 403
    assert not TrailEntry.objects.filter(action="trail.downloaded").exists()
