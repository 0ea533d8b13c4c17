"""Sealing and reading back, and that each way of changing something sealed is found and named."""

import datetime as dt
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import zstandard

from reviews.engine.archive import ArchiveStore, canonical, segments
from reviews.engine.archive.segments import About, Member
from reviews.engine.archive.verifying import PartRow, Report, SegmentRow, verify
from reviews.errors import ArchiveError

NOW = dt.datetime(2026, 11, 3, 8, 0, 0, 5, tzinfo=dt.UTC)


@dataclass
class Archive:
    """A small archive: three segments of two members each, one evidence file, one record."""

    store: ArchiveStore
    rows: list[SegmentRow]
    evidence: dict[str, int]
    records: dict[str, int]

    def verify(self) -> Report:
        return verify(self.store, self.rows, self.evidence, self.records)

    def payload(self, seq: int) -> Path:
        return self.store.path("segments", self.rows[seq].stored_sha256)


def members_of(*pieces: tuple[str, bytes]) -> tuple[bytes, list[Member]]:
    plain, members = b"", []
    for name, piece in pieces:
        members.append(
            Member(f"key-{name}", name.encode(), "2026-11-03T07:00:00.000000Z", len(plain), len(piece),
                   hashlib.sha256(piece).hexdigest(), 0)
        )  # fmt: skip
        plain += piece
    return plain, members


def add_segment(archive: Archive, *pieces: tuple[str, bytes]) -> SegmentRow:
    plain, members = members_of(*pieces)
    sealed = segments.seal(archive.store, plain)
    seq = len(archive.rows)
    prev = archive.rows[-1].header_sha256 if archive.rows else segments.FIRST_PREV
    about = About(7, 1, "syslog", 1, "UTC", 4, NOW - dt.timedelta(hours=2), NOW)
    header = segments.header_bytes(seq, prev, sealed, members, about, NOW)
    archive.store.put_header(seq, header)
    parts = tuple(PartRow(one.file, one.offset, one.length, one.file_offset) for one in members)
    row = SegmentRow(
        seq, header, hashlib.sha256(header).hexdigest(), prev, sealed.stored_sha256, sealed.stored_length,
        sealed.plain_length, 7, parts,
    )  # fmt: skip
    archive.rows.append(row)
    return row


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    store = ArchiveStore(tmp_path / "archive")
    evidence, record = store.put("evidence", [b"a letter"]), store.put("records", [b"PK a record"])
    made = Archive(store, [], {evidence.sha256: evidence.size}, {record.sha256: record.size})
    for number in range(3):
        add_segment(made, (f"a{number}.log", b"first line\n" * 300), (f"b{number}.log", os.urandom(4000)))
    return made


def told(report: Report, weight: str = "tampered") -> list[str]:
    return [str(finding) for finding in report.findings if finding.weight == weight]


def force(path: Path, data: bytes) -> None:
    path.chmod(0o640)
    path.write_bytes(data)


def test_an_untouched_archive_is_valid(archive: Archive) -> None:
    report = archive.verify()
    assert (report.code, report.findings) == (0, [])
    assert (report.segments, report.evidence, report.records) == (3, 1, 1)
    assert report.stored_bytes == sum(row.stored_length for row in archive.rows) + 8 + 11


def test_a_header_reads_back_and_its_bytes_are_canonical(archive: Archive) -> None:
    row = archive.rows[1]
    header = segments.read_header(row.header)
    assert (header.seq, header.prev, header.source_id) == (1, archive.rows[0].header_sha256, 7)
    assert [member.name for member in header.members] == [b"a1.log", b"b1.log"]
    assert header.sha256 == row.header_sha256
    assert canonical.dumps(canonical.loads(row.header)) == row.header
    assert b'"received_at":"2026-11-03T08:00:00.000005Z"' in row.header
    assert segments.plain_bytes(archive.store, header).startswith(b"first line\n")
    assert segments.read_record(archive.store, header.stored_sha256, 11, 10) == b"first line"
    with pytest.raises(ArchiveError, match="ends before"):
        segments.read_record(archive.store, header.stored_sha256, 7000, 900)


def test_flags_of_members_survive_the_header() -> None:
    plain, members = members_of(("big.log", b"x" * 10))
    flagged = replace(members[0], continues="line", cut_off=3, heading="#Fields: zeit é", name=b"\xff\xfe name")
    sealed = segments.Sealed("0" * 64, 5, hashlib.sha256(plain).hexdigest(), 10)
    about = About(1, 1, "syslog", 1, "UTC", 0, None, None)
    raw = segments.header_bytes(0, segments.FIRST_PREV, sealed, [flagged], about, NOW)
    assert segments.read_header(raw).members == (flagged,)


@pytest.mark.parametrize("where", [0, 4, 0.3, 0.5, 0.9, -1])
@pytest.mark.parametrize("seq", [0, 1, 2])
def test_one_flipped_bit_of_a_payload_is_found(archive: Archive, seq: int, where: float) -> None:
    data = bytearray(archive.payload(seq).read_bytes())
    at = int(where * len(data)) if isinstance(where, float) else where
    data[at] ^= 0x10
    force(archive.payload(seq), bytes(data))
    report = archive.verify()
    assert report.code == 1
    assert any(line.startswith(f"Segment {seq}: Its sealed bytes were changed") for line in told(report))
    assert not any(line.startswith(f"Segment {other}:") for other in {0, 1, 2} - {seq} for line in told(report))


def flip_header_file(archive: Archive) -> str:
    path = archive.store.header_path(1)
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    force(path, bytes(data))
    return "log/segments/1.json: The header file and the database differ."


def truncate_payload(archive: Archive) -> str:
    path = archive.payload(1)
    force(path, path.read_bytes()[:-7])
    return "Segment 1: Its sealed bytes were changed"


def delete_payload(archive: Archive) -> str:
    archive.payload(2).unlink()
    return "Segment 2: Its sealed bytes are gone"


def swap_payloads(archive: Archive) -> str:
    first, second = archive.payload(0).read_bytes(), archive.payload(1).read_bytes()
    force(archive.payload(0), second)
    force(archive.payload(1), first)
    return "Segment 0: Its sealed bytes were changed"


def seal_other_bytes(archive: Archive) -> str:
    """Somebody compresses other lines and puts them under the old name."""
    force(archive.payload(1), zstandard.ZstdCompressor().compress(b"nothing happened\n"))
    return "Segment 1: Its sealed bytes were changed"


def add_a_stranger(archive: Archive) -> str:
    (archive.store.root / "segments" / "ab").mkdir(exist_ok=True)
    (archive.store.root / "segments" / "ab" / ("ab" + "0" * 62)).write_bytes(b"extra")
    return "segments/ab/ab" + "0" * 62 + ": The archive did not make this file"


def add_a_header(archive: Archive) -> str:
    archive.store.header_path(3).write_bytes(archive.rows[2].header)
    return "log/segments/3.json: The database knows no such segment"


def replace_by_a_link(archive: Archive) -> str:
    path = archive.payload(0)
    copy = archive.store.root / "copy"
    copy.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(copy)
    return f"{path.relative_to(archive.store.root)}: The file was replaced by a link."


def drop_the_last_row(archive: Archive) -> str:
    archive.rows.pop()
    return "log/segments/2.json: The database knows no such segment"


def drop_a_middle_row(archive: Archive) -> str:
    del archive.rows[1]
    return "Segment 2: The chain has a hole"


def reorder_rows(archive: Archive) -> str:
    archive.rows[0], archive.rows[1] = archive.rows[1], archive.rows[0]
    return "Segment 1: The chain has a hole"


def edit_a_column(archive: Archive) -> str:
    archive.rows[1] = replace(archive.rows[1], source_id=8)
    return "Segment 1: The columns of the database contradict the sealed header."


def edit_the_header_of_a_row(archive: Archive) -> str:
    raw = archive.rows[1].header.replace(b'"source_id":7', b'"source_id":8')
    archive.rows[1] = replace(archive.rows[1], header=raw)
    return "Segment 1: The header in the database does not have the hash that stands beside it."


def edit_all_of_a_row(archive: Archive) -> str:
    """Header, hash and columns agree with each other, and the header file was replaced as well."""
    raw = archive.rows[1].header.replace(b'"source_id":7', b'"source_id":8')
    archive.rows[1] = replace(archive.rows[1], header=raw, header_sha256=hashlib.sha256(raw).hexdigest(), source_id=8)
    force(archive.store.header_path(1), raw)
    return "Segment 2: It does not name the segment before it: the chain is broken here."


def edit_a_part(archive: Archive) -> str:
    parts = archive.rows[1].parts
    archive.rows[1] = replace(archive.rows[1], parts=(parts[0], replace(parts[1], file_offset=5)))
    return "Segment 1: The parts in the database contradict the members of the sealed header."


def change_evidence(archive: Archive) -> str:
    sha256 = next(iter(archive.evidence))
    force(archive.store.path("evidence", sha256), b"A letter")
    return f"evidence/{sha256}: The file was changed after it was stored."


def delete_evidence(archive: Archive) -> str:
    sha256 = next(iter(archive.evidence))
    archive.store.path("evidence", sha256).unlink()
    return f"evidence/{sha256}: The file is gone."


def change_a_record(archive: Archive) -> str:
    sha256 = next(iter(archive.records))
    force(archive.store.path("records", sha256), b"PK a Record")
    return f"records/{sha256}: The file was changed after it was stored."


def rename_a_record(archive: Archive) -> str:
    path = archive.store.path("records", next(iter(archive.records)))
    path.rename(path.with_name("f" * 64))
    return f"records/{path.parent.name}/{'f' * 64}: The archive did not make this file"


TAMPERS: list[Callable[[Archive], str]] = [
    flip_header_file, truncate_payload, delete_payload, swap_payloads, seal_other_bytes, add_a_stranger, add_a_header,
    replace_by_a_link, drop_the_last_row, drop_a_middle_row, reorder_rows, edit_a_column, edit_the_header_of_a_row,
    edit_all_of_a_row, edit_a_part, change_evidence, delete_evidence, change_a_record, rename_a_record,
]  # fmt: skip


@pytest.mark.parametrize("tamper", TAMPERS, ids=lambda tamper: tamper.__name__)
def test_each_change_is_found_and_named(archive: Archive, tamper: Callable[[Archive], str]) -> None:
    assert archive.verify().code == 0, "the archive must be valid before"
    expected = tamper(archive)
    report = archive.verify()
    assert report.code == 1
    assert any(line.startswith(expected) for line in told(report)), told(report)


def test_a_member_with_another_hash_is_named(archive: Archive) -> None:
    """A header that was made wrong from the start: payload and chain agree, the member does not."""
    plain, members = members_of(("x.log", b"one\n"), ("y.log", b"two\n"))
    wrong = replace(members[1], sha256="0" * 64)
    sealed = segments.seal(archive.store, plain)
    header = segments.header_bytes(
        0, segments.FIRST_PREV, sealed, [members[0], wrong], About(7, 1, "syslog", 1, "UTC", 2, None, None), NOW
    )
    store = ArchiveStore(archive.store.root.parent / "other")
    segments.seal(store, plain)
    store.put_header(0, header)
    parts = tuple(PartRow(one.file, one.offset, one.length, one.file_offset) for one in members)
    row = SegmentRow(
        0, header, hashlib.sha256(header).hexdigest(), segments.FIRST_PREV, sealed.stored_sha256,
        sealed.stored_length, 8, 7, parts,
    )  # fmt: skip
    assert told(verify(store, [row], {}, {})) == [
        "Segment 0: The bytes of its member y.log do not have the hash that its header names."
    ]


def test_an_orphan_is_a_note_and_a_missing_header_file_is_unknown(archive: Archive) -> None:
    orphan = archive.store.put("segments", [b"sealed, then killed before the commit"])
    report = archive.verify()
    assert report.code == 0
    assert told(report, "note") == [
        f"segments/{orphan.sha256[:2]}/{orphan.sha256}: No row speaks of this file. "
        "A process that died before its commit leaves such files."
    ]
    archive.store.header_path(2).unlink()
    report = archive.verify()
    assert report.code == 2
    assert told(report, "unknown")[0].startswith("log/segments/2.json: The header file is missing.")


def test_no_archive_is_unknown_when_something_should_be_in_it(archive: Archive, tmp_path: Path) -> None:
    missing = ArchiveStore(tmp_path / "gone")
    assert verify(missing, archive.rows, {}, {}).code == 2
    assert verify(missing, [], archive.evidence, {}).code == 2
    nothing = verify(missing, [], {}, {})
    assert (nothing.code, nothing.checked) == (0, 0)


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b'{"seq":1,"seq":2}', b'{"schema":1}', b"\xff", b'{"schema":1,"type":"segment"}']
)
def test_what_is_no_header_is_refused(raw: bytes) -> None:
    with pytest.raises(ArchiveError):
        segments.read_header(raw)
