"""The portal's signing key: EC P-256 with a certificate it gives itself, made once and never overwritten.

The certificate has no end (RFC 5280, 4.1.2.5): trust comes from its fingerprint, which people hold on paper, and
not from a date or an authority. An organisation may put a key and certificate of its own in the same places.
"""

import datetime as dt
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from reviews.engine.durable import sync_directory
from reviews.errors import ConfigurationError

NO_END: Final = dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
DOCUMENT_SIGNING: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
LONGEST_NAME: Final = 64  # of a name in a certificate


@dataclass(frozen=True)
class Signer:
    """Key and certificate that sign records, and the fingerprints that a record of this portal may carry."""

    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    certificate: x509.Certificate
    fingerprints: tuple[str, ...]  # of all certificates in the file: the first signs, former ones may follow

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` prints it."""
        return self.fingerprints[0]

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def self_issued(self) -> bool:
        return self.certificate.issuer == self.certificate.subject

    def sign(self, manifest: bytes) -> bytes:
        """Detached CMS signature over the manifest, DER."""
        options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCapabilities]
        builder = pkcs7.PKCS7SignatureBuilder().set_data(manifest)
        signed = builder.add_signer(self.certificate, self.key, hashes.SHA256())
        return signed.sign(serialization.Encoding.DER, options)


def fingerprint_of(certificate: x509.Certificate) -> str:
    """`A1:B2:…`, SHA-256 of the certificate's DER form."""
    digest = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest().upper()
    return ":".join(digest[at : at + 2] for at in range(0, 64, 2))


def signer(key_path: Path, certificate_path: Path, organisation: str, now: dt.datetime, demo: bool = False) -> Signer:
    """The signer in these files; on the very first call it is made there (0600)."""
    if not (key_path.exists() and certificate_path.exists()):
        with _alone(key_path.parent, certificate_path.parent):
            _make_once(key_path, certificate_path, organisation, now, demo)
    return load(key_path, certificate_path)


def load(key_path: Path, certificate_path: Path) -> Signer:
    """Read both files. ConfigurationError says what is wrong with them."""
    try:
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
    except OSError as problem:
        raise ConfigurationError(f"SIGNING_KEY cannot be read: {problem.strerror}, {key_path}.") from None
    except (ValueError, TypeError):
        raise ConfigurationError(f"SIGNING_KEY is no PEM key without a password: {key_path}.") from None
    certificates = certificates_in(certificate_path)
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise ConfigurationError("SIGNING_KEY must be an EC or RSA key.")
    if certificates[0].public_key() != key.public_key():
        raise ConfigurationError("SIGNING_KEY and the first certificate of SIGNING_CERT do not belong together.")
    _require_fit(certificates[0])
    return Signer(key, certificates[0], tuple(fingerprint_of(one) for one in certificates))


def certificates_in(path: Path) -> list[x509.Certificate]:
    """The certificates of SIGNING_CERT; at least one."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as problem:
        raise ConfigurationError(f"SIGNING_CERT cannot be read: {problem.strerror}, {path}.") from None
    except ValueError:
        raise ConfigurationError(f"SIGNING_CERT is no PEM certificate: {path}.") from None


def _require_fit(certificate: x509.Certificate) -> None:
    """What openssl demands of a signer of documents, said before a record is made rather than after."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not {ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(usage):
        raise ConfigurationError(
            "SIGNING_CERT does not allow to sign documents: its extended key usage lacks emailProtection."
        )


# --- Making it, once ------------------------------------------------------------------------------------------


@contextmanager
def _alone(*folders: Path) -> Iterator[None]:
    """One process at a time makes a key, also when web and worker start at once."""
    try:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(folders[0] / ".signing.lock", os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as problem:
        raise ConfigurationError(f"No signing key can be made in {folders[0]}: {problem.strerror}.") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _make_once(key_path: Path, certificate_path: Path, organisation: str, now: dt.datetime, demo: bool) -> None:
    """Both files are written aside and then linked; a crash in between is finished by the next call."""
    key_aside, certificate_aside = (path.with_name(path.name + ".new") for path in (key_path, certificate_path))
    if key_path.exists() != certificate_path.exists() and not (key_aside.exists() and certificate_aside.exists()):
        there, lost = sorted((key_path, certificate_path), key=lambda path: not path.exists())
        raise ConfigurationError(
            f"{there.name} is there, but {lost.name} is not ({lost.parent}). Put it back from your backup. "
            f"Without it, move {there.name} away: a new pair is made, with a new fingerprint to hand over."
        )
    if not key_path.exists() and not certificate_path.exists():
        key, certificate = _new_pair(organisation, now, demo)
        pem = serialization.Encoding.PEM
        pkcs8, open_ = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        _write(key_aside, key.private_bytes(pem, pkcs8, open_))
        _write(certificate_aside, certificate.public_bytes(pem))
    for aside, path in ((key_aside, key_path), (certificate_aside, certificate_path)):
        if not path.exists():
            os.link(aside, path)
    sync_directory(key_path.parent)
    sync_directory(certificate_path.parent)
    key_aside.unlink(missing_ok=True)
    certificate_aside.unlink(missing_ok=True)


def _new_pair(organisation: str, now: dt.datetime, demo: bool) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    common = "Audit Portal records of a DEMO" if demo else "Audit Portal records"
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation.strip()[:LONGEST_NAME] or "Unnamed"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )
    usage = [ExtendedKeyUsageOID.EMAIL_PROTECTION, DOCUMENT_SIGNING]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A day earlier: a verifier's clock may be behind.
        .not_valid_before(now.astimezone(dt.UTC).replace(microsecond=0) - dt.timedelta(days=1))
        .not_valid_after(NO_END)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signs_documents(), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return key, builder.sign(key, hashes.SHA256())


def _signs_documents() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
