"""How fast an import is, as a ratio to a bare read of the same files (docs/benchmarks.md).

    python -m tests.bench.bench_importing [RECORDS] [--only cloudtrail,gzip,web_access,syslog]

Without a number of records, each kind has at least 500 MB or a million lines. "ratio 0.40" means: in the time of the
import, a bare read does two and a half times as much. The ratio of processor time stands beside it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.bench import bare
from tests.bench.generating import KINDS, make
from tests.bench.portal import forget_files, import_directory, start_portal

ROUNDS: Final = 3
BARS: Final = {"cloudtrail": 0.35, "gzip": 0.5, "web_access": 0.35, "syslog": 0.35}


def measure(kind: str, count: int, place: Path) -> str:
    directory, form = place / "logs" / kind, "cloudtrail" if kind == "gzip" else kind
    size = make(kind, count, directory)
    files = sorted(directory.iterdir())
    small = place / "logs" / f"{kind}-small"
    make(kind, 100, small)
    import_directory(small, form, f"{kind} warm")  # loads libraries and the catalogue
    best: tuple[bare.Took, bare.Took] | None = None
    for number in range(ROUNDS):
        read, rows = bare.read(kind, files, place / "bare.parquet")
        done, events = import_directory(directory, form, f"{kind} {number}")
        assert rows == events == count
        best = (read, done) if best is None else (best[0].best(read), best[1].best(done))
        forget_files(place)
    for file in files:
        file.unlink()
    assert best is not None
    read, done = best
    return (
        f"{kind:<11}{size / 1e6:>6.0f} MB {count:>10,} events  import {done.wall:6.2f} s ({done.work:6.2f} s of "
        f"processors)  {count / done.wall:>9,.0f} events/s {size / done.wall / 1e6:>5.0f} MB/s  "
        f"bare read {read.wall:6.2f} s ({read.work:6.2f} s)  ratio {read.wall / done.wall:.2f} of {BARS[kind]:.2f} "
        f"(processors {read.work / done.work:.2f})"
    )


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("records", nargs="?", type=int)
    given.add_argument("--only", default=",".join(KINDS))
    asked = given.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_DIR")) as folder:
        start_portal(Path(folder))
        for kind in asked.only.split(","):
            print(measure(kind, asked.records or KINDS[kind], Path(folder)), flush=True)


def bench_importing() -> None:
    """As `make bench` calls it: in a process of its own, with a database of its own."""
    subprocess.run([sys.executable, "-m", "tests.bench.bench_importing"], check=True)


if __name__ == "__main__":
    main()
