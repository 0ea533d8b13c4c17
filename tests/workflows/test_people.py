"""Invitations, roles, seats (reviews/workflows/people.py, invitations.py)."""

import datetime as dt
import hashlib

import pytest
from django.core import mail as outbox
from django.test import override_settings
from django.utils import timezone

from auditportal.accounts.models import User
from reviews import access
from reviews.access import Role
from reviews.errors import Conflict, Invalid, NotAllowed
from reviews.models import Cycle, Invitation, Organisation, Review, Scope, TrailEntry
from reviews.workflows import invitations, people
from tests.world import World

GOOD = "seven quiet ledgers"


def last_entry() -> TrailEntry:
    return TrailEntry.objects.order_by("-id").first()


# --- The first administrator ----------------------------------------------------------------------------------


def test_the_first_administrator_names_the_organisation_and_comes_in_once(db):
    link = people.first_administrator_link("http://127.0.0.1:8000/")
    token = link.removesuffix("/").rsplit("/", 1)[1]
    assert link.startswith("http://127.0.0.1:8000/join/")
    ada = people.join(token, GOOD, organisation="Northmoor", name="Ada Brandt", email="Ada@Northmoor.example")
    assert ada.is_administrator
    assert ada.email == "ada@northmoor.example"
    assert ada.check_password(GOOD)
    assert Organisation.objects.get().name == "Northmoor"
    assert {entry.action for entry in TrailEntry.objects.all()} == {"organisation.started", "person.joined"}
    with pytest.raises(NotAllowed):
        people.join(token, GOOD, organisation="Evil", name="Eve", email="eve@evil.example")
    assert not User.objects.filter(email="eve@evil.example").exists()


def test_a_new_start_replaces_the_unused_link(db):
    old = invitations.first_administrator_token()
    new = invitations.first_administrator_token()
    assert invitations.usable(old) is None
    assert invitations.usable(new) is not None


def test_with_somebody_there_no_first_administrator_link_is_made_or_opens(db):
    token = invitations.first_administrator_token()
    User.objects.create_user("a@b.example", "Somebody")
    assert people.first_administrator_link("http://x") is None
    assert Invitation.objects.filter(used_at=None).exists()
    assert invitations.usable(token) is None


def test_a_refused_password_leaves_the_link_open_and_writes_nothing(db):
    token = invitations.first_administrator_token()
    with pytest.raises(Invalid) as refused:
        people.join(token, "short", organisation="Northmoor", name="Ada", email="ada@northmoor.example")
    assert refused.value.field == "password"
    assert not User.objects.exists()
    assert not Organisation.objects.exists()
    assert invitations.usable(token) is not None


# --- Invitations ------------------------------------------------------------------------------------------------


def test_an_invited_person_sets_a_password_and_only_the_digest_is_stored(world: World):
    issued = people.invite(world.ada, "New@Northmoor.example", " New Person ")
    assert len(issued.token) >= 43
    stored = issued.invitation.token_sha256
    assert stored == hashlib.sha256(issued.token.encode()).hexdigest()
    assert not issued.person.has_usable_password()
    assert last_entry().action == "person.invited"
    person = people.join(issued.token, GOOD)
    assert person == issued.person
    assert person.check_password(GOOD)
    assert not person.is_administrator
    with pytest.raises(NotAllowed):
        people.join(issued.token, GOOD + "!")


def test_a_link_expires(world: World):
    now = timezone.now()
    issued = people.invite(world.ada, "new@northmoor.example", "New", now=now)
    assert invitations.usable(issued.token, now + dt.timedelta(days=7, seconds=-1)) is not None
    assert invitations.usable(issued.token, now + dt.timedelta(days=7)) is None


def test_two_who_use_one_link_at_once_cannot_both_win(world: World, monkeypatch):
    issued = people.invite(world.ada, "new@northmoor.example", "New")
    seen = Invitation.objects.get(pk=issued.invitation.pk)
    people.join(issued.token, GOOD)
    # The second one looked before the first had finished.
    monkeypatch.setattr(invitations, "usable", lambda token, now=None: seen)
    with pytest.raises(Conflict):
        people.join(issued.token, "another good password")
    issued.person.refresh_from_db()
    assert issued.person.check_password(GOOD)


def test_a_new_link_replaces_the_old_one_and_a_person_kept_out_gets_none(world: World):
    first = people.invite(world.ada, "new@northmoor.example", "New")
    second = people.invite_again(world.ada, first.person)
    assert invitations.usable(first.token) is None
    assert invitations.usable(second.token) is not None
    people.set_active(world.ada, first.person, False)
    assert invitations.usable(second.token) is None
    with pytest.raises(Invalid):
        people.invite_again(world.ada, first.person)


@pytest.mark.parametrize(
    ("email", "name", "field"),
    [
        ("ines@northmoor.example", "Second Ines", "email"),
        ("INES@northmoor.example", "Second Ines", "email"),
        ("nowhere", "N", "email"),
        ("n@northmoor.example", "  ", "name"),
        ("n@northmoor.example", "n" * 151, "name"),
    ],
)
def test_a_wrong_invitation_names_its_field(world: World, email: str, name: str, field: str):
    with pytest.raises(Invalid) as refused:
        people.invite(world.ada, email, name)
    assert refused.value.field == field


def test_only_administrators_decide_about_people(world: World):
    review_of_nothing = Review(pk=1)
    for name, person in world.everybody().items():
        if name == "administrator":
            continue
        for act in (
            lambda by: people.invite(by, "x@northmoor.example", "X"),
            lambda by: people.invite_again(by, world.sam),
            lambda by: people.grant_role(by, by, Role.APPROVER, world.payments),
            lambda by: people.revoke_role(by, world.ines, Role.PREPARER, world.payments),
            lambda by: people.seat_auditor(by, by, review_of_nothing, dt.date(2999, 1, 1)),
            lambda by: people.unseat_auditor(by, by, review_of_nothing),
            lambda by: people.set_active(by, world.ada, False),
            lambda by: people.set_administrator(by, by, True),
        ):
            with pytest.raises(NotAllowed):
                act(person)
    assert not TrailEntry.objects.exists()


def test_the_link_is_mailed_when_mail_is_set_up(world: World):
    issued = people.invite(world.ada, "new@northmoor.example", "New")
    assert not invitations.mail(issued, "https://portal.example.org")
    with override_settings(EMAIL_HOST="mail.example.org"):
        assert invitations.mail(issued, "https://portal.example.org")
    assert f"https://portal.example.org/join/{issued.token}" in outbox.outbox[0].body
    assert outbox.outbox[0].to == ["new@northmoor.example"]


# --- Roles ------------------------------------------------------------------------------------------------------


def test_a_role_is_granted_taken_and_told_once(world: World):
    assert people.grant_role(world.ada, world.sam, Role.APPROVER, world.payments)
    assert access.may(world.sam, "approve", world.payments)
    assert last_entry().after == {"role": "Approver", "service": "Payments API"}
    assert last_entry().object_name == "Sam Stranger"
    told = TrailEntry.objects.count()
    assert not people.grant_role(world.ada, world.sam, Role.APPROVER, world.payments)
    assert not people.grant_role(world.ada, world.sam, Role.VIEWER, world.payments)
    assert TrailEntry.objects.count() == told
    assert people.revoke_role(world.ada, world.sam, Role.APPROVER, world.payments)
    assert last_entry().before == {"role": "Approver", "service": "Payments API"}
    assert not access.may(world.sam, "view", world.payments)
    assert not people.revoke_role(world.ada, world.sam, Role.APPROVER, world.payments)


@pytest.mark.parametrize("role", [Role.PREPARER, Role.APPROVER, Role.OWNER])
def test_an_administrator_is_given_no_role_to_answer_sign_or_operate(world: World, role: Role):
    with pytest.raises(Invalid):
        people.grant_role(world.ada, world.ada, role, world.payments)
    assert access.roles(world.ada, world.payments) == set()


def test_who_answers_cannot_become_administrator_before_the_roles_are_gone(world: World):
    with pytest.raises(Conflict, match="Payments API"):
        people.set_administrator(world.ada, world.ines, True)
    people.set_administrator(world.ada, world.sam, True)
    world.sam.refresh_from_db()
    assert world.sam.is_administrator
    assert last_entry().after == {"administrator": True}


def test_nobody_keeps_themselves_out_or_steps_down_alone(world: World):
    with pytest.raises(NotAllowed):
        people.set_active(world.ada, world.ada, False)
    with pytest.raises(NotAllowed):
        people.set_administrator(world.ada, world.ada, False)


def test_a_person_kept_out_may_do_nothing_until_let_in_again(world: World):
    people.set_active(world.ada, world.ines, False)
    world.ines.refresh_from_db()
    assert not access.may(world.ines, "prepare", world.payments)
    with pytest.raises(Invalid):
        people.grant_role(world.ada, world.ines, Role.VIEWER, world.payments)
    people.set_active(world.ada, world.ines, True)
    world.ines.refresh_from_db()
    assert access.may(world.ines, "prepare", world.payments)


def test_an_auditors_seat_ends_by_itself_and_by_hand(world: World):
    cycle = Cycle.objects.create(
        quarter="2026-Q1",
        starts_on=dt.date(2026, 1, 1),
        ends_on=dt.date(2026, 3, 31),
        due_on=dt.date(2026, 4, 30),
        template="essential",
        opened_by=world.ada,
    )
    review = Review.objects.create(cycle=cycle, scope=Scope.SERVICE, service=world.payments)
    today = timezone.now().date()
    with pytest.raises(Invalid) as refused:
        people.seat_auditor(world.ada, world.leila, review, today - dt.timedelta(days=1))
    assert refused.value.field == "ends_on"
    people.seat_auditor(world.ada, world.leila, review, today)
    assert last_entry().after["ends_on"] == today.isoformat()
    people.unseat_auditor(world.ada, world.leila, review)
    assert last_entry().before["role"] == "Auditor"


def test_a_theme_is_light_dark_or_the_systems(world: World):
    people.set_theme(world.sam, "dark")
    world.sam.refresh_from_db()
    assert world.sam.theme == "dark"
    with pytest.raises(Invalid):
        people.set_theme(world.sam, "pink")
