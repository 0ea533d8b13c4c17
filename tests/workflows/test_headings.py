"""Lines that name the columns hold for what is added to a file later, also when all is made anew."""

import datetime as dt

import pytest

from reviews.engine.archive.segments import read_header
from reviews.models import Segment
from reviews.workflows.rebuilding import rebuild
from tests.logs import put
from tests.workflows.importing import NOW, Importer
from tests.world import World, make_source

BY_ADDRESS = b"#Fields: date time c-ip cs-username cs-method cs-uri-stem sc-status"
BY_USER = b"#Fields: date time cs-username c-ip cs-method cs-uri-stem sc-status"


@pytest.fixture
def iis(world: World, places) -> Importer:
    return Importer(make_source(world, str(places), format="iis", name="Web server"), places)


def lines(*parts: str) -> bytes:
    return b"".join(f"2026-10-14 08:00:{n % 60:02} {part} GET /a 403\r\n".encode() for n, part in enumerate(parts))


def told(importer: Importer) -> set[tuple[object, ...]]:
    return {(event.actor, event.source_ip, event.outcome) for event in importer.events()}


def test_columns_that_an_earlier_import_read_hold_for_lines_that_are_added(iis: Importer) -> None:
    path = iis.directory / "u_ex261014.log"
    first = b"#Software: Microsoft\r\n" + BY_ADDRESS + b"\r\n" + lines("192.0.2.1 ines")
    put(path, first, NOW)
    assert iis.run().events == 1
    second = lines("192.0.2.2 yusuf")
    put(path, first + second, NOW + dt.timedelta(minutes=1))
    assert (iis.run().events, iis.ledger()["rejected"]) == (1, 0)
    third = BY_USER + b"\r\n" + lines("marek 192.0.2.3")
    put(path, first + second + third, NOW + dt.timedelta(minutes=2))
    iis.run()
    put(path, first + second + third + lines("", "sara 192.0.2.4")[26:], NOW + dt.timedelta(minutes=3))
    iis.run()
    wanted = {
        ("ines", "192.0.2.1", "failure"),
        ("yusuf", "192.0.2.2", "failure"),
        ("marek", "192.0.2.3", "failure"),
        ("sara", "192.0.2.4", "failure"),
    }
    assert told(iis) == wanted
    headings = [read_header(bytes(one.header)).members[0].heading for one in Segment.objects.order_by("seq")]
    assert headings == ["", BY_ADDRESS.decode(), BY_ADDRESS.decode(), BY_USER.decode()]
    rebuild(iis.source, "test", lambda: NOW + dt.timedelta(hours=1))
    assert told(iis) == wanted


def test_a_large_file_that_takes_several_segments_keeps_its_columns(iis: Importer, settings) -> None:
    settings.SEGMENT_BYTES, settings.RECORD_BYTES = 4096, 1024
    put(iis.directory / "big.log", BY_ADDRESS + b"\r\n" + lines(*[f"192.0.2.{n} u{n}" for n in range(60)] * 4))
    run = iis.run()
    assert Segment.objects.count() > 1
    assert (run.events, run.rejected, run.ignored) == (240, 0, 1)
    assert {event.actor for event in iis.events()} == {f"u{n}" for n in range(60)}


def test_a_new_file_of_the_same_source_begins_without_columns(iis: Importer) -> None:
    put(iis.directory / "a.log", BY_ADDRESS + b"\r\n" + lines("192.0.2.1 ines"))
    put(iis.directory / "b.log", lines("192.0.2.2 yusuf"))
    run = iis.run()
    assert (run.events, run.rejected) == (1, 1)
