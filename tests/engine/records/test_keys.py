"""The signing key (reviews/engine/records/keys.py): made once, never overwritten, whoever comes first."""

import os
import subprocess
import threading
from pathlib import Path

import pytest
from cryptography import x509

from reviews.engine.records import keys
from reviews.errors import ConfigurationError
from tests.engine.records.samples import NOW, make_signer


def paths(folder: Path) -> tuple[Path, Path]:
    return folder / "signing.key", folder / "signing.crt"


def test_the_first_call_makes_a_pair_that_only_we_can_read(tmp_path):
    made = make_signer(tmp_path / "keys")
    key, certificate = paths(tmp_path / "keys")
    assert key.stat().st_mode & 0o777 == certificate.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert sorted(os.listdir(tmp_path / "keys")) == [".signing.lock", "signing.crt", "signing.key"]
    assert made.certificate.subject.rfc4514_string() == "CN=Audit Portal records,O=Northmoor Mutual"
    assert made.self_issued
    assert made.certificate.not_valid_after_utc == keys.NO_END


def test_later_calls_give_the_same_pair(tmp_path):
    first = make_signer(tmp_path)
    before = [path.read_bytes() for path in paths(tmp_path)]
    assert make_signer(tmp_path, "Renamed since").fingerprint == first.fingerprint
    assert [path.read_bytes() for path in paths(tmp_path)] == before


def test_the_fingerprint_is_what_openssl_prints(tmp_path):
    made = make_signer(tmp_path)
    command = ["openssl", "x509", "-in", str(tmp_path / "signing.crt"), "-noout", "-fingerprint", "-sha256"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip().endswith(f"={made.fingerprint}")


def test_many_first_calls_at_once_make_one_pair(tmp_path):
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(make_signer(tmp_path).fingerprint)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("lost", [0, 1])
def test_a_lost_half_is_not_replaced(lost, tmp_path):
    make_signer(tmp_path)
    kept = paths(tmp_path)[1 - lost].read_bytes()
    paths(tmp_path)[lost].unlink()
    with pytest.raises(ConfigurationError, match="Put it back from your backup"):
        make_signer(tmp_path)
    assert paths(tmp_path)[1 - lost].read_bytes() == kept
    assert not paths(tmp_path)[lost].exists()


def test_a_crash_between_the_two_files_is_finished_by_the_next_call(tmp_path, monkeypatch):
    real, calls = os.link, []

    def link_and_die(source, target) -> None:
        calls.append(target)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(keys.os, "link", link_and_die)
    with pytest.raises(KeyboardInterrupt):
        make_signer(tmp_path)
    key = paths(tmp_path)[0].read_bytes()
    assert not paths(tmp_path)[1].exists()
    monkeypatch.setattr(keys.os, "link", real)
    made = make_signer(tmp_path)
    assert paths(tmp_path)[0].read_bytes() == key
    assert made.certificate.public_key() == made.key.public_key()


@pytest.mark.parametrize("organisation", ["", "   ", "ä" * 200, "漢字保険", "a/b=c,d+e\\f", "line\nbreak"])
def test_any_name_of_an_organisation_has_a_certificate(organisation, tmp_path):
    assert make_signer(tmp_path, organisation).certificate.subject


def test_a_demo_says_so_in_its_certificate(tmp_path):
    made = keys.signer(*paths(tmp_path), "Northmoor Mutual", NOW, demo=True)
    assert "DEMO" in made.certificate.subject.rfc4514_string()


def test_former_certificates_may_follow_the_first(tmp_path):
    made, former = make_signer(tmp_path / "new"), make_signer(tmp_path / "old")
    key, certificate = paths(tmp_path / "new")
    certificate.write_bytes(certificate.read_bytes() + former.pem)
    found = keys.load(key, certificate)
    assert found.fingerprint == made.fingerprint
    assert found.fingerprints == (made.fingerprint, former.fingerprint)


def test_what_does_not_belong_together_is_said(tmp_path):
    make_signer(tmp_path / "one")
    make_signer(tmp_path / "two")
    with pytest.raises(ConfigurationError, match="do not belong together"):
        keys.load(paths(tmp_path / "one")[0], paths(tmp_path / "two")[1])


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("data", [b"", b"no PEM", b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_file_is_said_in_a_sentence(number, data, tmp_path):
    make_signer(tmp_path)
    paths(tmp_path)[number].write_bytes(data)
    with pytest.raises(ConfigurationError, match="SIGNING_"):
        keys.load(*paths(tmp_path))


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="No signing key can be made"):
        make_signer(tmp_path / "file" / "keys")


def test_the_certificate_is_no_authority(tmp_path):
    certificate = make_signer(tmp_path).certificate
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
