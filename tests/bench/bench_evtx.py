"""How fast Windows event log files are read, beside the package that understands their records.

    python -m tests.bench.bench_evtx [MEGABYTES]

Two files over and over: one that the tests write, without templates and hence three times as large as Windows' own,
and where real logs lie beside the project, one that Windows wrote. At least 15,000 events a second are asked for.
"""

import datetime as dt
import gzip
import re
import sys
from io import BytesIO

from evtx import PyEvtxParser

from reviews.engine.catalogue import load_actions
from reviews.engine.formats import get_format
from reviews.engine.reading import Context, normalise, split
from reviews.engine.reading.evtx_files import HEADER
from tests.bench.bench_reading import RECORD_BYTES, best
from tests.engine.formats.samples import SAMPLES
from tests.engine.formats.score import CONFORMANCE
from tests.engine.reading.evtx_builder import build

CONTEXT = Context("UTC", dt.datetime(2026, 7, 2, tzinfo=dt.UTC), catalogue=load_actions())


def files() -> dict[str, bytes]:
    text = (SAMPLES / "windows_event" / "many.xml").read_bytes().decode()
    events = re.findall(r"<Event .*?</Event>", text, re.DOTALL)
    found = {"written by tests": build([events, events, events])}
    real = CONFORMANCE.parent / "logs" / "evtx" / "security.evtx.gz"
    if real.exists():
        found["written by Windows"] = gzip.decompress(real.read_bytes())
    return found


def measured(name: str, data: bytes) -> str:
    fmt = get_format("windows_event")

    def whole() -> int:
        spans = split(fmt, data, final=True, record_bytes=RECORD_BYTES)
        return int(normalise(fmt, data, spans, CONTEXT).events.num_rows)

    count = whole()
    parsed = len(list(PyEvtxParser(BytesIO(data), 1).records_json()))
    assert count == parsed > 0
    clock, used = best(whole)
    _, alone = best(lambda: list(PyEvtxParser(BytesIO(data), 1).records_json()))
    return (
        f"evtx {name:<20}{len(data) / 1e6:>5.0f} MB {count:>8,} events {count / clock:>8,.0f} events/s, "
        f"{count / used:>8,.0f} for each second of a processor, {used / alone:.1f} x the package alone\n"
    )


def main(megabytes: int) -> None:
    for name, data in files().items():
        times = max(1, (megabytes << 20) // len(data))
        sys.stdout.write(measured(name, data + data[HEADER:] * (times - 1)))


def bench_evtx() -> None:
    """As `make bench` calls it."""
    main(64)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 64)
