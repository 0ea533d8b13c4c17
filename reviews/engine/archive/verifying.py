"""Verification: every stored byte, the chain of headers, the rows that speak of them, evidence and records.

A finding names the object and says what is wrong with it. `tampered`: it is not what it was. `unknown`: it cannot be
told (a place is missing or not readable). `note`: worth knowing, wrong in no way. Nothing here writes.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from reviews.engine.archive.files import HEADERS, KINDS, ArchiveStore, Kind, file_sha256
from reviews.engine.archive.segments import FIRST_PREV, Header, plain_chunks, read_header
from reviews.engine.durable import TEMPORARY
from reviews.errors import ArchiveError

Weight = Literal["tampered", "unknown", "note"]
VALID: Final = 0
TAMPERED: Final = 1
UNKNOWN: Final = 2


@dataclass(frozen=True)
class Finding:
    """One object that is not as it should be."""

    weight: Weight
    thing: str
    problem: str

    def __str__(self) -> str:
        return f"{self.thing}: {self.problem}"


@dataclass(frozen=True)
class PartRow:
    """What the database says about one member of a segment."""

    file: str
    offset: int
    length: int
    file_offset: int


@dataclass(frozen=True)
class SegmentRow:
    """What the database says about one segment."""

    seq: int
    header: bytes
    header_sha256: str
    prev: str
    stored_sha256: str
    stored_length: int
    plain_length: int
    source_id: int
    parts: tuple[PartRow, ...]


@dataclass
class Report:
    """What was checked and what was found."""

    findings: list[Finding] = field(default_factory=list)
    segments: int = 0
    evidence: int = 0
    records: int = 0
    stored_bytes: int = 0

    @property
    def code(self) -> int:
        weights = Counter(finding.weight for finding in self.findings)
        if weights["tampered"]:
            return TAMPERED
        return UNKNOWN if weights["unknown"] else VALID

    @property
    def checked(self) -> int:
        return self.segments + self.evidence + self.records

    def add(self, weight: Weight, thing: str, problem: str) -> None:
        self.findings.append(Finding(weight, thing, problem))


def verify(
    store: ArchiveStore,
    segments: Iterable[SegmentRow],
    evidence: Mapping[str, int],
    records: Mapping[str, int],
    progress: Callable[[int], None] = lambda seq: None,
) -> Report:
    """Check everything. `evidence` and `records` map the SHA-256 of each registered file to its size."""
    report = Report()
    if not store.root.is_dir():
        if any(True for _ in segments) or evidence or records:
            report.add("unknown", str(store.root), "The archive is not there. Check ARCHIVE_URL and the disk.")
        return report
    known = _chain(store, segments, report, progress)
    _header_files(store, report)
    _unregistered(store, "segments", known, report)
    for kind, rows in (("evidence", evidence), ("records", records)):
        _named_files(store, kind, rows, report)  # type: ignore[arg-type] # the loop's texts are kinds
    _leftovers(store, report)
    return report


def _chain(
    store: ArchiveStore, rows: Iterable[SegmentRow], report: Report, progress: Callable[[int], None]
) -> set[str]:
    known: set[str] = set()
    prev, expected = FIRST_PREV, 0
    for row in rows:
        name = f"Segment {row.seq}"
        if row.seq != expected:
            report.add("tampered", name, f"The chain has a hole: the segment after {expected - 1} is {row.seq}.")
        elif row.prev != prev:
            report.add("tampered", name, "It does not name the segment before it: the chain is broken here.")
        header = _header(store, row, name, report)
        if header is not None:
            _payload(store, header, name, report)
            known.add(header.stored_sha256)
        known.add(row.stored_sha256)
        prev, expected = row.header_sha256, row.seq + 1
        report.segments += 1
        progress(row.seq)
    return known


def _header(store: ArchiveStore, row: SegmentRow, name: str, report: Report) -> Header | None:
    """The header that can be trusted as far as the chain goes; what contradicts it is a finding."""
    if hashlib.sha256(row.header).hexdigest() != row.header_sha256:
        report.add("tampered", name, "The header in the database does not have the hash that stands beside it.")
    path = store.header_path(row.seq)
    try:
        on_disk = path.read_bytes()
    except FileNotFoundError:
        report.add(
            "unknown",
            f"{HEADERS}/{path.name}",
            "The header file is missing. After an import that was killed the next one writes it; "
            "if none was killed, somebody removed it.",
        )
    except OSError as problem:
        report.add("unknown", f"{HEADERS}/{path.name}", f"The header file cannot be read: {problem.strerror}.")
    else:
        if on_disk != row.header:
            report.add("tampered", f"{HEADERS}/{path.name}", "The header file and the database differ.")
    try:
        header = read_header(row.header)
    except ArchiveError as problem:
        report.add("tampered", name, f"The header in the database cannot be read. {problem}")
        return None
    told = (row.seq, row.prev, row.stored_sha256, row.stored_length, row.plain_length, row.source_id)
    said = (header.seq, header.prev, header.stored_sha256, header.stored_length, header.plain_length, header.source_id)
    if told != said:
        report.add("tampered", name, "The columns of the database contradict the sealed header.")
    sealed = tuple(PartRow(one.file, one.offset, one.length, one.file_offset) for one in header.members)
    if sealed != row.parts:
        report.add("tampered", name, "The parts in the database contradict the members of the sealed header.")
    return header


def _payload(store: ArchiveStore, header: Header, name: str, report: Report) -> None:
    try:
        path = store.path("segments", header.stored_sha256)
        sha256, size = file_sha256(path)
    except FileNotFoundError:
        report.add("tampered", name, f"Its sealed bytes are gone (segments/{header.stored_sha256}).")
        return
    except (OSError, ArchiveError) as problem:
        report.add("unknown", name, f"Its sealed bytes cannot be read: {problem}.")
        return
    report.stored_bytes += size
    if (sha256, size) != (header.stored_sha256, header.stored_length):
        report.add("tampered", name, f"Its sealed bytes were changed ({path.relative_to(store.root)}).")
        return
    try:
        _members(header, plain_chunks(store, header.stored_sha256, header.plain_length), name, report)
    except ArchiveError as problem:
        report.add("tampered", name, str(problem))


def _members(header: Header, chunks: Iterator[bytes], name: str, report: Report) -> None:
    """Members follow each other without a gap up to the segment's end; each has its own hash."""
    position = 0
    for member in header.members:
        if member.offset != position:
            report.add("tampered", name, "Its members do not follow each other without a gap.")
            return
        position += member.length
    if position != header.plain_length:
        report.add("tampered", name, "Its members do not cover its bytes.")
        return
    whole = hashlib.sha256()
    rest = b""
    for member in header.members:
        digest, left = hashlib.sha256(), member.length
        while left:
            if not rest:
                rest = next(chunks, b"")
                if not rest:
                    report.add("tampered", name, "Its sealed bytes end before its last member.")
                    return
                whole.update(rest)
            digest.update(rest[:left])
            taken = min(left, len(rest))
            rest, left = rest[taken:], left - taken
        if digest.hexdigest() != member.sha256:
            shown = member.name.decode("utf-8", "backslashreplace")
            report.add("tampered", name, f"The bytes of its member {shown} do not have the hash that its header names.")
    if rest or next(chunks, b""):
        report.add("tampered", name, "Its sealed bytes go on after its last member.")
    elif whole.hexdigest() != header.plain_sha256:
        report.add("tampered", name, "Its plain bytes do not have the hash that its header names.")


def _header_files(store: ArchiveStore, report: Report) -> None:
    """No header file may lie there that the database does not know."""
    names = {f"{seq}.json" for seq in range(report.segments)}
    for path in store.header_files():
        if path.name not in names or path.parent != store.root / HEADERS:
            report.add(
                "tampered",
                str(path.relative_to(store.root)),
                "The database knows no such segment: it was put back to an older state, or the file was added.",
            )


def _unregistered(store: ArchiveStore, kind: Kind, known: set[str], report: Report) -> None:
    """Files that no row speaks of: left by a process that died before its commit, or not ours at all."""
    for path in store.stored_names(kind):
        shown = str(path.relative_to(store.root))
        if path.name in known and path == store.path(kind, path.name):
            if path.is_symlink():
                report.add("tampered", shown, "The file was replaced by a link.")
            continue
        try:
            right = not path.is_symlink() and path == store.path(kind, file_sha256(path)[0])
        except OSError as problem:
            report.add("unknown", shown, f"The file cannot be read: {problem.strerror}.")
            continue
        if right:
            report.add(
                "note", shown, "No row speaks of this file. A process that died before its commit leaves such files."
            )
        else:
            report.add("tampered", shown, "The archive did not make this file: its name is not the hash of its bytes.")


def _named_files(store: ArchiveStore, kind: Kind, rows: Mapping[str, int], report: Report) -> None:
    for sha256, size in sorted(rows.items()):
        name = f"{kind}/{sha256}"
        if kind == "evidence":
            report.evidence += 1
        else:
            report.records += 1
        try:
            found = file_sha256(store.path(kind, sha256))
        except FileNotFoundError:
            report.add("tampered", name, "The file is gone.")
        except (OSError, ArchiveError) as problem:
            report.add("unknown", name, f"The file cannot be read: {problem}.")
        else:
            report.stored_bytes += found[1]
            if found != (sha256, size):
                report.add("tampered", name, "The file was changed after it was stored.")
    _unregistered(store, kind, set(rows), report)


def _leftovers(store: ArchiveStore, report: Report) -> None:
    for folder in (*KINDS, HEADERS):
        for path in sorted((store.root / folder).glob(f"{TEMPORARY}*")):
            report.add("note", _shown(store, path), "An unfinished file of a write under way, or of one that died.")


def _shown(store: ArchiveStore, path: Path) -> str:
    return os.fspath(path.relative_to(store.root))
