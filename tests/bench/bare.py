"""The bare read of docs/benchmarks.md: the least that DuckDB does with a log to get at its fields."""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from reviews.engine.catalogue.matching import quote
from reviews.engine.formats import TextRecords, get_format

PAGE: Final = Path(__file__).parents[2] / "docs" / "benchmarks.md"
THREADS: Final = 2


@dataclass(frozen=True)
class Took:
    """Time on the wall, and of all processors together: the latter hardly depends on what else the machine does."""

    wall: float
    work: float

    def best(self, other: "Took") -> "Took":
        return Took(min(self.wall, other.wall), min(self.work, other.work))


class Clock:
    """As a context manager: `took` what happened within."""

    def __enter__(self) -> "Clock":
        self._began = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.took = Took(time.perf_counter() - self._began[0], time.process_time() - self._began[1])


def statement(name: str, files: list[Path], out: Path) -> str:
    """The statement that the page shows under this heading, with its places filled in."""
    found = re.search(rf"^#### {name}$.*?^```sql\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{PAGE} has no statement for {name}"
    places = {"{files}": f"[{', '.join(quote(str(file)) for file in files)}]", "{out}": quote(str(out))}
    if "{regex}" in found[1]:
        layout = get_format(name).layout
        assert isinstance(layout, TextRecords)
        pattern = layout.patterns[0]
        plain = re.sub(r"\(\?P<\w+>", "(", pattern.regex)
        places |= {"{regex}": quote(plain), "{groups}": f"[{', '.join(map(quote, pattern.groups))}]"}
    return re.sub(r"\{\w+\}", lambda place: places[place[0]], found[1])


def read(name: str, files: list[Path], out: Path) -> tuple[Took, int]:
    """Run it. How long it took, and how many rows it wrote."""
    query = statement(name, files, out)
    with duckdb.connect(config={"threads": THREADS}) as database, Clock() as clock:
        database.execute(query)
    with duckdb.connect() as database:
        row = database.execute("SELECT count(*) FROM read_parquet(?)", [str(out)]).fetchone()
    assert row is not None
    return clock.took, int(row[0])
