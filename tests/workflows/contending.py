"""Several processes at one database: parallel imports, and a person who answers while they run.

Started by test_contending.py as a process of its own: `python -m tests.workflows.contending PLACE`. The importers go on
until the person has written everything; nothing depends on how long anything takes.
"""

import datetime as dt
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.logs import access_log, put

SOURCES = 4
ANSWERS = 40
TRIES = 3
NOW = dt.datetime(2026, 10, 21, 12, 0, tzinfo=dt.UTC)
LINES = 120  # of each new file


def prepare(place: Path) -> None:
    from django.core.management import call_command

    from reviews.engine.analysis.quarters import Quarter
    from reviews.workflows import cycles
    from tests.world import make_source, make_world

    call_command("migrate", verbosity=0)
    world = make_world()
    for number in range(SOURCES):
        directory = place / "logs" / str(number)
        put(directory / "0.log", access_log(0, LINES))
        make_source(world, str(directory), name=f"source {number}", format="web_access")
    cycles.open_cycle(world.ada, Quarter(2026, 3))


def import_again_and_again(place: Path, number: int) -> int:
    """Import a new file each time, four at least, until the person is done. How many imports."""
    from reviews.models import LogSource
    from reviews.workflows import imports

    source = LogSource.objects.get(name=f"source {number}")
    count = 0
    while True:
        put(place / "logs" / str(number) / f"{count}.log", access_log(count * LINES, (count + 1) * LINES))
        run = imports.run(imports.ask(None, source).pk, f"{number} {count}", clock=lambda: NOW)
        assert run is not None
        assert (run.problem, run.events) == ("", LINES)
        count += 1
        (place / f"importing-{number}").touch()
        if count >= 4 and (place / "answered").exists():
            return count


def answer(place: Path) -> dict[str, int]:
    """A person's answers, each tried again when the database was busy, up to TRIES times."""
    from django.db import OperationalError

    from auditportal.accounts.models import User
    from reviews.models import ReviewItem
    from reviews.workflows import answers

    ines = User.objects.get(email="ines@northmoor.example")
    item = ReviewItem.objects.filter(review__service__name="Payments API").first()
    while not all((place / f"importing-{number}").exists() for number in range(SOURCES)):
        pass
    retries = 0
    for number in range(ANSWERS):
        for attempt in range(TRIES):
            item.refresh_from_db()
            try:
                answers.answer(ines, item, item.revision, "meets", note=f"Seen {number}.")
                break
            except OperationalError:
                retries += 1
                if attempt == TRIES - 1:
                    raise
    (place / "answered").touch()
    item.refresh_from_db()
    return {"saved": item.revision, "retries": retries}


def told() -> dict[str, object]:
    from django.conf import settings
    from django.db.models import Sum

    from reviews.engine.archive import archive_store
    from reviews.engine.archive.verifying import verify
    from reviews.models import HourCount, Import, Segment
    from reviews.queries.archive import segment_rows

    report = verify(archive_store(settings.ARCHIVE_URL), segment_rows(), {}, {})
    return {
        "code": report.code,
        "findings": [str(one) for one in report.findings],
        "seqs": list(Segment.objects.order_by("seq").values_list("seq", flat=True)),
        "sources": Segment.objects.values("source_id_sealed").distinct().count(),
        "events": Import.objects.aggregate(n=Sum("events"))["n"],
        "counted": HourCount.objects.aggregate(n=Sum("n"))["n"],
    }


def together(*works: Callable[[], object]) -> list[object]:
    """Each in a forked child of its own, at the same time; what they gave back."""
    children = []
    for work in works:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                answer = json.dumps(work()).encode()
                os.write(writing, answer)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        os.close(writing)
        children.append((child, reading))
    found = []
    for child, reading in children:
        with os.fdopen(reading) as answer:
            found.append(answer.read())
        _, status = os.waitpid(child, 0)
        if status:
            raise RuntimeError("a child failed; its traceback stands above")
    return [json.loads(one) for one in found]


def main(place: Path) -> None:
    os.environ.update(
        VAR_DIR=str(place / "var"),
        SECRET_KEY="only-for-this-program-" + "x" * 40,
        DJANGO_SETTINGS_MODULE="auditportal.settings.base",
    )
    for name in ("DATABASE_URL", "DEMO", "LOG_ROOTS", "ARCHIVE_URL", "EVENTS_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    import django

    django.setup()
    import reviews.workflows.imports  # noqa: F401 # everything is loaded before the first fork

    (place / "var").mkdir()
    together(lambda: prepare(place))
    importers = [lambda number=number: import_again_and_again(place, number) for number in range(SOURCES)]
    *imports, person = together(*importers, lambda: answer(place))
    [found] = together(told)
    sys.stdout.write(json.dumps({"imports": imports, "person": person, "found": found}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
