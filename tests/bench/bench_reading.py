"""How fast each format is read, beside a plain DuckDB scan of the same bytes.

    python -m tests.bench.bench_reading [MEGABYTES]

The records are those of the samples, over and over. "5 x scan" means: reading takes five times the processor time of
only counting the decoded characters of the same records. On a busy machine, compare the seconds of a processor.
"""

import datetime as dt
import json
import sys
import time
from collections.abc import Callable

import pyarrow as pa

from reviews.engine.catalogue import load_actions
from reviews.engine.formats import Format, all_formats
from reviews.engine.reading import Context, Spans, normalise, split
from reviews.engine.reading.normalising import connect
from reviews.engine.reading.spans import record_views
from tests.engine.formats.samples import sample_files

RECORD_BYTES = 1 << 24
ROUNDS = 3
CONTEXT = Context("Europe/Berlin", dt.datetime(2026, 7, 2, tzinfo=dt.UTC), catalogue=load_actions())


def best(work: Callable[[], object]) -> tuple[float, float]:
    """The shortest of a few runs: seconds on the clock, and seconds of all processors together."""
    clock, processors = [], []
    for _ in range(ROUNDS):
        start, used = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - start)
        processors.append(time.process_time() - used)
    return min(clock), min(processors)


def buffers(fmt: Format, size: int) -> dict[str, bytes]:
    """Shapes of the format, each of about `size` bytes."""
    path = next(path for path in sample_files(fmt.id) if path.stem == "many")
    if path.suffix != ".json":
        text = path.read_bytes()
        return {"lines": text * (size // len(text))}
    records = [
        json.dumps(record, separators=(",", ":")).encode() for record in json.loads(path.read_bytes())["Records"]
    ]
    times = size // sum(len(record) + 1 for record in records)
    return {
        "lines": b"\n".join(records * times),
        "document": b'{"Records":[' + b",".join(records * times) + b"]}",
    }


def scan(buffer: bytes, spans: Spans) -> None:
    """The least that any reader in this database does: decode each record and count."""
    connection = connect()
    connection.register("records", pa.table({"raw": record_views(buffer, spans.offsets, spans.lengths)}))
    connection.execute("SELECT sum(length(decode(raw))) FROM records").fetchall()
    connection.close()


def measured(fmt: Format, shape: str, buffer: bytes) -> str:
    spans = split(fmt, buffer, final=True, record_bytes=RECORD_BYTES)
    found = normalise(fmt, buffer, spans, CONTEXT)
    assert found.events.num_rows == len(spans) > 0
    splitting, split_used = best(lambda: split(fmt, buffer, final=True, record_bytes=RECORD_BYTES))
    normalising, used = best(lambda: normalise(fmt, buffer, spans, CONTEXT))
    _, scan_used = best(lambda: scan(buffer, spans))
    count, clock = len(spans), splitting + normalising
    return (
        f"{fmt.id:<12}{shape:<10}{len(buffer) / 1e6:>6.0f} MB {count:>9,} records {count / clock:>9,.0f} records/s "
        f"(split {splitting:.2f} s, normalise {normalising:.2f} s), "
        f"{count / (split_used + used):>9,.0f} for each second of a processor, "
        f"{(split_used + used) / scan_used:.1f} x scan"
    )


def main(megabytes: int) -> None:
    for fmt in all_formats().values():
        for shape, buffer in buffers(fmt, megabytes << 20).items():
            print(measured(fmt, shape, buffer))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 64)
