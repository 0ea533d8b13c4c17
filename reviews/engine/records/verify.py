"""Check a signed record of the audit portal. Needs Python and the `openssl` command, nothing else, no network.

    python3 verify.py [--fingerprint SHA256] RECORD       the ZIP file, or the folder it was unpacked to

Exit code 0: valid. 1: tampered. 2: unknown, something could not be checked. 3: wrong usage.

The fingerprint is that of the portal's certificate. It must come from outside of the record: from the paper the
portal printed before. A record can always be made anew with another key; only the fingerprint tells. Take this
program from a place you trust as well: the copy inside a record comes from the party whose record you check.

It is one file, longer than others of the project, because an auditor carries it alone.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

VALID, TAMPERED, UNKNOWN, USAGE = 0, 1, 2, 3
SCHEMA = "auditportal.record/1"
MANIFEST, SIGNATURE, SIGNER, RECORD = "MANIFEST.sha256", "MANIFEST.p7s", "trust/signer.pem", "content/record.json"
NOT_IN_MANIFEST = (MANIFEST, SIGNATURE, SIGNER)
REQUIRED = (*NOT_IN_MANIFEST, RECORD, "content/record.pdf", "VERIFY.txt", "verify.py")
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
LINE = re.compile(r"([0-9a-f]{64})  ([^\n]+)\n")
EVIDENCE = re.compile(r"content/evidence/([0-9]{4,})/([^/]+)")

MAX_NAME = 200
MAX_FILES = 10_000
MAX_TOTAL = 16 * 1024**3
MAX_RATIO = 200  # the portal does not compress at all; a record packed anew by hand stays far below
MAX_KEPT = 64 * 1024**2  # of a file that is read as a whole
OPENSSL_SECONDS = 60


class File(NamedTuple):
    """What was read: the bytes themselves only of the files that this program looks into."""

    size: int
    sha256: str
    data: bytes | None


class Report:
    """What was found. Anything tampered weighs more than anything unknown."""

    def __init__(self) -> None:
        self.good: list[str] = []
        self.tampered: list[str] = []
        self.unknown: list[str] = []

    @property
    def code(self) -> int:
        return TAMPERED if self.tampered else UNKNOWN if self.unknown else VALID

    def lines(self) -> list[str]:
        found = ["ok        " + line for line in self.good]
        found += ["tampered  " + line for line in self.tampered[:50]]
        if len(self.tampered) > 50:
            found.append(f"tampered  and {len(self.tampered) - 50} more")
        found += ["unknown   " + line for line in self.unknown]
        verdict = ("VALID", "TAMPERED", "UNKNOWN: consistent, signer not confirmed")[self.code]
        if self.code == UNKNOWN and not self.good:
            verdict = "UNKNOWN"
        return [*found, verdict]


class Refused(Exception):
    """The record cannot be read as one; the sentence says why."""


# --- Reading: the ZIP or the folder --------------------------------------------------------------------------


def kept(name: str) -> bool:
    return name in (MANIFEST, SIGNATURE, SIGNER, RECORD) or name.endswith("/meta.json")


def shown(name: str) -> str:
    return ascii(name)[1:-1] if name else "(no name)"


def require_names(names: list[str]) -> None:
    """Plain relative names, none twice, not even in another case."""
    if len(names) > MAX_FILES:
        raise Refused(f"{len(names)} files are more than a record can have ({MAX_FILES})")
    seen: dict[str, str] = {}
    for name in names:
        if len(name) > MAX_NAME or not NAME.fullmatch(name) or any(part.endswith(".") for part in name.split("/")):
            raise Refused(f"{shown(name)}: this name is not allowed in a record")
        other = seen.setdefault(name.lower(), name)
        if other is not name:
            raise Refused(f"{shown(name)}: this name stands twice" + ("" if other == name else f", also as {other}"))
    for name in seen:
        parts = name.split("/")
        for depth in range(1, len(parts)):
            if "/".join(parts[:depth]) in seen:
                raise Refused(f"{shown(seen[name])}: a part of this path is a file as well")


def digest(chunks: Iterable[bytes], keep: bool) -> File:
    total, sha256, data = 0, hashlib.sha256(), bytearray()
    for chunk in chunks:
        total += len(chunk)
        sha256.update(chunk)
        if keep and total <= MAX_KEPT:
            data += chunk
    return File(total, sha256.hexdigest(), bytes(data) if keep and total <= MAX_KEPT else None)


def pieces(stream: Any) -> Iterator[bytes]:
    while True:
        chunk = stream.read(1 << 20)
        if not chunk:
            return
        yield chunk


def read_folder(root: str) -> dict[str, File]:
    """Every file below the folder. Links and devices are refused, whatever they point to."""
    paths: dict[str, str] = {}
    total = 0
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            relative = os.path.relpath(path, root).replace(os.sep, "/")
            if stat.S_ISREG(mode):
                paths[relative] = path
                total += os.lstat(path).st_size
            elif not stat.S_ISDIR(mode):
                raise Refused(f"{shown(relative)}: this is a link or a device, not a file")
    require_names(sorted(paths))
    if total > MAX_TOTAL:
        raise Refused(f"the files are larger than a record can be ({MAX_TOTAL} bytes)")
    found = {}
    for name in sorted(paths):
        with open(paths[name], "rb") as stream:
            found[name] = digest(pieces(stream), kept(name))
    return found


def read_zip(path: str, report: Report) -> dict[str, File]:
    """Every file of the ZIP, within limits on number, size and ratio, before and while reading."""
    with open(path, "rb") as raw, zipfile.ZipFile(raw) as archive:
        entries = archive.infolist()
        files = [entry for entry in entries if not entry.orig_filename.endswith("/")]
        require_names([entry.orig_filename for entry in files])
        for entry in entries:
            require_entry(entry, files)
        if sum(entry.file_size for entry in files) > MAX_TOTAL:
            raise Refused(f"the files are larger than a record can be ({MAX_TOTAL} bytes)")
        require_nothing_between(raw, archive, entries)
        found = {}
        for entry in files:
            name = entry.orig_filename
            try:
                with archive.open(entry) as stream:
                    found[name] = digest(pieces(stream), kept(name))
            except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError) as problem:
                report.tampered.append(f"{name}: cannot be read ({shown(str(problem))})")
                continue
            if found[name].size != entry.file_size:
                report.tampered.append(f"{name}: the ZIP lies about its size")
        return found


def require_entry(entry: zipfile.ZipInfo, files: list[zipfile.ZipInfo]) -> None:
    name = entry.orig_filename
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if name.endswith("/"):
        inside = any(file.orig_filename.startswith(name) for file in files)
        if entry.file_size or not inside or kind not in (0, stat.S_IFDIR):
            raise Refused(f"{shown(name)}: this folder does not belong to a record")
    elif kind not in (0, stat.S_IFREG):
        raise Refused(f"{shown(name)}: this is a link or a device, not a file")
    if entry.flag_bits & 0x1:
        raise Refused(f"{shown(name)}: encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused(f"{shown(name)}: compressed in an unknown way")
    if entry.file_size > 1024**2 and entry.file_size > MAX_RATIO * entry.compress_size:
        raise Refused(f"{shown(name)}: a few bytes that unpack to {entry.file_size} (a ZIP bomb)")


def require_nothing_between(raw: Any, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """The ZIP holds its files and nothing else: another reader may show hidden bytes as other files."""
    end = 0
    gaps: tuple[int, ...] = (0,)
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset - end not in gaps:
            raise Refused(f"{shown(entry.orig_filename)}: bytes that belong to no file lie before it")
        raw.seek(entry.header_offset)
        header = raw.read(30)
        if len(header) < 30 or header[:4] != b"PK\x03\x04":
            raise Refused(f"{shown(entry.orig_filename)}: the ZIP is damaged here")
        streamed = bool(entry.flag_bits & 0x8)  # sizes follow the data, in a descriptor
        crc, packed, size, name_length, extra_length = struct.unpack("<IIIHH", header[14:30])
        same = (crc, packed, size) == (entry.CRC, entry.compress_size, entry.file_size)
        if not streamed and not same and 0xFFFFFFFF not in (packed, size):
            raise Refused(f"{shown(entry.orig_filename)}: the ZIP says two things about it")
        end = entry.header_offset + 30 + name_length + extra_length + entry.compress_size
        gaps = (12, 16, 20, 24) if streamed else (0,)
    listed = sum(46 + len(one.orig_filename) + len(one.extra) + len(one.comment) for one in entries)
    rest = raw.seek(0, os.SEEK_END) - archive.start_dir - listed
    if archive.start_dir - end not in gaps or archive.comment or rest not in (22, 22 + 76):
        raise Refused("the ZIP holds bytes that belong to no file")


# --- The manifest and the record ------------------------------------------------------------------------------


def check_manifest(data: bytes, files: dict[str, File], report: Report) -> dict[str, str]:
    """The manifest names every file but itself, the signature and the certificate, with the right SHA-256."""
    listed: dict[str, str] = {}
    names: list[str] = []
    for line in data.decode("ascii", "replace").splitlines(keepends=True):
        match = LINE.fullmatch(line)
        if match is None or match[2] in NOT_IN_MANIFEST:
            report.tampered.append(f"{MANIFEST}: this line is not allowed: {shown(line.strip())[:120]}")
            continue
        names.append(match[2])
        listed[match[2]] = match[1]
    if names != sorted(set(names)):
        report.tampered.append(f"{MANIFEST}: its lines are not in order, or one stands twice")
    for name in sorted(set(listed) - set(files)):
        report.tampered.append(f"{shown(name)}: in the manifest, but not in the record")
    for name in sorted(set(files) - set(listed) - set(NOT_IN_MANIFEST)):
        report.tampered.append(f"{name}: in the record, but not in the manifest")
    for name in sorted(set(files) & set(listed)):
        if files[name].sha256 != listed[name]:
            report.tampered.append(f"{name}: changed, its SHA-256 is not that of the manifest")
    return listed


def canonical(data: bytes) -> Any:
    """JSON without duplicate keys, floats or any freedom in how it is written."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    def refuse(text: str) -> None:
        raise ValueError(f"{text[:20]} is no whole number")

    found = json.loads(data.decode("utf-8"), object_pairs_hook=unique, parse_float=refuse, parse_constant=refuse)
    if json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() != data:
        raise ValueError("not in canonical form")
    return found


def read_json(name: str, files: dict[str, File], report: Report) -> dict[str, Any]:
    data = files[name].data if name in files else None
    try:
        if data is None:
            raise ValueError("too large")
        found = canonical(data)
        if not isinstance(found, dict):
            raise ValueError("not an object")
        return found
    except (ValueError, RecursionError) as problem:
        report.tampered.append(f"{name}: no canonical JSON ({shown(str(problem))[:120] or 'nested too deeply'})")
        return {}


def check_record(files: dict[str, File], report: Report) -> dict[str, Any]:
    """record.json is well formed, and names exactly the evidence that lies in the record."""
    record = read_json(RECORD, files, report)
    if not record:
        return record
    if record.get("schema") != SCHEMA:
        report.unknown.append(f"{RECORD}: written as {shown(str(record.get('schema')))[:60]}, newer than this program")
        return record
    entries = record.get("evidence")
    there = {name for name in files if name.startswith("content/evidence/")}
    for entry in entries if isinstance(entries, list) else [None]:
        entry = entry if isinstance(entry, dict) else {}
        name = str(entry.get("path"))
        match = EVIDENCE.fullmatch(name)
        meta = f"content/evidence/{match[1]}/meta.json" if match else ""
        if match is None or name not in there or meta not in there or name == meta or entry.get("ref") != match[1]:
            report.tampered.append(f"{RECORD}: names evidence that is not there: {shown(name)[:120]}")
            continue
        there -= {name, meta}
        if (entry.get("size"), entry.get("sha256")) != (files[name].size, files[name].sha256):
            report.tampered.append(f"{name}: not the file that {RECORD} names")
        if read_json(meta, files, report) != entry:
            report.tampered.append(f"{meta}: says something else than {RECORD}")
    for name in sorted(there):
        report.tampered.append(f"{name}: evidence that {RECORD} does not name")
    return record


# --- The signature ---------------------------------------------------------------------------------------------


def certificate(pem: bytes) -> bytes:
    """The one certificate of the PEM file, as DER. Two would let one vouch and another sign."""
    lines = pem.decode("ascii").split("\n")
    if (
        pem.count(b"BEGIN") != 1
        or lines[0] != "-----BEGIN CERTIFICATE-----"
        or lines[-2:] != ["-----END CERTIFICATE-----", ""]
    ):
        raise ValueError("not exactly one certificate")
    der = base64.b64decode("".join(lines[1:-2]), validate=True)
    body = base64.b64encode(der).decode()
    if lines[1:-2] != [body[at : at + 64] for at in range(0, len(body), 64)]:
        raise ValueError("not written as the portal writes it")
    return der


def der_parts(data: bytes) -> list[bytes]:
    """The elements that follow each other in `data`, each with its head."""
    found = []
    while data:
        length, start = data[1], 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[2:start], "big")
        if len(data) < start + length or length >= 1 << 24:
            raise ValueError("damaged")
        found.append(data[: start + length])
        data = data[start + length :]
    return found


def der_inside(element: bytes) -> list[bytes]:
    return der_parts(element[2 + (element[1] & 0x7F if element[1] & 0x80 else 0) :])


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    return bytes([tag]) + (bytes([len(body)]) if len(body) < 128 else bytes([0x80 | len(size)]) + size) + body


def require_envelope(cms: bytes, signer: bytes, manifest: bytes) -> None:
    """The CMS is byte for byte what the portal writes around time and signature; openssl overlooks some bytes."""
    data, sha256 = bytes.fromhex("06092a864886f70d010701"), bytes.fromhex("300d06096086480165030402010500")
    allowed = (
        "300a06082a8648ce3d040302",  # ecdsa-with-SHA256
        "300d06092a864886f70d01010b0500",  # sha256WithRSAEncryption
        "300d06092a864886f70d0101010500",  # rsaEncryption
    )
    signed = der_inside(der_inside(der_inside(cms)[1])[0])
    attributes, algorithm, signature = der_inside(der_inside(signed[-1])[0])[3:]
    time = der_inside(der_inside(der_inside(attributes)[1])[1])[0]
    digest = der(0x04, hashlib.sha256(manifest).digest())
    attributes = der(
        0xA0,
        der(0x30, bytes.fromhex("06092a864886f70d010903"), der(0x31, data)),
        der(0x30, bytes.fromhex("06092a864886f70d010905"), der(0x31, time)),
        der(0x30, bytes.fromhex("06092a864886f70d010904"), der(0x31, digest)),
    )
    about, one = der_inside(der_inside(signer)[0]), der(2, b"\x01")
    info = der(0x30, one, der(0x30, about[3], about[1]), sha256, attributes, algorithm, signature)
    body = der(0x30, one, der(0x31, sha256), der(0x30, data), der(0xA0, signer), der(0x31, info))
    whole = der(0x30, bytes.fromhex("06092a864886f70d010702"), der(0xA0, body))
    if whole != cms or algorithm.hex() not in allowed or signature[0] != 0x04:
        raise ValueError(f"no signature of the portal for {MANIFEST} by {SIGNER}")


def ask_openssl(program: str, manifest: bytes, cms: bytes, pem: bytes, report: Report) -> None:
    """`openssl cms -verify` as VERIFY.txt prints it, over exactly the bytes that were read."""
    with tempfile.TemporaryDirectory() as folder:

        def path(name: str, data: bytes) -> str:
            with open(os.path.join(folder, name), "wb") as stream:
                stream.write(data)
            return stream.name

        signature, signer = path("signature", cms), path("signer", pem)

        def run(content: bytes, *more: str) -> tuple[int, str]:
            command = [program, "cms", "-verify", "-binary", "-inform", "DER", "-in", signature]
            command += ["-content", path("manifest", content), "-nointern", "-certfile", signer, "-CAfile", signer]
            command += ["-out", os.devnull, *more]
            done = subprocess.run(command, capture_output=True, timeout=OPENSSL_SECONDS, stdin=subprocess.DEVNULL)
            return done.returncode, done.stderr.decode("ascii", "replace")

        issued = ["-partial_chain"] if is_issued(certificate(pem)) else []
        code, said = run(manifest, *issued)
        if code == 0 and run(manifest + b"x", *issued)[0] == 0:
            report.unknown.append("openssl calls everything good, even what is not: the signature was not checked")
        elif code == 0:
            report.good.append(f"{SIGNATURE}: openssl says the signature is good")
        elif code == 1 or code < 0:
            report.unknown.append(f"openssl could not check the signature: {shown(said.strip())[-200:]}")
        elif run(manifest, "-no_check_time", *issued)[0] == 0:
            report.unknown.append(f"{SIGNATURE}: good, but today lies outside of the validity of the certificate")
        else:
            report.tampered.append(f"{SIGNATURE}: the signature is not good for {MANIFEST}")


def is_issued(signer: bytes) -> bool:
    """Whether somebody else issued the certificate: then openssl must not look for its issuer."""
    about = der_inside(der_inside(signer)[0])
    return about[3] != about[5]


def check_signature(files: dict[str, File], fingerprints: frozenset[str], report: Report) -> None:
    """One certificate, the one that is expected, and its signature over the manifest."""
    manifest, cms, pem = (files[name].data or b"" for name in (MANIFEST, SIGNATURE, SIGNER))
    try:
        signer = certificate(pem)
        is_issued(signer)
    except (ValueError, IndexError) as problem:
        report.tampered.append(f"{SIGNER}: {shown(str(problem))[:120] or 'damaged'}")
        return
    fingerprint = hashlib.sha256(signer).hexdigest().upper()
    grouped = ":".join(fingerprint[at : at + 2] for at in range(0, 64, 2))
    if not fingerprints:
        report.unknown.append(f"no fingerprint was given to compare: the record is signed by {grouped}")
    elif fingerprint.lower() not in fingerprints:
        report.tampered.append(f"{SIGNER}: another signer than expected, {grouped}")
    else:
        report.good.append(f"{SIGNER}: the expected signer, {grouped}")
    try:
        require_envelope(cms, signer, manifest)
    except (ValueError, IndexError) as problem:
        report.tampered.append(f"{SIGNATURE}: {shown(str(problem))[:120] or 'damaged'}")
        return
    program = shutil.which("openssl")
    try:
        if program is None:
            raise FileNotFoundError("there is no openssl command")
        ask_openssl(program, manifest, cms, pem, report)
    except (OSError, subprocess.SubprocessError) as problem:
        report.unknown.append(f"the signature was not checked: {shown(str(problem))[:200]}")


# --- The whole -------------------------------------------------------------------------------------------------


def plain_fingerprint(text: str) -> str:
    """64 hexadecimal digits, however they were grouped. ValueError for anything else."""
    digits = re.sub(r"[\s:]|^\s*sha-?256( fingerprint)?\s*[:=]", "", text, flags=re.IGNORECASE).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise ValueError("A fingerprint has 64 hexadecimal digits.")
    return digits


def check(path: str, fingerprints: frozenset[str] = frozenset()) -> Report:
    """Check the record. Never raises for what the record holds; OSError where the path itself cannot be read."""
    report = Report()
    try:
        files = read_folder(path) if os.path.isdir(path) else read_zip(path, report)
    except Refused as problem:
        report.tampered.append(str(problem))
        return report
    except (zipfile.BadZipFile, ValueError, EOFError, struct.error, RuntimeError, NotImplementedError) as problem:
        report.tampered.append(f"this is no whole ZIP file ({shown(str(problem))[:120]})")
        return report
    missing = [name for name in REQUIRED if name not in files]
    if missing:
        report.tampered.extend(f"{name}: missing" for name in missing)
        return report
    check_manifest(files[MANIFEST].data or b"", files, report)
    record = check_record(files, report)
    check_signature(files, fingerprints, report)
    if not report.tampered:
        number = shown(str(record.get("number")))[:60]
        report.good.insert(0, f"record {number}, {len(files)} files, all as the manifest says")
    if record.get("demo"):
        report.good.append("this is a record of a demo: what it says is invented")
    return report


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("record", help="the ZIP file, or the folder it was unpacked to")
    parser.add_argument("--fingerprint", action="append", default=[], help="SHA-256 of the portal's certificate")
    try:
        given = parser.parse_args(arguments)
        fingerprints = frozenset(plain_fingerprint(text) for text in given.fingerprint)
        if not (os.path.isfile(given.record) or os.path.isdir(given.record)):
            raise ValueError(f"{given.record}: there is no such file or folder")
    except SystemExit as stop:
        return USAGE if stop.code else VALID
    except ValueError as problem:
        print(shown(str(problem)), file=sys.stderr)
        return USAGE
    try:
        report = check(given.record, fingerprints)
    except OSError as problem:
        print(f"unknown   {shown(str(problem))}\nUNKNOWN")
        return UNKNOWN
    print("\n".join(report.lines()))
    return report.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
