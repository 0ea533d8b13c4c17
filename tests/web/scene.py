"""One of everything that the roles of the world see, and one that only an administrator sees."""

import datetime as dt
from functools import cached_property
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from reviews.engine.archive import archive_store
from reviews.engine.archive.segments import seal
from reviews.models import (
    Cycle,
    EvidenceLink,
    Import,
    ImportedPart,
    LogFile,
    PushToken,
    Record,
    RejectedRecord,
    Review,
    ReviewItem,
    Scope,
    Segment,
)
from reviews.workflows import answers, invitations, people, tokens
from tests.arrivals import make_open_source
from tests.quarters import open_quarter, review_of
from tests.records.signed import attach, make_record, make_review
from tests.world import World, make_source


def rejected_record(run: Import, seq: int) -> RejectedRecord:
    """One rejected record of an import that holds nothing else."""
    sealed = seal(archive_store(settings.ARCHIVE_URL), memoryview(b"{}\n" + b"<b>\xff%d\n" % seq))
    file = LogFile.objects.create(source=run.source, key=f"file {seq}", name="a.json", last_seen_at=timezone.now())
    segment = Segment.objects.create(
        seq=seq,
        header=b"{}",
        header_sha256=f"{seq:064}",
        prev="0" * 64,
        stored_sha256=sealed.stored_sha256,
        plain_length=sealed.plain_length,
        stored_length=sealed.stored_length,
        source_id_sealed=run.source_id,
        sealed_at=timezone.now(),
    )
    ledger = {"records": 1, "events": 0, "duplicates": 0, "ignored": 0, "rejected": 1}
    part = ImportedPart.objects.create(
        run=run, file=file, segment=segment, name="a.json", file_offset=0, segment_offset=0, length=9, **ledger
    )
    return RejectedRecord.objects.create(
        part=part, offset=3, length=6, reason="This is no complete JSON.", format_version=1, beginning="<b>\\xff"
    )


class Scene:
    """One of everything that the roles see, and one that only an administrator sees."""

    def __init__(self, world: World, places: Path) -> None:
        self.world, self.places = world, places

    @cached_property
    def source(self):
        return make_source(self.world, str(self.places))

    @cached_property
    def hidden_source(self):
        values = {"name": "Hidden source", "store": self.world.hidden_vault, "service": self.world.secret}
        return make_source(self.world, str(self.places), **values)

    @cached_property
    def open_source(self):
        """It reads no place: logs are pushed to it."""
        return make_open_source(self.world)

    @cached_property
    def push_token(self) -> PushToken:
        return tokens.make(self.world.tomas, self.open_source).token

    @cached_property
    def hidden_push_token(self) -> PushToken:
        values = {"name": "Hidden pushes", "store": self.world.hidden_vault, "service": self.world.secret}
        return tokens.make(self.world.ada, make_open_source(self.world, **values)).token

    @cached_property
    def run(self) -> Import:
        return Import.objects.create(source=self.source, state="done", finished_at=timezone.now())

    @cached_property
    def hidden_run(self) -> Import:
        return Import.objects.create(source=self.hidden_source, state="done", finished_at=timezone.now())

    @cached_property
    def reject(self) -> RejectedRecord:
        return rejected_record(self.run, 0)

    @cached_property
    def hidden_reject(self) -> RejectedRecord:
        return rejected_record(self.hidden_run, 1)

    @cached_property
    def cycle(self) -> Cycle:
        return open_quarter(self.world)

    @cached_property
    def review(self) -> Review:
        return review_of(self.cycle, self.world.payments)

    @cached_property
    def hidden_review(self) -> Review:
        return review_of(self.cycle, self.world.secret)

    @cached_property
    def item(self) -> ReviewItem:
        return self.review.items.get(item="COV-04")

    @cached_property
    def hidden_item(self) -> ReviewItem:
        return self.hidden_review.items.first()

    @cached_property
    def not_applicable(self) -> ReviewItem:
        """Answered "not applicable" by the preparer, waiting for a second person."""
        item = self.review.items.filter(text__not_applicable_allowed=True).first()
        values = {"reason": "There is no such thing.", "until": dt.date(2999, 1, 1)}
        return answers.answer(self.world.ines, item, item.revision, "not_applicable", "Looked for it.", **values)

    @cached_property
    def link(self) -> EvidenceLink:
        return attach(self.world, self.item, b"a list", "list.txt")

    @cached_property
    def hidden_link(self) -> EvidenceLink:
        link = attach(self.world, self.hidden_item, b"a secret list", "secret.txt")
        link.evidence.uploaded_by = self.world.ada
        link.evidence.save(update_fields=["uploaded_by"])
        return link

    @cached_property
    def submitted(self) -> Review:
        review = self.review
        review.state, review.submitted_by, review.submitted_at = "submitted", self.world.ines, timezone.now()
        review.save(update_fields=["state", "submitted_by", "submitted_at"])
        return review

    @cached_property
    def record(self) -> Record:
        """Signed and made; the auditor has a seat at it."""
        record = make_record(self.world)
        people.seat_auditor(self.world.ada, self.world.leila, record.review, dt.date(2999, 1, 1))
        return record

    @cached_property
    def hidden_record(self) -> Record:
        review = make_review(self.world, self.record.review.cycle, service=self.world.secret, scope=Scope.SERVICE)
        return Record.objects.create(review=review, number="AP-HIDDEN-1", state="made")

    @cached_property
    def token(self) -> str:
        return invitations.issue(self.world.sam, self.world.ada, timezone.now()).token
