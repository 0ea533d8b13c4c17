"""Once the logs are in, the people of the demo review the quarter before; each step once, all through workflows."""

import datetime as dt
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from reviews import access
from reviews.models import (
    Answer,
    Cycle,
    EvidenceLink,
    Import,
    ImportState,
    LogSource,
    Organisation,
    Record,
    RecordState,
    Review,
    ReviewState,
    TrailEntry,
)
from reviews.workflows import answers
from reviews.workflows.demo import cast, commands, logs, story
from reviews.workflows.demo.plan import DAY, Plan, make_plan


@pytest.fixture
def demo(db: None, places: Path, settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for a demo whose logs are those of five days."""
    settings.DEMO = True
    place = Path(settings.DATA_DIR)
    place.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(Plan, "days", property(_five_days))
    return place


def _five_days(plan: Plan) -> tuple[dt.date, ...]:
    end, last = plan.before.ends_on, plan.until.date()
    return tuple(sorted({end - DAY, end, plan.incident("late").starts_at.date(), last - DAY, last}))


def review_of(name: str) -> Review:
    return Review.objects.get(cycle=Cycle.objects.order_by("quarter").first(), service__name=name)


def test_the_story_from_the_first_import_to_the_signed_record(demo: Path):
    """One long test, because each step needs all that came before it."""
    now = timezone.now()
    # The quarter before ended weeks ago, whatever day it is.
    commands.fill(now.date() - 40 * DAY, now, lambda _line: None, at_once=True)
    every_source_is_imported()
    the_late_day_comes_with_a_later_import()
    one_review_is_signed_and_its_auditor_may_read_the_record()
    the_others_are_half_done()
    the_story_is_told_once()
    what_visitors_do_is_theirs()


def every_source_is_imported() -> None:
    assert set(Import.objects.values_list("state", flat=True)) == {ImportState.DONE}
    for source in LogSource.objects.exclude(name="File exchange"):
        assert source.imports.order_by("id").first().events > 0, source.name


def the_late_day_comes_with_a_later_import() -> None:
    first, second = LogSource.objects.get(name=cast.source("portal").name).imports.order_by("id")
    assert second.files_read == 1
    assert second.events > 0
    assert second.first_event_at.date() == second.last_event_at.date()
    assert second.last_event_at < first.last_event_at


def one_review_is_signed_and_its_auditor_may_read_the_record() -> None:
    review = review_of("File exchange")
    assert review.state == ReviewState.SIGNED
    assert review.signed_by.name == cast.APPROVER.name
    assert review.submitted_by.name == cast.PREPARER.name
    assert all(item.answer for item in review.items.all())
    record = Record.objects.get(review=review)
    assert record.state == RecordState.MADE
    leila = get_user_model().objects.get(email=cast.AUDITOR.email)
    assert list(access.records(leila)) == [record]
    givers = EvidenceLink.objects.filter(item__review=review).values_list("attached_by__name", flat=True)
    assert set(givers) == {cast.PREPARER.name, cast.OWNER.name}


def the_others_are_half_done() -> None:
    assert review_of("Secrets store").state == ReviewState.SUBMITTED
    returned = review_of("Policy hosts")
    assert returned.state == ReviewState.OPEN
    assert returned.returned_by.name == cast.SECOND_APPROVER.name
    for name in ("Member portal", "Cloud accounts", "Payment hosts"):
        given = set(review_of(name).items.values_list("answer", flat=True))
        assert "" in given, name
        assert len(given) > 1, name
    assert set(review_of("Data warehouse").items.values_list("answer", flat=True)) == {""}
    assert review_of("Member portal").items.get(item="COV-04").answer == Answer.DOES_NOT_MEET


def the_story_is_told_once() -> None:
    assert TrailEntry.objects.filter(action=story.TOLD).count() == 1
    entries = TrailEntry.objects.count()
    story.continue_demo(timezone.now())
    assert TrailEntry.objects.count() == entries


def what_visitors_do_is_theirs() -> None:
    """An answer that a visitor takes back stays taken back."""
    ines = get_user_model().objects.get(email=cast.PREPARER.email)
    item = review_of("Member portal").items.exclude(answer="").first()
    answers.answer(ines, item, item.revision, Answer.OPEN)
    story.continue_demo(timezone.now())
    item.refresh_from_db()
    assert item.answer == Answer.OPEN


def test_nothing_happens_before_the_logs_are_in(demo: Path):
    now = timezone.now()
    commands.fill(now.date() - 40 * DAY, now, lambda _line: None, at_once=False)
    entries = TrailEntry.objects.count()
    story.continue_demo(now)
    assert TrailEntry.objects.count() == entries
    assert list((demo / logs.HELD).rglob("access.log*"))


def test_nothing_happens_outside_a_demo(db: None, places: Path, settings):
    settings.DEMO = False
    Organisation.objects.create(name="A real one")
    story.continue_demo(timezone.now())
    assert not TrailEntry.objects.exists()


def test_the_quarter_before_can_be_signed_from_its_second_day_on():
    assert story.signs_from(make_plan(dt.date(2026, 10, 1)).before) == dt.date(2026, 10, 2)
