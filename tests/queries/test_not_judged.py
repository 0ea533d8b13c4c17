"""Sources whose actions the catalogue does not name: marked wherever coverage is shown, and never "not seen"."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews.engine.analysis.quarters import Quarter
from reviews.engine.checks import all_checks
from reviews.engine.records.population import population_parts
from reviews.engine.records.unknowns import not_told
from reviews.models import Cycle, LogSource, UnmappedAction
from reviews.queries import coverage
from reviews.queries.inputs import check_results, review_numbers
from reviews.queries.review_facts import Facts
from tests.activity import NOW, Q3_BEGINS, Q3_ENDS, fill, read_source, show
from tests.quarters import open_quarter, review_of
from tests.web.test_dashboards import text_of
from tests.world import World

AUGUST = dt.date(2026, 8, 3)
Q3 = Quarter.parse("2026-Q3")
MAPPING = {"time": "ts", "action": "operation"}


@pytest.fixture(autouse=True)
def at_a_fixed_time(monkeypatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def billing(world: World) -> LogSource:
    """The only source of the payments: CSV, mapped by hand, all of one category."""
    mapping = {**MAPPING, "columns": ["ts", "operation", "who"], "category": "authentication"}
    source = read_source(world, world.payments, name="Billing", format="csv", mapping=mapping)
    fill(source, world.payments, [3] * 24 * 92, Q3_BEGINS, "authentication")
    for day, action, n in ((AUGUST, "LOGIN", 60), (AUGUST + dt.timedelta(days=4), "LOGIN", 2), (AUGUST, "PURGE", 7)):
        UnmappedAction.objects.create(source=source, day=day, action=action, n=n)
    return source


@pytest.fixture
def cycle(world: World, billing: LogSource) -> Cycle:
    return open_quarter(world)


@pytest.mark.parametrize("format_id", ["csv", "cef", "leef"])
def test_a_format_that_the_catalogue_does_not_map_is_not_judged(world: World, format_id: str) -> None:
    blind = read_source(world, world.cloud, name="Blind", format=format_id)
    other = read_source(world, world.cloud, name="Trail")
    assert coverage.not_judged([blind, other]) == {blind.pk}


def test_a_mapping_by_hand_is_judged_once_the_catalogue_knew_an_entry(world: World) -> None:
    source = read_source(world, world.cloud, name="App", format="json_lines", mapping=MAPPING)
    by_name = read_source(world, world.cloud, name="OWASP", format="json_lines")
    assert coverage.not_judged([source, by_name], Q3) == {source.pk}
    show(source, world.cloud, "sign_in_succeeded", dt.date(2026, 5, 1))
    assert coverage.not_judged([source, by_name]) == frozenset()
    assert coverage.not_judged([source, by_name], Q3) == {source.pk}  # the quarter before tells nothing of this one
    show(source, world.cloud, "sign_in_succeeded", AUGUST)
    assert coverage.not_judged([source, by_name], Q3) == frozenset()


def test_the_page_of_the_service_cannot_tell(signed_in, world: World, cycle: Cycle) -> None:
    page = signed_in(world.maren).get(reverse("service", args=[world.payments.pk]), {"quarter": "2026-Q3"})
    rows = {row.category: row for row in page.context["page"].categories}
    assert (rows["authentication"].verdict, rows["authentication"].word) == ("unknown", "Seen, actions not judged")
    assert (rows["data_export"].verdict, rows["data_export"].word) == ("unknown", "Cannot tell: actions not judged")
    text = text_of(page)
    assert "Actions are not judged of “Billing”." in text
    assert "Not seen" not in text
    assert "Not observable" not in text


def test_what_a_judged_source_saw_stays_seen(signed_in, world: World, cycle: Cycle) -> None:
    source = read_source(world, world.payments, name="Trail")
    fill(source, world.payments, [2] * 30, Q3_BEGINS, "authentication")
    page = signed_in(world.maren).get(reverse("service", args=[world.payments.pk]), {"quarter": "2026-Q3"})
    rows = {row.category: row.word for row in page.context["page"].categories}
    assert rows["authentication"] == "Seen"
    assert rows["data_export"] == "Cannot tell: actions not judged"


def test_overview_and_lists_mark_it(signed_in, world: World, cycle: Cycle) -> None:
    client = signed_in(world.tomas)
    overview = text_of(client.get("/", {"quarter": "2026-Q3"}))
    assert "1 service has logs whose actions are not judged" in overview
    assert "0 % 0 of" in overview
    assert "Actions not judged" in overview
    assert "Actions not judged" in text_of(client.get(reverse("services"), {"quarter": "2026-Q3"}))
    assert "· actions not judged" in text_of(client.get(reverse("sources")))


def test_the_source_says_so_and_lists_what_the_actions_were(signed_in, world: World, billing: LogSource) -> None:
    client = signed_in(world.tomas)
    assert "Actions are not judged" in text_of(client.get(reverse("source", args=[billing.pk])))
    page = client.get(reverse("source", args=[billing.pk]), {"show": "unmapped"})
    rows = [(one.action, one.n, one.first, one.last) for one in page.context["page"].object_list]
    assert rows == [("LOGIN", 62, AUGUST, AUGUST + dt.timedelta(days=4)), ("PURGE", 7, AUGUST, AUGUST)]
    assert "LOGIN 62 3 Aug 2026 7 Aug 2026" in text_of(page)


def test_no_check_passes_on_what_is_not_judged(world: World, cycle: Cycle) -> None:
    review = review_of(cycle, world.payments)
    results = {one.check: one for rows in check_results(review, NOW).values() for one in rows}
    judged = ("log.category_coverage", "log.both_outcomes", "log.required_fields")
    assert {results[name].verdict for name in judged} == {"unknown"}
    assert "not judged" in results["log.both_outcomes"].sentence
    watched = Facts(review, NOW).logging_control
    assert all_checks()["log.tamper_events"].run({"logging_control": watched}).sentence == (
        "Actions are not judged of Billing."
    )


def test_the_record_says_what_it_could_not_tell(world: World, cycle: Cycle) -> None:
    numbers = review_numbers(review_of(cycle, world.payments), NOW)
    assert numbers["coverage"]["not_judged"] == ["Billing"]
    assert numbers["sources"][0]["actions_judged"] is False
    assert numbers["sources"][0]["unknown_actions"] == {"names": 2, "events": 69}
    told = [one.sentence for one in not_told("service", Q3_ENDS, numbers, (), (), frozen=True)]
    assert "Billing: its actions are not judged. Nobody can tell which critical actions its entries show." in told
    assert any(one.startswith("Required kinds of action of which nobody can tell") for one in told)
    facts = dict(next(part for part in population_parts(numbers) if part["title"] == "Log sources")["facts"])
    assert "Actions are not judged: the catalogue names none of these logs." in facts["Billing"]
    assert (
        "Of the quarter, 69 events under 2 names have an action that the catalogue does not know." in facts["Billing"]
    )
