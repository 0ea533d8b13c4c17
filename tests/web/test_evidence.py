"""Evidence over the web: upload, attach, take off, and downloads that no browser renders."""

from pathlib import Path

import pytest
from django.core.files.uploadhandler import SkipFile
from django.test import Client, RequestFactory
from django.urls import reverse

from reviews.models import Evidence, EvidenceLink, ReviewItem, TrailEntry
from reviews.web.uploads import LimitedUpload
from tests.quarters import give, open_quarter, review_of, upload
from tests.world import World


@pytest.fixture
def item(world: World, places: Path) -> ReviewItem:
    return review_of(open_quarter(world), world.payments).items.get(item="COV-04")


def at(item: ReviewItem, name: str = "evidence_add") -> str:
    return reverse(name, args=[item.review_id, item.item])


def given(file=None, **values) -> dict:
    return {
        "file": file if file is not None else upload(),
        "covers_from": "2026-07-01",
        "covers_to": "2026-09-30",
        "supersedes": "",
        **values,
    }


@pytest.mark.parametrize("who", ["ines", "priya"])
def test_a_file_is_attached_with_name_size_type_hash_and_period(signed_in, world: World, item: ReviewItem, who) -> None:
    client = signed_in(getattr(world, who))
    assert client.post(at(item), given()).status_code == 302
    link = EvidenceLink.objects.get()
    assert link.item == item
    page = client.get(at(item, "review_item")).content.decode()
    assert "list.csv" in page
    assert "text/csv" in page
    assert link.evidence.sha256 in page
    assert "8 bytes" in page
    assert '<time datetime="2026-07-01">1 Jul 2026</time>' in page


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"file": upload(content=b"")}, "It is empty (0 bytes)."),
        ({"file": ""}, "Choose a file."),
        ({"covers_to": "2026-06-30"}, "The period ends before it begins."),
        ({"covers_from": "yesterday"}, "Enter a valid date."),
        ({"supersedes": "999"}, "Select a valid choice."),
    ],
)
def test_what_is_refused_is_said_in_the_form(signed_in, world: World, item: ReviewItem, values, sentence) -> None:
    refused = signed_in(world.ines).post(at(item), given(**values))
    assert refused.status_code == 400
    assert sentence in refused.content.decode().replace("&#x27;", "'")
    assert not Evidence.objects.exists()


def test_a_file_over_the_limit_is_stopped_on_the_way(signed_in, world: World, item: ReviewItem, settings) -> None:
    settings.EVIDENCE_BYTES = 100_000
    client = signed_in(world.ines)
    refused = client.post(at(item), given(upload(content=b"x" * 300_000)))
    assert refused.status_code == 400
    assert "The file was not stored. It is larger than" in refused.content.decode()
    assert not Evidence.objects.exists()
    assert client.post(at(item), given(upload(content=b"x" * 100_000))).status_code == 302


def test_an_upload_that_is_too_long_is_skipped_before_it_is_kept() -> None:
    request = RequestFactory().post("/")
    handler = LimitedUpload(request, 10)
    assert handler.receive_data_chunk(b"x" * 10, 0) == b"x" * 10
    with pytest.raises(SkipFile):
        handler.receive_data_chunk(b"x", 10)
    assert request.META[LimitedUpload.TOO_LARGE] is True


def test_the_upload_wants_its_token(world: World, item: ReviewItem) -> None:
    """The view sets its upload handler before the token is read; it must be read all the same."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.ines, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(at(item), given()).status_code == 403
    assert not Evidence.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("maren", 403), ("jonas", 403), ("ada", 403), ("sam", 404)])
def test_others_attach_nothing(signed_in, world: World, item: ReviewItem, who: str, status: int) -> None:
    assert signed_in(getattr(world, who)).post(at(item), given()).status_code == status
    assert not Evidence.objects.exists()


def test_a_file_that_is_here_is_attached_to_another_question(signed_in, world: World, item: ReviewItem) -> None:
    link = give(world, item)
    other = item.review.items.get(item="COV-05")
    client = signed_in(world.priya)
    assert "Attach a file that is already here" in client.get(at(other, "review_item")).content.decode()
    assert client.post(at(other, "evidence_attach"), {"evidence": link.evidence_id}).status_code == 302
    assert EvidenceLink.objects.get(item=other).evidence == link.evidence
    again = client.post(at(other, "evidence_attach"), {"evidence": link.evidence_id})
    assert again.status_code == 400
    assert EvidenceLink.objects.filter(item=other).count() == 1


def test_a_file_is_superseded_and_both_stay(signed_in, world: World, item: ReviewItem) -> None:
    old = give(world, item).evidence
    client = signed_in(world.ines)
    client.post(at(item), given(upload("new.csv", b"corrected"), supersedes=old.pk))
    page = client.get(at(item, "review_item")).content.decode()
    assert "Superseded by new.csv" in page
    assert Evidence.objects.get(name="new.csv").supersedes == old


def test_a_file_is_taken_off(signed_in, world: World, item: ReviewItem) -> None:
    link = give(world, item)
    url = reverse("evidence_remove", args=[link.pk])
    assert signed_in(world.sam).post(url).status_code == 404
    assert signed_in(world.priya).post(url).status_code == 403
    client = signed_in(world.ines)
    assert client.get(url).status_code == 405
    assert client.post(url).status_code == 302
    assert "No file is attached." in client.get(at(item, "review_item")).content.decode()
    assert EvidenceLink.objects.get().removed_by == world.ines


@pytest.mark.parametrize(
    ("name", "content", "kind", "sent"),
    [
        ("page.html", b"<!doctype html><script>alert(1)</script>", "text/html", "application/octet-stream"),
        ("drawing.svg", b"<svg onload='alert(1)'/>", "image/svg+xml", "application/octet-stream"),
        ("list.csv", b"a,b\n", "text/csv", "text/csv"),
    ],
)
def test_a_download_is_never_rendered(signed_in, world: World, item: ReviewItem, name, content, kind, sent) -> None:
    file = give(world, item, name=name, content=content, kind=kind).evidence
    answer = signed_in(world.maren).get(reverse("evidence", args=[file.pk]))
    assert b"".join(answer.streaming_content) == content
    assert answer["Content-Type"] == sent
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert TrailEntry.objects.filter(action="evidence.downloaded", actor=world.maren).count() == 1


def test_a_hidden_file_is_404(signed_in, world: World, item: ReviewItem) -> None:
    file = give(world, item).evidence
    assert Evidence.objects.filter(pk=file.pk).exists()
    assert signed_in(world.sam).get(reverse("evidence", args=[file.pk])).status_code == 404
    assert not TrailEntry.objects.filter(action="evidence.downloaded").exists()
