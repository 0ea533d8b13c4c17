"""One question of a review for its page: checks, evidence, last quarter's answer, and what the person may do."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reviews import access
from reviews.engine.analysis.quarters import Quarter
from reviews.models import Answer, Cycle, Evidence, EvidenceLink, Review, ReviewItem
from reviews.queries import readiness
from reviews.queries.reviews import ANSWER_WORDS, VERDICT_WORDS

if TYPE_CHECKING:
    from auditportal.accounts.models import User

_FRAMEWORKS: Final = {
    "nist_800_53": "NIST SP 800-53",
    "nist_800_92": "NIST SP 800-92",
    "iso_27001_2022": "ISO 27001",
    "soc2_tsc": "SOC 2",
    "pci_dss_4_0_1": "PCI DSS",
    "hipaa": "HIPAA",
    "cis_v8_1": "CIS Controls",
    "dora": "DORA",
    "nis2": "NIS2",
}
ANSWER_VERDICTS: Final = {
    Answer.OPEN: "unknown",
    Answer.MEETS: "pass",
    Answer.DOES_NOT_MEET: "fail",
    Answer.NOT_APPLICABLE: "unknown",
}


@dataclass(frozen=True)
class CheckRow:
    """One automatic check as the page shows it."""

    title: str
    v: str
    words: str
    sentence: str


@dataclass(frozen=True)
class EvidenceRow:
    """One attached file."""

    link: EvidenceLink
    file: Evidence
    outside: bool  # its period does not touch the quarter
    superseded_by: str
    removable: bool


@dataclass(frozen=True)
class LastAnswer:
    """What was answered in the quarter before."""

    quarter: str
    v: str
    words: str
    note: str
    by: str
    at: dt.datetime | None


@dataclass(frozen=True)
class Checks:
    """The automatic checks of a question."""

    rows: tuple[CheckRow, ...]
    not_built: tuple[str, ...]  # titles
    verdict: str | None
    words: str
    needs_reason: bool  # for "meets"
    at: dt.datetime


def controls(item: ReviewItem) -> list[tuple[str, str]]:
    """Framework and the ids of its controls."""
    return [(_FRAMEWORKS.get(key, key), ", ".join(ids)) for key, ids in item.text.get("controls", {}).items() if ids]


def checks(review: Review, results: readiness.Results, now: dt.datetime) -> Checks:
    """Those that exist, each with verdict and sentence; the others by title only."""
    verdict = readiness.verdict(results)
    return Checks(
        rows=tuple(
            CheckRow(one.title, one.verdict, VERDICT_WORDS[one.verdict], one.sentence)
            for one in results
            if readiness.is_built(one)
        ),
        not_built=tuple(one.title for one in results if not readiness.is_built(one)),
        verdict=verdict,
        words=VERDICT_WORDS[verdict] if verdict else "",
        needs_reason=readiness.needs_reason(results) is not None,
        at=review.frozen_at or now,
    )


def evidence(person: "User", item: ReviewItem, cycle: Cycle, *, open_: bool) -> list[EvidenceRow]:
    """The attached files. `open_`: the review may still change."""
    links = item.evidence_links.filter(removed_at__isnull=True).select_related("evidence__uploaded_by", "attached_by")
    newer = dict(
        Evidence.objects.filter(supersedes__links__in=links).values_list("supersedes_id", "name").order_by("pk")
    )
    subject = access.subject(item.review)
    prepares = open_ and access.may(person, "prepare", subject)
    operates = open_ and access.may(person, "operate", subject)
    return [
        EvidenceRow(
            link=link,
            file=link.evidence,
            outside=link.evidence.covers_to < cycle.starts_on or link.evidence.covers_from > cycle.ends_on,
            superseded_by=newer.get(link.evidence_id, ""),
            removable=prepares or (operates and link.attached_by_id == person.pk),
        )
        for link in links
    ]


def attachable(person: "User", item: ReviewItem) -> list[Evidence]:
    """Files of visible reviews of the same quarter that are not attached here and not superseded."""
    attached = item.evidence_links.filter(removed_at__isnull=True).values("evidence")
    return list(
        access.evidence(person)
        .filter(links__item__review__cycle=item.review.cycle_id, links__removed_at__isnull=True)
        .filter(superseded_by__isnull=True)
        .exclude(pk__in=attached)
        .distinct()
        .order_by("name", "pk")[:200]
    )


def last_answer(item: ReviewItem) -> LastAnswer | None:
    """The same question about the same subject, one quarter earlier. Shown beside, never copied in."""
    review = item.review
    before = Quarter.parse(review.cycle.quarter).previous
    found = (
        ReviewItem.objects.filter(
            item=item.item,
            review__cycle__quarter=str(before),
            review__scope=review.scope,
            review__service=review.service_id,
            review__store=review.store_id,
        )
        .select_related("answered_by")
        .order_by("-review__version")
        .first()
    )
    if found is None:
        return None
    answer = Answer(found.answer)
    return LastAnswer(
        quarter=before.label,
        v=ANSWER_VERDICTS[answer],
        words=ANSWER_WORDS[answer],
        note=found.note,
        by=found.answered_by.name if found.answered_by else "",
        at=found.answered_at,
    )
