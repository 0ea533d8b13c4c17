"""Records: queued in the transaction of the signature, made by a task, stored for good, downloaded with a trace.

A record is built only from what the signature locked. Making it twice gives one record; what fails is told in a
sentence and tried again.
"""

import datetime as dt
import hashlib
import logging
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from reviews import access
from reviews.engine.archive import archive_store
from reviews.engine.records import Built, Signer, build, require_valid, signer
from reviews.errors import ArchiveError, Invalid, NotAllowed, PortalError
from reviews.models import Cycle, Organisation, Record, RecordState, Review, ReviewState
from reviews.queries.record_content import content_of
from reviews.workflows import trail
from reviews.workflows.background import small_write, wake

if TYPE_CHECKING:
    from auditportal.accounts.models import User

logger = logging.getLogger(__name__)

TASK: Final = "reviews.make_record"
TRY_AGAIN: Final = dt.timedelta(minutes=5)
_CHUNK: Final = 1 << 20

Clock = Callable[[], dt.datetime]


class LeaseLost(Exception):
    """Another worker makes this record now; this one stops without a word."""


@dataclass(frozen=True)
class Download:
    """A record's file, checked against its hash before the first byte leaves."""

    name: str
    size: int
    file: BinaryIO


def signing(now: dt.datetime | None = None) -> Signer:
    """The portal's signer; key and certificate are made on the first call, in the name of the organisation."""
    organisation = Organisation.objects.first()
    if organisation is None:
        raise Invalid("The portal has no organisation yet. Its first administrator gives it a name.")
    moment = now or timezone.now()
    return signer(settings.SIGNING_KEY, settings.SIGNING_CERT, organisation.name, moment, organisation.is_demo)


def queue(review: Review) -> Record:
    """Ask for the record of a review that was just signed. Called inside the transaction of the signature."""
    if review.state != ReviewState.SIGNED:
        raise Invalid("Only a signed review has a record.")
    # One signature of a quarter at a time: numbers have no hole and none is given twice.
    cycle = Cycle.objects.select_for_update().get(pk=review.cycle_id)
    existing = Record.objects.filter(review=review).first()
    if existing is not None:
        return existing
    prefix = f"AP-{cycle.quarter}-"
    taken = Record.objects.filter(number__startswith=prefix).values_list("number", flat=True)
    last = max((int(number.removeprefix(prefix)) for number in taken), default=0)
    record = Record.objects.create(review=review, number=f"{prefix}{last + 1:04}")
    wake(TASK, record.pk)
    return record


def requeue(now: dt.datetime) -> int:
    """Wake workers for records that wait, or whose worker died, or that failed a while ago; returns how many."""
    due = Record.objects.exclude(state=RecordState.MADE).filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))
    waiting = list(due.order_by("id").values_list("pk", flat=True))
    for pk in waiting:
        wake(TASK, pk)
    return len(waiting)


def make(record_id: int, owner: str, clock: Clock = timezone.now) -> None:
    """Make the record, if it waits and nobody else makes it."""
    if not _claim(record_id, owner, clock()):
        return
    record = Record.objects.select_related("review").get(pk=record_id)
    try:
        _make(record, owner, clock)
    except LeaseLost:
        logger.warning("the lease of record %s was lost; another worker makes it", record.number)
    except PortalError as problem:
        _fail(record_id, owner, str(problem), clock())
    except Exception:  # whatever it is, the record must not stay without a word
        logger.exception("the record %s could not be made", record.number)
        _fail(record_id, owner, "Something failed on our side. The log of the worker says more.", clock())


def _claim(record_id: int, owner: str, now: dt.datetime) -> bool:
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    with small_write():
        waiting = Record.objects.filter(free, pk=record_id).exclude(state=RecordState.MADE)
        return waiting.update(lease_owner=owner, lease_until=_lease_end(now)) == 1


def _lease_end(now: dt.datetime) -> dt.datetime:
    return now + dt.timedelta(seconds=settings.LEASE_SECONDS)


def _keeper(record: Record, owner: str, clock: Clock) -> Callable[[], None]:
    """A function that renews the lease when a third of it is gone, and raises when it is lost."""
    renewed = clock()

    def keep() -> None:
        nonlocal renewed
        now = clock()
        if (now - renewed).total_seconds() < settings.LEASE_SECONDS / 3:
            return
        with small_write():
            mine = Record.objects.filter(pk=record.pk, lease_owner=owner).exclude(state=RecordState.MADE)
            if mine.update(lease_until=_lease_end(now)) != 1:
                raise LeaseLost
        renewed = now

    return keep


def _make(record: Record, owner: str, clock: Clock) -> None:
    keep = _keeper(record, owner, clock)
    by = signing(clock())
    store = archive_store(settings.ARCHIVE_URL)
    content = content_of(record, clock())
    with tempfile.NamedTemporaryFile(prefix="record-", suffix=".zip") as target:
        built = build(content, by, lambda sha256: store.open("evidence", sha256), target, keep)
        target.flush()
        require_valid(Path(target.name), by)
        keep()
        target.seek(0)
        stored = store.put("records", _chunks(target, keep))
    if stored.sha256 != built.sha256:
        raise ArchiveError("The archive did not keep the record as it was made.")
    _finish(record.pk, owner, built, content.made_at)


def _chunks(stream: IO[bytes], keep: Callable[[], None]) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk
        keep()


def _finish(record_id: int, owner: str, built: Built, made_at: dt.datetime) -> None:
    with small_write():
        record = Record.objects.select_for_update().get(pk=record_id)
        if record.state == RecordState.MADE or record.lease_owner != owner:
            raise LeaseLost
        record.state, record.problem, record.made_at = RecordState.MADE, "", made_at
        record.sha256, record.manifest_sha256, record.size = built.sha256, built.manifest_sha256, built.size
        record.signer_fingerprint, record.lease_owner, record.lease_until = built.fingerprint, "", None
        record.save(
            update_fields=[
                "state",
                "problem",
                "made_at",
                "sha256",
                "manifest_sha256",
                "size",
                "signer_fingerprint",
                "lease_owner",
                "lease_until",
            ]
        )
        trail.log(None, "record.made", record, after={"sha256": built.sha256, "signer": built.fingerprint})


def _fail(record_id: int, owner: str, problem: str, now: dt.datetime) -> None:
    """Say why, and put the next attempt off. The same reason again is no new entry of the trail."""
    with small_write():
        record = Record.objects.select_for_update().get(pk=record_id)
        if record.state == RecordState.MADE or record.lease_owner != owner:
            return
        known = record.state == RecordState.FAILED and record.problem == problem
        record.state, record.problem = RecordState.FAILED, problem
        record.lease_owner, record.lease_until = "", now + TRY_AGAIN
        record.save(update_fields=["state", "problem", "lease_owner", "lease_until"])
        if not known:
            trail.log(None, "record.failed", record, after={"problem": problem})


def download(person: "User", record: Record) -> Download:
    """The record's ZIP. Every download is an entry of the trail."""
    if not access.records(person).filter(pk=record.pk).exists():
        raise NotAllowed("This record is not open to you.")
    if record.state != RecordState.MADE:
        raise Invalid(f"The record {record.number} is not made yet.")
    file = archive_store(settings.ARCHIVE_URL).open("records", record.sha256)
    try:
        _require_whole(file, record)
        with transaction.atomic():
            trail.log(person, "record.downloaded", record, after={"sha256": record.sha256})
    except BaseException:
        file.close()
        raise
    return Download(f"{record.number}.zip", record.size, file)


def _require_whole(file: BinaryIO, record: Record) -> None:
    """The archive gives the bytes that were stored, or nothing is handed out."""
    digest = hashlib.sha256()
    for chunk in _chunks(file, lambda: None):
        digest.update(chunk)
    if digest.hexdigest() != record.sha256:
        logger.error("the record %s in the archive is not the file that was stored", record.number)
        raise ArchiveError(
            f"The record {record.number} in the archive is not the file that was stored. It is not handed out."
            " Tell an administrator, who restores it from the backup."
        )
    file.seek(0)
