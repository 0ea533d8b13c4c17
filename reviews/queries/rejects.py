"""The desk of rejected records: grouped by reason, with examples, over sources that a person sees whole."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db.models import Count, Max, Min, Sum
from django.http import Http404

from reviews import access
from reviews.engine.archive import archive_store
from reviews.engine.archive.segments import record_chunks
from reviews.engine.formats import all_formats
from reviews.engine.importing.showing import printable
from reviews.errors import ArchiveError
from reviews.models import ImportedPart, LogSource, RejectedRecord
from reviews.queries.sources import speaks

if TYPE_CHECKING:
    from auditportal.accounts.models import User

EXAMPLES: Final = 3  # of each group
SHOWN_BYTES: Final = 2048  # of one record
_LINE: Final = 16


@dataclass(frozen=True)
class Group:
    """Rejected records of one source with one reason."""

    source: LogSource
    reason: str
    listed: int
    versions: tuple[int, ...]  # of the format, by which they were rejected
    first: dt.datetime | None  # start of the first import with one of them
    last: dt.datetime | None
    examples: tuple[RejectedRecord, ...]


@dataclass(frozen=True)
class Line:
    """One line of a record, byte by byte."""

    offset: int
    hex: str
    text: str


@dataclass(frozen=True)
class Shown:
    """One rejected record, as its sealed bytes say it."""

    record: RejectedRecord
    lines: tuple[Line, ...]
    text: str  # on one line, with codes for what is not printable
    more: int  # bytes that are not shown
    problem: str


def open_sources(person: "User") -> list[LogSource]:
    """The sources with rejected records of which the person sees everything: a record may tell of any service."""
    broken = ImportedPart.objects.filter(rejected__gt=0).values("run__source")
    found = access.sources(person).filter(pk__in=broken).select_related("store", "service").order_by("name")
    return [source for source in found if speaks(person, source).whole]


def rejected(source: LogSource) -> int:
    """All rejected records of the source, listed or not."""
    parts = ImportedPart.objects.filter(run__source=source)
    return int(parts.aggregate(Sum("rejected"))["rejected__sum"] or 0)


def groups(sources: Sequence[LogSource]) -> list[Group]:
    """By source and reason, most records first."""
    known = {source.pk: source for source in sources}
    records = RejectedRecord.objects.filter(part__run__source__in=known).order_by()
    counted = records.values("part__run__source", "reason").annotate(
        n=Count("pk"), first=Min("part__run__started_at"), last=Max("part__run__started_at")
    )
    found = []
    for one in counted.order_by("-n", "reason"):
        own = records.filter(part__run__source=one["part__run__source"], reason=one["reason"])
        versions = own.order_by("format_version").values_list("format_version", flat=True).distinct()
        examples = own.select_related("part").order_by("-pk")[:EXAMPLES]
        found.append(
            Group(
                source=known[one["part__run__source"]],
                reason=one["reason"],
                listed=one["n"],
                versions=tuple(versions),
                first=one["first"],
                last=one["last"],
                examples=tuple(examples),
            )
        )
    return found


def version_now(source: LogSource) -> int | None:
    """The version of the source's format that a replay reads by."""
    known = all_formats().get(source.format)
    return known.version if known is not None else None


def record(person: "User", pk: int) -> RejectedRecord:
    """One rejected record. 404 for who does not see everything of its source."""
    found = RejectedRecord.objects.select_related("part__run__source", "part__segment").filter(pk=pk).first()
    if found is None:
        raise Http404
    source = access.source(person, found.part.run.source_id)
    if not speaks(person, source).whole:
        raise Http404
    return found


def show(found: RejectedRecord) -> Shown:
    """The beginning of the record, from the archive."""
    length = min(found.length, SHOWN_BYTES)
    try:
        data = b"".join(sealed_chunks(found, length))
    except ArchiveError as problem:
        return Shown(found, (), found.beginning, found.length, str(problem))
    return Shown(found, tuple(_lines(data)), printable(data), found.length - length, "")


def sealed_chunks(found: RejectedRecord, length: int) -> Iterator[bytes]:
    """The first `length` sealed bytes of the record, piece by piece."""
    part = found.part
    offset = found.offset - part.file_offset + part.segment_offset
    return record_chunks(archive_store(settings.ARCHIVE_URL), part.segment.stored_sha256, offset, length)


def _lines(data: bytes) -> Iterable[Line]:
    for start in range(0, len(data), _LINE):
        some = data[start : start + _LINE]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in some)
        yield Line(start, some.hex(" "), text)
