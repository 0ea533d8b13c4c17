"""The most memory that an import takes, for files of several sizes: it must not grow with them.

    python -m tests.bench.bench_memory [GIBIBYTES…]

CloudTrail lines, whose ids are compared with those of all files stored before. Each size has a process of its own.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.bench.generating import trail_records, write_lines
from tests.bench.portal import import_directory, start_portal
from tests.logs import LONG_AGO, touch

RECORDS_A_GIBIBYTE: Final = 800_000


def measure(gibibytes: float) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_DIR")) as folder:
        start_portal(Path(folder))
        file = Path(folder, "logs", "a.log")
        size = write_lines(file, trail_records(int(gibibytes * RECORDS_A_GIBIBYTE)))
        touch(file, LONG_AGO)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        took, events = import_directory(file.parent, "cloudtrail", "memory")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{size / 2**30:5.2f} GiB, {events:>10,} events, {took.work:6.1f} s of processors: "
        f"peak {peak / 2**10:5.0f} MiB ({before / 2**10:.0f} MiB before)",
        flush=True,
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        measure(float(sys.argv[2]))
    else:
        for given in sys.argv[1:] or ["0.5", "2"]:
            subprocess.run([sys.executable, "-m", "tests.bench.bench_memory", "--alone", given], check=True)
