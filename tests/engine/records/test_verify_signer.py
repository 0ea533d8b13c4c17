"""The verifier and its openssl: certificates of authorities, ends of validity, and an openssl that is not one."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from reviews.engine.records import verify
from reviews.engine.records.keys import Signer, fingerprint_of, load
from reviews.errors import ConfigurationError
from tests.engine.records import altered
from tests.engine.records.samples import make_zip

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


class Authority:
    """A root that issues certificates for signers."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())

    def issue(self, folder: Path, common: str, **fields: object) -> Signer:
        key = fields.get("key") or ec.generate_private_key(ec.SECP256R1())
        days = fields.get("days", (-1, 30))
        usage = fields.get("usage", [ExtendedKeyUsageOID.EMAIL_PROTECTION])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name(common))
            .issuer_name(name("Northmoor root"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + dt.timedelta(days=days[0]))
            .not_valid_after(NOW + dt.timedelta(days=days[1]))
            .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        folder.mkdir()
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / "signing.key").write_bytes(private)
        (folder / "signing.crt").write_bytes(certificate.public_bytes(pem))
        return load(folder / "signing.key", folder / "signing.crt")


def paper_of(signer: Signer) -> frozenset[str]:
    return frozenset({verify.plain_fingerprint(signer.fingerprint)})


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_certificate_of_an_authority_signs_as_well(kind, authority, tmp_path):
    key = ec.generate_private_key(ec.SECP384R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
    signer = authority.issue(tmp_path / "a", "Records", key=key)
    path, built = make_zip(tmp_path, signer)
    report = verify.check(str(path), paper_of(signer))
    assert report.code == verify.VALID, report.lines()
    assert built.fingerprint == fingerprint_of(signer.certificate)
    assert b"-partial_chain" in altered.read(path)["VERIFY.txt"]


def test_another_leaf_of_the_same_authority_is_tampered(authority, tmp_path):
    signer, other = authority.issue(tmp_path / "a", "Records"), authority.issue(tmp_path / "b", "Records")
    files = altered.read(make_zip(tmp_path, signer)[0])
    files[verify.SIGNATURE] = other.sign(files[verify.MANIFEST])
    folder = altered.write_folder(tmp_path / "unpacked", files)
    assert verify.check(str(folder), paper_of(signer)).code == verify.TAMPERED
    whole = altered.write_folder(tmp_path / "whole", altered.signed_again(files, other))
    assert verify.check(str(whole), paper_of(signer)).code == verify.TAMPERED


@pytest.mark.parametrize("days", [(-30, -1), (1, 30)])
def test_a_certificate_outside_of_its_validity_is_unknown(days, authority, tmp_path):
    signer = authority.issue(tmp_path / "a", "Records", days=days)
    report = verify.check(str(make_zip(tmp_path, signer)[0]), paper_of(signer))
    assert report.code == verify.UNKNOWN
    assert "validity" in report.unknown[0]


def test_a_bad_signature_under_an_expired_certificate_is_tampered(authority, tmp_path, monkeypatch):
    signer = authority.issue(tmp_path / "a", "Records", days=(-30, -1))
    files = altered.read(make_zip(tmp_path, signer)[0])
    files[verify.SIGNATURE] = files[verify.SIGNATURE][:-1] + bytes([files[verify.SIGNATURE][-1] ^ 1])
    folder = altered.write_folder(tmp_path / "unpacked", files)
    assert verify.check(str(folder), paper_of(signer)).code == verify.TAMPERED


def test_a_certificate_for_web_servers_is_refused_before_anything_is_signed(authority, tmp_path):
    with pytest.raises(ConfigurationError, match="emailProtection"):
        authority.issue(tmp_path / "a", "Records", usage=[ExtendedKeyUsageOID.SERVER_AUTH])


# --- openssl -----------------------------------------------------------------------------------------------------


def fake_openssl(folder: Path, script: str, monkeypatch) -> None:
    folder.mkdir(exist_ok=True)
    program = folder / "openssl"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_without_openssl_a_record_is_unknown(record, paper, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    report = verify.check(str(record), paper)
    assert report.code == verify.UNKNOWN
    assert "there is no openssl command" in report.unknown[0]


def test_without_openssl_a_changed_file_is_still_tampered(files, paper, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    files["content/record.pdf"] += b"x"
    assert verify.check(str(altered.write_folder(tmp_path / "u", files)), paper).code == verify.TAMPERED


@pytest.mark.parametrize(
    "script",
    ["exit 0", "echo CMS Verification successful >&2", "exit 1", "kill -9 $$", "echo unknown option >&2; exit 1"],
)
def test_an_openssl_that_is_none_is_unknown(script, record, paper, tmp_path, monkeypatch):
    fake_openssl(tmp_path / "bin", script, monkeypatch)
    assert verify.check(str(record), paper).code == verify.UNKNOWN


def test_an_openssl_that_hangs_is_unknown(record, paper, tmp_path, monkeypatch):
    monkeypatch.setattr(verify, "OPENSSL_SECONDS", 0.2)
    fake_openssl(tmp_path / "bin", "exec /bin/sleep 60", monkeypatch)
    assert verify.check(str(record), paper).code == verify.UNKNOWN


def test_an_openssl_that_cannot_be_started_is_unknown(record, paper, tmp_path, monkeypatch):
    fake_openssl(tmp_path / "bin", "", monkeypatch)
    (tmp_path / "bin" / "openssl").write_bytes(b"\x7fELF nonsense")
    assert verify.check(str(record), paper).code == verify.UNKNOWN


def test_an_openssl_that_refuses_everything_calls_it_tampered(record, paper, tmp_path, monkeypatch):
    fake_openssl(tmp_path / "bin", "echo CMS Verification failure >&2; exit 4", monkeypatch)
    assert verify.check(str(record), paper).code == verify.TAMPERED
