"""Opening a quarter: reviews of three scopes, questions copied in, exclusions with their fact."""

import datetime as dt

import pytest

from reviews.engine.analysis.quarters import Quarter
from reviews.engine.catalogue import load_templates
from reviews.errors import Invalid, NotAllowed
from reviews.models import Cycle, LogSource, LogStore, Review, ReviewItem, Scope, Service, TrailEntry
from reviews.workflows import cycles
from tests.quarters import Q3, open_quarter, review_of, store_in_use
from tests.world import World


def test_a_quarter_gets_reviews_of_three_scopes(world: World) -> None:
    store_in_use(world)
    cycle = open_quarter(world)
    assert {(review.scope, review.subject_name) for review in cycle.reviews.all()} == {
        (Scope.SERVICE, "Payments API"),
        (Scope.SERVICE, "Cloud accounts"),
        (Scope.SERVICE, "Secret project"),
        (Scope.LOG_STORE, "Audit bucket"),
        (Scope.CYCLE, "The whole quarter"),
    }


def test_a_store_without_an_enabled_source_is_not_in_use(world: World) -> None:
    source = store_in_use(world)
    LogSource.objects.filter(pk=source.pk).update(enabled=False)
    assert not open_quarter(world).reviews.filter(scope=Scope.LOG_STORE).exists()


def test_services_outside_the_quarter_get_no_review(world: World) -> None:
    Service.objects.create(name="Retired", in_scope_to=dt.date(2026, 6, 30))
    Service.objects.create(name="Left within", in_scope_to=dt.date(2026, 7, 1))
    Service.objects.create(name="Not yet", in_scope_from=dt.date(2026, 10, 1))
    Service.objects.create(name="Came within", in_scope_from=dt.date(2026, 9, 30))
    names = {review.subject_name for review in open_quarter(world).reviews.filter(scope=Scope.SERVICE)}
    assert {"Left within", "Came within"} <= names
    assert not {"Retired", "Not yet"} & names


def test_the_questions_are_copied_with_their_words(world: World) -> None:
    review = review_of(open_quarter(world), world.payments)
    item = review.items.get(item="COV-04")
    question = load_templates().items["COV-04"]
    assert item.text["question"] == question.question
    assert item.text["criteria"]["meets"] == question.criteria["meets"]
    assert item.text["checks"] == list(question.automated_checks)
    assert item.text["guidance"] == list(question.guidance)
    assert item.text["evidence"] == {"accepted_kinds": list(question.accepted_kinds), "minimum": question.minimum}
    assert item.group == "COV-ROWS"
    assert item.step == "coverage"
    assert list(review.items.values_list("position", flat=True)) == list(range(1, review.items.count() + 1))
    assert review.cycle.template == "essential"
    assert review.cycle.template_sha256 == load_templates().get("essential").sha256


def test_a_fact_excludes_a_question_and_is_named(world: World) -> None:
    Service.objects.filter(pk=world.payments.pk).update(own_sign_in=False)
    review = review_of(open_quarter(world), world.payments)
    assert not review.items.filter(item="COV-05").exists()
    excluded = {out["item"]: out for out in review.excluded}
    assert "service.own_sign_in" in excluded["COV-05"]["fact"]
    assert excluded["COV-05"]["title"]


def test_a_fact_that_is_not_filled_in_excludes_nothing(world: World) -> None:
    Service.objects.filter(pk=world.payments.pk).update(own_sign_in=None, has_api=None, kind="", data_class="")
    review = review_of(open_quarter(world), world.payments)
    assert review.items.filter(item__in=["COV-05", "COV-07"]).count() == 2


def test_a_tag_of_any_service_adds_questions_to_the_whole_quarter(world: World) -> None:
    tagged = set(review_of(open_quarter(world), None).items.values_list("item", flat=True))
    Service.objects.update(tags=[])
    plain = set(review_of(open_quarter(world, Q3.next), None).items.values_list("item", flat=True))
    templates = load_templates()
    added = {
        name
        for add_on in templates.get("essential").add_ons
        for name in add_on.items
        if templates.items[name].scope == "cycle"
    }
    assert tagged - plain == added - plain
    assert plain == {"COV-02", "COV-14", "COV-16", "ACC-10"}


def test_the_full_template_asks_more(world: World) -> None:
    few = review_of(open_quarter(world), world.payments).items.count()
    many = review_of(open_quarter(world, Q3.next, template="full"), world.payments).items.count()
    assert many > few >= 5


def test_a_fact_of_the_quarter_is_kept_and_counts(world: World) -> None:
    cycle = open_quarter(world, template="full", facts={"cycle.emergency_accounts": False})
    assert cycle.facts == {"cycle.emergency_accounts": False}
    excluded = {out["item"]: out["fact"] for out in review_of(cycle, None).excluded}
    assert any("cycle.emergency_accounts" in fact for fact in excluded.values())


def test_the_due_date_follows_the_longest_grace(world: World) -> None:
    assert open_quarter(world).due_on == dt.date(2026, 9, 30) + dt.timedelta(days=37)
    store_in_use(world, grace_days=14)
    assert open_quarter(world, Q3.next).due_on == dt.date(2026, 12, 31) + dt.timedelta(days=44)
    assert open_quarter(world, Quarter(2027, 1), due_on=dt.date(2027, 5, 5)).due_on == dt.date(2027, 5, 5)


def test_a_due_date_within_the_quarter_is_refused(world: World) -> None:
    with pytest.raises(Invalid, match="after the quarter's end") as refused:
        open_quarter(world, due_on=dt.date(2026, 9, 30))
    assert refused.value.field == "due_on"


def test_a_second_opening_is_refused_with_a_sentence(world: World) -> None:
    open_quarter(world)
    with pytest.raises(Invalid, match="Q3 2026 is open already"):
        open_quarter(world)
    assert Cycle.objects.count() == 1


def test_an_unknown_template_is_refused(world: World) -> None:
    with pytest.raises(Invalid, match="no template"):
        open_quarter(world, template="tiny")
    assert not Cycle.objects.exists()


@pytest.mark.parametrize("who", ["maren", "ines", "jonas", "priya", "tomas", "sam"])
def test_only_administrators_open_a_quarter(world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        cycles.open_cycle(getattr(world, who), Q3)
    assert not Cycle.objects.exists()


def test_opening_is_in_the_trail(world: World) -> None:
    cycle = open_quarter(world)
    entry = TrailEntry.objects.get(action="cycle.opened")
    assert entry.actor == world.ada
    assert entry.object_id == str(cycle.pk)
    assert "Payments API" in entry.after["reviews"]
    assert entry.after["due_on"] == cycle.due_on.isoformat()


def test_what_comes_into_scope_later_gets_its_review(world: World) -> None:
    cycle = open_quarter(world)
    before = set(Review.objects.values_list("pk", flat=True))
    assert cycles.add_missing(cycle) == []
    late = Service.objects.create(name="Late service")
    store_in_use(world)
    made = cycles.add_missing(cycle, world.ada)
    assert {review.subject_name for review in made} == {"Late service", "Audit bucket"}
    assert review_of(cycle, late).items.count() > 0
    assert TrailEntry.objects.filter(action="review.added", actor=world.ada).count() == 2
    assert before < set(Review.objects.values_list("pk", flat=True))
    assert cycles.add_missing(cycle) == []


def test_a_store_of_one_quarter_only_is_asked_about_once(world: World) -> None:
    store_in_use(world)
    cycle = open_quarter(world)
    assert LogStore.objects.count() == 2
    assert cycle.reviews.filter(scope=Scope.LOG_STORE).count() == 1
    assert ReviewItem.objects.filter(review__store=world.vault, item="STO-01").count() == 1
