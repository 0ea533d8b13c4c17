"""Handing over, sending back, signing: who may, when it is refused, and that a signature comes once."""

import datetime as dt
import threading
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, connections, transaction

from reviews import access
from reviews.access import Role
from reviews.engine.checks import CheckResult
from reviews.errors import Conflict, Invalid, Locked, NotAllowed
from reviews.models import Record, Review, ReviewState, Silence, TrailEntry
from reviews.queries import inputs, readiness
from reviews.queries import statement as statements
from reviews.workflows import answers, evidence, reviews
from tests.quarters import AFTER, WITHIN, answer_all, freeze, give, open_quarter, ready, review_of, upload
from tests.world import World, make_person


@pytest.fixture
def answered(world: World, places: Path) -> Review:
    return ready(world)


@pytest.fixture
def submitted(world: World, answered: Review) -> Review:
    return reviews.submit(world.ines, answered, AFTER)


def sign(world: World, review: Review, person=None, **values) -> Review:
    return reviews.sign(
        person or world.jonas, review, **{"password_ok": True, "accepted": True, "now": AFTER, **values}
    )


# --- Handing over ------------------------------------------------------------------------------------------------


def test_a_preparer_hands_over(world: World, submitted: Review) -> None:
    submitted.refresh_from_db()
    assert submitted.state == ReviewState.SUBMITTED
    assert submitted.submitted_by == world.ines
    assert TrailEntry.objects.get(action="review.submitted").object_id == str(submitted.pk)


def test_what_is_open_is_listed_and_refuses(world: World, places: Path) -> None:
    review = freeze(review_of(open_quarter(world), world.payments))
    items = list(review.items.all())
    assert len(reviews.what_is_open(review)) == len(items)
    answers.answer(world.ines, items[0], 0, "does_not_meet")
    answers.answer(world.ines, items[1], 0, "meets")
    found = reviews.what_is_open(review)
    assert f"{items[0].item} {items[0].text['title']}: Say in the note what is not met." in found
    assert f"{items[1].item} {items[1].text['title']}: Attach evidence: no automatic check passed." in found
    assert f"{items[2].item} {items[2].text['title']}: No answer yet." in found
    with pytest.raises(Invalid, match="No answer yet"):
        reviews.submit(world.ines, review, AFTER)
    review.refresh_from_db()
    assert review.state == ReviewState.OPEN


def test_handing_over_before_the_numbers_are_frozen_is_refused(world: World, places: Path) -> None:
    review = review_of(open_quarter(world), world.payments)
    answer_all(world, review)
    assert reviews.what_is_open(review) == [] or all("reason" not in line for line in reviews.what_is_open(review))
    with pytest.raises(Invalid, match="provisional until 8 Oct 2026"):
        reviews.submit(world.ines, review, WITHIN)
    with pytest.raises(Invalid, match="provisional"):
        reviews.submit(world.ines, review, AFTER)  # over, but not frozen yet


@pytest.mark.parametrize("who", ["maren", "jonas", "priya", "tomas", "ada", "sam"])
def test_only_preparers_hand_over(world: World, answered: Review, who: str) -> None:
    with pytest.raises(NotAllowed):
        reviews.submit(getattr(world, who), answered, AFTER)


def test_handing_over_twice_is_refused(world: World, submitted: Review) -> None:
    with pytest.raises(Locked, match="handed over"):
        reviews.submit(world.ines, submitted, AFTER)


# --- Sending back --------------------------------------------------------------------------------------------------


def test_an_approver_sends_back_with_a_comment(world: World, submitted: Review) -> None:
    reviews.send_back(world.jonas, submitted, "COV-04 needs the list of September.")
    submitted.refresh_from_db()
    assert submitted.state == ReviewState.OPEN
    assert submitted.submitted_by is None
    assert submitted.returned_by == world.jonas
    entry = TrailEntry.objects.get(action="review.returned")
    assert entry.after["comment"] == "COV-04 needs the list of September."
    assert entry.before["submitted_by"] == "Ines Okafor"
    reviews.submit(world.ines, submitted, AFTER)


def test_sending_back_without_a_comment_is_refused(world: World, submitted: Review) -> None:
    with pytest.raises(Invalid) as refused:
        reviews.send_back(world.jonas, submitted, "  \n")
    assert refused.value.field == "comment"


@pytest.mark.parametrize("who", ["ines", "maren", "priya", "ada", "sam"])
def test_only_approvers_send_back(world: World, submitted: Review, who: str) -> None:
    with pytest.raises(NotAllowed):
        reviews.send_back(getattr(world, who), submitted, "Please")


def test_an_open_review_is_not_sent_back(world: World, answered: Review) -> None:
    with pytest.raises(Locked):
        reviews.send_back(world.jonas, answered, "Please")


# --- Signing ---------------------------------------------------------------------------------------------------------


def test_an_approver_signs_and_the_record_is_queued(world: World, submitted: Review) -> None:
    words = reviews.statement(submitted, world.jonas)
    sign(world, submitted, read=statements.digest(words))
    submitted.refresh_from_db()
    assert submitted.state == ReviewState.SIGNED
    assert submitted.signed_by == world.jonas
    assert submitted.statement == words
    assert Record.objects.get(review=submitted).state == "queued"
    assert TrailEntry.objects.get(action="review.signed").after["statement"] == words


def test_what_is_signed_is_locked(world: World, submitted: Review) -> None:
    sign(world, submitted)
    item = submitted.items.first()
    with pytest.raises(Locked, match="signed"):
        answers.answer(world.ines, item, item.revision, "does_not_meet", "Too late")
    with pytest.raises(Locked):
        give(world, item)
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(pk=submitted.pk).update(statement="")


@pytest.mark.parametrize("who", ["ines", "maren", "priya", "tomas", "leila", "ada", "sam"])
def test_only_approvers_sign(world: World, submitted: Review, who: str) -> None:
    person = getattr(world, who)
    assert reviews.may_sign(person, submitted)
    with pytest.raises(NotAllowed):
        sign(world, submitted, person)
    submitted.refresh_from_db()
    assert submitted.state == ReviewState.SUBMITTED


def test_whoever_ever_answered_does_not_sign(world: World, answered: Review) -> None:
    """Also when somebody else answered the same question after."""
    access.grant(world.jonas, Role.PREPARER, world.payments)
    item = answered.items.first()
    item.refresh_from_db()
    answers.answer(world.jonas, item, item.revision, "meets", "Mine", "Because")
    item.refresh_from_db()
    answers.answer(world.ines, item, item.revision, "meets", "Not his", "Because")
    access.revoke(world.jonas, Role.PREPARER, world.payments)
    reviews.submit(world.ines, answered, AFTER)
    assert reviews.may_sign(world.jonas, answered) == ["You gave answers in this review. Whoever answers cannot sign."]
    assert reviews.may_sign(world.amara, answered) == []


def test_whoever_attached_evidence_does_not_sign(world: World, answered: Review) -> None:
    access.grant(world.jonas, Role.PREPARER, world.payments)
    link = evidence.add(
        world.jonas, answered.items.first(), upload("x.csv", b"x"), answered.cycle.starts_on, answered.cycle.ends_on
    )
    evidence.remove(world.jonas, link)  # taken off again: still a part
    reviews.submit(world.ines, answered, AFTER)
    with pytest.raises(NotAllowed, match="evidence"):
        sign(world, answered)


def test_whoever_operates_it_does_not_sign(world: World, submitted: Review) -> None:
    access.grant(world.jonas, Role.OWNER, world.payments)
    with pytest.raises(NotAllowed, match="You operate Payments API"):
        sign(world, submitted)


def test_whoever_handed_it_over_does_not_sign(world: World, answered: Review) -> None:
    access.grant(world.jonas, Role.PREPARER, world.payments)
    reviews.submit(world.jonas, answered, AFTER)
    with pytest.raises(NotAllowed, match="You handed this review over"):
        sign(world, answered)
    sign(world, answered, world.amara)


def test_an_administrator_does_not_sign_whatever_is_granted(world: World, submitted: Review) -> None:
    access.grant(world.ada, Role.APPROVER, world.payments)
    with pytest.raises(NotAllowed, match="Administrators never"):
        sign(world, submitted, world.ada)


def test_signing_needs_the_statement_accepted(world: World, submitted: Review) -> None:
    with pytest.raises(Invalid) as refused:
        sign(world, submitted, accepted=False)
    assert refused.value.field == "accepted"


def test_signing_another_text_than_the_one_read_is_refused(world: World, submitted: Review) -> None:
    with pytest.raises(Conflict, match="changed since you read the statement"):
        sign(world, submitted, read=statements.digest("something else"))


def test_an_open_review_is_not_signed(world: World, answered: Review) -> None:
    with pytest.raises(Locked, match="not been handed over"):
        sign(world, answered)


def test_wrong_passwords_are_told_and_after_five_the_right_one_is_refused_too(world: World, submitted: Review) -> None:
    for _ in range(5):
        with pytest.raises(Invalid, match="not your password"):
            sign(world, submitted, password_ok=False)
    assert TrailEntry.objects.filter(action="review.signature_refused", actor=world.jonas).count() == 5
    now = TrailEntry.objects.first().at
    with pytest.raises(NotAllowed, match="Too many"):
        sign(world, submitted, now=now)
    sign(world, submitted, world.amara, now=now)  # each person on their own


def test_after_five_minutes_the_password_is_tried_again(world: World, submitted: Review) -> None:
    for _ in range(5):
        with pytest.raises(Invalid):
            sign(world, submitted, password_ok=False)
    now = TrailEntry.objects.first().at
    assert sign(world, submitted, now=now + dt.timedelta(minutes=6)).state == ReviewState.SIGNED


def test_the_second_of_two_approvers_gets_a_sentence(world: World, submitted: Review) -> None:
    sign(world, submitted, world.jonas)
    with pytest.raises(Locked, match="Jonas Weber has signed this review already"):
        sign(world, submitted, world.amara)
    assert Record.objects.filter(review=submitted).count() == 1


# --- The statement ------------------------------------------------------------------------------------------------


def check(verdict: str, sentence: str = "As found.") -> dict:
    return {"check": "log.gaps", "title": "Gaps", "verdict": verdict, "number": "", "sentence": sentence}


def test_a_check_of_the_evidence_is_judged_anew_until_it_is_handed_over(world: World, answered: Review) -> None:
    """Files come after the freeze: a verdict on them cannot be as old as the freeze."""
    item = answered.items.first()
    item.text["checks"] = ["evidence.hash"]
    item.save(update_fields=["text"])
    stale = {**check("unknown", "No evidence is attached."), "check": "evidence.hash"}
    answered.frozen = {**answered.frozen, "checks": {**answered.frozen["checks"], item.item: [stale]}}
    answered.save(update_fields=["frozen"])
    assert readiness.check_results(answered)[item.item][0].verdict == "pass"
    handed_over = reviews.submit(world.ines, answered, AFTER)
    assert handed_over.frozen["checks"][item.item][0]["verdict"] == "pass"


def test_that_files_are_unchanged_is_no_evidence_for_a_question_without_one(world: World, answered: Review) -> None:
    item = answered.items.filter(answer="meets").first()
    passed = {**check("pass", "1 file with the hash of the upload."), "check": "evidence.hash"}
    result = (CheckResult(**passed),)
    assert [one.field for one in readiness.missing(item, result, 0)] == ["evidence"]
    assert readiness.missing(item, result, 1) == []


def test_the_statement_names_what_is_met_against_a_check_that_failed(world: World, answered: Review) -> None:
    item = answered.items.filter(answer="meets").first()
    item.reason = "The kind is logged elsewhere."
    item.save(update_fields=["reason"])
    answered.frozen["checks"] = {item.item: [check("fail")]}
    answered.save(update_fields=["frozen"])
    words = reviews.statement(answered, world.jonas)
    assert f"Met for the reason given, though an automatic check failed: {item.item} " in words


def test_the_statement_names_what_is_not_met_and_could_not_be_told(world: World, answered: Review) -> None:
    items = list(answered.items.all())
    frozen = answered.frozen
    frozen["checks"] = {item.item: [check("pass")] for item in items}
    frozen["checks"][items[1].item].append(check("unknown"))
    frozen["checks"][items[2].item] = [check("unknown", inputs.NO_SUCH_CHECK)]
    frozen["numbers"]["silences"] = [{"sentence": "Nothing arrived from 2 Sep, 11:20 to 3 Sep 2026, 09:20 UTC."}]
    frozen["numbers"]["silence_search"] = [{"service": "Payments API", "judged": False, "reason": "Too few weeks."}]
    answered.frozen = frozen
    answered.save(update_fields=["frozen"])
    items[0].refresh_from_db()
    answers.answer(world.ines, items[0], items[0].revision, "does_not_meet", "The kind stopped.")
    reviews.submit(world.ines, answered, AFTER)
    words = reviews.statement(answered, world.jonas)
    assert words.startswith(f"I, Jonas Weber, have read the {len(items)} answers")
    assert "review of Payments API for the third quarter 2026, version 1." in words
    assert f"Not met: {items[0].item} {items[0].text['title']}." in words
    assert f"Automatic checks could not tell: {items[1].item} {items[1].text['title']}." in words
    assert f"For 1 of {len(items)} questions no automatic check exists" in words
    assert f"evidence: {items[2].item}." in words
    assert "Whether there were silences could not be told. Payments API: Too few weeks." in words
    assert "Silences without a decision (1): Nothing arrived from 2 Sep" in words
    assert "I gave none of the answers" in words
    assert sign(world, answered).statement == words


def test_a_small_team_is_not_hidden(world: World, answered: Review) -> None:
    item = answered.items.get(item="COV-04")
    item.refresh_from_db()
    answers.answer(world.ines, item, item.revision, "not_applicable", "", "No such function", dt.date(2026, 12, 31))
    answers.confirm_not_applicable(world.jonas, item)
    access.grant(world.jonas, Role.KEEPER, world.payments)
    reviews.submit(world.ines, answered, AFTER)
    words = reviews.statement(answered, world.jonas)
    assert "I also confirmed 1 answer “not applicable” as the second person" in words
    assert "I also keep log sources" in words
    assert "One person alone prepared this review." in words
    assert "second person" not in reviews.statement(answered, world.amara)
    assert Silence.objects.count() == 0


# --- At the same moment ---------------------------------------------------------------------------------------------


def at_once(*acts) -> list[Exception | None]:
    """Run the acts in threads of their own that start together; what each raised."""
    raised: list[Exception | None] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(place: int, act) -> None:
        try:
            start.wait()
            act()
        except Exception as problem:
            raised[place] = problem
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def needs_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer; its tests share one database in memory, where threads cannot wait")


@pytest.mark.django_db(transaction=True)
def test_two_approvers_at_once(world: World, places: Path) -> None:
    needs_postgresql()
    review = reviews.submit(world.ines, ready(world), AFTER)
    raised = at_once(lambda: sign(world, review, world.jonas), lambda: sign(world, review, world.amara))
    assert sorted(type(problem).__name__ for problem in raised) == ["Locked", "NoneType"]
    assert "has signed this review already" in str(next(filter(None, raised)))
    assert Record.objects.filter(review=review).count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_answer_at_the_moment_of_handing_over(world: World, places: Path) -> None:
    needs_postgresql()
    review = ready(world)
    item = review.items.first()
    other = make_person("Olu Second")
    access.grant(other, Role.PREPARER, world.payments)
    raised = at_once(
        lambda: reviews.submit(world.ines, review, AFTER),
        lambda: answers.answer(other, item, item.revision, "does_not_meet", "At the last moment"),
    )
    review.refresh_from_db()
    item.refresh_from_db()
    assert review.state == ReviewState.SUBMITTED
    assert isinstance(raised[1], Locked) or item.note == "At the last moment"  # before it, or refused: never after
