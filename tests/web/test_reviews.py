"""The pages of a review: list, workbench, saving as you go, handing over, signing, sending back."""

import datetime as dt
import re
from pathlib import Path

import pytest
from django.urls import reverse

from reviews import access
from reviews.access import Role
from reviews.models import EvidenceLink, Review, ReviewItem, ReviewState
from reviews.workflows import answers, reviews
from tests.quarters import AFTER, Q3, answer_all, freeze, open_quarter, ready, review_of
from tests.world import PASSWORD, World, make_person

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def review(world: World, places: Path) -> Review:
    return review_of(open_quarter(world), world.payments)


@pytest.fixture
def item(review: Review) -> ReviewItem:
    return review.items.get(item="COV-04")


@pytest.fixture
def submitted(world: World, places: Path) -> Review:
    return reviews.submit(world.ines, ready(world), AFTER)


def at(item: ReviewItem, name: str = "review_item") -> str:
    return reverse(name, args=[item.review_id, item.item])


def typed(item: ReviewItem, answer: str = "meets", **values) -> dict:
    return {"revision": item.revision, "answer": answer, "note": "", "reason": "", "until": "", **values}


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


# --- List -----------------------------------------------------------------------------------------------------


def test_the_list_shows_state_progress_and_people(signed_in, world: World, review: Review, item: ReviewItem) -> None:
    answers.answer(world.ines, item, 0, "meets")
    page = text(signed_in(world.maren).get(reverse("reviews")))
    assert "Payments API" in page
    assert "In progress" in page
    assert f"1 of {review.items.count()}" in page
    assert "Ines Okafor" in page
    assert "Amara Nwosu, Jonas Weber" in page
    assert "6 Nov 2026" in page
    assert "Secret project" not in page
    assert review.cycle.reviews.filter(service=world.secret).exists()  # it is there, for others


def test_a_quarter_is_chosen_by_its_address(signed_in, world: World, review: Review) -> None:
    open_quarter(world, Q3.next)
    page = text(signed_in(world.maren).get(reverse("reviews") + "?quarter=2026-Q4"))
    assert "Reviews of the fourth quarter 2026" in page


def test_the_empty_list_says_what_comes_next(signed_in, world: World) -> None:
    assert "An administrator opens it" in text(signed_in(world.maren).get(reverse("reviews")))
    assert reverse("cycle_add") in signed_in(world.ada).get(reverse("reviews")).content.decode()


# --- Workbench ------------------------------------------------------------------------------------------------


def test_a_review_opens_at_the_first_open_question(signed_in, world: World, review: Review) -> None:
    first, second = review.items.all()[:2]
    answers.answer(world.ines, first, 0, "does_not_meet", "Not met")
    page = signed_in(world.ines).get(reverse("review", args=[review.pk]))
    assert second.text["question"] in page.content.decode()


def test_the_question_has_guidance_criteria_and_the_provisional_mark(signed_in, world: World, item: ReviewItem) -> None:
    page = text(signed_in(world.ines).get(at(item)))
    assert item.text["question"] in page
    assert item.text["guidance"][1] in page.replace("&#x27;", "'")
    assert item.text["criteria"]["not_applicable"] in page
    assert "AU-2, AU-12" in page
    assert "Provisional. The numbers are provisional" in page


def test_a_stranger_gets_404_for_a_review_that_exists(signed_in, world: World, item: ReviewItem) -> None:
    client = signed_in(world.sam)
    for url in (
        reverse("review", args=[item.review_id]),
        at(item),
        reverse("review_submit", args=[item.review_id]),
        reverse("review_sign", args=[item.review_id]),
    ):
        assert client.get(url).status_code == 404
    assert client.post(at(item), typed(item)).status_code == 404
    assert signed_in(world.maren).get(at(item)).status_code == 200


@pytest.mark.parametrize("who", ["maren", "jonas", "priya", "ada"])
def test_others_read_and_have_no_answer_form(signed_in, world: World, item: ReviewItem, who: str) -> None:
    page = signed_in(getattr(world, who)).get(at(item)).content.decode()
    assert 'id="answer"' not in page
    assert ('type="file"' in page) is (who == "priya")


def test_a_post_of_somebody_who_may_only_read_is_403(signed_in, world: World, item: ReviewItem) -> None:
    for person in (world.maren, world.jonas, world.priya, world.ada):
        assert signed_in(person).post(at(item), typed(item)).status_code == 403
    item.refresh_from_db()
    assert item.answer == ""


def test_a_plain_form_saves_and_goes_to_the_next(signed_in, world: World, review: Review, item: ReviewItem) -> None:
    client = signed_in(world.ines)
    answer = client.post(at(item), typed(item, note="Looked at it", next="1"))
    following = review.items.get(position=item.position + 1)
    assert answer.status_code == 302
    assert answer.url == at(following)
    item.refresh_from_db()
    assert (item.answer, item.note) == ("meets", "Looked at it")
    assert client.post(at(item), typed(item, "does_not_meet")).url == at(item)
    page = text(client.get(at(item)))
    assert "Say in the note what is not met." in page


def test_htmx_saves_as_people_type_and_swaps_only_what_changed(signed_in, world: World, item: ReviewItem) -> None:
    answer = signed_in(world.ines).post(at(item), typed(item, "meets", note="So far"), **HTMX)
    body = answer.content.decode()
    assert answer.status_code == 200
    assert "<form" not in body.partition("<button")[0]
    assert 'id="revision" value="1" hx-swap-oob="true"' in body
    assert "Saved by Ines Okafor" in body
    assert "Attach evidence" in body
    assert f'hx-swap-oob="innerHTML:#rail-{item.item}"' in body
    assert "Meets, reason missing" in body  # no source: the check cannot tell
    item.refresh_from_db()
    assert item.note == "So far"


def test_a_conflict_shows_both_versions_and_overwrites_nothing(signed_in, world: World, item: ReviewItem) -> None:
    other = make_person("Olu Second")
    access.grant(other, Role.PREPARER, world.payments)
    answers.answer(other, item, 0, "meets", "Theirs")
    client = signed_in(world.ines)
    plain = client.post(at(item), typed(item, "does_not_meet", note="Mine"))
    assert plain.status_code == 409
    swapped = client.post(at(item), typed(item, "does_not_meet", note="Mine"), **HTMX)
    assert swapped.status_code == 200
    for page in (plain, swapped):
        words = text(page)
        assert "Olu Second saved this question while you were writing" in words
        assert "Theirs" in words
        assert "Mine" in words
        assert 'name="revision" value="1"' in page.content.decode()
    assert ">Mine</textarea>" in plain.content.decode().replace("\n", "")
    item.refresh_from_db()
    assert item.note == "Theirs"
    item.refresh_from_db()
    assert client.post(at(item), typed(item, "does_not_meet", note="Mine")).status_code == 302
    item.refresh_from_db()
    assert item.note == "Mine"


def test_what_is_refused_keeps_what_was_typed(signed_in, world: World, review: Review, item: ReviewItem) -> None:
    client = signed_in(world.ines)
    wrong = client.post(at(item), typed(item, note="Kept words", until="someday"))
    assert wrong.status_code == 400
    assert "Kept words" in wrong.content.decode()
    Review.objects.filter(pk=review.pk).update(state=ReviewState.SUBMITTED, submitted_by=world.ines)
    late = client.post(at(item), typed(item, note="Too late"), **HTMX)
    assert late.status_code == 200
    assert "has been handed over to sign" in late.content.decode()
    assert client.post(at(item), typed(item)).status_code == 409


def test_not_applicable_is_not_offered_where_it_is_not_allowed(signed_in, world: World, review: Review) -> None:
    locked = review_of(review.cycle, None).items.get(item="COV-02")
    client = signed_in(world.ines)
    assert 'value="not_applicable"' not in client.get(at(locked)).content.decode()
    assert client.post(at(locked), typed(locked, "not_applicable")).status_code == 400


def test_the_second_person_confirms(signed_in, world: World, item: ReviewItem) -> None:
    answers.answer(world.ines, item, 0, "not_applicable", "", "No such function", dt.date(2026, 12, 31))
    assert (
        reverse("item_confirm", args=[item.review_id, item.item])
        not in signed_in(world.ines).get(at(item)).content.decode()
    )
    client = signed_in(world.jonas)
    assert "Confirm that it does not apply" in client.get(at(item)).content.decode()
    assert client.post(at(item, "item_confirm"), {"revision": 1}).status_code == 302
    assert "Jonas Weber confirmed on" in text(client.get(at(item)))
    assert signed_in(world.ines).post(at(item, "item_confirm"), {"revision": 1}).status_code == 403


def test_last_quarters_answer_stands_beside_and_is_not_copied(signed_in, world: World, item: ReviewItem) -> None:
    before = review_of(open_quarter(world, Q3.previous), world.payments).items.get(item=item.item)
    answers.answer(world.ines, before, 0, "does_not_meet", "Last time it stopped.")
    page = text(signed_in(world.ines).get(at(item)))
    assert "Q2 2026" in page
    assert "Last time it stopped." in page
    item.refresh_from_db()
    assert item.answer == ""


# --- Handing over ---------------------------------------------------------------------------------------------


def test_the_hand_over_page_lists_what_is_open(signed_in, world: World, review: Review, item: ReviewItem) -> None:
    client, url = signed_in(world.ines), reverse("review_submit", args=[review.pk])
    page = client.get(url)
    assert item.text["title"] in text(page)
    assert "No answer yet." in text(page)
    refused = client.post(url)
    assert refused.status_code == 400
    assert "cannot be handed over yet" in text(refused)
    review.refresh_from_db()
    assert review.state == ReviewState.OPEN
    assert signed_in(world.jonas).get(url).status_code == 403


def test_a_ready_review_is_handed_over(signed_in, world: World, places: Path) -> None:
    review = ready(world)
    client, url = signed_in(world.ines), reverse("review_submit", args=[review.pk])
    assert "Nothing is open." in text(client.get(url))
    assert client.post(url).status_code == 302
    page = text(client.get(reverse("review", args=[review.pk])))
    assert "Handed over by Ines Okafor" in page


# --- Signing --------------------------------------------------------------------------------------------------


def sign_form(client, review: Review, **values) -> dict:
    page = client.get(reverse("review_sign", args=[review.pk])).content.decode()
    read = re.search(r'name="read" value="([0-9a-f]{64})"', page)[1]
    return {"read": read, "accepted": "on", "password": PASSWORD, **values}


def test_the_sign_page_shows_conditions_parts_and_the_statement(signed_in, world: World, submitted: Review) -> None:
    page = text(signed_in(world.jonas).get(reverse("review_sign", args=[submitted.pk])))
    assert "are answered, with what each answer needs" in page
    assert "Answered" in page
    assert "Ines Okafor" in page
    assert "I, Jonas Weber, have read" in page
    assert "Sign and lock the review" in page


def test_without_any_file_no_period_is_called_covered(signed_in, world: World, submitted: Review) -> None:
    url = reverse("review_sign", args=[submitted.pk])
    assert "Each file covers the whole quarter." in text(signed_in(world.jonas).get(url))
    EvidenceLink.objects.filter(item__review=submitted).update(removed_at=AFTER, removed_by=world.ines)
    page = text(signed_in(world.jonas).get(url))
    assert "Evidence covers the quarterNo file is attached. You may sign; the record shows it.Note" in page


def test_an_approver_signs_with_the_password(signed_in, world: World, submitted: Review) -> None:
    client, url = signed_in(world.jonas), reverse("review_sign", args=[submitted.pk])
    form = sign_form(client, submitted)
    assert client.post(url, form).status_code == 302
    submitted.refresh_from_db()
    assert submitted.state == ReviewState.SIGNED
    item = submitted.items.first()
    page = client.get(at(item))
    assert "Signed by Jonas Weber" in text(page)
    assert "overdue" not in text(page)
    assert 'id="answer"' not in page.content.decode()
    assert signed_in(world.ines).post(at(item), typed(item)).status_code == 409
    again = signed_in(world.amara).post(url, form)
    assert again.status_code == 409
    assert "Jonas Weber has signed this review already" in text(again)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"password": "wrong"}, "This is not your password."),
        ({"password": ""}, "Type your password again."),
        ({"accepted": ""}, "Read the statement and say that you mean it."),
    ],
)
def test_a_signature_is_refused_with_a_sentence(signed_in, world: World, submitted: Review, values, sentence) -> None:
    client, url = signed_in(world.jonas), reverse("review_sign", args=[submitted.pk])
    refused = client.post(url, sign_form(client, submitted, **values))
    assert refused.status_code == 400
    assert sentence in text(refused)
    assert PASSWORD not in refused.content.decode()
    submitted.refresh_from_db()
    assert submitted.state == ReviewState.SUBMITTED


def test_after_five_wrong_passwords_the_right_one_is_refused(signed_in, world: World, submitted: Review) -> None:
    client, url = signed_in(world.jonas), reverse("review_sign", args=[submitted.pk])
    form = sign_form(client, submitted)
    for _ in range(5):
        client.post(url, {**form, "password": "wrong"})
    refused = client.post(url, form)
    assert refused.status_code == 403
    assert "Too many wrong passwords" in text(refused)


def test_whoever_prepared_sees_why_they_cannot_sign(signed_in, world: World, submitted: Review) -> None:
    access.grant(world.ines, Role.APPROVER, world.payments)
    client, url = signed_in(world.ines), reverse("review_sign", args=[submitted.pk])
    page = text(client.get(url))
    assert "Whoever answers cannot sign." in page
    assert "Sign and lock the review" not in page
    form = {"read": client.get(url).context["read"], "accepted": "on", "password": PASSWORD}
    assert client.post(url, form).status_code == 403


def test_sending_back_needs_words_and_shows_them(signed_in, world: World, submitted: Review) -> None:
    client, url = signed_in(world.jonas), reverse("review_return", args=[submitted.pk])
    empty = client.post(url, {"comment": ""})
    assert empty.status_code == 400
    assert "Say what should be changed." in text(empty)
    assert client.post(url, {"comment": "COV-04: attach September."}).status_code == 302
    page = text(signed_in(world.ines).get(reverse("review", args=[submitted.pk])))
    assert "Sent back by Jonas Weber. COV-04: attach September." in page
    assert client.get(url).status_code == 405


def test_frozen_numbers_are_no_longer_provisional(signed_in, world: World, places: Path) -> None:
    review = freeze(review_of(open_quarter(world), world.payments))
    answer_all(world, review)
    assert "Provisional." not in text(signed_in(world.ines).get(reverse("review", args=[review.pk])))
