"""Who gets what at every address: role × address, with a proof first that the hidden thing exists.

A new address fails `test_every_address_is_in_the_matrix` until it has a row here.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from auditportal.accounts.models import User
from reviews.models import Cycle, EvidenceLink, Import, Record, Review, ReviewItem, Scope
from reviews.web.urls import urlpatterns
from reviews.workflows import answers, invitations, people
from tests.quarters import open_quarter, review_of, upload
from tests.records.signed import attach, make_record, make_review
from tests.world import World, make_source

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SEEING = ("viewer", "preparer", "approver", "owner", "keeper", "administrator")
BLIND = ("auditor", "stranger")
SIGNED_IN = SEEING + BLIND


def everybody(status: int = 200) -> dict[str, int]:
    return dict.fromkeys(SIGNED_IN, status)


def seers(status: int = 200) -> dict[str, int]:
    """Who sees the thing; the others do not learn that it is there."""
    return dict.fromkeys(SEEING, status) | dict.fromkeys(BLIND, 404)


def only(*roles: str, status: int = 200) -> dict[str, int]:
    """These; others who see the thing are refused, the rest do not learn that it is there."""
    return seers(403) | dict.fromkeys(roles, status)


def only_page(*roles: str, status: int = 200) -> dict[str, int]:
    """These; a page without an object refuses everybody else."""
    return everybody(403) | dict.fromkeys(roles, status)


def administrators(status: int = 200) -> dict[str, int]:
    """People are the administrators' alone: others do not learn who is there."""
    return everybody(404) | {"administrator": status}


class Scene:
    """One of everything that the roles see, and one that only an administrator sees."""

    def __init__(self, world: World, places: Path) -> None:
        self.world, self.places = world, places

    @cached_property
    def source(self):
        return make_source(self.world, str(self.places))

    @cached_property
    def hidden_source(self):
        values = {"name": "Hidden source", "store": self.world.hidden_vault, "service": self.world.secret}
        return make_source(self.world, str(self.places), **values)

    @cached_property
    def run(self) -> Import:
        return Import.objects.create(source=self.source, state="done", finished_at=timezone.now())

    @cached_property
    def hidden_run(self) -> Import:
        return Import.objects.create(source=self.hidden_source, state="done", finished_at=timezone.now())

    @cached_property
    def cycle(self) -> Cycle:
        return open_quarter(self.world)

    @cached_property
    def review(self) -> Review:
        return review_of(self.cycle, self.world.payments)

    @cached_property
    def hidden_review(self) -> Review:
        return review_of(self.cycle, self.world.secret)

    @cached_property
    def item(self) -> ReviewItem:
        return self.review.items.get(item="COV-04")

    @cached_property
    def hidden_item(self) -> ReviewItem:
        return self.hidden_review.items.first()

    @cached_property
    def not_applicable(self) -> ReviewItem:
        """Answered "not applicable" by the preparer, waiting for a second person."""
        item = self.review.items.filter(text__not_applicable_allowed=True).first()
        values = {"reason": "There is no such thing.", "until": dt.date(2999, 1, 1)}
        return answers.answer(self.world.ines, item, item.revision, "not_applicable", "Looked for it.", **values)

    @cached_property
    def link(self) -> EvidenceLink:
        return attach(self.world, self.item, b"a list", "list.txt")

    @cached_property
    def hidden_link(self) -> EvidenceLink:
        link = attach(self.world, self.hidden_item, b"a secret list", "secret.txt")
        link.evidence.uploaded_by = self.world.ada
        link.evidence.save(update_fields=["uploaded_by"])
        return link

    @cached_property
    def submitted(self) -> Review:
        review = self.review
        review.state, review.submitted_by, review.submitted_at = "submitted", self.world.ines, timezone.now()
        review.save(update_fields=["state", "submitted_by", "submitted_at"])
        return review

    @cached_property
    def record(self) -> Record:
        """Signed and made; the auditor has a seat at it."""
        record = make_record(self.world)
        people.seat_auditor(self.world.ada, self.world.leila, record.review, dt.date(2999, 1, 1))
        return record

    @cached_property
    def hidden_record(self) -> Record:
        review = make_review(self.world, self.record.review.cycle, service=self.world.secret, scope=Scope.SERVICE)
        return Record.objects.create(review=review, number="AP-HIDDEN-1", state="made")

    @cached_property
    def token(self) -> str:
        return invitations.issue(self.world.sam, self.world.ada, timezone.now()).token


Arguments = Callable[[Scene], list[Any]]


@dataclass(frozen=True)
class Row:
    """One address and method: what each role gets."""

    name: str
    expected: Mapping[str, int]
    seen: Arguments = field(default=lambda scene: [])
    hidden: Arguments | None = None
    method: str = "GET"
    data: Callable[[Scene], dict[str, Any]] = field(default=lambda scene: {})
    public: bool = False
    of_administrators: int | None = None  # what an administrator gets for the hidden thing, when not as for the seen


def post(name: str, expected: Mapping[str, int], seen: Arguments = lambda scene: [], **more: Any) -> Row:
    return Row(name, expected, seen, method="POST", **more)


def service(scene: Scene) -> list[Any]:
    return [scene.world.payments.pk]


def hidden_service(scene: Scene) -> list[Any]:
    return [scene.world.secret.pk]


def store(scene: Scene) -> list[Any]:
    return [scene.world.vault.pk]


def hidden_store(scene: Scene) -> list[Any]:
    return [scene.world.hidden_vault.pk]


def source(scene: Scene) -> list[Any]:
    return [scene.source.pk]


def hidden_source(scene: Scene) -> list[Any]:
    return [scene.hidden_source.pk]


def review(scene: Scene) -> list[Any]:
    return [scene.review.pk]


def hidden_review(scene: Scene) -> list[Any]:
    return [scene.hidden_review.pk]


def item(scene: Scene) -> list[Any]:
    return [scene.item.review_id, scene.item.item]


def hidden_item(scene: Scene) -> list[Any]:
    return [scene.hidden_item.review_id, scene.hidden_item.item]


def record(scene: Scene) -> list[Any]:
    return [scene.record.pk]


def hidden_record(scene: Scene) -> list[Any]:
    return [scene.hidden_record.pk]


def person(scene: Scene) -> list[Any]:
    return [scene.world.sam.pk]


SERVICE = {"name": "Payments", "time_zone": "UTC"}
STORE = {"name": "Bucket"}
RECORD = seers() | {"auditor": 200}


def source_form(scene: Scene) -> dict[str, Any]:
    return {
        "name": "One more",
        "store": scene.world.vault.pk,
        "directory": str(scene.places),
        "glob": "**/*",
        "format": "cloudtrail",
        "time_zone": "UTC",
        "service": scene.world.cloud.pk,
        "every_minutes": 15,
        "grace_days": 7,
        "routes-TOTAL_FORMS": 0,
        "routes-INITIAL_FORMS": 0,
    }


def file_form(scene: Scene) -> dict[str, Any]:
    return {"file": upload(), "covers_from": "2026-07-01", "covers_to": "2026-09-30", "supersedes": ""}


MATRIX = [
    Row("overview", everybody()),
    # services
    Row("services", everybody()),
    Row("service", seers(), service, hidden_service),
    Row("service_add", only_page("administrator")),
    post("service_add", only_page("administrator", status=302), data=lambda scene: {**SERVICE, "name": "Ledger"}),
    Row("service_change", only("administrator"), service, hidden_service),
    post(
        "service_change", only("administrator", status=302), service, hidden=hidden_service, data=lambda scene: SERVICE
    ),
    # stores
    Row("stores", everybody()),
    Row("store", seers(), store, hidden_store),
    Row("store_add", only_page("keeper", "administrator")),
    post("store_add", only_page("keeper", "administrator", status=302), data=lambda scene: STORE),
    Row("store_change", only("keeper", "administrator"), store, hidden_store),
    post(
        "store_change",
        only("keeper", "administrator", status=302),
        store,
        hidden=hidden_store,
        data=lambda scene: STORE,
    ),
    # sources
    Row("sources", everybody()),
    Row("source", seers(), source, hidden_source),
    Row("source_add", only_page("keeper", "administrator")),
    post("source_add", only_page("keeper", "administrator", status=302), data=source_form),
    Row("source_change", only("keeper", "administrator"), source, hidden_source),
    post("source_change", only("keeper", "administrator", status=302), source, hidden=hidden_source, data=source_form),
    post("source_import", only("keeper", "administrator", status=302), source, hidden=hidden_source),
    post(
        "source_switch",
        only("keeper", "administrator", status=302),
        source,
        hidden=hidden_source,
        data=lambda scene: {"enabled": "no"},
    ),
    Row("import", seers(), lambda scene: [scene.run.pk], lambda scene: [scene.hidden_run.pk]),
    # cycles
    Row("cycle_add", only_page("administrator")),
    # reviews
    Row("reviews", everybody()),
    Row("review", seers(), review, hidden_review),
    Row("review_item", seers(), item, hidden_item),
    post(
        "review_item",
        only("preparer", status=302),
        item,
        hidden=hidden_item,
        of_administrators=403,
        data=lambda scene: {"revision": 0, "answer": "meets", "note": "", "reason": "", "until": ""},
    ),
    post(
        "item_confirm",
        only("approver", status=302),  # the preparer answered, and is not a second person here
        lambda scene: [scene.not_applicable.review_id, scene.not_applicable.item],
        hidden=hidden_item,
        of_administrators=403,
        data=lambda scene: {"revision": 1},
    ),
    Row("review_submit", only("preparer"), review, hidden_review, of_administrators=403),
    Row("review_sign", only("approver"), lambda scene: [scene.submitted.pk], hidden_review, of_administrators=403),
    post(
        "review_return",
        only("approver", status=302),
        lambda scene: [scene.submitted.pk],
        hidden=hidden_review,
        of_administrators=403,
        data=lambda scene: {"comment": "Please look at March again."},
    ),
    # evidence
    post(
        "evidence_add",
        only("preparer", "owner", status=302),
        item,
        hidden=hidden_item,
        of_administrators=403,
        data=file_form,
    ),
    post(
        "evidence_attach",
        only("preparer", "owner", status=302),
        lambda scene: [scene.review.pk, scene.review.items.exclude(pk=scene.item.pk).first().item],
        hidden=hidden_item,
        of_administrators=403,
        data=lambda scene: {"evidence": scene.link.evidence_id},
    ),
    post(
        "evidence_remove",
        only("preparer", status=302),
        lambda scene: [scene.link.pk],
        hidden=lambda scene: [scene.hidden_link.pk],
        of_administrators=403,
    ),
    Row("evidence", seers(), lambda scene: [scene.link.evidence_id], lambda scene: [scene.hidden_link.evidence_id]),
    # records
    Row("records", everybody()),
    Row("record", RECORD, record, hidden_record),
    Row("record_download", RECORD, record, hidden_record, of_administrators=400),
    post("record_download", RECORD, record),
    Row("portal_key", everybody()),
    # people
    Row("people", only_page("administrator")),
    Row("person_add", only_page("administrator")),
    post(
        "person_add", only_page("administrator"), data=lambda scene: {"name": "New", "email": "new@northmoor.example"}
    ),
    Row("person", administrators(), person),
    post("person_link", administrators(), person),
    post("person_change", administrators(302), person, data=lambda scene: {"change": "keep_out"}),
    post(
        "role_grant", administrators(302), person, data=lambda scene: {"role-role": "viewer", "role-on": "organisation"}
    ),
    post(
        "role_revoke",
        administrators(302),
        person,
        data=lambda scene: {"kind": "service", "thing": scene.world.payments.pk, "role": "viewer"},
    ),
    post(
        "seat_grant",
        administrators(302),
        person,
        data=lambda scene: {"seat-review": scene.review.pk, "seat-ends_on": "2999-01-01"},
    ),
    post("seat_revoke", administrators(302), person, data=lambda scene: {"review": scene.review.pk}),
    Row("join", everybody(), lambda scene: [scene.token], public=True),
    # trail
    Row("trail", only_page("administrator")),
    post("trail_download", only_page("administrator")),
    # settings
    Row("settings", everybody()),
    post("theme", everybody(302), data=lambda scene: {"theme": "dark"}),
]
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
        transaction.set_rollback(True)
    response.close()
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


@pytest.mark.parametrize("row", ROWS)
def test_without_signing_in_there_is_only_the_sign_in_page(scene: Scene, row: Row):
    response = ask(row, None, row.seen(scene), scene)
    if row.public:
        assert response.status_code == 200
    else:
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("row", HIDING)
def test_what_is_hidden_is_there_and_nobody_but_an_administrator_learns_of_it(scene: Scene, row: Row):
    arguments = row.hidden(scene)
    proof = ask(row, scene.world.ada, arguments, scene)
    expected = row.of_administrators if row.of_administrators is not None else row.expected["administrator"]
    assert proof.status_code == expected, "the hidden thing has to exist for an administrator"
    for role, person in scene.world.everybody().items():
        if role != "administrator":
            assert ask(row, person, arguments, scene).status_code == 404, role


@pytest.mark.parametrize("row", [row for row in ROWS if row.values[0].name in POST_ONLY])
def test_what_changes_something_answers_to_a_post_only(scene: Scene, row: Row):
    client = Client()
    client.force_login(scene.world.ada, backend=BACKEND)
    assert client.get(reverse(row.name, args=row.seen(scene))).status_code == 405


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
