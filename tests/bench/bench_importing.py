"""How fast an import is, as a ratio to what no import can do without: hashing and compressing the same bytes.

    python -m tests.bench.bench_importing [MEGABYTES]

A ratio says more than seconds do: it stays much the same from one machine to the next. The import is the real one,
with archive, store, SQLite database and counting, in a folder of its own that goes afterwards.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import zstandard

from tests.logs import access_line, put, trail_event

MEGABYTE = 1_000_000


def trail_bytes(size: int) -> bytes:
    """CloudTrail lines of the usual length."""
    found, length, number = [], 0, 0
    while length < size:
        parameters = {"userName": f"user{number}", "tags": [{"key": "team", "value": "payments"}]}
        answer = {"user": {"userId": f"AIDA{number:012}", "path": "/", "createDate": "Oct 14, 2026 8:00:00 AM"}}
        event = trail_event(
            number, userAgent="aws-cli/2.15 Python/3.11", requestParameters=parameters, responseElements=answer
        )
        found.append(json.dumps(event).encode() + b"\n")
        length += len(found[-1])
        number += 1
    return b"".join(found)


def access_bytes(size: int) -> bytes:
    line = len(access_line(0))
    return b"".join(access_line(number, minutes=0) for number in range(size // line))


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


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


def import_once(place: Path, form: str, data: bytes) -> tuple[float, int]:
    from reviews.models import LogSource, LogStore, Service
    from reviews.workflows import imports

    store, _ = LogStore.objects.get_or_create(name="Store")
    service, _ = Service.objects.get_or_create(name="Service")
    put(place / "logs" / form / "a.log", data)
    source = LogSource.objects.create(
        name=form, store=store, service=service, format=form, directory=str(place / "logs" / form), every_minutes=5
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
            took, events = import_once(place, form, data)
            size = len(data) / MEGABYTE
            sys.stdout.write(
                f"{form}: {size:.0f} MB, {events:,} events in {took:.2f} s "
                f"({size / took:.0f} MB/s, {events / took:,.0f} events/s) = {took / packing:.1f} x zstd -3, "
                f"{took / hashing:.1f} x sha256, {took / (packing + hashing):.1f} x both\n"
            )


def bench_importing() -> None:
    """As `make bench` calls it: in a process of its own, with a database of its own."""
    subprocess.run([sys.executable, "-m", "tests.bench.bench_importing"], check=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
