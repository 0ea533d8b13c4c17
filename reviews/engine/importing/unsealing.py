"""From a sealed segment back to the batch it was made of: rebuilding reads what importing read."""

import datetime as dt

from reviews.engine.archive import ArchiveStore
from reviews.engine.archive.segments import Header, Member, Sealed, plain_bytes
from reviews.engine.formats import Format
from reviews.engine.importing.batches import Batch, Piece, placed
from reviews.engine.reading import split


def unseal(archive: ArchiveStore, header: Header, fmt: Format, record_bytes: int) -> Batch:
    """The batch of a segment, its members split by the format as it is now. ArchiveError when it was tampered with."""
    batch = Batch(plain=bytearray(plain_bytes(archive, header)))
    with memoryview(batch.plain) as plain:
        batch.pieces = [_piece(plain, member, fmt, record_bytes) for member in header.members]
    return batch


def sealed_of(header: Header) -> Sealed:
    return Sealed(header.stored_sha256, header.stored_length, header.plain_sha256, header.plain_length)


def _piece(plain: memoryview, member: Member, fmt: Format, record_bytes: int) -> Piece:
    whole = member.length - member.cut_off
    with plain[member.offset : member.offset + whole] as view:
        spans = split(fmt, view, final=True, record_bytes=record_bytes, continues=member.continues)
    offsets, lengths, rejects = placed(spans, member.offset, member.length, member.cut_off)
    return Piece(
        key=member.file,
        name=member.name,
        modified_at=dt.datetime.fromisoformat(member.modified_at),
        start=member.offset,
        length=member.length,
        file_offset=member.file_offset,
        continues=member.continues,
        cut_off=member.cut_off,
        offsets=offsets,
        lengths=lengths,
        rejects=rejects,
        heading=member.heading,
    )
