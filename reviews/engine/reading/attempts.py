"""Reading records as one shape of a log after the other.

A record that does not look like the first shape is tried as the next. What none of them takes keeps the reason that
the first gave. Records that the first takes, which is nearly always all of them, cost nothing more.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reviews.engine.catalogue import ActionCatalogue
from reviews.engine.formats import Format
from reviews.engine.reading.headings import record_columns
from reviews.engine.reading.spans import Buffer, Positions, Spans, positions
from reviews.engine.reading.statements import (
    NO_OBJECT,
    NOT_JSON,
    Asked,
    statement,
    yearless_statement,
)
from reviews.engine.reading.years import find_years

_ROWS: Final = pa.schema(
    [
        ("occurred_at", pa.timestamp("us")),
        ("time_basis", pa.string()),
        ("observed_at", pa.timestamp("us")),
        *((name, pa.string()) for name in ("actor", "action", "outcome", "target", "source_ip", "event_id")),
        ("sequence_stream", pa.string()),
        ("sequence_number", pa.int64()),
        *((name, pa.string()) for name in ("route", "matched", "fallback", "problem")),
    ]
)


@dataclass(frozen=True)
class Files:
    """The files that lie one after the other in a buffer. Times without a year and columns named before depend on
    them."""

    starts: Positions | None  # None: the buffer is one file
    modified: Sequence[dt.datetime]  # local times, one for each file or one for all
    after: dt.datetime | None  # the local time of the record before the first, where it is known
    headings: Sequence[str] = ()  # in force at the start of each file, where the part before it named columns


@dataclass(frozen=True)
class Found:
    """Rows with the columns of a statement; which span each comes from, and which event in it it is."""

    rows: pa.Table
    span: Positions
    element: Positions

    def take(self, chosen: Positions) -> "Found":
        return Found(self.rows.take(pa.array(chosen)), self.span[chosen], self.element[chosen])


class Attempts:
    """Reads records on one connection."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        catalogue: ActionCatalogue | None,
        asked: Asked,
        files: Files,
    ) -> None:
        self._connection = connection
        self._catalogue = catalogue
        self._asked = asked
        self._files = files

    def read(self, fmt: Format, buffer: Buffer, spans: Spans) -> Found:
        """What the spans are, as the format or else as one of its other shapes, in their order."""
        found = self._attempt(fmt, buffer, spans.offsets, spans.lengths)
        left = _unlike(fmt, found)
        if not len(left):
            return found
        parts, taken = [], np.zeros(len(spans), dtype=bool)
        for other in fmt.others:
            if not len(left):
                break
            again = self._attempt(other, buffer, spans.offsets[left], spans.lengths[left])
            unlike = np.isin(np.arange(len(left)), _unlike(other, again))
            parts.append(_of_spans(again.take(np.flatnonzero(~unlike[again.span])), left))
            taken[left[~unlike]] = True
            left = left[unlike]
        return _joined([found.take(np.flatnonzero(~taken[found.span])), *parts])

    def _attempt(self, fmt: Format, buffer: Buffer, offsets: Positions, lengths: Positions) -> Found:
        """Every record as this one shape."""
        files = self._files
        columns = record_columns(fmt, buffer, offsets, lengths, files.starts, files.headings)
        if fmt.yearless:
            moments = self._run(yearless_statement(fmt), columns)["yearless"]
            columns["year"] = find_years(moments, offsets, files.starts, files.modified, files.after)
        rows = self._run(statement(fmt, self._catalogue, self._asked), columns)
        if fmt.has_elements:
            span, element = (positions(rows[name].to_numpy()) for name in ("record", "element"))
            rows = rows.drop_columns(["record", "element"])
        else:
            span, element = np.arange(rows.num_rows, dtype=np.int64), np.zeros(rows.num_rows, dtype=np.int64)
        if not np.array_equal(np.unique(span), np.arange(len(offsets))):  # what has no row would be lost unseen
            raise AssertionError(f"the statement of {fmt.id} does not say of each record what it is")
        return Found(rows, span, element)

    def _run(self, query: str, columns: dict[str, pa.Array]) -> pa.Table:
        """The result as an Arrow table: through a table, for a relation plans its query twice, which takes longer."""
        self._connection.register("records", pa.table(columns))
        try:
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE result AS {query}")
            return self._connection.table("result").to_arrow_table()
        finally:
            self._connection.unregister("records")


def _unlike(fmt: Format, found: Found) -> Positions:
    """The spans none of whose rows looks like the format."""
    problem = found.rows["problem"]
    if problem.null_count == len(problem):
        return positions()
    reasons = pa.array([NOT_JSON, NO_OBJECT, fmt.unlike], pa.string())
    unlike = pc.is_in(problem, value_set=reasons).to_numpy()
    return np.setdiff1d(found.span[unlike], found.span[~unlike])


def _of_spans(found: Found, spans: Positions) -> Found:
    """The same rows, whose spans were counted among some of all spans."""
    return Found(found.rows, spans[found.span], found.element)


def _joined(parts: Sequence[Found]) -> Found:
    """Rows of several attempts in the order of their spans."""
    span = np.concatenate([part.span for part in parts])
    element = np.concatenate([part.element for part in parts])
    rows = pa.concat_tables([part.rows.select(_ROWS.names).cast(_ROWS) for part in parts])
    return Found(rows, span, element).take(np.lexsort((element, span)))
