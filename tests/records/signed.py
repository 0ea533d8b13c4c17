"""A signed review in the database, as the workflows of reviews leave it, with evidence in the archive."""

import datetime as dt

from django.conf import settings

from reviews.engine.archive import archive_store
from reviews.models import Cycle, Evidence, EvidenceLink, Record, Review, ReviewItem, ReviewState, Scope
from reviews.workflows import records, trail
from tests.world import World

SIGNED_AT = dt.datetime(2026, 10, 13, 9, 30, tzinfo=dt.UTC)


def make_kind(kind: str, label: str, category: str, state: str, count: int, required: bool = True) -> dict[str, object]:
    return {
        "kind": kind,
        "label": label,
        "category": category,
        "required": required,
        "state": state,
        "count": count,
        "last_seen": "2026-09-30T12:00:00+00:00" if count else None,
        "sentence": "",
    }


FROZEN = {
    "numbers": {
        "events": {"authentication": 120_000, "api_usage": 1_250_000},
        "quarter": "2026-Q3",
        "catalogue_version": "2026.5",
        "read_until": "2026-10-08T00:00:00+00:00",
        "coverage": {
            "numerator": 9,
            "denominator": 11,
            "kinds": [
                make_kind("sign_in", "Sign-in", "authentication", "seen", 120_000),
                make_kind("key_export", "Key export", "data_export", "not_seen", 0),
                make_kind("bulk_read", "Bulk read", "data_export", "not_seen", 0, required=False),
            ],
        },
        "silences": [
            {
                "service": "Payments API",
                "starts_at": "2026-09-02T11:20:00+00:00",
                "ends_at": "2026-09-03T06:20:00+00:00",
                "hours": 19,
                "expected": 812.5,
                "probability": 1e-9,
                "category": "",
                "sentence": "Nothing arrived from 2 Sep, 11:20 to 3 Sep 2026, 06:20 UTC.",
            }
        ],
        "silence_search": [
            {
                "service": "Payments API",
                "judged": True,
                "reason": None,
                "hours_judged": 2_208,
                "hours_not_imported": 0,
                "noticed_after_hours": 9,
            }
        ],
        "sources": [
            {
                "name": "Organisation trail",
                "format": "cloudtrail",
                "imports": 92,
                "files": 400,
                "segments": 30,
                "ledger": {
                    "records": 1_370_010,
                    "events": 1_370_000,
                    "duplicates": 7,
                    "ignored": 0,
                    "rejected": 3,
                    "unrouted": 0,
                },
                "first_event_at": "2026-07-01T00:00:02+00:00",
                "last_event_at": "2026-10-07T23:59:59+00:00",
                "read_until": "2026-10-08T00:00:00+00:00",
                "time_zone": "UTC",
            }
        ],
    },
    "checks": {
        "COV-12": [
            {
                "check": "gaps.open",
                "title": "Silences",
                "verdict": "attention",
                "number": "1",
                "sentence": "One silence of 19 hours.",
            },
            {
                "check": "clock.offset",
                "title": "Clocks",
                "verdict": "unknown",
                "number": "",
                "sentence": "This check does not exist yet.",
            },
        ]
    },
}


def make_cycle(world: World, quarter: str = "2026-Q3") -> Cycle:
    days = {"2026-Q2": ((4, 1), (6, 30)), "2026-Q3": ((7, 1), (9, 30))}[quarter]
    first, last = (dt.date(2026, *day) for day in days)
    return Cycle.objects.create(
        quarter=quarter,
        starts_on=first,
        ends_on=last,
        due_on=last + dt.timedelta(days=30),
        template="essential",
        template_version="2026.5",
        template_sha256="ab" * 32,
        catalogue_version="2026.5",
        facts={"emergency_accounts": None},
        opened_by=world.ada,
    )


def make_review(world: World, cycle: Cycle, **fields: object) -> Review:
    """An open review of payments with two answered questions and a file."""
    values: dict[str, object] = {"cycle": cycle, "scope": Scope.SERVICE, "service": world.payments}
    review = Review.objects.create(
        **{**values, **fields},
        excluded=[{"item": "STO-05", "title": "Keys are ours", "fact": "store.own_keys is false"}],
    )
    for position, (item, answer) in enumerate((("COV-04", "meets"), ("COV-12", "meets"), ("COV-09", "does_not_meet"))):
        row = ReviewItem.objects.create(
            review=review,
            item=item,
            step="coverage",
            position=position,
            text={"title": f"Title of {item}", "question": "Is it so?", "step_title": "Coverage", "severity": "high"},
            answer=answer,
            note="The note of the preparer.",
            reason="The vendor confirmed it." if item == "COV-12" else "",
            answered_by=world.ines,
            answered_at=SIGNED_AT - dt.timedelta(days=4),
            revision=1,
        )
        trail.log(world.ines, "item.answered", row, after={"answer": answer})
        if item == "COV-12":
            attach(world, row, b"the ticket of the vendor", "Ticket 4711 (ä).txt")
    return review


def attach(world: World, item: ReviewItem, data: bytes, name: str) -> EvidenceLink:
    stored = archive_store(settings.ARCHIVE_URL).put("evidence", iter([data]))
    evidence = Evidence.objects.create(
        sha256=stored.sha256,
        name=name,
        size=stored.size,
        media_type="text/plain",
        covers_from=item.review.cycle.starts_on,
        covers_to=item.review.cycle.ends_on,
        uploaded_by=world.ines,
    )
    return EvidenceLink.objects.create(evidence=evidence, item=item, attached_by=world.ines)


def sign(world: World, review: Review, at: dt.datetime = SIGNED_AT) -> Review:
    """As workflows.reviews.sign leaves it. From here on the database refuses changes."""
    review.frozen, review.frozen_at = FROZEN, at - dt.timedelta(days=5)
    review.submitted_at, review.submitted_by = at - dt.timedelta(days=1), world.ines
    review.signed_at, review.signed_by, review.state = at, world.jonas, ReviewState.SIGNED
    review.statement = "I, Jonas Weber, have read the answers.\n\nOne silence is without a decision."
    review.save()
    return review


def make_record(world: World, review: Review | None = None) -> Record:
    """A record that is made, of payments in Q3 unless a review is given."""
    record = records.queue(sign(world, review or make_review(world, make_cycle(world))))
    records.make(record.pk, "test")
    record.refresh_from_db()
    return record
