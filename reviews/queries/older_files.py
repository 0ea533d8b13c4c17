"""Files that are left alone: they were last written before the day from which on their source is read."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviews.models import LogFile, LogSource

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True)
class OlderFile:
    """One of them, as a page lists it."""

    name: str
    size: int  # bytes, as they are stored
    written_at: dt.datetime


def begins_ns(day: dt.date) -> int:
    """The first moment of a day, UTC, as times of change of files are kept: ns since 1970."""
    return int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()) * 1_000_000_000


def files(source: LogSource) -> "QuerySet[LogFile]":
    """Files of which nothing was imported because they are older, newest first."""
    found = LogFile.objects.filter(source=source, length=0, complete=False, copy_of__isnull=True)
    if source.read_from is None:
        return found.none()
    return found.filter(modified_ns__lt=begins_ns(source.read_from)).order_by("-modified_ns", "name")


def rows(listed: Iterable[LogFile]) -> list[OlderFile]:
    """The files as a page shows them."""
    return [
        OlderFile(file.name, file.size, dt.datetime.fromtimestamp(file.modified_ns // 1_000_000_000, dt.UTC))
        for file in listed
    ]
