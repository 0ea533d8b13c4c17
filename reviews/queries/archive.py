"""What the database says about sealed files, for verification."""

from collections.abc import Iterator

from reviews.engine.archive.verifying import PartRow, SegmentRow
from reviews.models import Evidence, ImportedPart, Record, RecordState, Segment

_AT_ONCE = 200


def segment_rows() -> Iterator[SegmentRow]:
    """All segments in order, with their parts."""
    for segment in Segment.objects.order_by("seq").iterator(chunk_size=_AT_ONCE):
        parts = ImportedPart.objects.filter(segment=segment).order_by("segment_offset")
        yield SegmentRow(
            seq=segment.seq,
            header=bytes(segment.header),
            header_sha256=segment.header_sha256,
            prev=segment.prev,
            stored_sha256=segment.stored_sha256,
            stored_length=segment.stored_length,
            plain_length=segment.plain_length,
            source_id=segment.source_id_sealed,
            parts=tuple(
                PartRow(*row) for row in parts.values_list("file__key", "segment_offset", "length", "file_offset")
            ),
        )


def evidence_files() -> dict[str, int]:
    """Size of each stored evidence file by its SHA-256."""
    return dict(Evidence.objects.values_list("sha256", "size"))


def record_files() -> dict[str, int]:
    """Size of each made record by its SHA-256."""
    return dict(Record.objects.filter(state=RecordState.MADE).values_list("sha256", "size"))
