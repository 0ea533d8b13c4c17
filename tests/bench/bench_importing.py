"""How fast an import is, as a ratio to what no import can do without: hashing and compressing the same bytes.

    python -m tests.bench.bench_importing [MEGABYTES]

A ratio says more than seconds do: it stays much the same from one machine to the next. The import is the real one,
with archive, store, SQLite database and counting, in a folder of its own that goes afterwards.
"""

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import zstandard

from tests.logs import access_line, put, trail_event

MEGABYTE = 1_000_000


def trail_bytes(size: int) -> bytes:
    """CloudTrail lines of the usual length, and with as much in them that does not repeat."""
    found, length, number, chance = [], 0, 0, random.Random(1)
    while length < size:
        parameters = {"userName": f"user{number}", "tags": [{"key": "team", "value": "payments"}]}
        answer = {
            "user": {
                "userId": f"AIDA{chance.getrandbits(64):016X}",
                "path": "/",
                "createDate": "Oct 14, 2026 8:00:00 AM",
            }
        }
        event = trail_event(
            number % 20_000,  # two weeks
            eventID=str(uuid.UUID(int=chance.getrandbits(128))),
            requestID=str(uuid.UUID(int=chance.getrandbits(128))),
            sourceIPAddress=f"192.0.2.{chance.randrange(256)}",
            userAgent="aws-cli/2.15 Python/3.11",
            requestParameters=parameters,
            responseElements=answer,
        )
        found.append(json.dumps(event).encode() + b"\n")
        length += len(found[-1])
        number += 1
    return b"".join(found)


def access_bytes(size: int) -> bytes:
    chance = random.Random(1)
    line = len(access_line(0, path="/a/0123456789abcdef"))
    paths = [f"/a/{chance.getrandbits(64):016x}" for _ in range(size // line)]
    return b"".join(access_line(number % 20_000, path=path) for number, path in enumerate(paths))


@dataclass(frozen=True)
class Took:
    """Time on the wall, and of all processors together: the latter hardly depends on what else the machine does."""

    wall: float
    work: float


def seconds(work: Callable[[], object]) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def start_portal(place: Path) -> None:
    os.environ.update(
        VAR_DIR=str(place / "var"),
        SECRET_KEY="only-for-this-program-" + "x" * 40,
        DJANGO_SETTINGS_MODULE="auditportal.settings.base",
    )
    for name in ("DATABASE_URL", "DEMO", "LOG_ROOTS", "ARCHIVE_URL", "EVENTS_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    (place / "var").mkdir()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def import_once(place: Path, form: str, data: bytes, name: str) -> tuple[Took, int]:
    from reviews.models import LogSource, LogStore, Service
    from reviews.workflows import imports

    store, _ = LogStore.objects.get_or_create(name="Store")
    service, _ = Service.objects.get_or_create(name="Service")
    directory = place / "logs" / form / name
    put(directory / "a.log", data)
    source = LogSource.objects.create(
        name=f"{form} {name}", store=store, service=service, format=form, directory=str(directory), every_minutes=5
    )
    queued = imports.ask_here(source, ())
    assert queued is not None
    took = seconds(lambda: imports.run(queued.pk, "bench"))
    queued.refresh_from_db()
    assert queued.rejected == 0, queued.problem
    return took, queued.events


def main(megabytes: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        place = Path(folder)
        start_portal(place)
        for form, make in (("cloudtrail", trail_bytes), ("web_access", access_bytes)):
            data = make(megabytes * MEGABYTE)
            hashing = seconds(lambda data=data: hashlib.sha256(data).digest())
            packing = seconds(lambda data=data: zstandard.ZstdCompressor(level=3).compress(data))
            import_once(place, form, data[: data.index(b"\n") + 1], "first")  # loads catalogue and libraries
            took, events = import_once(place, form, data, "whole")
            size, both = len(data) / MEGABYTE, packing.work + hashing.work
            sys.stdout.write(
                f"{form}: {size:.0f} MB, {events:,} events in {took.wall:.2f} s ({size / took.wall:.0f} MB/s, "
                f"{events / took.wall:,.0f} events/s); {took.work:.2f} s of processors = "
                f"{took.work / packing.work:.1f} x zstd -3, {took.work / hashing.work:.1f} x sha256, "
                f"{took.work / both:.1f} x both\n"
            )


def bench_importing() -> None:
    """As `make bench` calls it: in a process of its own, with a database of its own."""
    subprocess.run([sys.executable, "-m", "tests.bench.bench_importing"], check=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
