"""Segments: plain bytes of one import, compressed and sealed, and the header that names and chains them.

The header is canonical JSON; its exact bytes are hashed, chained and kept twice (database and archive). A member is
a stretch of one logical file; the members of a segment follow each other without a gap. `enc` is the place where
encryption will say its scheme; `stored_sha256` is over the stored bytes and needs no key to check.
"""

import base64
import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import zstandard

from reviews.engine.archive import canonical
from reviews.engine.archive.files import ArchiveStore
from reviews.errors import ArchiveError

SCHEMA: Final = 1
LEVEL: Final = 1  # level 3 takes nearly twice the time for a few per cent of space on logs
FIRST_PREV: Final = "0" * 64
_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True)
class Member:
    """A stretch of one logical file inside a plain segment."""

    file: str  # key of the logical file
    name: bytes  # of the file when it was read, as the file system gives it
    modified_at: str  # of the file, RFC 3339; years that a record leaves out follow from it
    offset: int  # in the plain segment
    length: int
    sha256: str
    file_offset: int  # in the decompressed file
    continues: str = ""  # begins inside a record that was too long and rejected before: how to read on
    cut_off: int = 0  # so many bytes at the end belong to a record that the file, ending early, does not finish
    heading: str = ""  # the line before it in the file that names the columns of its first lines


@dataclass(frozen=True)
class Sealed:
    """A payload that lies in the archive, not yet in the chain."""

    stored_sha256: str
    stored_length: int
    plain_sha256: str
    plain_length: int


@dataclass(frozen=True)
class About:
    """What the header says beside the bytes."""

    source_id: int
    import_id: int
    format: str
    format_version: int
    time_zone: str
    record_count: int
    first_event: dt.datetime | None
    last_event: dt.datetime | None
    format_parameters: Mapping[str, object] = field(default_factory=dict)  # the mapping in force, of a generic format


@dataclass(frozen=True)
class Header:
    """A header that was read back. `raw` are its exact bytes."""

    raw: bytes
    seq: int
    prev: str
    source_id: int
    import_id: int
    format: str
    format_version: int
    format_parameters: Mapping[str, object]
    record_count: int
    plain_length: int
    plain_sha256: str
    stored_length: int
    stored_sha256: str
    members: tuple[Member, ...]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


def seal(store: ArchiveStore, plain: bytes | bytearray | memoryview) -> Sealed:
    """Compress the bytes and store them. They are durable when this returns, and in no chain yet."""
    stored = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(plain)
    put = store.put("segments", [stored])
    return Sealed(put.sha256, put.size, hashlib.sha256(plain).hexdigest(), len(plain))


def header_bytes(
    seq: int, prev: str, sealed: Sealed, members: Sequence[Member], about: About, now: dt.datetime
) -> bytes:
    """The header of the segment that gets this number, after the one whose header hashes to `prev`."""
    told: dict[str, object] = {"format_parameters": about.format_parameters} if about.format_parameters else {}
    return canonical.dumps(
        {
            **told,
            "schema": SCHEMA,
            "type": "segment",
            "seq": seq,
            "prev": prev,
            "source_id": about.source_id,
            "import_id": about.import_id,
            "members": [_member_json(member) for member in members],
            "plain_len": sealed.plain_length,
            "plain_sha256": sealed.plain_sha256,
            "stored_len": sealed.stored_length,
            "stored_sha256": sealed.stored_sha256,
            "compression": "zstd",
            "record_count": about.record_count,
            "format": about.format,
            "format_version": about.format_version,
            "time_zone": about.time_zone,
            "first_event": rfc3339(about.first_event) if about.first_event else None,
            "last_event": rfc3339(about.last_event) if about.last_event else None,
            "received_at": rfc3339(now),
            "enc": {"scheme": "none"},
        }
    )


def read_header(raw: bytes) -> Header:
    """The header that these bytes are. ArchiveError when they are none."""
    found = canonical.loads(raw)
    try:
        if (found["schema"], found["type"], found["enc"]) != (SCHEMA, "segment", {"scheme": "none"}):
            raise ArchiveError("The header is of a kind that this portal does not know.")
        return Header(
            raw=raw,
            seq=_number(found["seq"]),
            prev=str(found["prev"]),
            source_id=_number(found["source_id"]),
            import_id=_number(found["import_id"]),
            format=str(found["format"]),
            format_version=_number(found["format_version"]),
            format_parameters=dict(found.get("format_parameters", {})),
            record_count=_number(found["record_count"]),
            plain_length=_number(found["plain_len"]),
            plain_sha256=str(found["plain_sha256"]),
            stored_length=_number(found["stored_len"]),
            stored_sha256=str(found["stored_sha256"]),
            members=tuple(_read_member(member) for member in found["members"]),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise ArchiveError(f"The header does not hold what a segment's header holds ({problem}).") from None


def plain_chunks(store: ArchiveStore, stored_sha256: str, limit: int) -> Iterator[bytes]:
    """The plain bytes of a segment, piece by piece; never more than `limit`, whatever the payload says."""
    given = 0
    with store.open("segments", stored_sha256) as file:
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        while True:
            try:
                chunk = reader.read(_CHUNK)
            except zstandard.ZstdError as problem:
                raise ArchiveError(f"segments/{stored_sha256} cannot be decompressed: {problem}.") from problem
            if not chunk:
                return
            given += len(chunk)
            if given > limit:
                raise ArchiveError(f"segments/{stored_sha256} holds more than the {limit} bytes that its header says.")
            yield chunk


def plain_bytes(store: ArchiveStore, header: Header) -> bytes:
    """All plain bytes of a segment, checked against its header."""
    plain = b"".join(plain_chunks(store, header.stored_sha256, header.plain_length))
    if hashlib.sha256(plain).hexdigest() != header.plain_sha256:
        raise ArchiveError(f"Segment {header.seq} does not hold the bytes that its header names. Run verify_archive.")
    return plain


def record_chunks(store: ArchiveStore, stored_sha256: str, offset: int, length: int) -> Iterator[bytes]:
    """The sealed bytes of one record, from where its event points, piece by piece."""
    position = 0
    for chunk in plain_chunks(store, stored_sha256, 1 << 40):
        if position + len(chunk) > offset:
            yield chunk[max(offset - position, 0) : max(offset + length - position, 0)]
        position += len(chunk)
        if position >= offset + length:
            return
    raise ArchiveError(f"segments/{stored_sha256} ends before byte {offset + length}. Run verify_archive.")


def read_record(store: ArchiveStore, stored_sha256: str, offset: int, length: int) -> bytes:
    """The same, at once."""
    return b"".join(record_chunks(store, stored_sha256, offset, length))


def rfc3339(moment: dt.datetime) -> str:
    """UTC with six decimals and Z."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _member_json(member: Member) -> dict[str, Any]:
    found: dict[str, Any] = {
        "file": member.file,
        "name_b64": base64.b64encode(member.name).decode("ascii"),
        "modified_at": member.modified_at,
        "offset": member.offset,
        "length": member.length,
        "sha256": member.sha256,
        "file_offset": member.file_offset,
    }
    if member.continues:
        found["continues"] = member.continues
    if member.cut_off:
        found["cut_off"] = member.cut_off
    if member.heading:
        found["heading_b64"] = base64.b64encode(member.heading.encode()).decode("ascii")
    return found


def _read_member(found: dict[str, Any]) -> Member:
    return Member(
        file=str(found["file"]),
        name=base64.b64decode(found["name_b64"], validate=True),
        modified_at=str(found["modified_at"]),
        offset=_number(found["offset"]),
        length=_number(found["length"]),
        sha256=str(found["sha256"]),
        file_offset=_number(found["file_offset"]),
        continues=str(found.get("continues", "")),
        cut_off=_number(found.get("cut_off", 0)),
        heading=base64.b64decode(found.get("heading_b64", ""), validate=True).decode(),
    )


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value
