"""Whatever came in, however it came: a rebuild gives the same rows and the same numbers."""

import gzip
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reviews.engine.store import event_store
from reviews.models import DayCount, ImportedPart, LogSource, RejectedRecord, StoredEvents
from reviews.workflows import imports, scanning
from reviews.workflows.rebuilding import rebuild
from tests.logs import access_log, put, trail_lines
from tests.workflows.importing import Importer
from tests.workflows.test_counting import all_counts
from tests.workflows.test_days import cloud_log
from tests.world import World, make_source

NUMBERS = ("records", "events", "duplicates", "ignored", "rejected")
PLACE = ("import_id", "file", "segment", "offset", "length", "element")  # which of two equal records became the event


def syslog(first: int, last: int) -> bytes:
    return b"".join(
        f"<38>1 2026-10-{14 + n % 3}T09:{n:02}:00Z gate sshd 41 - - Accepted password for ines from 192.0.2.7 "
        f"port {n} ssh2\n".encode()
        for n in range(first, last)
    )


LINES = {
    "cloudtrail": lambda first, last: trail_lines(*(n * 700 % 9000 for n in range(first, last))),  # days, some twice
    "gcp_audit": lambda first, last: cloud_log(*range(first, last)),
    "syslog": syslog,
    "web_access": lambda first, last: access_log(first, last, minutes=500),
}
BROKEN = b'{"no": "end\n\xff\xfe\n'


@dataclass
class Story:
    """Files as they come, between imports."""

    importer: Importer
    format: str

    def do(self, step: tuple[str, int, int]) -> None:
        what, number, first = step
        path = self.importer.directory / f"{number}.log"
        lines = LINES[self.format](first, first + 5)
        changed = self.importer.now.replace(year=2026, month=10, day=20)
        match what:
            case "new":
                put(path, lines, changed)
            case "grow" if path.exists():
                put(path, path.read_bytes() + lines, changed)
            case "broken":
                put(path.with_suffix(".broken"), lines[:200] + b"\n" + BROKEN + lines, changed)
            case "copy" if path.exists():
                shutil.copy(path, path.with_suffix(".copy"))
            case "pack" if path.exists():
                whole = path.read_bytes()
                put(path.with_suffix(".gz"), gzip.compress(whole[:99]) + gzip.compress(whole[99:]), changed)
                path.unlink()
            case "import":
                self.importer.run()


def rows_of(source: LogSource) -> Counter[tuple[tuple[str, str], ...]]:
    """Every row of Parquet that counts, whatever file it lies in."""
    files = scanning.stored_files(
        source.pk, list(StoredEvents.objects.filter(source=source).values_list("day", flat=True))
    )
    table = event_store(django_settings.EVENTS_URL).read(source.pk, files)
    return Counter(tuple((name, repr(value)) for name, value in row.items()) for row in table.to_pylist())


def everything(source: LogSource) -> dict[str, object]:
    """Every count and number, and every row."""
    parts = ImportedPart.objects.filter(file__source=source)
    days = DayCount.objects.filter(source=source).order_by("day")
    return {
        **all_counts(source),
        "parts": sorted(parts.values_list("file__key", "file_offset", *NUMBERS, "first_event_at", "last_event_at")),
        "days": list(days.values_list("day", "events", "catalogue_version", "skew_low", "skew_seconds", "skew_high",
                                      "skew_entries", "assumed", "ahead")),
        "rows": rows_of(source),
    }  # fmt: skip


STEPS = st.tuples(
    st.sampled_from(["new", "grow", "broken", "copy", "pack", "import"]), st.integers(0, 3), st.integers(0, 30)
)
ALL_OF_IT = [
    ("new", 0, 5), ("new", 1, 7), ("broken", 2, 0), ("import", 0, 0), ("grow", 0, 10), ("copy", 1, 0), ("new", 3, 0),
    ("import", 0, 0), ("pack", 0, 0), ("new", 2, 20),
]  # fmt: skip


@pytest.mark.parametrize("format_id", LINES)
@settings(max_examples=1, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=ALL_OF_IT)
@given(steps=st.lists(STEPS, min_size=3, max_size=7))
def test_a_rebuild_gives_the_same_rows_and_numbers(world: World, places: Path, format_id: str, steps) -> None:
    name = f"{format_id} {LogSource.objects.count()}"
    directory = places / name
    directory.mkdir()
    importer = Importer(make_source(world, str(directory), format=format_id, name=name), directory)
    story = Story(importer, format_id)
    for step in [*steps, ("import", 0, 0)]:
        story.do(step)
    imports.run(imports.ask_replay(world.tomas, importer.source).pk, "replayer", clock=lambda: importer.now)
    before = everything(importer.source)
    rebuild(importer.source, "rebuilder", lambda: importer.now)
    after = everything(importer.source)
    for what, found in before.items():
        assert after[what] == found, what


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch):
    """An older CloudTrail format, which finds no time in what has no user; calling it brings today's back."""
    real = scanning.get_format

    def older(format_id, mapping=None):
        fmt = real(format_id, mapping)
        return replace(
            fmt, time=replace(fmt.time, instant=f"CASE WHEN identity_name = 'ines' THEN {fmt.time.instant} END")
        )

    monkeypatch.setattr(scanning, "get_format", older)
    return lambda: monkeypatch.setattr(scanning, "get_format", real)


def test_a_rebuild_after_a_replay_that_found_events_gives_the_same(trail: Importer, world: World, narrow) -> None:
    other = {"userIdentity": {"type": "IAMUser", "userName": "ada"}}
    put(trail.directory / "a.json", trail_lines(1, 2) + trail_lines(3, 1500, 4, **other) + b"rubbish\n")
    assert trail.run().rejected == 4
    put(trail.directory / "b.json", trail_lines(5, 2, 6))
    trail.run()
    narrow()
    run = imports.run(imports.ask_replay(world.tomas, trail.source).pk, "a", clock=lambda: trail.now)
    assert run is not None
    assert (run.events, run.rejected) == (3, 1)
    before = everything(trail.source)
    files = StoredEvents.objects.count()
    rebuild(trail.source, "b", lambda: trail.now)
    after = everything(trail.source)
    assert StoredEvents.objects.count() < files  # a replay's files and the first ones are one again
    for what in ("hours", "actions", "unmapped", "rejects", "parts", "days", "rows"):
        assert after[what] == before[what], what


def test_which_of_two_equal_records_is_the_event_may_change_but_no_number(
    trail: Importer, world: World, narrow
) -> None:
    other = {"userIdentity": {"type": "IAMUser", "userName": "ada"}}
    put(trail.directory / "a.json", trail_lines(1) + trail_lines(2, **other))
    trail.run()
    narrow()
    put(trail.directory / "b.json", trail_lines(2, 3, **other))
    trail.run()
    run = imports.run(imports.ask_replay(world.tomas, trail.source).pk, "a", clock=lambda: trail.now)
    assert run is not None
    assert (run.events, run.duplicates) == (0, 1)

    def told() -> tuple[object, ...]:
        found = everything(trail.source)
        rows = Counter(tuple(cell for cell in row if cell[0] not in PLACE) for row in rows_of(trail.source).elements())
        sums = [sum(trail.source.imports.filter(kind="import").values_list(name, flat=True)) for name in NUMBERS]
        return rows, sums, found["hours"], found["unmapped"], found["days"], found["rejects"]

    before = told()
    rebuild(trail.source, "b", lambda: trail.now)
    assert told() == before
    assert not RejectedRecord.objects.exists()
    assert trail.counted() == 3
