"""How fast small objects of a bucket are imported, beside the same files in a directory.

    python -m tests.bench.bench_buckets [OBJECTS]

Each object is a gzipped file of five CloudTrail records, as a quiet account delivers them. Both imports are whole
(docs/benchmarks.md); the server is a SeaweedFS on the same machine, which shares its processors. "again" is an import
that finds nothing new: a listing, and a comparison with what is known.
"""

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.bench.bare import Clock
from tests.bench.portal import import_again, import_place, start_portal
from tests.logs import trail_file
from tests.object_storage import SECRET, running_server

OBJECTS: Final = 20_000
_RECORDS: Final = 5
BUCKET: Final = "bench"


def objects(count: int) -> Iterator[tuple[str, bytes]]:
    for number in range(count):
        records = range(number * _RECORDS, (number + 1) * _RECORDS)
        yield f"2026/{number % 12 + 1:02}/{number % 28 + 1:02}/{number:06}.json.gz", gzip.compress(trail_file(*records))


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("objects", nargs="?", type=int, default=OBJECTS)
    count = given.parse_args().objects
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_DIR")) as folder,
        running_server() as s3,
    ):
        place = Path(folder)
        client = s3.client()
        client.create_bucket(Bucket=BUCKET)
        with ThreadPoolExecutor(16) as pool:
            for key, data in objects(count):
                path = place / "logs" / key
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            files = list((place / "logs").rglob("*.gz"))

            def put(path: Path) -> None:
                client.put_object(Bucket=BUCKET, Key=str(path.relative_to(place / "logs")), Body=path.read_bytes())

            list(pool.map(put, files))
        os.environ.update(
            LOG_BUCKETS=f"s3://{BUCKET}", S3_ENDPOINT=s3.endpoint, S3_REGION="us-east-1", S3_ACCESS_KEY_ID="reader",
            S3_SECRET_ACCESS_KEY=SECRET,
        )  # fmt: skip
        start_portal(place)
        for name, where in (("bucket", f"s3://{BUCKET}"), ("directory", str(place / "logs"))):
            took, events = import_place(where, "cloudtrail", name)
            assert events == count * _RECORDS
            with Clock() as clock:
                import_again(name)
            print(
                f"{name:<10}{count:>7,} objects  import {took.wall:6.1f} s ({took.work:6.1f} s of processors) "
                f"{count / took.wall:>6,.0f} objects/s  again {clock.took.wall:5.1f} s ({clock.took.work:5.1f} s)",
                flush=True,
            )


def bench_buckets() -> None:
    """As `make bench` calls it: in a process of its own, with a database of its own."""
    subprocess.run([sys.executable, "-m", "tests.bench.bench_buckets"], check=True)


if __name__ == "__main__":
    main()
