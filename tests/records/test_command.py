"""`manage.py verify_record` (reviews/management/commands/verify_record.py): the portal checks its own records."""

import pytest
from django.conf import settings
from django.core.management import call_command

from reviews.engine.archive import archive_store
from reviews.workflows import records
from tests.engine.records import altered
from tests.engine.records.samples import make_signer
from tests.records.signed import make_record
from tests.world import World

pytestmark = pytest.mark.usefixtures("places")


def verify(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        call_command("verify_record", *arguments)
    return int(stop.value.code or 0)


@pytest.fixture
def path(world: World) -> str:
    record = make_record(world)
    return str(archive_store(settings.ARCHIVE_URL).path("records", record.sha256))


def test_the_portal_knows_its_own_fingerprint(path, capsys):
    assert verify(path) == 0
    assert capsys.readouterr().out.endswith("VALID\n")


def test_a_record_signed_again_by_another_key_is_tampered(path, tmp_path, capsys):
    forged = altered.signed_again(altered.read(path), make_signer(tmp_path / "other"))
    again = str(altered.write_zip(tmp_path / "forged.zip", forged))
    assert verify(again) == 1
    assert "another signer than expected" in capsys.readouterr().out
    other = make_signer(tmp_path / "other").fingerprint
    assert verify(again, "--fingerprint", other) == 0  # who asks for that signer gets that answer


def test_a_portal_without_a_key_cannot_tell(path, capsys):
    settings.SIGNING_CERT.unlink()
    assert verify(path) == 2
    assert "signer not confirmed" in capsys.readouterr().out


def test_a_damaged_certificate_of_the_portal_is_unknown_and_said(path, capsys):
    settings.SIGNING_CERT.write_bytes(b"damaged")
    assert verify(path) == 2
    assert "SIGNING_CERT is no PEM certificate" in capsys.readouterr().err


def test_wrong_usage_is_3(path, capsys):
    assert verify() == 3
    assert verify("nowhere.zip") == 3
    assert verify(path, "--fingerprint", "abc") == 3
    assert verify(path, "another") == 3
    assert verify("--nonsense", path) == 3
    assert "Traceback" not in capsys.readouterr().err


def test_former_certificates_of_the_portal_count(path, tmp_path):
    former = records.signing()
    new = make_signer(tmp_path / "new")
    settings.SIGNING_CERT.write_bytes(new.pem + former.pem)
    assert verify(path) == 0
