"""Whatever a log or a file name holds, pages, downloads and the command line show it as data."""

import csv
import gzip
import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse

from reviews.models import FileProblem, Import, LogSource
from reviews.queries.trail import cell
from reviews.workflows import imports, inventory
from tests.logs import access_log, put, trail_lines
from tests.workflows.importing import NOW
from tests.world import World, make_source

MARKUP, ESCAPE, TURN = "<img src=x onerror=alert(1)>", "\x1b]0;owned\x07", "\u202egnp.exe"
HOSTILE = f"=1+1{MARKUP}{ESCAPE}{TURN}"


def shows_as_data(text: str) -> bool:
    """The value is there, and nothing of it is markup, an escape of a terminal or a turn of direction."""
    assert "onerror=alert(1)" in text
    return not any(raw in text for raw in ("<img src=x", "\x1b", "\x07", "\u202e"))


@pytest.fixture
def source(world: World, places: Path) -> LogSource:
    """An action of which nobody knows, a damaged file and a rejected record, all with the value in them."""
    source = make_source(world, str(places))
    put(places / "a.json", trail_lines(1, name=HOSTILE) + HOSTILE.encode() + b"\n")
    put(places / f"{HOSTILE.replace('/', '')}.gz", gzip.compress(access_log(0, 900))[:-900] + b"\0" * 900)
    run = imports.run(imports.ask(None, source).pk, "a", clock=lambda: NOW)
    assert run is not None
    assert FileProblem.objects.filter(run=run).count() == 1
    return source


@pytest.mark.parametrize("show", ["unmapped", "rejected", "imports", "days", "changes"])
def test_on_the_page_of_a_source(signed_in, world: World, source: LogSource, show: str) -> None:
    page = signed_in(world.maren).get(reverse("source", args=[source.pk]), {"show": show}).content.decode()
    if show in {"unmapped", "rejected"}:
        assert shows_as_data(page)
    assert "\x1b" not in page


@pytest.mark.parametrize("show", ["files", "problems", "rejected"])
def test_on_the_page_of_an_import(signed_in, world: World, source: LogSource, show: str) -> None:
    page = (
        signed_in(world.maren).get(reverse("import", args=[Import.objects.get().pk]), {"show": show}).content.decode()
    )
    assert shows_as_data(page)


def test_in_the_trail_and_its_download(signed_in, world: World) -> None:
    inventory.add_service(world.ada, name=f"=1+1{MARKUP}")
    client = signed_in(world.ada)
    assert shows_as_data(client.get(reverse("trail")).content.decode())
    response = client.post(reverse("trail_download"), {"action": "service.added"})
    head, row = csv.reader(io.StringIO(b"".join(response.streaming_content).decode()))
    assert row[head.index("object")].startswith("'=1+1<img")


@pytest.mark.parametrize("first", "=+-@\t\r\n＝＋－＠")
def test_a_cell_that_a_spreadsheet_would_run_is_text(first: str) -> None:
    assert cell(f"{first}cmd|' /C calc'!A0") == f"'{first}cmd|' /C calc'!A0"


@pytest.mark.parametrize("value", ["", "a=1", "ines@example.org", "1-2"])
def test_other_cells_stay_as_they_are(value: str) -> None:
    assert cell(value) == value


def test_at_the_command_line(source: LogSource, places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(places / "b.json", HOSTILE.encode() + b"\n")
    call_command("import_logs", source.name)
    call_command("parse", str(places / "a.json"), "--format", "cloudtrail")
    told = capsys.readouterr()
    assert "onerror=alert(1)" in told.out
    assert not any(raw in told.out + told.err for raw in ("\x1b", "\x07", "\u202e"))
