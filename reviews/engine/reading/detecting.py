"""Guessing the format of a log from its first bytes, by reading them as each format would.

Reading takes long to prepare for a format with many rules: so the first records are only compared with what records
of each format look like, and those that fit none of them are not read by it.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from reviews.engine.events import UNKNOWN
from reviews.engine.formats import GENERIC, Format, all_formats
from reviews.engine.reading.headings import record_columns
from reviews.engine.reading.normalising import Context, connect, normalise
from reviews.engine.reading.peeling import layers
from reviews.engine.reading.spans import Records, Spans
from reviews.engine.reading.splitting import split
from reviews.engine.reading.statements import fits_statement

MOST_RECORDS: Final = 2000
HEAD_RECORDS: Final = 100
_RECORD_BYTES: Final = 1 << 20
_TELLING: Final = ("actor", "target", "source_ip", "event_id")


@dataclass(frozen=True)
class Guess:
    """One format, the share of the sample's records that it reads, and how much it finds in them."""

    format: str
    share: float  # 0 to 1
    why: str  # one plain sentence
    found: float = 0.0  # 0 to 1: how often who, on what, from where, an id and the outcome are told
    within: str = ""  # the envelope that most events were taken out of, in words


def detect(sample: bytes, reference_time: dt.datetime | None = None) -> list[Guess]:
    """The formats that read anything of the sample, best first. The sample may end within a record.

    Of formats that read as much, the one comes first that finds more in it; a generic one comes last.
    """
    context = Context("", reference_time or dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    formats = all_formats()
    cut = {name: _split(fmt, sample) for name, fmt in formats.items()}
    fitting = _fitting(formats, sample, cut, HEAD_RECORDS) or _fitting(formats, sample, cut, MOST_RECORDS)
    guesses = [_guess(formats[name], sample, cut[name], context) for name in fitting]
    read = [guess for guess in guesses if guess.share > 0]
    return sorted(read, key=lambda guess: (-guess.share, guess.format in GENERIC, -guess.found, guess.format))


def _split(fmt: Format, sample: bytes) -> Spans:
    spans = split(fmt, sample, final=False, record_bytes=_RECORD_BYTES)
    if not len(spans):
        spans = split(fmt, sample, final=True, record_bytes=_RECORD_BYTES)
    return Spans(spans.offsets[:MOST_RECORDS], spans.lengths[:MOST_RECORDS], spans.consumed, spans.rejects)


def _fitting(formats: Mapping[str, Format], sample: bytes, cut: Mapping[str, Spans], records: int) -> list[str]:
    """The formats of which at least one of so many first records, or of what these hold, looks like one."""
    found = []
    known: dict[bytes, list[Records]] = {}  # most formats find the same records
    with connect() as database:
        for name, fmt in formats.items():
            first = Records(sample, cut[name].offsets[:records], cut[name].lengths[:records])
            key = first.offsets.tobytes() + first.lengths.tobytes()
            if key not in known:
                known[key] = list(layers(database, fmt, first))
            if any(_fits(database, shape, layer) for layer in known[key] for shape in fmt.shapes if len(layer)):
                found.append(name)
    return found


def _fits(database: duckdb.DuckDBPyConnection, shape: Format, records: Records) -> bool:
    """Whether at least one record looks like one of the shape."""
    columns = record_columns(shape, records.buffer, records.offsets, records.lengths)
    database.register("records", pa.table(columns))
    try:
        (fitting,) = database.execute(fits_statement(shape)).fetchall()[0]
    except duckdb.BinderException:  # what it looks like follows from its rules: only reading tells
        return True
    return bool(fitting)


def _guess(fmt: Format, sample: bytes, spans: Spans, context: Context) -> Guess:
    found = normalise(fmt, sample, spans, context)
    records = int(found.records.sum()) + spans.rejects.num_rows
    events = found.events
    read = events.num_rows + found.ignored
    within = max(found.within, key=lambda name: found.within[name], default="")
    title = f"{fmt.title} within {within}" if found.within.get(within, 0) * 2 > events.num_rows else fmt.title
    why = f"{read:,} of the first {records:,} records read as {title}."
    return Guess(fmt.id, read / records if records else 0.0, why, _told(events), within)


def _told(events: pa.Table) -> float:
    """How many of what an event may tell the events tell, on average."""
    if not events.num_rows:
        return 0.0
    told = sum(events.num_rows - events[name].null_count for name in _TELLING)
    told += events.num_rows - int(pc.sum(pc.equal(events["outcome"], UNKNOWN)).as_py())
    return float(told / (events.num_rows * (len(_TELLING) + 1)))
