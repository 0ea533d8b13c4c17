"""The pages of log stores, and lists that are empty."""

from django.urls import reverse

from reviews import access
from tests.quarters import open_quarter, store_in_use
from tests.world import World


def test_a_store_is_added_changed_and_shown(signed_in, world: World):
    client = signed_in(world.tomas)
    page = client.post(
        reverse("store_add"), {"name": "Syslog host", "kind": "host", "own_keys": "false", "tags": "PCI, dora"}
    )
    store = access.stores(world.tomas).get(name="Syslog host")
    assert page["Location"] == reverse("store", args=[store.pk])
    assert (store.own_keys, store.network_reachable, store.tags) == (False, None, ["pci", "dora"])
    text = client.get(page["Location"]).content.decode()
    assert "Kept by Tomas Lindqvist" in text
    assert "Not known" in text
    text = client.get(reverse("store_change", args=[store.pk])).content.decode()
    assert '<option value="false" selected>' in text
    assert 'value="pci, dora"' in text
    wrong = client.post(reverse("store_change", args=[store.pk]), {"name": "audit BUCKET", "lock": "maybe"})
    assert "There is a log store with this name already" in wrong.content.decode()
    assert (
        client.post(reverse("store_change", args=[store.pk]), {"name": "Syslog host", "lock": "none"}).status_code
        == 302
    )
    store.refresh_from_db()
    assert (store.lock, store.kind) == ("none", "")


def test_empty_lists_say_why_and_what_next(signed_in, world: World):
    client = signed_in(world.sam)
    assert "An administrator can grant you a role" in client.get(reverse("stores")).content.decode()
    assert "an administrator can grant you a role" in client.get(reverse("sources")).content.decode()
    assert "Add a log source" in signed_in(world.tomas).get(reverse("sources")).content.decode()


def test_a_store_shows_its_reviews_with_their_state(signed_in, world: World):
    store_in_use(world)
    page = signed_in(world.tomas).get(reverse("store", args=[world.vault.pk])).content.decode()
    assert "No review yet" in page
    open_quarter(world)
    page = signed_in(world.tomas).get(reverse("store", args=[world.vault.pk])).content.decode()
    assert "Q3 2026</a>" in page
    assert "Not started" in page
