"""Evidence: files people attach to questions. Stored once by content, never replaced, only superseded.

Bytes go from the upload straight into the archive, hashed and counted on the way. Each upload is a row of its own
(who, when, name, period); the same bytes twice are one file in the archive. A link that is taken off stays as a row.
"""

import datetime as dt
import hashlib
import logging
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from reviews import access
from reviews.engine.archive import archive_store
from reviews.errors import ArchiveError, Invalid, NotAllowed
from reviews.models import Evidence, EvidenceLink, Review, ReviewItem
from reviews.workflows import trail
from reviews.workflows.holding import hold_open, may_give_evidence, require_giver
from reviews.workflows.media_types import media_type

if TYPE_CHECKING:
    from auditportal.accounts.models import User

logger = logging.getLogger(__name__)

_EARLIEST: Final = dt.date(1970, 1, 1)
_SNIFFED: Final = 4096


class Upload(Protocol):
    """What Django calls an uploaded file."""

    name: str | None
    content_type: str | None

    def chunks(self) -> Iterable[bytes]: ...


def add(
    person: "User",
    item: ReviewItem,
    upload: Upload,
    covers_from: dt.date,
    covers_to: dt.date,
    supersedes: Evidence | None = None,
) -> EvidenceLink:
    """Store the file and attach it to the question. `supersedes`: an older file of this question that it replaces."""
    require_giver(person, item.review)
    name = clean_name(upload.name or "")
    _check_period(covers_from, covers_to)
    first, rest = _begun(upload.chunks())
    stored = archive_store(settings.ARCHIVE_URL).put("evidence", _within_limit(chain([first], rest)))
    kept = Evidence(
        sha256=stored.sha256,
        name=name,
        size=stored.size,
        media_type=media_type(first[:_SNIFFED], name, upload.content_type or ""),
        covers_from=covers_from,
        covers_to=covers_to,
        uploaded_by=person,
        supersedes=supersedes,
    )
    return _register(person, item, kept)


def _register(person: "User", item: ReviewItem, evidence: Evidence) -> EvidenceLink:
    """The rows for bytes that are in the archive. Refused here, the bytes stay there without a row: harmless."""
    with transaction.atomic():
        review = hold_open(item.review_id)
        require_giver(person, review)
        _check_superseded(item, evidence.supersedes)
        if _attached(item).filter(evidence__sha256=evidence.sha256, evidence__name=evidence.name).exists():
            raise Invalid(f"{evidence.name} with this content is already attached to this question.", "file")
        evidence.save()
        link = EvidenceLink.objects.create(evidence=evidence, item=item, attached_by=person)
        trail.log(
            person,
            "evidence.added",
            evidence,
            after={
                "question": _place(item),
                "sha256": evidence.sha256,
                "size": evidence.size,
                "media_type": evidence.media_type,
                "covers": f"{evidence.covers_from} to {evidence.covers_to}",
                "supersedes": evidence.supersedes.name if evidence.supersedes else None,
            },
        )
    return link


def attach(person: "User", evidence: Evidence, item: ReviewItem) -> EvidenceLink:
    """Attach a file that is already here to another question, by reference."""
    if not access.evidence(person).filter(pk=evidence.pk).exists():
        raise NotAllowed("You cannot see this file.")
    with transaction.atomic():
        review = hold_open(item.review_id)
        require_giver(person, review)
        if _attached(item).filter(evidence=evidence).exists():
            raise Invalid(f"{evidence.name} is already attached to this question.", "evidence")
        link = EvidenceLink.objects.create(evidence=evidence, item=item, attached_by=person)
        trail.log(person, "evidence.attached", evidence, after={"question": _place(item), "sha256": evidence.sha256})
    return link


def remove(person: "User", link: EvidenceLink) -> EvidenceLink:
    """Take a file off a question. The row stays and says who did it and when."""
    with transaction.atomic():
        review = hold_open(link.item.review_id)
        if not may_remove(person, link, review):
            raise NotAllowed("Only a preparer, or the owner who attached the file, can take it off.")
        current = EvidenceLink.objects.select_for_update().get(pk=link.pk)
        if current.removed_at is not None:
            return current
        current.removed_at, current.removed_by = timezone.now(), person
        current.save(update_fields=["removed_at", "removed_by"])
        trail.log(person, "evidence.removed", current.evidence, before={"question": _place(link.item)})
        return current


def may_remove(person: "User", link: EvidenceLink, review: Review) -> bool:
    """Preparers any file, owners the files they attached."""
    own = link.attached_by_id == person.pk and may_give_evidence(person, review)
    return own or access.may(person, "prepare", access.subject(review))


def opened(person: "User", evidence: Evidence) -> BinaryIO:
    """The file for a download, after its hash was checked again. Logged."""
    if not access.evidence(person).filter(pk=evidence.pk).exists():
        raise NotAllowed("You cannot see this file.")
    store = archive_store(settings.ARCHIVE_URL)
    found = hashlib.sha256()
    with store.open("evidence", evidence.sha256) as stream:
        while chunk := stream.read(1024 * 1024):
            found.update(chunk)
    if found.hexdigest() != evidence.sha256:
        logger.error("evidence %s in the archive has another SHA-256: %s", evidence.sha256, found.hexdigest())
        raise ArchiveError(
            f"{evidence.name} was not sent. The bytes in the archive are no longer those that were given. "
            "Tell an administrator; they should run verify_archive."
        )
    with transaction.atomic():
        trail.log(person, "evidence.downloaded", evidence, after={"sha256": evidence.sha256})
    return store.open("evidence", evidence.sha256)


# --- What is accepted -----------------------------------------------------------------------------------------


def clean_name(given: str) -> str:
    """The name as given, without folders, control and direction characters, at most 255 letters with its ending."""
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(
        letter for letter in name if unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    )
    name = " ".join(name.split()).strip(". ") or "file"
    if len(name) <= 255:
        return name
    stem, dot, ending = name.rpartition(".")
    ending = f"{dot}{ending}" if stem and len(ending) <= 20 else ""
    return name[: 255 - len(ending)] + ending


def _check_period(covers_from: dt.date, covers_to: dt.date) -> None:
    if covers_from < _EARLIEST:
        raise Invalid("The period begins before 1970. Look at the year.", "covers_from")
    if covers_to < covers_from:
        raise Invalid("The period ends before it begins.", "covers_to")


def _check_superseded(item: ReviewItem, superseded: Evidence | None) -> None:
    if superseded is None:
        return
    if not _attached(item).filter(evidence=superseded).exists():
        raise Invalid("The file to supersede is not attached to this question.", "supersedes")
    # The lock of the row: the same file may be attached to a question of another review.
    Evidence.objects.select_for_update().get(pk=superseded.pk)
    if Evidence.objects.filter(supersedes=superseded).exists():
        raise Invalid(f"{superseded.name} is superseded already. Supersede its newest version.", "supersedes")


def _attached(item: ReviewItem) -> QuerySet[EvidenceLink]:
    return EvidenceLink.objects.filter(item=item, removed_at__isnull=True)


def _begun(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, and the rest. Nothing at all is refused before anything is stored."""
    rest = iter(chunks)
    first = next((chunk for chunk in rest if chunk), b"")
    if not first:
        raise Invalid("The file was not stored. It is empty (0 bytes). Choose another file.", "file")
    return first, rest


def _within_limit(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks, refused as soon as they are more than the limit."""
    seen = 0
    for chunk in chunks:
        seen += len(chunk)
        if seen > settings.EVIDENCE_BYTES:
            raise Invalid(too_large(), "file")
        yield chunk


def too_large() -> str:
    """The sentence for a file over the limit."""
    return f"The file was not stored. It is larger than {limit_in_words()}. Attach a smaller one or an extract."


def limit_in_words() -> str:
    """`50 MB`."""
    mebibyte = 1024 * 1024
    amount = settings.EVIDENCE_BYTES
    return f"{amount // mebibyte} MB" if amount % mebibyte == 0 and amount else f"{amount:,} bytes"


def _place(item: ReviewItem) -> str:
    return f"{item.item} of {item.review}"
