"""Imports that die: a program that kills itself (SIGKILL) at seeded points of an import, then runs the import again.

Started by test_dying.py as a process of its own: `python -m tests.workflows.dying PLACE POINTS SEED`. Every file
operation, statement and commit of taking pushes and of importing is a point. For each chosen point a child is forked
that dies there, and another that finishes the work and tells what it found: it pushes only what was not acknowledged
before. One JSON object a line comes out.
"""

import datetime as dt
import json
import os
import random
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.logs import access_log, put, trail_lines

NOW = dt.datetime(2026, 10, 21, 12, 0, tzinfo=dt.UTC)


class Steps:
    """Counts the points; at `last` the process kills itself."""

    def __init__(self, last: int | None) -> None:
        self.taken, self.last = 0, last
        self.letting_go: list[int] = []  # points at which the spool removes a file

    def step(self) -> None:
        self.taken += 1
        if self.taken == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, function: Callable) -> Callable:
        def stepped(*args, **kwargs):
            self.step()
            if function.__name__ == "unlink" and "/pushed/" in str(args[0]):
                self.letting_go.append(self.taken)
            return function(*args, **kwargs)

        return stepped

    def watch(self) -> None:
        from django.db import connection

        for name in ("write", "fsync", "link", "unlink", "rename", "fchmod", "rmdir"):
            setattr(os, name, self.before(getattr(os, name)))
        connection.ensure_connection()
        connection._commit = self.around(connection._commit)
        connection.execute_wrappers.append(self.statement)

    def around(self, function: Callable) -> Callable:
        def stepped(*args, **kwargs):
            self.step()
            done = function(*args, **kwargs)
            self.step()
            return done

        return stepped

    def statement(self, execute: Callable, *args):
        self.step()
        return execute(*args)


def in_child(work: Callable[[], object]) -> tuple[int, object]:
    """Do it in a forked child: the signal that ended it (0: none), and what it gave back."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        status = 1
        try:
            with os.fdopen(writing, "w") as answer:
                json.dump(work(), answer)
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as answer:
        told = answer.read()
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("the child failed; its traceback stands above")
    return (os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0), json.loads(told) if told else None


def lay_out(logs: Path) -> None:
    import gzip

    put(logs / "access" / "a.log", access_log(0, 30) + b"rubbish\n" + access_log(30, 40))
    put(logs / "access" / "b.log.gz", gzip.compress(access_log(1000, 1600)))
    put(logs / "access" / "b-copy.log", access_log(1000, 1600))
    put(logs / "access" / "empty.log", b"")
    put(logs / "trail" / "1.json", trail_lines(*range(60)))
    put(logs / "trail" / "2.json", trail_lines(*range(50, 120)) + b"{broken\n")


# The last one is more than a segment.
BODIES = {f"body {n}": access_log(2000 + 100 * n, 2000 + 100 * n + lines) for n, lines in enumerate((90, 90, 400))}


def push_all(acknowledged: Path) -> None:
    """What a sender does: it pushes all that it was not told to be accepted."""
    from django.utils import timezone

    from reviews.models import PushToken
    from reviews.workflows import receiving

    token = PushToken.objects.select_related("source").get()
    told = acknowledged.read_text().splitlines() if acknowledged.exists() else []
    for key, body in BODIES.items():
        if key not in told:
            receiving.accept(token, [body[:100], body[100:]], len(body), "", key, timezone.now())
            with acknowledged.open("a") as file:
                file.write(f"{key}\n")


def prepare(logs: Path) -> None:
    from django.core.management import call_command

    from auditportal.accounts.models import User
    from reviews.models import LogSource, LogStore, PushToken, Service

    call_command("migrate", verbosity=0)
    store = LogStore.objects.create(name="Store")
    service = Service.objects.create(name="Service")
    for name, form in (("access", "web_access"), ("trail", "cloudtrail")):
        LogSource.objects.create(
            name=name, store=store, service=service, directory=str(logs / name), format=form, every_minutes=5
        )
    pushed = LogSource.objects.create(
        name="pushed", store=store, service=service, format="web_access", every_minutes=5, next_run_at=NOW
    )
    keeper = User.objects.create_user("keeper@northmoor.example", "Keeper", "correct horse battery")
    PushToken.objects.create(source=pushed, sha256="0" * 64, hint="push_", made_by=keeper, made_at=NOW)


def import_all(now: dt.datetime) -> None:
    """What waits, then every source once more."""
    from reviews.models import Import, LogSource
    from reviews.workflows import imports

    imports.requeue_expired(now)
    for pk in list(Import.objects.filter(state="queued").values_list("pk", flat=True)):
        imports.run(pk, f"worker {pk} at {now}", clock=lambda: now)
    for source in LogSource.objects.order_by("pk"):
        imports.run(imports.ask(None, source).pk, f"worker of {source.pk} at {now}", clock=lambda: now)


def watched(acknowledged: Path, last: int | None) -> dict[str, object]:
    """Push and import; how many points that has, until the pushes are in, and in all."""
    steps = Steps(last)
    steps.watch()
    push_all(acknowledged)
    pushing = steps.taken
    import_all(NOW)
    return {"pushing": pushing, "steps": steps.taken, "letting_go": steps.letting_go}


def told() -> dict[str, object]:
    """Everything that must be the same, however often an import died."""
    from django.db.models import Sum

    from reviews.engine.archive import archive_store
    from reviews.engine.archive.verifying import verify
    from reviews.models import DirtyDay, HourCount, Import, ImportedPart, LogSource, RejectedRecord, StoredEvents
    from reviews.queries.archive import segment_rows
    from reviews.workflows.scanning import spool_of
    from tests.workflows.importing import Importer

    found: dict[str, object] = {}
    for source in LogSource.objects.order_by("pk"):
        runs = Import.objects.filter(source=source)
        names = ("records", "events", "duplicates", "ignored", "rejected")
        sums = runs.aggregate(**{name: Sum(name) for name in names})
        parts = ImportedPart.objects.filter(run__source=source).aggregate(**{name: Sum(name) for name in names})
        assert sums == parts
        found[source.name] = {
            **sums,
            "stored": len(Importer(source, Path(source.directory)).events()),
            "counted": HourCount.objects.filter(source=source).aggregate(n=Sum("n"))["n"],
            "registered": StoredEvents.objects.filter(source=source).aggregate(n=Sum("rows"))["n"],
            "listed": RejectedRecord.objects.filter(part__run__source=source).count(),
            "dirty": DirtyDay.objects.filter(source=source).count(),
            "waiting": spool_of(source).waiting().files,
        }
    from django.conf import settings

    report = verify(archive_store(settings.ARCHIVE_URL), segment_rows(), {}, {})
    found["archive"] = [str(one) for one in report.findings if one.weight != "note"]
    root = Path(settings.DATA_DIR) / "events"
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    kept = {f"source={row.source_id}/day={row.day}/{row.name}.parquet" for row in StoredEvents.objects.all()}
    found["unregistered"] = sorted(files ^ kept)
    return found


def after_death(acknowledged: Path) -> dict[str, object]:
    push_all(acknowledged)
    import_all(NOW + dt.timedelta(hours=1))
    return told()


def points_of(steps: dict, points: int, seed: int) -> list[int]:
    """Points all over the work, some of them while pushing, and one where the spool lets go of a file."""
    chosen = random.Random(seed)
    pushing, every = range(1, steps["pushing"] + 1), range(steps["pushing"] + 1, steps["steps"] + 1)
    early = points // 3
    return sorted(
        [*chosen.sample(pushing, early), *chosen.sample(every, points - early - 1), chosen.choice(steps["letting_go"])]
    )


def tell(**found: object) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def main(place: Path, points: int, seed: int) -> None:
    os.environ.update(
        VAR_DIR=str(place / "var"),
        SECRET_KEY="only-for-this-program-" + "x" * 40,
        DJANGO_SETTINGS_MODULE="auditportal.settings.base",
        SEGMENT_BYTES="20000",
    )
    for name in ("DATABASE_URL", "DEMO", "LOG_ROOTS", "ARCHIVE_URL", "EVENTS_URL"):
        os.environ.pop(name, None)
    import django

    django.setup()
    from django.conf import settings

    settings.WRITE_PAUSE_SECONDS = 0
    settings.RECORD_BYTES = 4000
    import reviews.workflows.imports  # noqa: F401 # everything is loaded before the first fork

    lay_out(place / "logs")
    (place / "var").mkdir()
    in_child(lambda: prepare(place / "logs"))
    shutil.copytree(place / "var", place / "template")

    acknowledged = place / "acknowledged"

    def again() -> None:
        acknowledged.unlink(missing_ok=True)
        shutil.rmtree(place / "var")
        shutil.copytree(place / "template", place / "var")

    _, steps = in_child(lambda: watched(acknowledged, None))
    _, expected = in_child(told)
    assert isinstance(steps, dict)
    tell(**steps, expected=expected)
    for point in points_of(steps, points, seed):
        again()
        death, _ = in_child(lambda point=point: watched(acknowledged, point))
        _, found = in_child(lambda: after_death(acknowledged))
        tell(point=point, signal=death, found=found)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
