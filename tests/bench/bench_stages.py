"""Where an import's time goes: each stage alone, one after the other, on the same bytes.

    python -m tests.bench.bench_stages [RECORDS] [--only cloudtrail,gzip,web_access,syslog]

Seconds of processors, of which an import keeps two busy. What an import takes beyond the sum is the database.
"""

import argparse
import datetime as dt
import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import zstandard

from reviews.engine.archive.segments import LEVEL
from reviews.engine.catalogue import load_actions
from reviews.engine.formats import get_format
from reviews.engine.importing.batches import Batch, Batcher, Limits, Taken
from reviews.engine.importing.preparing import Source, read, repeated_in, store_days
from reviews.engine.importing.streams import Stream
from reviews.engine.reading import open_plain, split
from reviews.engine.store import EventStore, StoredFile, count, routes_table
from tests.bench.bare import Clock
from tests.bench.generating import KINDS, make

NOW: Final = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
LIMITS: Final = Limits.of(64 << 20, 16 << 20)


class Stages:
    """Seconds of processors by stage, of reading the files as one source."""

    def __init__(self, form: str, place: Path) -> None:
        self.took: Counter[str] = Counter()
        self.source = Source(1, get_format(form), "UTC", "", frozenset(), load_actions())
        self.store = EventStore(place)
        self.stored: list[StoredFile] = []

    def run(self, files: list[Path]) -> None:
        for batch in self._batches(files):
            self._prepare(batch)
        with self._stage("count"):
            count(self.store, 1, self.stored, routes_table(1, {}))

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        with Clock() as clock:
            yield
        self.took[name] += clock.took.work

    def _batches(self, files: list[Path]) -> Iterator[Batch]:
        """As an import makes them; what reading and splitting take is measured once more, alone."""
        batcher = Batcher(self.source.format, LIMITS)
        for file in files:
            with self._stage("read, unpack"), open_plain(file) as plain:
                while plain.read(4 << 20):
                    pass
            with Stream(file) as stream:
                yield from batcher.take(Taken(file.name, file.name.encode(), NOW, stream, "", lambda: True))
        yield batcher.flush()

    def _prepare(self, batch: Batch) -> None:
        with self._stage("split"):
            for piece in batch.pieces:
                with memoryview(batch.plain) as plain, plain[piece.start : piece.start + piece.length] as view:
                    split(self.source.format, view, final=True, record_bytes=LIMITS.record_bytes)
        with self._stage("one SHA-256"):
            hashlib.sha256(batch.plain)
        with self._stage("zstd"):
            zstandard.ZstdCompressor(level=LEVEL).compress(batch.plain)
        with self._stage("normalise"):
            events, _, _ = read(batch, self.source, NOW)
        if self.source.format.has_native_id:
            with self._stage("find duplicates"):
                repeated_in(events, self.source, self.store, lambda days: self.stored)
        with self._stage("write Parquet"):
            name = str(len(self.stored))
            written = store_days(events, batch, 1, 1, "0" * 64, name, self.store)
        self.stored += [StoredFile(day, name, 0) for day, name, _ in written]


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("records", nargs="?", type=int)
    given.add_argument("--only", default=",".join(KINDS))
    asked = given.parse_args()
    for kind in asked.only.split(","):
        with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_DIR")) as folder:
            logs = Path(folder, "logs")
            size = make(kind, asked.records or KINDS[kind], logs)
            stages = Stages("cloudtrail" if kind == "gzip" else kind, Path(folder, "events"))
            stages.run(sorted(logs.iterdir()))
        listed = ", ".join(f"{name} {took:.2f}" for name, took in stages.took.most_common())
        print(f"{kind:<11}{size / 1e6:>5.0f} MB: {listed}; in all {stages.took.total():.2f} s", flush=True)


if __name__ == "__main__":
    main()
