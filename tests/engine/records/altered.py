"""Records that somebody altered: as files in memory, written back as a ZIP or a folder, signed again or not."""

import hashlib
import zipfile
from pathlib import Path

from reviews.engine.records import verify
from reviews.engine.records.keys import Signer

Files = dict[str, bytes]


def read(path: Path) -> Files:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return path


def write_folder(path: Path, files: Files) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def signed_again(files: Files, by: Signer) -> Files:
    """The files with a manifest, signature and certificate that fit them."""
    plain = {name: data for name, data in files.items() if name not in verify.NOT_IN_MANIFEST}
    lines = [f"{hashlib.sha256(plain[name]).hexdigest()}  {name}\n" for name in sorted(plain)]
    manifest = "".join(lines).encode()
    return {**plain, verify.MANIFEST: manifest, verify.SIGNATURE: by.sign(manifest), verify.SIGNER: by.pem}


def flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at % len(data)] ^= 1 << (at % 8)
    return bytes(changed)
