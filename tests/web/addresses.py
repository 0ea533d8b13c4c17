"""Every address of the product with what each role gets there. A new address needs a row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.quarters import upload
from tests.web.scene import Scene

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


def source_list(scene: Scene) -> dict[str, Any]:
    header = "name,store,service,directory,format,every_minutes"
    row = f"One of a list,{scene.world.vault.name},{scene.world.cloud.name},{scene.places},cloudtrail,15"
    return {"text": f"{header}\n{row}\n", "apply": "1"}


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
    Row("source_list_add", only_page("keeper", "administrator")),
    post("source_list_add", only_page("keeper", "administrator", status=302), data=source_list),
    Row("source_list_template", everybody(), lambda scene: ["csv"]),
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
    Row("rejects", everybody()),
    Row("reject", seers(), lambda scene: [scene.reject.pk], lambda scene: [scene.hidden_reject.pk]),
    Row("reject_raw", seers(), lambda scene: [scene.reject.pk], lambda scene: [scene.hidden_reject.pk]),
    Row("source_rejects", seers(), source, hidden_source),
    post("source_replay", only("keeper", "administrator", status=302), source, hidden=hidden_source),
    post(
        "source_upload",
        only("keeper", "administrator", status=302),
        source,
        hidden=hidden_source,
        data=lambda scene: {"files": SimpleUploadedFile("a.json", b"{}\n"), "end": "whole"},
    ),
    post(
        "token_make",
        only("keeper", "administrator"),
        lambda scene: [scene.open_source.pk],
        hidden=lambda scene: [scene.hidden_push_token.source_id],
    ),
    post(
        "token_revoke",
        only("keeper", "administrator", status=302),
        lambda scene: [scene.push_token.pk],
        hidden=lambda scene: [scene.hidden_push_token.pk],
    ),
    # A token opens this door, and no person; without one nobody learns what there is behind it.
    post("push", everybody(401), lambda scene: [scene.open_source.pk], public=True),
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
