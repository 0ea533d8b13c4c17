"""Answers: who may give one, what is kept, and that nobody overwrites anybody."""

import datetime as dt
from pathlib import Path

import pytest

from reviews import access
from reviews.access import Role
from reviews.errors import Conflict, Invalid, Locked, NotAllowed
from reviews.models import Review, ReviewItem, ReviewState, TrailEntry
from reviews.queries import readiness
from reviews.workflows import answers
from tests.quarters import Q3, give, open_quarter, review_of
from tests.world import World, make_person

UNTIL = dt.date(2026, 12, 31)


@pytest.fixture
def item(world: World, places: Path) -> ReviewItem:
    """COV-04 of the payments service: "not applicable" is allowed."""
    return review_of(open_quarter(world), world.payments).items.get(item="COV-04")


def say(world: World, item: ReviewItem, answer: str = "meets", person=None, **values) -> ReviewItem:
    item.refresh_from_db()
    return answers.answer(person or world.ines, item, values.pop("revision", item.revision), answer, **values)


def lacking(item: ReviewItem, results=()) -> list[str]:
    item.refresh_from_db()
    files = item.evidence_links.filter(removed_at__isnull=True).count()
    return [lack.field for lack in readiness.missing(item, results, files)]


def result(verdict: str):
    from reviews.engine.checks import CheckResult

    return CheckResult("log.category_coverage", "Coverage", verdict, "4 of 5", "One kind was not seen.")


def test_an_answer_is_saved_with_who_and_when(world: World, item: ReviewItem) -> None:
    saved = say(world, item, "does_not_meet", note="Refused calls are missing.")
    assert (saved.answer, saved.note) == ("does_not_meet", "Refused calls are missing.")
    assert saved.answered_by == world.ines
    assert saved.answered_at is not None
    assert saved.revision == 1


def test_the_trail_has_before_and_after_of_what_changed(world: World, item: ReviewItem) -> None:
    say(world, item, "meets", note="Same note")
    say(world, item, "does_not_meet", note="Same note")
    entry = TrailEntry.objects.filter(action="item.answered").first()
    assert entry.actor == world.ines
    assert entry.before == {"answer": "meets"}
    assert entry.after == {"answer": "does_not_meet"}


def test_saving_the_same_again_writes_nothing(world: World, item: ReviewItem) -> None:
    say(world, item, note="Once")
    say(world, item, note="Once")
    assert TrailEntry.objects.filter(action="item.answered").count() == 1
    item.refresh_from_db()
    assert item.revision == 1


def test_the_second_of_two_people_sees_both_versions(world: World, item: ReviewItem) -> None:
    other = make_person("Olu Second")
    access.grant(other, Role.PREPARER, world.payments)
    drawn = item.revision
    say(world, item, "meets", note="Theirs", revision=drawn)
    with pytest.raises(answers.AnswerConflict, match="Ines Okafor saved this question") as conflict:
        say(world, item, "does_not_meet", person=other, note="Mine", revision=drawn)
    assert isinstance(conflict.value, Conflict)
    assert (conflict.value.saved.answer, conflict.value.saved.note) == ("meets", "Theirs")
    assert (conflict.value.mine.answer, conflict.value.mine.note) == ("does_not_meet", "Mine")
    item.refresh_from_db()
    assert item.note == "Theirs"
    say(world, item, "does_not_meet", person=other, note="Mine", revision=conflict.value.item.revision)
    item.refresh_from_db()
    assert (item.note, item.answered_by) == ("Mine", other)


def test_two_people_who_write_the_same_do_not_conflict(world: World, item: ReviewItem) -> None:
    say(world, item, "meets", note="Same", revision=0)
    assert say(world, item, "meets", note="Same", revision=0).revision == 1


def test_ones_own_letters_a_moment_later_are_no_conflict(world: World, item: ReviewItem) -> None:
    """A form sent while the last letters were still being saved."""
    say(world, item, "meets", note="Half", revision=0)
    assert say(world, item, "meets", note="Half a sentence", revision=0).note == "Half a sentence"
    ReviewItem.objects.filter(pk=item.pk).update(answered_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    with pytest.raises(Conflict):
        say(world, item, "meets", note="From an old window", revision=0)


@pytest.mark.parametrize("who", ["maren", "jonas", "priya", "tomas", "leila", "ada", "sam"])
def test_only_preparers_answer(world: World, item: ReviewItem, who: str) -> None:
    with pytest.raises(NotAllowed):
        say(world, item, person=getattr(world, who))
    item.refresh_from_db()
    assert item.answer == ""


def test_an_operator_who_also_prepares_does_not_answer(world: World, item: ReviewItem) -> None:
    access.grant(world.ines, Role.OWNER, world.payments)
    with pytest.raises(NotAllowed, match="You operate Payments API"):
        say(world, item)


def test_an_administrator_does_not_answer_whatever_is_granted(world: World, item: ReviewItem) -> None:
    access.grant(world.ada, Role.PREPARER, world.payments)
    with pytest.raises(NotAllowed, match="Administrators never"):
        say(world, item, person=world.ada)


@pytest.mark.parametrize("state", [ReviewState.SUBMITTED, ReviewState.SIGNED])
def test_a_review_that_is_not_open_takes_no_answer(world: World, item: ReviewItem, state: str) -> None:
    signed = {"signed_at": dt.datetime(2026, 11, 1, tzinfo=dt.UTC), "signed_by": world.jonas}
    Review.objects.filter(pk=item.review_id).update(state=state, **(signed if state == ReviewState.SIGNED else {}))
    with pytest.raises(Locked):
        say(world, item)


def test_nonsense_is_refused(world: World, item: ReviewItem) -> None:
    with pytest.raises(Invalid) as refused:
        say(world, item, "perhaps")
    assert refused.value.field == "answer"
    with pytest.raises(Invalid) as refused:
        say(world, item, note="x" * (answers.MOST_LETTERS + 1))
    assert refused.value.field == "note"


def test_nul_characters_are_dropped_and_lines_kept(world: World, item: ReviewItem) -> None:
    assert say(world, item, note="one\x00\r\ntwo").note == "one\ntwo"


# --- What an answer needs ----------------------------------------------------------------------------------------


def test_meets_needs_evidence_or_a_check_that_passed(world: World, item: ReviewItem) -> None:
    say(world, item)
    assert lacking(item) == ["evidence"]
    assert lacking(item, (result("pass"),)) == []
    link = give(world, item)
    assert lacking(item) == []
    from reviews.workflows import evidence

    evidence.remove(world.ines, link)
    assert lacking(item) == ["evidence"]


@pytest.mark.parametrize("verdict", ["fail", "attention", "unknown"])
def test_meets_against_a_check_needs_a_reason(world: World, item: ReviewItem, verdict: str) -> None:
    give(world, item)
    say(world, item)
    assert lacking(item, (result(verdict), result("pass"))) == ["reason"]
    say(world, item, reason="A scenario proved it.")
    assert lacking(item, (result(verdict),)) == []


def test_a_check_that_does_not_exist_binds_nobody_and_proves_nothing(world: World, item: ReviewItem) -> None:
    from reviews.engine.checks import CheckResult
    from reviews.queries.inputs import NO_SUCH_CHECK

    absent = CheckResult("aws.trail", "Trail", "unknown", "", NO_SUCH_CHECK)
    say(world, item)
    assert lacking(item, (absent,)) == ["evidence"]
    assert readiness.verdict((absent,)) is None
    assert readiness.verdict((absent, result("pass"))) == "pass"


def test_unknown_speaks_before_attention_and_never_reads_as_pass() -> None:
    assert readiness.verdict((result("pass"), result("attention"), result("unknown"))) == "unknown"
    assert readiness.verdict((result("unknown"), result("fail"))) == "fail"


def test_does_not_meet_needs_a_note(world: World, item: ReviewItem) -> None:
    say(world, item, "does_not_meet")
    assert lacking(item) == ["note"]
    say(world, item, "does_not_meet", note="   ")
    assert lacking(item) == ["note"]
    say(world, item, "does_not_meet", note="The kind stopped on 3 Sep.")
    assert lacking(item) == []


# --- Not applicable ----------------------------------------------------------------------------------------------


def test_not_applicable_needs_reason_end_date_and_a_second_person(world: World, item: ReviewItem) -> None:
    say(world, item, "not_applicable")
    assert lacking(item) == ["reason", "until"]
    say(world, item, "not_applicable", reason="No administrative function.", until=dt.date(2026, 9, 1))
    assert lacking(item) == ["until"]  # before the quarter ends
    say(world, item, "not_applicable", reason="No administrative function.", until=UNTIL)
    assert lacking(item) == ["second_person"]
    item.refresh_from_db()
    confirmed = answers.confirm_not_applicable(world.jonas, item)
    assert confirmed.second_person == world.jonas
    assert lacking(item) == []
    entry = TrailEntry.objects.get(action="item.confirmed")
    assert entry.actor == world.jonas


def test_not_applicable_is_refused_where_the_template_does_not_allow_it(world: World, item: ReviewItem) -> None:
    locked = item.review.cycle.reviews.get(scope="cycle").items.get(item="COV-02")
    assert locked.text["not_applicable_allowed"] is False
    with pytest.raises(Invalid, match="not allowed") as refused:
        say(world, locked, "not_applicable", reason="Because", until=UNTIL)
    assert refused.value.field == "answer"


def test_nobody_confirms_what_they_answered_even_earlier(world: World, item: ReviewItem) -> None:
    other = make_person("Olu Second")
    access.grant(other, Role.PREPARER, world.payments)
    say(world, item, "not_applicable", person=other, reason="Because", until=UNTIL)
    say(world, item, "not_applicable", person=world.ines, reason="Because it is so", until=UNTIL)
    item.refresh_from_db()
    for person in (world.ines, other):
        with pytest.raises(NotAllowed, match="You answered this question yourself"):
            answers.confirm_not_applicable(person, item)


@pytest.mark.parametrize("who", ["maren", "priya", "tomas", "ada", "sam"])
def test_only_preparers_and_approvers_confirm(world: World, item: ReviewItem, who: str) -> None:
    say(world, item, "not_applicable", reason="Because", until=UNTIL)
    item.refresh_from_db()
    with pytest.raises(NotAllowed):
        answers.confirm_not_applicable(getattr(world, who), item)


def test_what_is_incomplete_or_another_answer_is_not_confirmed(world: World, item: ReviewItem) -> None:
    say(world, item, "not_applicable")
    item.refresh_from_db()
    with pytest.raises(Invalid, match="reason"):
        answers.confirm_not_applicable(world.jonas, item)
    say(world, item, "meets")
    with pytest.raises(Invalid, match="nothing to confirm"):
        answers.confirm_not_applicable(world.jonas, item)


def test_a_confirmation_is_for_the_words_that_were_read(world: World, item: ReviewItem) -> None:
    say(world, item, "not_applicable", reason="Because", until=UNTIL)
    read = item.revision
    say(world, item, "not_applicable", reason="Because of something else", until=UNTIL)
    item.refresh_from_db()
    with pytest.raises(Conflict, match="changed since you read it"):
        answers.confirm_not_applicable(world.jonas, item, revision=read)


@pytest.mark.parametrize(
    ("change", "kept"),
    [({"note": "A note more"}, True), ({"reason": "Another"}, False), ({"until": dt.date(2027, 3, 1)}, False)],
)
def test_a_change_takes_the_confirmation_away(world: World, item: ReviewItem, change: dict, kept: bool) -> None:
    values = {"reason": "Because", "until": UNTIL}
    say(world, item, "not_applicable", **values)
    item.refresh_from_db()
    answers.confirm_not_applicable(world.jonas, item)
    say(world, item, "not_applicable", **{**values, **change})
    item.refresh_from_db()
    assert (item.second_person == world.jonas) is kept


def test_the_end_date_goes_with_the_answer(world: World, item: ReviewItem) -> None:
    say(world, item, "not_applicable", reason="Because", until=UNTIL)
    assert say(world, item, "meets", until=UNTIL).not_applicable_until is None
    assert Q3.ends_on < UNTIL
