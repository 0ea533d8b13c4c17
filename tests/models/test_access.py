"""Who may see and do what (reviews/access.py)."""

import pytest
from django.http import Http404

from reviews import access
from reviews.access import Role
from reviews.errors import NotAllowed
from reviews.models import Service
from tests.world import World


def test_a_stranger_gets_404_for_what_exists(world: World):
    assert Service.objects.filter(pk=world.payments.pk).exists()
    with pytest.raises(Http404):
        access.service(world.sam, world.payments.pk)


def test_a_viewer_sees_and_is_refused_the_rest(world: World):
    assert access.service(world.maren, world.payments.pk) == world.payments
    with pytest.raises(NotAllowed):
        access.service(world.maren, world.payments.pk, "prepare")


def test_an_administrator_sees_and_keeps_everything_and_never_answers_or_signs(world: World):
    assert set(access.services(world.ada)) == {world.payments, world.cloud, world.secret}
    assert access.may(world.ada, "keep", world.secret)
    assert not access.may(world.ada, "prepare", world.payments)
    assert not access.may(world.ada, "approve", world.payments)


def test_a_hidden_service_is_in_no_list(world: World):
    assert world.secret in Service.objects.all()
    for name, person in world.everybody().items():
        if name != "administrator":
            assert world.secret not in access.services(person), name


def test_taking_one_role_keeps_what_another_needs(world: World):
    access.grant(world.ines, Role.KEEPER, world.payments)
    access.revoke(world.ines, Role.PREPARER, world.payments)
    assert access.roles(world.ines, world.payments) == {Role.KEEPER}
    assert access.may(world.ines, "view", world.payments)


def test_a_person_who_left_may_do_nothing(world: World):
    assert access.may(world.ines, "prepare", world.payments)
    world.ines.is_active = False
    world.ines.save(update_fields=["is_active"])
    assert not access.may(world.ines, "prepare", world.payments)
    assert not access.services(world.ines).exists()
    assert not access.records(world.ines).exists()
