"""Records as pages show them: the list, one record with what its file holds, the portal's certificates."""

import datetime as dt
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db.models import Count, Q, QuerySet

from reviews import access
from reviews.engine.analysis.quarters import Quarter
from reviews.engine.archive import archive_store, canonical
from reviews.engine.records import verify
from reviews.engine.records.keys import certificates_in, fingerprint_of
from reviews.errors import ArchiveError
from reviews.models import Answer, Record, RecordState, ReviewUserObjectPermission, Scope

if TYPE_CHECKING:
    from auditportal.accounts.models import User

SCOPE_WORDS: Final = {Scope.SERVICE: "Service", Scope.LOG_STORE: "Log store", Scope.CYCLE: "Whole quarter"}


@dataclass(frozen=True)
class Filters:
    """What is looked for; empty means all."""

    text: str = ""
    quarter: str = ""


@dataclass(frozen=True)
class Row:
    """One record in the list."""

    pk: int
    number: str
    subject: str
    scope: str
    version: int
    quarter: str
    signed_by: str
    signed_at: dt.datetime | None
    not_met: int
    state: str
    problem: str
    size: int
    sha256: str
    manifest_sha256: str
    fingerprint: str
    queued_at: dt.datetime
    made_at: dt.datetime | None

    @property
    def made(self) -> bool:
        return self.state == RecordState.MADE

    @property
    def failed(self) -> bool:
        return self.state == RecordState.FAILED

    @property
    def fingerprint_digits(self) -> str:
        return self.fingerprint.replace(":", "").lower()


@dataclass(frozen=True)
class FileRow:
    """One file inside the ZIP."""

    name: str
    size: int
    sha256: str  # empty for the three that stand over the manifest


@dataclass(frozen=True)
class Detail:
    """One record and what its file says. `problem`: why the file could not be looked into."""

    row: Row
    seat_ends_on: dt.date | None
    statement: str
    not_told: tuple[Mapping[str, str], ...]
    files: tuple[FileRow, ...]
    problem: str
    signer_is_ours: bool


@dataclass(frozen=True)
class CertificateRow:
    """A certificate of this portal, as the key page shows it."""

    fingerprint: str
    groups: tuple[str, ...]  # lines of the fingerprint, in groups of 4 digits
    subject: str
    valid_from: dt.datetime
    valid_to: dt.datetime | None  # None: no end
    pem: str
    signs: bool  # the one that signs now


def visible(person: "User") -> "QuerySet[Record]":
    """Records the person may see, newest first."""
    related = ("review__cycle", "review__service", "review__store", "review__signed_by")
    failed = Count("review__items", filter=Q(review__items__answer=Answer.DOES_NOT_MEET), distinct=True)
    return access.records(person).select_related(*related).annotate(not_met=failed).order_by("-id")


def filtered(person: "User", filters: Filters) -> "QuerySet[Record]":
    found = visible(person)
    if filters.quarter:
        found = found.filter(review__cycle__quarter=filters.quarter)
    if filters.text:
        text = filters.text
        found = found.filter(
            Q(number__icontains=text)
            | Q(review__service__name__icontains=text)
            | Q(review__store__name__icontains=text)
            | Q(review__signed_by__name__icontains=text)
        )
    return found


def quarters(person: "User") -> list[Quarter]:
    """Quarters of which the person sees a record, newest first."""
    names = access.records(person).order_by().values_list("review__cycle__quarter", flat=True).distinct()
    return sorted((Quarter.parse(name) for name in names), reverse=True)


def row(record: Record) -> Row:
    """A record of `visible` in words."""
    review = record.review
    return Row(
        pk=record.pk,
        number=record.number,
        subject=review.subject_name,
        scope=SCOPE_WORDS[Scope(review.scope)],
        version=review.version,
        quarter=Quarter.parse(review.cycle.quarter).label.replace(" ", "\u00a0"),
        signed_by=review.signed_by.name if review.signed_by else "",
        signed_at=review.signed_at,
        not_met=getattr(record, "not_met", 0),
        state=record.state,
        problem=record.problem,
        size=record.size,
        sha256=record.sha256,
        manifest_sha256=record.manifest_sha256,
        fingerprint=record.signer_fingerprint,
        queued_at=record.queued_at,
        made_at=record.made_at,
    )


def seat_ends_on(person: "User", record: Record) -> dt.date | None:
    """The last day of the person's auditor's seat at this record, if that is how they see it."""
    if access.reviews(person).filter(pk=record.review_id).exists():
        return None
    seat = ReviewUserObjectPermission.objects.filter(
        user=person, content_object=record.review_id, permission__codename="audit_review"
    ).first()
    return seat.ends_on if seat else None


def detail(person: "User", record: Record) -> Detail:
    """One record. What it could not tell is read from the file itself: the page says nothing else than the record."""
    one = row(visible(person).get(pk=record.pk))
    files: tuple[FileRow, ...] = ()
    content: Mapping[str, Any] = {}
    problem = ""
    if one.made:
        try:
            files, content = _look_into(one)
        except (ArchiveError, OSError, zipfile.BadZipFile, KeyError) as failure:
            problem = f"The file of this record cannot be read: {failure}"
    return Detail(
        row=one,
        seat_ends_on=seat_ends_on(person, record),
        statement=record.review.statement,
        not_told=tuple(content.get("could_not_tell", ())),
        files=files,
        problem=problem,
        signer_is_ours=one.fingerprint in known_fingerprints(),
    )


def _look_into(one: Row) -> tuple[tuple[FileRow, ...], Mapping[str, Any]]:
    with archive_store(settings.ARCHIVE_URL).open("records", one.sha256) as file, zipfile.ZipFile(file) as archive:
        manifest = archive.read(verify.MANIFEST).decode("ascii")
        hashes = {line[66:]: line[:64] for line in manifest.splitlines()}
        files = tuple(
            FileRow(entry.filename, entry.file_size, hashes.get(entry.filename, "")) for entry in archive.infolist()
        )
        content: Mapping[str, Any] = canonical.loads(archive.read(verify.RECORD))
    return files, content


def certificates() -> list[CertificateRow]:
    """The certificates of SIGNING_CERT: the one that signs, then former ones."""
    found = certificates_in(settings.SIGNING_CERT)
    return [_certificate(one, number == 0) for number, one in enumerate(found)]


def known_fingerprints() -> frozenset[str]:
    """Of every certificate that this portal signs or signed with; none before the first one is made."""
    if not settings.SIGNING_CERT.exists():
        return frozenset()
    return frozenset(fingerprint_of(one) for one in certificates_in(settings.SIGNING_CERT))


def _certificate(one: x509.Certificate, signs: bool) -> CertificateRow:
    fingerprint = fingerprint_of(one)
    digits = fingerprint.replace(":", "")
    fours = [digits[at : at + 4] for at in range(0, 64, 4)]
    end = one.not_valid_after_utc
    return CertificateRow(
        fingerprint=fingerprint,
        groups=tuple(" ".join(fours[at : at + 4]) for at in range(0, 16, 4)),
        subject=", ".join(str(part.value) for part in one.subject),
        valid_from=one.not_valid_before_utc,
        valid_to=end if end.year < dt.MAXYEAR else None,
        pem=one.public_bytes(Encoding.PEM).decode("ascii"),
        signs=signs,
    )
