"""The files of the store:

    <root>/source=<id>/day=<YYYY-MM-DD>/<name>.parquet

A file counts only when the database has registered its name; what a dead process left is swept away at the next
import of the source. Everything here can be made anew from the archive.
"""

import datetime as dt
import os
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from reviews.engine.durable import sync_directory
from reviews.engine.events import STORED_SCHEMA
from reviews.errors import ConfigurationError, StoreError

TEMPORARY: Final = ".writing-"
ROW_GROUP: Final = 122_880
_SETTINGS: Final[dict[str, Any]] = {
    # No network, ever, and nothing looked up by the name of a variable.
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
}


@dataclass(frozen=True)
class StoredFile:
    """A registered file: its day and name, the number of the segment that its events lie in, and when it was sealed."""

    day: dt.date
    name: str
    seq: int
    sealed_at: dt.datetime | None = None  # UTC; only counting asks for it


class EventStore:
    """The event store at one place of the local file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, source_id: int, day: dt.date, name: str) -> Path:
        return self.root / f"source={source_id}" / f"day={day.isoformat()}" / f"{name}.parquet"

    def write(self, source_id: int, day: dt.date, name: str, events: pa.Table) -> int:
        """Write the events of one day, whole or not at all. How many."""
        path = self.path(source_id, day, name)
        temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(6)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            try:
                with temporary.open("xb") as file:
                    pq.write_table(
                        events.cast(STORED_SCHEMA), file, compression="zstd", compression_level=1,
                        row_group_size=ROW_GROUP,
                    )  # fmt: skip
                    file.flush()
                    os.fsync(file.fileno())
                temporary.rename(path)
            finally:
                temporary.unlink(missing_ok=True)
            sync_directory(path.parent)
        except OSError as problem:
            raise StoreError(
                f"The event store at {path.parent} cannot be written: {problem.strerror or problem}. "
                "Give the portal's user write access and free space there."
            ) from problem
        return int(events.num_rows)

    def remove(self, source_id: int, files: Iterable[tuple[dt.date, str]]) -> None:
        for day, name in files:
            self.path(source_id, day, name).unlink(missing_ok=True)

    def sweep(self, source_id: int, registered: Collection[tuple[dt.date, str]]) -> int:
        """Remove what no row speaks of. Only for whoever holds the source's lease. How many files."""
        kept = {self.path(source_id, day, name) for day, name in registered}
        removed = 0
        for directory in _directories(self.root / f"source={source_id}"):
            for entry in os.scandir(directory):
                if Path(entry.path) not in kept:
                    os.unlink(entry.path)
                    removed += 1
            with suppress(OSError):  # fails, rightly, when something is in it
                os.rmdir(directory)
        return removed

    def duplicates(
        self, source_id: int, days: pa.Array, event_ids: pa.Array, stored: Collection[StoredFile]
    ) -> npt.NDArray[np.bool_]:
        """Which of these events have a (day, id) that came before, in the batch itself or in the stored files."""
        repeated = np.zeros(len(event_ids), dtype=np.bool_)
        with connect() as database:
            numbers = pa.array(np.arange(len(event_ids), dtype=np.int64))
            database.register("batch", pa.table({"n": numbers, "day": days, "event_id": event_ids}))
            first = "SELECT min(n) FROM batch GROUP BY day, event_id"
            found = [database.execute(f"SELECT n FROM batch WHERE n NOT IN ({first})")]  # noqa: S608 # constants
            self._mark(repeated, found.pop())
            if stored:
                before = (
                    "SELECT CAST(occurred_at AS DATE) AS day, event_id FROM read_parquet($files)"
                    " WHERE event_id IN (SELECT event_id FROM batch)"
                )
                files = self.paths(source_id, stored)
                query = f"SELECT n FROM batch SEMI JOIN ({before}) AS before USING (day, event_id)"  # noqa: S608 # same
                self._mark(repeated, run(database, query, {"files": files}))
        return repeated

    def read(
        self, source_id: int, stored: Iterable[StoredFile], columns: Sequence[str] = STORED_SCHEMA.names
    ) -> pa.Table:
        """The events of these files, one file after the other."""
        schema = pa.schema([STORED_SCHEMA.field(name) for name in columns])
        paths = [self.path(source_id, file.day, file.name) for file in stored]
        try:
            tables = [pq.ParquetFile(path).read(columns=list(columns)).cast(schema) for path in paths]
        except (OSError, pa.ArrowInvalid) as problem:
            raise StoreError(f"The event store cannot be read: {problem}. Run rebuild to make it anew.") from problem
        return pa.concat_tables([schema.empty_table(), *tables])

    @staticmethod
    def _mark(repeated: npt.NDArray[np.bool_], found: Any) -> None:
        repeated[found.fetchnumpy()["n"].astype(np.int64)] = True

    def paths(self, source_id: int, stored: Iterable[StoredFile]) -> list[str]:
        """The files as DuckDB takes them: it reads patterns, so what looks like one is escaped."""
        return [escape(str(self.path(source_id, file.day, file.name))) for file in stored]


def event_store(url: str) -> EventStore:
    """The store that EVENTS_URL names."""
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"} or not parts.path.startswith("/"):
        raise ConfigurationError(f"EVENTS_URL is {url!r}. Write it as file:///an/absolute/directory.")
    return EventStore(Path(unquote(parts.path)))


@contextmanager
def connect() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of one's own, in memory, for one call: one that is shared hangs in a forked child."""
    database = duckdb.connect(":memory:", config=_SETTINGS)
    try:
        yield database
    finally:
        database.close()


def run(database: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object]) -> Any:
    """Execute, and say in one sentence when a file of the store is missing or damaged."""
    try:
        return database.execute(query, dict(parameters))
    except (duckdb.IOException, duckdb.InvalidInputException) as problem:
        reason = str(problem).splitlines()[0]
        raise StoreError(f"The event store cannot be read: {reason}. Run rebuild to make it anew.") from problem


def escape(path: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in path)


def _directories(directory: Path) -> list[str]:
    try:
        return [entry.path for entry in os.scandir(directory) if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []
