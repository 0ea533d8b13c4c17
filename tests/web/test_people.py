"""The pages about people, coming in, and settings."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse

from auditportal.accounts.models import User
from reviews import access
from reviews.access import Role
from reviews.models import Cycle, Invitation, Organisation, Review, ReviewUserObjectPermission, Scope, TrailEntry
from reviews.workflows import invitations, people
from tests.world import World

GOOD = "seven quiet ledgers"


@pytest.fixture
def review(world: World) -> Review:
    cycle = Cycle.objects.create(
        quarter="2026-Q1",
        starts_on=dt.date(2026, 1, 1),
        ends_on=dt.date(2026, 3, 31),
        due_on=dt.date(2026, 4, 30),
        template="essential",
        opened_by=world.ada,
    )
    return Review.objects.create(cycle=cycle, scope=Scope.SERVICE, service=world.payments)


# --- Coming in ------------------------------------------------------------------------------------------------


def test_the_first_administrator_comes_in_by_a_form(client: Client, db):
    token = invitations.first_administrator_token()
    url = reverse("join", args=[token])
    assert "Organisation" in client.get(url).content.decode()
    form = {
        "organisation": "Northmoor Mutual",
        "time_zone": "Europe/Berlin",
        "name": "Ada Brandt",
        "email": "ada@northmoor.example",
        "password": GOOD,
        "again": GOOD,
    }
    wrong = client.post(url, {**form, "again": "something else", "email": "nowhere"})
    page = wrong.content.decode()
    assert "The two passwords differ" in page
    assert 'value="Northmoor Mutual"' in page
    assert not User.objects.exists()
    assert client.post(url, form).status_code == 302
    organisation = Organisation.objects.get()
    assert (organisation.name, organisation.time_zone) == ("Northmoor Mutual", "Europe/Berlin")
    assert User.objects.get().is_administrator
    gone = client.get(url)
    assert gone.status_code == 410
    assert "has been used" in gone.content.decode()


def test_an_unknown_link_says_what_to_do(client: Client, world: World):
    response = client.get(reverse("join", args=["nothing"]))
    assert response.status_code == 410
    assert "Ask an administrator for a new link" in response.content.decode()


def test_an_invitation_goes_from_the_form_to_a_first_sign_in(signed_in, world: World):
    client = signed_in(world.ada)
    page = client.post(reverse("person_add"), {"name": "New Person", "email": "new@northmoor.example"})
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    link = re.search(r"http://testserver(/join/[\w-]+/)", page.content.decode()).group(1)
    token = link.split("/")[2]
    assert not Invitation.objects.filter(token_sha256=token).exists()
    other = Client()
    assert "new@northmoor.example" in other.get(link).content.decode()
    assert other.post(link, {"password": "short", "again": "short"}).status_code == 200
    assert other.post(link, {"password": GOOD, "again": GOOD}).status_code == 302
    assert other.login(email="new@northmoor.example", password=GOOD) or User.objects.get(
        email="new@northmoor.example"
    ).check_password(GOOD)


def test_a_wrong_invitation_keeps_what_was_typed_and_focuses_the_field(signed_in, world: World):
    page = signed_in(world.ada).post(reverse("person_add"), {"name": "Second Ines", "email": "ines@northmoor.example"})
    text = page.content.decode()
    assert "Somebody has this e-mail address already" in text
    assert 'value="Second Ines"' in text
    email = re.search(r'<input type="email"[^>]*>', text).group(0)
    assert 'aria-invalid="true"' in email
    assert "autofocus" in email
    assert 'aria-describedby="id_email_hint id_email_error"' in email


# --- Roles and seats ------------------------------------------------------------------------------------------


def test_a_role_is_granted_on_all_services_at_once_and_taken_away(signed_in, world: World):
    client = signed_in(world.ada)
    page = client.post(
        reverse("role_grant", args=[world.sam.pk]), {"role-role": "approver", "role-on": ["services", "organisation"]}
    )
    assert page.status_code == 302
    for thing in (world.payments, world.cloud, world.secret, world.organisation):
        assert access.roles(world.sam, thing) == {Role.APPROVER}
    assert access.roles(world.sam, world.vault) == set()
    text = client.get(reverse("person", args=[world.sam.pk])).content.decode()
    assert "Take the role Approver on Secret project away" in text
    client.post(
        reverse("role_revoke", args=[world.sam.pk]),
        {"kind": "service", "thing": world.secret.pk, "role": "approver"},
    )
    assert access.roles(world.sam, world.secret) == set()
    assert TrailEntry.objects.filter(action="role.granted").count() == 4
    assert TrailEntry.objects.filter(action="role.revoked").count() == 1


def test_a_form_without_a_choice_says_so_under_the_field(signed_in, world: World):
    page = signed_in(world.ada).post(reverse("role_grant", args=[world.sam.pk]), {"role-role": "approver"})
    assert "Choose at least one service or log store" in page.content.decode()


def test_an_administrator_is_not_offered_what_they_cannot_hold(signed_in, world: World):
    client = signed_in(world.ada)
    text = client.get(reverse("person", args=[world.ada.pk])).content.decode()
    assert 'value="keeper"' in text
    assert 'value="approver"' not in text
    page = client.post(reverse("role_grant", args=[world.ada.pk]), {"role-role": "approver", "role-on": "services"})
    assert page.status_code == 200
    assert access.roles(world.ada, world.payments) == set()


def test_a_seat_is_given_and_ended(signed_in, world: World, review: Review):
    client = signed_in(world.ada)
    past = client.post(
        reverse("seat_grant", args=[world.leila.pk]), {"seat-review": review.pk, "seat-ends_on": "2020-01-01"}
    )
    assert "The last day lies in the past" in past.content.decode()
    client.post(reverse("seat_grant", args=[world.leila.pk]), {"seat-review": review.pk, "seat-ends_on": "2999-01-01"})
    assert ReviewUserObjectPermission.objects.get().ends_on == dt.date(2999, 1, 1)
    assert "1 Jan 2999" in client.get(reverse("person", args=[world.leila.pk])).content.decode()
    client.post(reverse("seat_revoke", args=[world.leila.pk]), {"review": review.pk})
    assert not ReviewUserObjectPermission.objects.exists()


def test_a_person_is_kept_out_and_signed_out(signed_in, world: World):
    ines = Client()
    ines.force_login(world.ines, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert ines.get(reverse("settings")).status_code == 200
    client = signed_in(world.ada)
    client.post(reverse("person_change", args=[world.ines.pk]), {"change": "keep_out"})
    assert ines.get(reverse("settings")).status_code == 302
    client.post(reverse("person_change", args=[world.ines.pk]), {"change": "let_in"})
    world.ines.refresh_from_db()
    assert world.ines.is_active


def test_a_new_link_replaces_the_old_one(signed_in, world: World):
    old = people.invite(world.ada, "new@northmoor.example", "New")
    page = signed_in(world.ada).post(reverse("person_link", args=[old.person.pk]))
    assert "/join/" in page.content.decode()
    assert invitations.usable(old.token) is None


def test_a_made_up_form_is_refused_without_a_traceback(signed_in, world: World):
    client = signed_in(world.ada)
    for name, form in (
        ("person_change", {"change": "explode"}),
        ("role_revoke", {"kind": "user", "thing": "1", "role": "approver"}),
        ("role_revoke", {"kind": "service", "thing": "x", "role": "approver"}),
        ("role_revoke", {"kind": "service", "thing": "1", "role": "king"}),
        ("seat_revoke", {"review": "x"}),
    ):
        assert client.post(reverse(name, args=[world.sam.pk]), form).status_code == 400, name


def test_the_list_shows_everybody_with_their_roles(signed_in, world: World, django_assert_max_num_queries):
    client = signed_in(world.ada)
    with django_assert_max_num_queries(16):
        text = client.get(reverse("people")).content.decode()
    assert "Approver on 4" in text
    assert "Administrator" in text
    assert "No role yet" in text


def test_the_theme_is_kept_with_the_person(signed_in, world: World):
    client = signed_in(world.sam)
    assert client.post(reverse("theme"), {"theme": "dark"}).status_code == 302
    assert 'data-theme="dark"' in client.get(reverse("settings")).content.decode()
    assert client.post(reverse("theme"), {"theme": "pink"}).status_code == 400
