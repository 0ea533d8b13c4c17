"""Reading records as one shape of a log after the other, and what no shape takes as an envelope that holds records.

A record that does not look like the first shape is tried as the next. What is neither a shape nor an envelope keeps the
reason that the first gave. Records that the first takes, which is nearly always all of them, cost nothing more.
"""

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reviews.engine.catalogue import ActionCatalogue
from reviews.engine.formats import Format, JsonRecords, TextRecords
from reviews.engine.reading.envelopes import ENVELOPES
from reviews.engine.reading.headings import record_columns
from reviews.engine.reading.joining import join_records
from reviews.engine.reading.peeling import DEEPEST, Peeled, peel, result
from reviews.engine.reading.spans import Buffer, Flags, Positions, Records, Spans, holds, positions
from reviews.engine.reading.statements import (
    NO_OBJECT,
    NOT_JSON,
    RECORD,
    Asked,
    statement,
    wrapper_key,
    yearless_statement,
)
from reviews.engine.reading.years import find_years

MANY: Final = 10_000  # records for which it pays to try a quicker statement, which may fail, first
_BATCH: Final = 16_384  # rows that DuckDB gives to one thread at a time
_ROWS: Final = pa.schema(
    [
        ("occurred_at", pa.timestamp("us")),
        ("time_basis", pa.string()),
        ("observed_at", pa.timestamp("us")),
        *((name, pa.string()) for name in ("actor", "action", "outcome", "target", "source_ip", "event_id")),
        ("sequence_stream", pa.string()),
        ("sequence_number", pa.int64()),
        *((name, pa.string()) for name in ("route", "matched", "fallback", "problem", "within")),
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
    """Rows with the columns of a statement; which span each comes from, and which event in it it is.

    Where any record was taken out of an envelope, the column "within" names it, or those within one another.
    """

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
        """What the spans are, in their order: one or several rows for each; none for a span that goes on with the
        record of an earlier one."""
        return self._read(fmt, Records(buffer, spans.offsets, spans.lengths, self._files.starts), 0)

    def _read(self, fmt: Format, records: Records, depth: int) -> Found:
        found, left = self._as_shapes(fmt, records)
        if not len(left) or depth == DEEPEST:
            return found
        peeled = peel(self._connection, fmt, records.take(left))
        if peeled is None:
            return found
        asked, self._asked = self._asked, replace(self._asked, nul_bytes=True)  # escapes may have hidden it
        inner = self._read(fmt, peeled.records, depth + 1)
        self._asked = asked
        held, taken = _taken_out(peeled, inner, _unlike(fmt, inner), len(left))
        kept = np.ones(len(records), dtype=bool)
        kept[left[taken]] = False
        return _joined([found.take(np.flatnonzero(kept[found.span])), _of_spans(held, left)])

    def _as_shapes(self, fmt: Format, records: Records) -> tuple[Found, Positions]:
        """Every record as the first shape that it looks like, and the records that look like none."""
        found = self._attempt(fmt, records)
        left = _unlike(fmt, found)
        parts, taken = [], np.zeros(len(records), dtype=bool)
        for other in fmt.others:
            if not len(left):
                break
            again = self._attempt(other, records.take(left))
            unlike = np.isin(np.arange(len(left)), _unlike(other, again))
            parts.append(_of_spans(again.take(np.flatnonzero(~unlike[again.span])), left))
            taken[left[~unlike]] = True
            left = left[unlike]
        if parts:
            found = _joined([found.take(np.flatnonzero(~taken[found.span])), *parts])
        return found, left

    def _attempt(self, fmt: Format, records: Records) -> Found:
        """Every record as this one shape, or every event that records make together."""
        joined_by = fmt.layout.joined_by if isinstance(fmt.layout, TextRecords) else None
        if joined_by is None:
            return self._attempt_each(fmt, records)
        events, first = join_records(joined_by, records)
        found = self._attempt_each(fmt, events)
        return Found(found.rows, first[found.span], found.element)

    def _attempt_each(self, fmt: Format, records: Records) -> Found:
        files, offsets, starts = self._files, records.offsets, records.file_starts
        columns = record_columns(fmt, records.buffer, offsets, records.lengths, starts, files.headings)
        if fmt.yearless:
            moments = self._run(yearless_statement(fmt), columns).rows["yearless"]
            columns["year"] = find_years(moments, offsets, starts, files.modified, files.after)
        found = self._rows(fmt, records, columns)
        steps = np.diff(found.span, prepend=-1, append=len(offsets))
        if not ((steps == 0) | (steps == 1)).all() or not steps[-1]:  # what has no row would be lost unseen
            raise AssertionError(f"the statement of {fmt.id} does not say of each record what it is")
        return found

    def _rows(self, fmt: Format, records: Records, columns: dict[str, pa.Array]) -> Found:
        """The statement over the columns; many records of JSON are taken to be valid until one turns out not to be."""
        asked = self._asked
        if isinstance(fmt.layout, JsonRecords):
            key = wrapper_key(fmt.layout).encode()
            asked = replace(asked, wrapped=bool(key) and holds(records.buffer, key))
            if len(records) >= MANY:
                with suppress(duckdb.Error):  # whatever it is, the statement that guards each record tells
                    return self._run(statement(fmt, self._catalogue, replace(asked, sound=True)), columns)
        return self._run(statement(fmt, self._catalogue, asked), columns)

    def _run(self, query: str, columns: dict[str, pa.Array]) -> Found:
        """The result in the order of the records, which threads give back in any order."""
        whole = pa.table(columns)
        table = pa.Table.from_batches(whole.to_batches(max_chunksize=_BATCH), whole.schema)
        self._connection.register("records", table)
        try:
            rows = result(self._connection, query)
        finally:
            self._connection.unregister("records")
        span, element = (positions(rows[name].to_numpy()) for name in (RECORD, "element"))
        found = Found(rows.drop_columns([RECORD, "element"]), span, element)
        return found if (span[1:] >= span[:-1]).all() else found.take(np.argsort(span, kind="stable"))


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
    rows = pa.concat_tables([_uniform(part.rows) for part in parts])
    return Found(rows, span, element).take(np.lexsort((element, span)))


def _uniform(rows: pa.Table) -> pa.Table:
    """Rows with all columns that any attempt gives."""
    missing = [name for name in _ROWS.names if name not in rows.column_names]
    for name in missing:
        rows = rows.append_column(name, pa.nulls(rows.num_rows, _ROWS.field(name).type))
    return rows.select(_ROWS.names).cast(_ROWS)


def _taken_out(peeled: Peeled, inner: Found, unlike: Positions, count: int) -> tuple[Found, Flags]:
    """What so many records hold, as rows of theirs, and which of them the rows speak for.

    `inner` are rows of what they hold, `unlike` the numbers of those among it that do not look like the format.
    """
    held = np.flatnonzero(peeled.problem.is_null().to_numpy(zero_copy_only=False))
    counts = np.asarray([one.certain for one in ENVELOPES])[peeled.envelope]
    counts[np.delete(held, unlike)] = True
    taken = np.zeros(count, dtype=bool)
    taken[peeled.record[counts]] = True
    taken[peeled.joined] = True
    refused = np.flatnonzero(peeled.problem.is_valid().to_numpy(zero_copy_only=False))
    rows = _uniform(pa.table({"problem": peeled.problem.take(pa.array(refused))}))
    found = pa.concat_tables([_named(peeled, held[inner.span], inner, unlike), rows])
    place = np.concatenate((held[inner.span], refused))
    within = np.concatenate((inner.element, np.zeros(len(refused), dtype=np.int64)))
    order = np.lexsort((within, place))
    order = order[taken[peeled.record[place[order]]]]
    span = peeled.record[place[order]]
    number = np.arange(len(span))
    return Found(found.take(pa.array(order)), span, number - np.searchsorted(span, span)), taken


def _named(peeled: Peeled, place: Positions, inner: Found, unlike: Positions) -> pa.Table:
    """The rows of what was taken out, each with the envelope's name and, where it has none, the time it was received.

    What does not look like the format says where it was found.
    """
    rows = _uniform(inner.rows)
    titles = pa.array([one.title for one in ENVELOPES]).take(pa.array(peeled.envelope[place]))
    observed = pc.coalesce(rows["observed_at"], peeled.received.take(pa.array(place)))
    strange = pa.array(np.isin(inner.span, unlike))
    told = pc.binary_join_element_wise("Within ", pc.binary_join_element_wise(titles, rows["problem"], ": "), "")
    problem = pc.if_else(pc.and_(strange, pc.not_equal(rows["problem"], "")), told, rows["problem"])
    within = pc.coalesce(pc.binary_join_element_wise(rows["within"], titles, " within "), titles)
    for name, column in (("observed_at", observed), ("problem", problem), ("within", within)):
        rows = rows.set_column(_ROWS.get_field_index(name), _ROWS.field(name), column)
    return rows
