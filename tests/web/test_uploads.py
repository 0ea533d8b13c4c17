"""A form that takes no file writes none to the disk, whoever sends it."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.quarters import open_quarter, review_of
from tests.web.test_evidence import given
from tests.world import World


@pytest.fixture
def temporary(settings, tmp_path: Path) -> Path:
    """Where Django would put what is sent to it; files there would last, had the request not ended."""
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    return tmp_path


@pytest.mark.django_db
def test_nobody_fills_the_disk_through_the_sign_in_page(temporary: Path, client: Client) -> None:
    sent = {"login": "ada@northmoor.example", "password": "x", "file": SimpleUploadedFile("a", b"x" * 100_000)}
    response = client.post(reverse("account_login"), sent)
    request = response.wsgi_request
    assert response.status_code == 200
    assert not request.FILES
    assert not request._files


def test_a_form_without_files_goes_on_without_them(temporary: Path, signed_in, world: World) -> None:
    response = signed_in(world.ines).post(reverse("theme"), {"theme": "dark", "file": SimpleUploadedFile("a", b"xyz")})
    assert not response.wsgi_request.FILES
    world.ines.refresh_from_db()
    assert (response.status_code, world.ines.theme) == (302, "dark")


def test_evidence_still_comes_in(temporary: Path, signed_in, world: World, places: Path) -> None:
    item = review_of(open_quarter(world), world.payments).items.get(item="COV-04")
    url = reverse("evidence_add", args=[item.review_id, item.item])
    assert signed_in(world.ines).post(url, given()).status_code == 302
    assert item.evidence_links.count() == 1
