"""Log sources and the places they read from (reviews/workflows/sources.py, queries/places.py)."""

import datetime as dt
import os
from pathlib import Path

import pytest

from reviews import access
from reviews.access import Role
from reviews.errors import Invalid, NotAllowed
from reviews.models import LogSource, TrailEntry
from reviews.queries.places import directory_problem, file_problem, look
from reviews.workflows import sources
from tests.world import World, make_source

NOW = dt.datetime(2026, 5, 4, 12, 0, tzinfo=dt.UTC)


def settings_for(world: World, directory: Path, **values: object) -> dict:
    return {
        "name": "Organisation trail",
        "store": world.vault,
        "service": world.cloud,
        "directory": str(directory),
        "format": "cloudtrail",
        "every_minutes": 15,
        **values,
    }


def test_a_keeper_adds_a_source_that_is_due_at_once(world: World, places: Path):
    source = sources.add_source(world.tomas, **settings_for(world, places), now=NOW)
    source.refresh_from_db()
    assert source.next_run_at == NOW
    assert source.glob == "**/*"
    entry = TrailEntry.objects.get(action="source.added")
    assert entry.after["service"] == "Cloud accounts"
    assert entry.after["every_minutes"] == 15


def test_a_source_that_is_added_switched_off_is_not_due(world: World, places: Path):
    source = sources.add_source(world.tomas, **settings_for(world, places, enabled=False), now=NOW)
    assert source.next_run_at is None


def test_routes_share_events_out_to_services(world: World, places: Path):
    source = sources.add_source(
        world.tomas,
        **settings_for(world, places, service=None, routing_field="account"),
        routes={" 111122223333 ": world.payments, "444455556666": world.cloud},
        now=NOW,
    )
    assert {route.value: route.service for route in source.routes.all()} == {
        "111122223333": world.payments,
        "444455556666": world.cloud,
    }
    assert set(sources.services_of(source)) == {world.payments, world.cloud}
    assert TrailEntry.objects.get(action="source.added").after["routes"]["111122223333"] == "Payments API"


@pytest.mark.parametrize(
    ("change", "routes", "field"),
    [
        ({"name": "  "}, None, "name"),
        ({"format": "tea_leaves"}, None, "format"),
        ({"time_zone": "Mars/Olympus"}, None, "time_zone"),
        ({"directory": "logs"}, None, "directory"),
        ({"directory": "/no/such/directory"}, None, "directory"),
        ({"directory": "/etc/\0"}, None, "directory"),
        ({"glob": ""}, None, "glob"),
        ({"glob": "/etc/*"}, None, "glob"),
        ({"glob": "../*"}, None, "glob"),
        ({"glob": "[z-a]*"}, None, "glob"),
        ({"every_minutes": None}, None, "every_minutes"),
        ({"every_minutes": 0}, None, "every_minutes"),
        ({"every_minutes": 10_081}, None, "every_minutes"),
        ({"cron": "* * * * *"}, None, "cron"),
        ({"every_minutes": None, "cron": "61 * * * *"}, None, "cron"),
        ({"every_minutes": None, "cron": "0 0 30 2 *"}, None, "cron"),
        ({"every_minutes": None, "cron": "* * * * * *"}, None, "cron"),
        ({"grace_days": 91}, None, "grace_days"),
        ({"service": None}, None, "service"),
        ({"routing_field": "account"}, {"1": "cloud"}, "service"),
        ({"service": None, "routing_field": "shoe_size"}, {"1": "cloud"}, "routing_field"),
        ({"service": None, "routing_field": "account"}, {}, "routes"),
        ({"service": None, "routing_field": "account"}, {"  ": "cloud"}, "routes"),
    ],
)
def test_a_wrong_setting_names_its_field_and_saves_nothing(
    world: World, places: Path, change: dict, routes: dict | None, field: str
):
    named = {value: getattr(world, service) for value, service in (routes or {}).items()}
    values = {**settings_for(world, places), **change}
    with pytest.raises(Invalid) as refused:
        sources.add_source(world.tomas, **values, routes=named, now=NOW)
    assert refused.value.field == field
    assert not LogSource.objects.exists()


def test_a_good_cron_line_is_a_schedule(world: World, places: Path):
    source = sources.add_source(world.tomas, **settings_for(world, places, every_minutes=None, cron="15 6 * * 1-5"))
    assert (source.every_minutes, source.cron) == (None, "15 6 * * 1-5")


def test_a_name_is_used_once(world: World, places: Path):
    sources.add_source(world.tomas, **settings_for(world, places))
    with pytest.raises(Invalid) as refused:
        sources.add_source(world.tomas, **settings_for(world, places, name="ORGANISATION trail"))
    assert refused.value.field == "name"


# --- Who may ------------------------------------------------------------------------------------------------------


def test_only_keepers_and_administrators_add_sources(world: World, places: Path):
    for name, person in world.everybody().items():
        if name in {"keeper", "administrator"}:
            continue
        with pytest.raises(NotAllowed):
            sources.add_source(person, **settings_for(world, places))
    assert not LogSource.objects.exists()


def test_a_keeper_needs_the_store_and_every_service(world: World, places: Path):
    for change, routes in (
        ({"store": world.hidden_vault}, None),
        ({"service": world.secret}, None),
        ({"service": None, "routing_field": "account"}, {"1": world.cloud, "2": world.secret}),
    ):
        with pytest.raises(NotAllowed):
            sources.add_source(world.tomas, **{**settings_for(world, places), **change}, routes=routes)
    assert not LogSource.objects.exists()


def test_a_keeper_of_one_service_does_not_take_the_source_of_another(world: World, places: Path):
    source = make_source(world, str(places))
    access.grant(world.sam, Role.KEEPER, world.payments)
    access.grant(world.sam, Role.KEEPER, world.vault)
    assert access.source(world.sam, source.pk, "keep") == source
    with pytest.raises(NotAllowed, match="Cloud accounts"):
        sources.change_source(world.sam, source, service=world.payments)
    source.refresh_from_db()
    assert source.service == world.cloud


# --- Changes ------------------------------------------------------------------------------------------------------


def test_a_change_is_told_with_before_and_after_and_makes_the_source_due(world: World, places: Path):
    source = make_source(world, str(places), failures=4)
    sources.change_source(world.tomas, source, glob="*.json", every_minutes=15, now=NOW)
    source.refresh_from_db()
    assert (source.glob, source.next_run_at, source.failures) == ("*.json", NOW, 0)
    entry = TrailEntry.objects.get(action="source.changed")
    assert (entry.before, entry.after) == ({"glob": "**/*"}, {"glob": "*.json"})
    sources.change_source(world.tomas, source, glob="*.json", now=NOW)
    assert TrailEntry.objects.filter(action="source.changed").count() == 1


def test_switching_off_and_on_again(world: World, places: Path):
    source = make_source(world, str(places))
    source = sources.change_source(world.tomas, source, enabled=False, now=NOW)
    assert source.next_run_at is None
    source = sources.change_source(world.tomas, source, enabled=True, now=NOW)
    assert source.next_run_at == NOW


def test_from_one_service_to_routes_and_back(world: World, places: Path):
    source = make_source(world, str(places))
    source = sources.change_source(
        world.tomas, source, service=None, routing_field="account", routes={"1": world.payments}
    )
    assert list(source.routes.values_list("value", "service__name")) == [("1", "Payments API")]
    # A change of something else leaves the routes alone.
    sources.change_source(world.tomas, source, grace_days=3)
    assert source.routes.count() == 1
    source = sources.change_source(world.tomas, source, service=world.cloud, routing_field="")
    assert not source.routes.exists()
    entry = TrailEntry.objects.filter(action="source.changed").order_by("-id").first()
    assert (entry.before["routes"], entry.after["routes"]) == ({"1": "Payments API"}, {})


# --- Places -------------------------------------------------------------------------------------------------------


def test_the_portals_own_data_are_no_place_for_logs(settings, places: Path):
    own = Path(settings.DATA_DIR) / "archive"
    own.mkdir(parents=True)
    assert "belongs to the portal itself" in directory_problem(str(own))
    link = places / "link"
    link.symlink_to(own)
    assert "belongs to the portal itself" in directory_problem(str(link))
    assert "own data lie below" in directory_problem(str(places.parent))
    assert "own data lie below" in directory_problem("/")
    assert directory_problem(str(places)) is None


@pytest.mark.parametrize("place", ["/proc", "/proc/self", "/proc/self/fd", "/sys/kernel", "/dev"])
def test_the_operating_system_itself_is_no_place_for_logs(places: Path, place: str):
    """/proc/self/environ holds the portal's secrets when they come by the environment."""
    assert "view of itself" in directory_problem(place)


def test_keys_and_secrets_that_lie_elsewhere_are_no_place_for_logs_either(
    settings, monkeypatch, places: Path, tmp_path: Path
):
    for folder in ("signing", "secrets", "database"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").write_text("secret")
    settings.SIGNING_KEY = tmp_path / "signing" / "file"
    settings.SECRET_FILES = [tmp_path / "secrets" / "file"]
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", str(tmp_path / "database" / "file"))
    for folder in ("signing", "secrets", "database"):
        assert "own data lie below" in directory_problem(str(tmp_path / folder))
        assert "belongs to the portal itself" in file_problem(tmp_path / folder / "file")


def test_nobody_learns_what_lies_outside_the_roots(settings, places: Path, tmp_path: Path):
    inside = places / "in"
    inside.mkdir()
    settings.LOG_ROOTS = [inside]
    (tmp_path / "file").write_text("x")
    said = {directory_problem(str(tmp_path / name)) for name in ("gone", "file", "")}
    assert len(said) == 1
    assert "only from" in said.pop()
    assert "no such directory" in directory_problem(str(inside / "gone"))


def test_the_demo_reads_its_own_logs_and_nothing_else_of_its_place(settings, places: Path):
    logs = Path(settings.DATA_DIR) / "logs"
    logs.mkdir(parents=True)
    assert directory_problem(str(logs)) is not None
    settings.DEMO = True
    assert directory_problem(str(logs)) is None
    assert directory_problem(str(settings.DATA_DIR)) is not None


def test_logs_come_only_from_the_roots_when_they_are_set(settings, places: Path):
    inside = places / "in"
    inside.mkdir()
    settings.LOG_ROOTS = [inside]
    assert directory_problem(str(inside)) is None
    assert "only from" in directory_problem(str(places))
    (inside / "out").symlink_to(places)
    assert "only from" in directory_problem(str(inside / "out"))


def test_a_file_is_no_directory(places: Path):
    (places / "a.log").write_text("x")
    assert "This is a file" in directory_problem(str(places / "a.log"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_directory_without_rights_is_said_so(places: Path):
    shut = places / "shut"
    shut.mkdir(mode=0)
    assert "may not read" in directory_problem(str(shut))


def test_looking_counts_what_matches_and_leaves_out_what_leads_outside(places: Path, tmp_path: Path):
    (places / "a" / "b").mkdir(parents=True)
    (places / "a" / "b" / "one.log").write_bytes(b"12345")
    (places / "two.log").write_bytes(b"123")
    (places / "three.txt").write_bytes(b"1")
    os.utime(places / "two.log", (1, 1))
    (tmp_path / "secret.log").write_text("outside")
    (places / "link.log").symlink_to(tmp_path / "secret.log")
    found = look(str(places), "**/*.log")
    assert (found.files, found.size) == (2, 8)
    assert "leads out of the source's directory" in found.troubles[0]
    assert [one.path for one in found.newest] == [places / "a" / "b" / "one.log", places / "two.log"]
    assert look(str(places), "*.gz").files == 0
