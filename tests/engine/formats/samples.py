"""The samples of a format, and how a test reads them."""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from reviews.engine.catalogue import load_actions
from reviews.engine.formats import get_format
from reviews.engine.reading import Context, Normalised, Spans, normalise, split

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
MODIFIED = dt.datetime(2026, 7, 2, tzinfo=dt.UTC)
RECORD_BYTES = 1 << 24


@dataclass(frozen=True)
class Sample:
    buffer: bytes
    spans: Spans
    found: Normalised

    def all_rejects(self) -> pa.Table:
        return pa.concat_tables([self.spans.rejects, self.found.rejects]).sort_by("offset")

    def shown(self) -> dict:
        """Events and rejects as they are written to a file: without what is empty."""
        events = [
            {name: str(value) if isinstance(value, dt.datetime) else value for name, value in row.items() if value}
            for row in self.found.events.to_pylist()
        ]
        return {"events": events, "rejects": self.all_rejects().to_pylist(), "ignored": self.found.ignored}


def sample_files(name: str) -> list[Path]:
    folder = SAMPLES / name
    return sorted(path for path in folder.iterdir() if not path.name.endswith(".expected.json"))


@lru_cache
def read_sample(name: str, path: Path) -> Sample:
    """As an import reads it: with a zone, a routing field and the catalogue."""
    fmt = get_format(name)
    buffer = path.read_bytes()
    spans = split(fmt, buffer, final=True, record_bytes=RECORD_BYTES)
    route = next(iter(fmt.routes), "")
    context = Context("Europe/Berlin", MODIFIED, route, load_actions(), now=MODIFIED)
    return Sample(buffer, spans, normalise(fmt, buffer, spans, context))
