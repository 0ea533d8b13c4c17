"""Guessing the format of a log from its first bytes, by reading them as each format would."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from reviews.engine.formats import all_formats
from reviews.engine.reading.normalising import Context, normalise
from reviews.engine.reading.spans import Spans
from reviews.engine.reading.splitting import split

MOST_RECORDS: Final = 2000
_RECORD_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class Guess:
    """One format and the share of the sample's records that it reads."""

    format: str
    share: float  # 0 to 1
    why: str  # one plain sentence


def detect(sample: bytes, reference_time: dt.datetime | None = None) -> list[Guess]:
    """The formats that read anything of the sample, best first. The sample may end within a record."""
    context = Context("", reference_time or dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    guesses = []
    for name, fmt in all_formats().items():
        spans = split(fmt, sample, final=False, record_bytes=_RECORD_BYTES)
        if not len(spans):
            spans = split(fmt, sample, final=True, record_bytes=_RECORD_BYTES)
        spans = Spans(spans.offsets[:MOST_RECORDS], spans.lengths[:MOST_RECORDS], spans.consumed, spans.rejects)
        found = normalise(fmt, sample, spans, context)
        records = len(spans) + spans.rejects.num_rows
        read = found.events.num_rows + found.ignored
        if read:
            why = f"{read:,} of the first {records:,} records read as {fmt.title}."
            guesses.append(Guess(name, read / records, why))
    return sorted(guesses, key=lambda guess: (-guess.share, guess.format))
