"""The page that opens a quarter."""

from django.urls import reverse

from reviews.engine.analysis.quarters import Quarter
from reviews.models import Cycle
from tests.quarters import today
from tests.world import World


def form(quarter: Quarter, **values) -> dict:
    return {"quarter": str(quarter), "template": "essential", "due_on": "", "emergency_accounts": "", **values}


def test_an_administrator_opens_the_running_quarter(signed_in, world: World) -> None:
    client, quarter = signed_in(world.ada), Quarter.of(today())
    page = client.get(reverse("cycle_add")).content.decode()
    assert quarter.title in page
    assert "Essential log review" in page
    answer = client.post(reverse("cycle_add"), form(quarter, emergency_accounts="false"))
    assert answer.status_code == 302
    cycle = Cycle.objects.get()
    assert answer.url.endswith(f"?quarter={quarter}")
    assert cycle.facts == {"cycle.emergency_accounts": False}
    listed = client.get(answer.url).content.decode()
    assert f"{quarter.label} is open with {cycle.reviews.count()} reviews." in listed
    assert "Payments API" in listed


def test_what_is_wrong_stands_under_its_field(signed_in, world: World) -> None:
    client, quarter = signed_in(world.ada), Quarter.of(today())
    answer = client.post(reverse("cycle_add"), form(quarter, due_on=str(quarter.starts_on)))
    assert answer.status_code == 200
    assert answer.context["form"].errors["due_on"] == [
        f"Choose a due date after the quarter's end on {quarter.ends_on}."
    ]
    assert not Cycle.objects.exists()


def test_a_quarter_that_is_open_is_not_offered_and_a_late_post_is_refused(signed_in, world: World) -> None:
    client, quarter = signed_in(world.ada), Quarter.of(today())
    client.post(reverse("cycle_add"), form(quarter))
    assert str(quarter) not in dict(client.get(reverse("cycle_add")).context["form"].fields["quarter"].choices)
    answer = client.post(reverse("cycle_add"), form(quarter))
    assert "quarter" in answer.context["form"].errors
    assert Cycle.objects.count() == 1


def test_others_do_not_open_quarters(signed_in, world: World) -> None:
    for person in (world.ines, world.jonas, world.sam):
        assert signed_in(person).get(reverse("cycle_add")).status_code == 403
        assert signed_in(person).post(reverse("cycle_add"), form(Quarter.of(today()))).status_code == 403
    assert not Cycle.objects.exists()
