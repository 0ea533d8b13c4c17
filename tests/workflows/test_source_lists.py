"""Log sources from a list: what each row would do, and that all are added or none."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews import access
from reviews.access import Role
from reviews.errors import Invalid
from reviews.models import LogSource, TrailEntry
from reviews.queries.source_lists import COLUMNS, read_list, template
from reviews.workflows.source_lists import Planned, add_listed, plan
from reviews.workflows.sources import FIELDS
from tests.world import World, make_source


def csv_of(places: Path, *rows: str, header: str = "name,store,service,directory,format,every_minutes") -> bytes:
    return "\n".join([header, *(row.replace("HERE", str(places)) for row in rows)]).encode()


ONE = "Trail,Audit bucket,Cloud accounts,HERE,cloudtrail,15"


def planned(world: World, data: bytes, name: str = "") -> list[Planned]:
    return plan(world.tomas, read_list(data, name))


def test_a_row_without_a_place_says_so_and_one_that_forgot_it_is_refused(world: World, places: Path) -> None:
    (forgot,) = planned(world, csv_of(places, "Web,Audit bucket,Payments API,,web_access,60"))
    assert forgot.verdict == "invalid"
    assert "or “none” when logs are pushed" in forgot.reasons[0]
    data = csv_of(places, "Web,Audit bucket,Payments API,None,web_access,60")
    (source,) = add_listed(world.tomas, read_list(data))
    assert source.directory == ""
    assert [one.verdict for one in planned(world, data)] == ["unchanged"]


def test_a_column_for_every_setting() -> None:
    assert {*COLUMNS} == {*FIELDS, "routes"}


def test_rows_of_csv_are_added_with_a_line_of_the_trail_each(world: World, places: Path) -> None:
    data = csv_of(places, ONE, "Web,audit bucket,payments api,HERE,web_access,60")
    assert [one.verdict for one in planned(world, data)] == ["create", "create"]
    assert not LogSource.objects.exists()
    added = add_listed(world.tomas, read_list(data))
    assert [(one.name, one.service, one.every_minutes, one.glob) for one in added] == [
        ("Trail", world.cloud, 15, "**/*"),
        ("Web", world.payments, 60, "**/*"),
    ]
    entries = TrailEntry.objects.filter(action="source.added").order_by("id")
    assert [(entry.object_name, entry.actor_name) for entry in entries] == [
        (one, "Tomas Lindqvist") for one in ("Trail", "Web")
    ]
    assert [one.verdict for one in planned(world, data)] == ["unchanged", "unchanged"]
    assert add_listed(world.tomas, read_list(data)) == []


def test_yaml_says_the_same_and_routes_mapping_and_switch_too(world: World, places: Path) -> None:
    text = f"""
sources:
  - name: Shared trail
    store: Audit bucket
    routing_field: account
    routes: {{111: Payments API, "222": Cloud accounts}}
    directory: {places}
    format: cloudtrail
    cron: 15 6 * * *
    read_from: 2026-07-01
    enabled: no
  - name: Billing
    store: Audit bucket
    service: Payments API
    directory: {places}
    format: csv
    mapping: {{time: when, action: what, columns: [when, what], categories: {{PURGE: data_export}}, category: other}}
    every_minutes: 60
"""
    shared, billing = add_listed(world.tomas, read_list(text.encode()))
    assert {route.value: route.service for route in shared.routes.all()} == {"111": world.payments, "222": world.cloud}
    assert (shared.enabled, shared.cron, shared.read_from) == (False, "15 6 * * *", dt.date(2026, 7, 1))
    assert billing.mapping == {
        "time": "when",
        "action": "what",
        "columns": ["when", "what"],
        "categories": [["PURGE", "data_export"]],
    }
    assert {one.verdict for one in planned(world, text.encode())} == {"unchanged"}


def test_csv_holds_routes_mapping_and_switch_in_cells(world: World, places: Path) -> None:
    header = "name;store;routing_field;routes;directory;format;mapping;cron;enabled;read_from;service"
    data = csv_of(
        places,
        'A;Audit bucket;account;"111=Payments API; 222=Cloud accounts";HERE;cloudtrail;;15 6 * * *;no;2026-07-01;',
        'B;Audit bucket;;;HERE;json_lines;"{""time"": ""ts"", ""action"": ""op""}";15 6 * * *;yes;;Payments API',
        header=header,
    )
    shared, app = add_listed(world.tomas, read_list(data))
    assert shared.routes.count() == 2
    assert (shared.enabled, shared.read_from, app.mapping, app.enabled) == (
        False,
        dt.date(2026, 7, 1),
        {"time": "ts", "action": "op"},
        True,
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Trail,Hidden bucket,Cloud accounts,HERE,cloudtrail,15", "keeper of no log store “Hidden bucket”"),
        ("Trail,Audit bucket,Secret project,HERE,cloudtrail,15", "keeper of no service “Secret project”"),
        ("Trail,Audit bucket,Cloud accounts,/no/such,cloudtrail,15", "There is no such directory"),
        ("Trail,Audit bucket,Cloud accounts,HERE,odd,15", "The portal does not know this format"),
        ("Trail,Audit bucket,Cloud accounts,HERE,cloudtrail,soon", "“soon” is no whole number"),
        ("Trail,Audit bucket,Cloud accounts,HERE,cloudtrail,", "Say how often to read"),
        (",Audit bucket,Cloud accounts,HERE,cloudtrail,15", "Give a name."),
        ("Trail,Audit bucket,Cloud accounts,HERE,cloudtrail,15,x", "more cells than the first line names"),
        ("Taken,Audit bucket,Cloud accounts,HERE,cloudtrail,15", "There is a log source with this name already"),
        ("Mine,Audit bucket,Cloud accounts,HERE,syslog,15", "It is there already, with another format."),
    ],
)  # fmt: skip
def test_one_wrong_row_is_said_and_nothing_is_added(world: World, places: Path, row: str, said: str) -> None:
    make_source(world, str(places), name="Mine")
    make_source(world, str(places), name="taken", store=world.hidden_vault, service=world.secret)
    data = csv_of(places, "Good,Audit bucket,Payments API,HERE,cloudtrail,15", "", row)
    good, wrong = planned(world, data)
    assert (good.verdict, wrong.verdict, wrong.given.line) == ("create", "invalid", 4)
    assert said in " ".join(wrong.reasons)
    with pytest.raises(Invalid, match="Nothing was added"):
        add_listed(world.tomas, read_list(data))
    assert LogSource.objects.count() == 2
    assert not TrailEntry.objects.filter(action="source.added").exists()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"name": '"a\\0b"'}, "NUL"),
        ({"name": "x" * 121}, "at most 120 letters"),
        ({"directory": "/" + "x" * 500}, "at most 500 letters"),
        ({"glob": '"*\\0"'}, "NUL"),
        ({"cron": f'"{"9" * 5000}"'}, "at most 100 letters"),
        ({"routing_field": "account", "routes": '{"1\\0": Payments API}', "service": "~"}, "NUL"),
        ({"mapping": '{time: t, action: "a\\0", columns: [t, "a\\0"]}'}, "NUL"),
    ],
)
def test_what_the_database_does_not_take_is_refused_before_it(
    world: World, places: Path, told: dict[str, str], said: str
) -> None:
    row = {"name": "A", "store": "Audit bucket", "service": "Payments API", "directory": str(places)}
    row |= {"format": "csv" if "mapping" in told else "cloudtrail", "every_minutes": "15", **told}
    text = "- " + "\n  ".join(f"{name}: {value}" for name, value in row.items())
    (one,) = planned(world, text.encode(), "a.yaml")
    assert one.verdict == "invalid"
    assert said in one.reasons[0]


@pytest.mark.parametrize(
    "value",
    [
        "!!bool xyz",
        "!!int ''",
        "!!float ''",
        "!!timestamp abc",
        "0x" + "F" * 6000,
        "1:" + "59:" * 400 + "1.0",
        "9" * 41,
    ],
)
def test_values_that_are_not_what_they_say_are_told_with_their_line(value: str) -> None:
    with pytest.raises(Invalid, match="line 2"):
        read_list(f"- store: x\n  name: {value}\n".encode(), "a.yaml")


def test_two_rows_of_one_name_are_refused(world: World, places: Path) -> None:
    assert [one.reasons for one in planned(world, csv_of(places, ONE, ONE.replace("Trail", "TRAIL")))] == [
        ("Another row has the same name.",)
    ] * 2


def test_who_keeps_the_store_but_not_the_service_is_refused(world: World, places: Path) -> None:
    access.grant(world.sam, Role.KEEPER, world.vault)
    (row,) = plan(world.sam, read_list(csv_of(places, ONE)))
    assert row.verdict == "invalid"
    assert "no service “Cloud accounts”" in row.reasons[0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "The list is empty"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        (b"name\n\0", "NUL bytes"),
        (b"name,odd\nx,y\n", "names “odd”, which is no setting"),
        (b"name,name\nx,y\n", "a column twice"),
        (b"store\nx\n", "no column “name”"),
        (b'name,store\n"x,y\n', "is no CSV"),
        (b"name,store\n", "names no source"),
        (b"name\n" + b"x\n" * 501, "at most 500"),
        (b"name\n" + b"x" * 1_000_001, "larger than 1 MB"),
        (b"- name: [\n", "no valid YAML"),
        (b"- " * 5000, "more than 20 deep"),
        (b"- name: x\n  name: y\n", "given twice"),
        (b"- a\n- b\n", "a list of mappings"),
    ],
)
def test_what_is_no_list_is_said(data: bytes, said: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_list(data)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["enabled", "read_from", "routes", "mapping", "every_minutes", "name"])
def test_a_value_of_the_wrong_kind_is_a_problem_of_its_row(name: str) -> None:
    (row,) = read_list(f"- {name}: [1]\n".encode())
    assert [problem.split(":")[0] for problem in row.problems] == [name]
    assert name not in row.values


@pytest.mark.parametrize("kind", ["csv", "yaml"])
def test_the_template_is_a_list_that_reads_back(kind: str) -> None:
    rows = read_list(template(kind).encode(), f"log-sources.{kind}")
    assert [row.name for row in rows] == ["Organisation trail", "Billing export"]
    assert [row.problems for row in rows] == [(), ()]
    assert rows[0].values["routes"] == {"111111111111": "Payments API", "222222222222": "Cloud accounts"}
    assert rows[1].values["read_from"] == dt.date(2026, 7, 1)
    assert rows[1].values["mapping"]["columns"] == ["when", "who", "what"]


@given(st.text(alphabet="name,;:-[]{}\"' \n\t0é", max_size=60), st.sampled_from(["", "a.csv", "a.yaml"]))
@settings(max_examples=50)
def test_no_text_ends_in_anything_but_rows_or_one_sentence(text: str, name: str) -> None:
    try:
        said = f"{len(read_list(text.encode(), name))} rows."
    except Invalid as problem:
        said = str(problem)
    assert said.endswith(".")
    assert not said.startswith("0")
