"""Stored events judged again by another catalogue: which critical actions they are, and of which category.

The sealed segment is read again, because conditions test fields that are not stored. Everything else of an event stays
as it was stored. An event is the one that begins at the same byte and is the same element of its record.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from reviews.engine.archive.segments import Header
from reviews.engine.formats import Format, get_format
from reviews.engine.importing.preparing import Places, Source, read
from reviews.engine.importing.replaying import keys_of
from reviews.engine.importing.unsealing import unseal
from reviews.engine.store import StoredFile
from reviews.errors import ReadingError

_JUDGED: Final = ("category", "critical_actions")  # the columns that the catalogue decides


@dataclass(frozen=True)
class Remapped:
    """The files of one segment, written anew under another name."""

    files: tuple[tuple[dt.date, str, int], ...]  # day, name, rows
    kept: Collection[dt.date]  # days with events that were not found again: they keep what was said of them
    events_kept: int


def remap(
    header: Header,
    source: Source,
    places: Places,
    *,
    own: Sequence[StoredFile],
    name: str,
    record_bytes: int,
    now: dt.datetime,
) -> Remapped:
    """Write the events of these files, all of one segment, anew with what the source's catalogue says of them."""
    by_day: dict[dt.date, list[StoredFile]] = defaultdict(list)
    for file in own:
        by_day[file.day].append(file)
    tables = {day: places.events.read(source.id, files) for day, files in sorted(by_day.items())}
    missing = {day: np.ones(table.num_rows, dtype=np.bool_) for day, table in tables.items()}
    for fmt in _formats(header, source):
        if not any(mask.any() for mask in missing.values()):
            break
        batch = unseal(places.archive, header, fmt, record_bytes)
        told = read(batch, replace(source, format=fmt), now)[0].sort_by(
            [("offset", "ascending"), ("element", "ascending")]
        )
        for day, table in tables.items():
            tables[day], missing[day] = _judged(table, told, missing[day])
    files = tuple((day, name, places.events.write(source.id, day, name, table)) for day, table in tables.items())
    left = {day: int(mask.sum()) for day, mask in missing.items() if mask.any()}
    return Remapped(files, tuple(left), sum(left.values()))


def _formats(header: Header, source: Source) -> list[Format]:
    """By which the events may have been read: the source's of today, and the one that the segment was sealed with."""
    found = [source.format]
    if (header.format, header.format_parameters) != (source.format.id, source.format.parameters):
        with suppress(ReadingError):  # the format is not there any more
            found.append(get_format(header.format, header.format_parameters))
    return found


def _judged(table: pa.Table, told: pa.Table, missing: np.ndarray) -> tuple[pa.Table, np.ndarray]:
    """The table with what was told of the rows that were missing so far; and which are still missing."""
    if not told.num_rows:
        return table, missing
    wanted, known = keys_of(table), keys_of(told)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    found = missing & (known[at] == wanted)
    # Rows of the one table, then of the other: each row takes its own, or the one that was told.
    rows = pa.array(np.where(found, at + table.num_rows, np.arange(table.num_rows)))
    for column in _JUDGED:
        field = table.schema.field(column)
        both = pa.chunked_array([*table[column].chunks, *told[column].cast(field.type).chunks], field.type)
        table = table.set_column(table.schema.get_field_index(column), field, both.take(rows))
    return table, missing & ~found
