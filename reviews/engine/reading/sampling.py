"""Looking at a sample before anything is imported: what each record would become, and what a keeper should know."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reviews.engine.catalogue import ActionCatalogue
from reviews.engine.formats import Format
from reviews.engine.reading.evtx_files import is_evtx, split_evtx
from reviews.engine.reading.files import line_ends
from reviews.engine.reading.lines import find_bytes
from reviews.engine.reading.normalising import Context, normalise
from reviews.engine.reading.opening import open_plain
from reviews.engine.reading.spans import Spans, octets
from reviews.engine.reading.splitting import split

MOST_BYTES: Final = 5_000_000
MOST_LINES: Final = 5_000
_NEWLINE: Final = 10


@dataclass(frozen=True)
class Taken:
    """The part of a sample that is looked at: its plain bytes, and whether there was more."""

    data: bytes
    lines: int
    cut: bool


@dataclass(frozen=True)
class Sampled:
    """What the records of a sample would become."""

    events: pa.Table  # READ_SCHEMA
    rejects: tuple[tuple[int, str, bytes], ...]  # line, reason, beginning
    ignored: int
    unmapped: tuple[tuple[str, int], ...]  # actions that the catalogue does not know, most frequent first
    kinds: frozenset[str]  # kinds of the catalogue that the events show
    cut: bool = False  # there were more records, which need no lines

    @property
    def records(self) -> int:
        return int(self.events.num_rows) + len(self.rejects) + self.ignored


def take(given: bytes, name: str = "sample") -> Taken:
    """The beginning of a sample, unpacked: at most MOST_BYTES and MOST_LINES. ReadingError when it is damaged."""
    with open_plain(Path(name), lambda: BytesIO(given)) as plain:
        data = plain.read(MOST_BYTES + 1)
    cut = len(data) > MOST_BYTES
    if is_evtx(data):
        spans = split_evtx(data[:MOST_BYTES], final=not cut)
        return Taken(data[: spans.consumed], len(spans) + spans.rejects.num_rows, cut)
    data = data[:MOST_BYTES]
    newlines = find_bytes(octets(data), _NEWLINE)
    if len(newlines) > MOST_LINES or (cut and len(newlines)):
        last = newlines[min(len(newlines), MOST_LINES) - 1]
        more = len(data) > int(last) + 1 or cut
        data, cut = data[: int(last) + 1], more
    return Taken(data, len(find_bytes(octets(data), _NEWLINE)) + (not data.endswith(b"\n") and bool(data)), cut)


def look_at(
    taken: Taken, fmt: Format, time_zone: str, catalogue: ActionCatalogue, now: dt.datetime, most: int = MOST_LINES
) -> Sampled:
    """Read the sample as an import would, at most so many records of it; nothing of it is kept."""
    data = taken.data
    spans, cut = _first(split(fmt, data, final=True, record_bytes=MOST_BYTES), most)
    found = normalise(fmt, data, spans, Context(time_zone, now, catalogue=catalogue, now=now))
    newlines = line_ends(data, spans)
    refused = pa.concat_tables([spans.rejects, found.rejects]).sort_by("offset")
    rejects = tuple(
        (
            int((newlines < row["offset"]).sum()) + 1,
            str(row["reason"]),
            data[row["offset"] : row["offset"] + min(row["length"], 120)],
        )
        for row in refused.to_pylist()
    )
    unknown: Counter[str] = Counter()
    kinds: set[str] = set()
    pairs: Counter[tuple[str, str, tuple[str, ...]]] = Counter()
    columns: list[list[Any]] = [found.events[name].to_pylist() for name in ("action", "outcome", "critical_actions")]
    for action, outcome, matched in zip(*columns, strict=True):
        pairs[action, outcome, tuple(matched)] += 1
    for (action, outcome, matched), n in pairs.items():
        if not matched:
            unknown[action] += n
        for name in matched:
            if catalogue.by_id[name].counts:
                kinds.update(catalogue.kinds_shown(catalogue.by_id[name], outcome))
    listed = tuple(sorted(unknown.items(), key=lambda one: (-one[1], one[0])))
    return Sampled(found.events, rejects, found.ignored, listed, frozenset(kinds), cut)


def _first(spans: Spans, most: int) -> tuple[Spans, bool]:
    """The first records, rejected ones among them, and whether there are more."""
    places = np.sort(np.concatenate((spans.offsets, spans.rejects["offset"].to_numpy())))
    if len(places) <= most:
        return spans, False
    end = int(places[most])
    kept = spans.offsets < end
    refused = spans.rejects.filter(pc.less(spans.rejects["offset"], end))
    return replace(spans, offsets=spans.offsets[kept], lengths=spans.lengths[kept], rejects=refused), True


def lacking(events: pa.Table, name: str) -> int:
    """How many events have nothing in a column."""
    return int(pc.sum(events[name].is_null()).as_py() or 0)
