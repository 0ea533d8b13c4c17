"""Log files that a source keeper uploads: durable in the spool, told in the trail, then imported like a push.

A file whose bytes are imported already is said to be so, and nothing is kept of it.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from reviews.engine.durable import Writing
from reviews.engine.importing.spool import Spool
from reviews.engine.importing.streams import Stream
from reviews.errors import Invalid, ReadingError
from reviews.models import LogSource
from reviews.workflows import imports, trail
from reviews.workflows.evidence import clean_name
from reviews.workflows.files import FileIndex
from reviews.workflows.receiving import guarded
from reviews.workflows.scanning import spool_of
from reviews.workflows.sources import require_keeper

if TYPE_CHECKING:
    from auditportal.accounts.models import User

_LONGEST_NAME: Final = 200  # bytes: file systems end at 255


class Landed(Protocol):
    """An uploaded file, in the spool's temporary place."""

    name: str | None
    writing: Writing


@dataclass(frozen=True)
class Repeated:
    """A file that holds nothing new."""

    name: str
    known_as: str


@dataclass(frozen=True)
class Uploaded:
    """What became of the files, by name."""

    kept: tuple[str, ...]
    repeated: tuple[Repeated, ...]


def upload(
    by: "User", source: LogSource, files: Sequence[Landed], until: dt.date | None = None, now: dt.datetime | None = None
) -> Uploaded:
    """Keep the files and ask for an import. `until`: they hold all that there is up to the end of this day, in UTC."""
    require_keeper(by, source)
    now = now or timezone.now()
    whole_until = _end_of(until, now) if until is not None else None
    if not files:
        raise Invalid("Choose at least one file.", "files")
    named = [(_file_name(file.name or ""), file.writing) for file in files]
    for name, writing in named:
        _require_readable(name, writing)
    known = [_known_as(source, name, writing) for name, writing in named]
    repeated = tuple(Repeated(name, old) for (name, _), old in zip(named, known, strict=True) if old)
    # A file that was imported before, but is said to be whole now, is kept for what it says.
    fresh = [pair for pair, old in zip(named, known, strict=True) if not old or whole_until is not None]
    with guarded(), transaction.atomic():
        trail.log(by, "source.uploaded", source, after=_told(named, repeated, until))
        _keep(spool_of(source), fresh, whole_until, now)
    if fresh:
        imports.ask(by, source)
    return Uploaded(tuple(name for (name, _), old in zip(named, known, strict=True) if not old), repeated)


def _end_of(day: dt.date, now: dt.datetime) -> dt.datetime:
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)
    if end > now:
        raise Invalid("Choose a day that is over: nobody knows yet what comes until its end.", "until")
    return end


def _file_name(given: str) -> str:
    name = clean_name(given)
    while len(name.encode()) > _LONGEST_NAME:
        name = name[1:]  # its ending tells more
    return name


def _require_readable(name: str, writing: Writing) -> None:
    """Whether an import will find bytes in it. What is damaged further on is said by the import."""
    try:
        with Stream(Path(name), writing.open) as stream:
            if not stream.beginning and not stream.ends_early:
                raise Invalid(f"{name} is empty. Choose another file.", "files")
    except ReadingError as problem:
        raise Invalid(f"{problem} Nothing was kept.", "files") from problem


def _known_as(source: LogSource, name: str, writing: Writing) -> str:
    """The name under which all bytes of the file are imported already; empty when some are new."""
    with Stream(Path(name), writing.open) as stream:
        candidates = FileIndex(source.pk).candidates(stream.beginning)
        if not candidates:
            return ""
        known = stream.go_on_after(candidates)
        return known.name if known is not None and stream.at_end() and not stream.ends_early else ""


def _told(
    named: Sequence[tuple[str, Writing]], repeated: Sequence[Repeated], until: dt.date | None
) -> dict[str, object]:
    told: dict[str, object] = {
        "files": [f"{name}, {writing.size:,} bytes, SHA-256 {writing.sha256}" for name, writing in named]
    }
    if repeated:
        told["nothing_new_in"] = [one.name for one in repeated]
    if until is not None:
        told["whole_until"] = until.isoformat()
    return told


def _keep(
    spool: Spool, fresh: Sequence[tuple[str, Writing]], whole_until: dt.datetime | None, now: dt.datetime
) -> None:
    for name, writing in fresh:
        spool.keep_upload(writing, name, whole_until or now, whole=whole_until is not None)


def limit_in_words() -> str:
    """`2 GB`."""
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20)):
        if settings.UPLOAD_BYTES % size == 0:
            return f"{settings.UPLOAD_BYTES // size:,} {unit}"
    return f"{settings.UPLOAD_BYTES:,} bytes"
