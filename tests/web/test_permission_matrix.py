"""Who gets what at every address: role × address, with a proof first that the hidden thing exists.

The rows stand in addresses.py. A new address fails `test_every_address_is_in_the_matrix` until it has one.
"""

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from auditportal.accounts.models import User
from reviews.web.urls import urlpatterns
from tests.web.addresses import MATRIX, SIGNED_IN, Row
from tests.web.scene import Scene
from tests.world import World

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ROWS = [pytest.param(row, id=f"{row.method} {row.name}") for row in MATRIX]
HIDING = [pytest.param(row, id=f"{row.method} {row.name}") for row in MATRIX if row.hidden is not None]
POST_ONLY = {row.name for row in MATRIX if row.method == "POST"} - {row.name for row in MATRIX if row.method == "GET"}


@pytest.fixture
def scene(world: World, places: Path) -> Scene:
    return Scene(world, places)


def ask(row: Row, person: User | None, arguments: list[Any], scene: Scene) -> HttpResponse:
    """The answer to one person; whatever it changed is rolled back."""
    client = Client()
    data = row.data(scene)
    with transaction.atomic():
        if person is not None:
            client.force_login(person, backend=BACKEND)
        url = reverse(row.name, args=arguments)
        response = client.get(url, data) if row.method == "GET" else client.post(url, data)
        if response.streaming:
            b"".join(response.streaming_content)  # to its end, which closes the file; close() would close the database
        transaction.set_rollback(True)
    return response


def test_every_address_is_in_the_matrix():
    assert {pattern.name for pattern in urlpatterns} == {row.name for row in MATRIX}


def test_each_row_says_what_every_role_gets():
    for row in MATRIX:
        assert set(row.expected) == set(SIGNED_IN), row.name


@pytest.mark.parametrize("row", ROWS)
def test_each_role_gets_what_it_may(scene: Scene, row: Row):
    arguments = row.seen(scene)
    got = {role: ask(row, person, arguments, scene).status_code for role, person in scene.world.everybody().items()}
    assert got == dict(row.expected)


def any_address(name: str) -> str:
    """An address of this name; neither sign-in nor method depend on what it names."""
    pattern = next(pattern for pattern in urlpatterns if pattern.name == name)
    return reverse(name, kwargs={key: 1 if key == "pk" else "COV-04" for key in pattern.pattern.converters})


def test_without_signing_in_there_is_only_the_sign_in_page(world: World, client: Client):
    for row in MATRIX:
        if row.public:
            continue
        url = any_address(row.name)
        response = client.get(url) if row.method == "GET" else client.post(url)
        assert (response.status_code, response.headers.get("Location", "").split("?")[0]) == (
            302,
            reverse("account_login"),
        ), row


def test_public_are_only_the_link_to_come_in_and_the_door_that_a_token_opens(scene: Scene, client: Client):
    assert [row.name for row in MATRIX if row.public] == ["push", "join"]
    assert client.post(reverse("push", args=[scene.open_source.pk])).status_code == 401
    assert client.get(reverse("join", args=[scene.token])).status_code == 200
    assert client.get(reverse("join", args=[scene.token + "x"])).status_code == 410


@pytest.mark.parametrize("row", HIDING)
def test_what_is_hidden_is_there_and_nobody_but_an_administrator_learns_of_it(scene: Scene, row: Row):
    arguments = row.hidden(scene)
    proof = ask(row, scene.world.ada, arguments, scene)
    expected = row.of_administrators if row.of_administrators is not None else row.expected["administrator"]
    assert proof.status_code == expected, "the hidden thing has to exist for an administrator"
    for role, person in scene.world.everybody().items():
        if role != "administrator":
            assert ask(row, person, arguments, scene).status_code == 404, role


def test_what_changes_something_answers_to_a_post_only(world: World, client: Client):
    client.force_login(world.ada, backend=BACKEND)
    assert {name: client.get(any_address(name)).status_code for name in POST_ONLY} == dict.fromkeys(POST_ONLY, 405)


@pytest.mark.parametrize("name", ["overview", "services", "stores", "sources", "reviews", "records", "trail"])
def test_no_list_tells_of_what_is_hidden(scene: Scene, name: str):
    assert scene.hidden_review.service == scene.world.secret
    assert scene.hidden_source.store == scene.world.hidden_vault
    scene.review  # noqa: B018 # made, so that the lists are not empty
    for role, person in scene.world.everybody().items():
        client = Client()
        client.force_login(person, backend=BACKEND)
        text = client.get(reverse(name)).content.decode()
        if role != "administrator":
            for word in ("Secret project", "Hidden bucket", "Hidden source"):
                assert word not in text, role
