"""The ZIP: content, evidence, manifest, signature and what verifies them. docs/records.md has the layout.

Nothing is compressed, names are plain, times are fixed: whoever opens it sees the same files, and a verifier needs
no guard against what unpacks to more than it is.
"""

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final

from reviews.engine.archive import canonical
from reviews.engine.records import verify
from reviews.engine.records.content import EvidenceFile, RecordContent, plain
from reviews.engine.records.instructions import verify_text
from reviews.engine.records.keys import Signer
from reviews.engine.records.pdf import render
from reviews.errors import RecordError

OpenEvidence = Callable[[str], BinaryIO]  # by SHA-256

_FIXED_TIME: Final = (1980, 1, 1, 0, 0, 0)
_CHUNK: Final = 1 << 20


@dataclass(frozen=True)
class Built:
    """What was written."""

    sha256: str  # of the ZIP
    manifest_sha256: str
    fingerprint: str
    size: int


def build(
    content: RecordContent,
    signer: Signer,
    open_evidence: OpenEvidence,
    target: IO[bytes],
    keep_alive: Callable[[], None] = lambda: None,
) -> Built:
    """Write the record's ZIP into `target`. `keep_alive` is called now and then during long work."""
    small = _small_files(content, signer)
    keep_alive()
    evidence = {one.path: one for one in content.evidence}
    manifest = _manifest({**{name: _sha256(data) for name, data in small.items()}, **_hashes(evidence)})
    small[verify.MANIFEST] = manifest
    small[verify.SIGNATURE] = signer.sign(manifest)
    small[verify.SIGNER] = signer.pem
    names = sorted([*small, *evidence])
    _require_names(names)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            with archive.open(_entry(name), "w", force_zip64=False) as entry:
                if name in small:
                    entry.write(small[name])
                else:
                    _copy(evidence[name], open_evidence, entry, keep_alive)
    return Built(_sha256_of(target, keep_alive), _sha256(manifest), signer.fingerprint, target.tell())


def require_valid(path: Path, signer: Signer) -> None:
    """What was just made must verify. Without openssl here the signature is left to whoever has it."""
    report = verify.check(str(path), frozenset({verify.plain_fingerprint(signer.fingerprint)}))
    if report.code == verify.TAMPERED:
        raise RecordError(f"The record that was made does not verify: {'; '.join(report.tampered[:3])}.")


def _small_files(content: RecordContent, signer: Signer) -> dict[str, bytes]:
    """Everything but the evidence and what stands over the manifest."""
    record = content.as_bytes()
    found = {
        verify.RECORD: record,
        "content/record.pdf": render(content, record, signer.fingerprint),
        "VERIFY.txt": verify_text(content, signer.self_issued),
        "verify.py": Path(verify.__file__).read_bytes(),
    }
    for one in content.evidence:
        found[f"content/evidence/{one.ref}/meta.json"] = canonical.dumps(plain(one))
    return found


def _hashes(evidence: dict[str, EvidenceFile]) -> dict[str, str]:
    return {path: one.sha256 for path, one in evidence.items()}


def _manifest(hashes: dict[str, str]) -> bytes:
    """As `sha256sum` writes it, in the order of LC_ALL=C."""
    return "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)).encode("ascii")


def _require_names(names: list[str]) -> None:
    """A record that its own verifier would refuse is not made."""
    try:
        verify.require_names(names)
    except verify.Refused as problem:
        raise RecordError(f"The record cannot be made: {problem}.") from None


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _FIXED_TIME)
    entry.create_system = 3
    entry.external_attr = 0o100644 << 16
    return entry


def _copy(one: EvidenceFile, open_evidence: OpenEvidence, entry: IO[bytes], keep_alive: Callable[[], None]) -> None:
    """The evidence as it lies in the archive, checked against what was attached while it is copied."""
    sha256, size = hashlib.sha256(), 0
    with open_evidence(one.sha256) as stored:
        for chunk in _chunks(stored):
            sha256.update(chunk)
            size += len(chunk)
            entry.write(chunk)
            keep_alive()
    if (sha256.hexdigest(), size) != (one.sha256, one.size):
        raise RecordError(f"The evidence {one.original_name} in the archive is not the file that was attached.")


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sha256_of(target: IO[bytes], keep_alive: Callable[[], None]) -> str:
    """Leaves the position at the end."""
    sha256 = hashlib.sha256()
    target.seek(0)
    for chunk in _chunks(target):
        sha256.update(chunk)
        keep_alive()
    return sha256.hexdigest()
