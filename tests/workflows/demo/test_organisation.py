"""The demo is filled through the workflows, once, and only where it may be."""

import datetime as dt
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from reviews import access
from reviews.access import Role
from reviews.models import Cycle, HourCount, Import, LogSource, LogStore, Organisation, Review, Service, TrailEntry
from reviews.workflows.demo import cast, commands, organisation

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def demo(db: None, places: Path, settings) -> Path:
    """An empty place for a demo."""
    settings.DEMO = True
    place = Path(settings.DATA_DIR)
    place.mkdir(parents=True, exist_ok=True)
    return place


@pytest.fixture
def few_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two days of logs instead of half a year: what is tested here is the organisation."""
    from reviews.workflows.demo.plan import DAY, Plan

    monkeypatch.setattr(Plan, "days", property(lambda plan: (plan.until.date() - DAY, plan.until.date())))


@pytest.fixture
def filled(demo: Path, few_logs: None) -> list[str]:
    said: list[str] = []
    commands.fill(None, NOW, said.append, at_once=False)
    return said


def test_people_services_stores_and_sources_are_there(filled: list[str]):
    northmoor = Organisation.objects.get()
    assert northmoor.name == "Northmoor Mutual"
    assert northmoor.is_demo
    assert set(Service.objects.values_list("name", flat=True)) == {service.name for service in cast.SERVICES}
    assert set(LogStore.objects.values_list("name", flat=True)) == {store.name for store in cast.STORES}
    trail = LogSource.objects.get(name="Organisation trail")
    assert {route.service.name for route in trail.routes.all()} == {"Cloud accounts", "Data warehouse", "Secrets store"}
    assert not HourCount.objects.exists()
    assert not Import.objects.exists()


def test_every_source_finds_its_files(filled: list[str]):
    for source in LogSource.objects.all():
        assert list(Path(source.directory).glob(source.glob)) or source.name == "File exchange", source.name


def test_everybody_signs_in_with_the_password_of_the_demo(filled: list[str], settings):
    for person in cast.PEOPLE:
        user = get_user_model().objects.get(email=person.email)
        assert user.check_password(settings.DEMO_PASSWORD)
        assert user.is_administrator == (person is cast.ADMINISTRATOR)


def test_roles_are_those_of_the_parts(filled: list[str]):
    user = {person: get_user_model().objects.get(email=person.email) for person in cast.PEOPLE}
    exchange = Service.objects.get(name="File exchange")
    assert access.roles(user[cast.MANAGER], exchange) == {Role.VIEWER}
    assert access.roles(user[cast.PREPARER], exchange) == {Role.PREPARER}
    assert access.roles(user[cast.APPROVER], exchange) == {Role.APPROVER}
    assert access.roles(user[cast.SECOND_APPROVER], exchange) == {Role.APPROVER}
    assert access.roles(user[cast.OWNER], exchange) == {Role.OWNER}
    assert access.roles(user[cast.OWNER], Service.objects.get(name="Member portal")) == set()
    assert access.roles(user[cast.KEEPER], exchange) == {Role.KEEPER}
    assert access.roles(user[cast.AUDITOR], exchange) == set()


def test_both_quarters_are_open_with_reviews_of_three_scopes(filled: list[str]):
    assert set(Cycle.objects.values_list("quarter", flat=True)) == {"2026-Q3", "2026-Q4"}
    for cycle in Cycle.objects.all():
        scopes = list(Review.objects.filter(cycle=cycle).values_list("scope", flat=True))
        assert (scopes.count("service"), scopes.count("log_store"), scopes.count("cycle")) == (8, 4, 1)


def test_everything_stands_in_the_trail(filled: list[str]):
    actions = set(TrailEntry.objects.values_list("action", flat=True))
    assert actions >= {
        "organisation.started",
        "person.joined",
        "service.added",
        "store.added",
        "source.added",
        "role.granted",
        "cycle.opened",
    }
    assert set(TrailEntry.objects.filter(action="source.added").values_list("actor_name", flat=True)) == {
        "Tomas Lindqvist"
    }


def test_a_second_call_changes_nothing_and_says_so(filled: list[str], demo: Path):
    entries = TrailEntry.objects.count()
    files = sorted(path for path in demo.rglob("*"))
    said: list[str] = []
    commands.fill(None, NOW + dt.timedelta(days=1), said.append, at_once=False)
    assert said[0].startswith("The demo is filled already. Nothing was changed.")
    assert TrailEntry.objects.count() == entries
    assert sorted(path for path in demo.rglob("*")) == files


def test_it_is_refused_outside_a_demo(db: None, places: Path, settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="Set DEMO=1"):
        call_command("demo")
    assert not Organisation.objects.exists()


def test_it_is_refused_where_a_real_organisation_is(demo: Path):
    Organisation.objects.create(name="A real one", is_demo=False)
    with pytest.raises(CommandError, match="A real one, which is no demo"):
        call_command("demo")
    assert not Service.objects.exists()


def test_a_fill_that_breaks_leaves_nothing_and_can_be_repeated(
    demo: Path, few_logs: None, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_arguments: object) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as patched:
        patched.setattr(organisation, "_roles", broken)
        with pytest.raises(RuntimeError):
            commands.fill(None, NOW, lambda _line: None, at_once=False)
    assert not Organisation.objects.exists()
    assert not get_user_model().objects.exists()
    commands.fill(None, NOW, lambda _line: None, at_once=False)
    assert Organisation.objects.exists()


@pytest.mark.parametrize(
    ("today", "told"), [(dt.date(2026, 10, 1), True), (dt.date(2026, 10, 2), False), (dt.date(2028, 2, 29), False)]
)
def test_on_the_first_day_of_a_quarter_it_says_when_the_one_before_can_be_signed(
    demo: Path, few_logs: None, today: dt.date, told: bool
):
    said: list[str] = []
    now = dt.datetime.combine(today, dt.time(12), dt.UTC)
    commands.fill(today, now, said.append, at_once=False)
    assert any("can be signed from" in line for line in said) == told
    assert Cycle.objects.count() == 2


def test_the_plan_is_printed_without_writing_anything(demo: Path):
    said: list[str] = []
    commands.print_plan(dt.date(2026, 11, 24), NOW, said.append)
    text = "\n".join(said)
    assert "19 hours without requests (Q4 2026, Member portal)" in text
    assert "27 Oct 2026, 13:00 UTC to 28 Oct 2026, 08:00 UTC" in text
    assert not Organisation.objects.exists()
    assert list(demo.iterdir()) == []
