# ruff: noqa: S608 - the statements are made of declarations, and every value in them goes through quote()
"""Peeling: taking out of envelopes the records that they hold, in columns. Only what is packed is taken one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reviews.engine.catalogue.matching import quote
from reviews.engine.formats import Format
from reviews.engine.formats._times import epoch_any, iso
from reviews.engine.reading.envelopes import ENVELOPES, Envelope
from reviews.engine.reading.held import HELD, Budget, join_parts, unpack
from reviews.engine.reading.spans import Positions, Records, positions, record_views
from reviews.engine.reading.statements import TOO_MANY, counted

DEEPEST: Final = 4  # envelopes within one another
NO_RECORD: Final = "This entry of {title} holds no record."
_GROUPS: Final = ("record", "time", "stream", "part")


@dataclass(frozen=True)
class Peeled:
    """What envelopes hold, in their order, each a row of these columns.

    `record` is the number of the envelope among the records that were given, `envelope` that of its declaration in
    ENVELOPES. `problem` is NULL where a record is held, which is then the next of `records`; empty where there is
    nothing to read; else why it cannot be read. `joined` are the envelopes whose record began in an earlier one.
    """

    records: Records
    record: Positions
    envelope: Positions
    problem: pa.Array
    received: pa.Array
    joined: Positions


def peel(connection: duckdb.DuckDBPyConnection, fmt: Format, records: Records) -> Peeled | None:
    """What the records hold that are envelopes; None when none of them is."""
    _open(connection, records)
    kinds = [kind for (kind,) in connection.execute("SELECT DISTINCT kind FROM opened ORDER BY kind").fetchall()]
    if not kinds:
        return None
    parts, joined, budget = [_without_records(connection)], [], Budget()
    for kind in kinds:
        held = result(connection, _holding(kind))
        held = held.append_column("problem", pa.nulls(held.num_rows, pa.string())).cast(HELD)
        one = ENVELOPES[kind]
        held, numbers = join_parts(one, held, records)
        joined.append(numbers)
        if one.packed or one.file:
            held = unpack(fmt, one, held, budget)
        parts.append(_judged(one, held).append_column("kind", pa.repeat(pa.scalar(kind, pa.int64()), held.num_rows)))
    connection.execute("DROP TABLE opened")
    return _peeled(records, pa.concat_tables(parts), np.concatenate(joined))


def result(connection: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    """The result as an Arrow table: through a table, for a relation plans its query twice, which takes longer."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE result AS {query}")
    found = connection.table("result").to_arrow_table()
    connection.execute("DROP TABLE result")  # the rows are held once, not twice
    return found


def layers(connection: duckdb.DuckDBPyConnection, fmt: Format, records: Records) -> Iterator[Records]:
    """The records, then what they hold, then what that holds, as deep as reading looks."""
    yield records
    for _ in range(DEEPEST):
        peeled = peel(connection, fmt, records) if len(records) else None
        if peeled is None:
            return
        records = peeled.records
        yield records


def _open(connection: duckdb.DuckDBPyConnection, records: Records) -> None:
    """Make the table `opened`: the records that look like an envelope, which, and how many records it may hold."""
    raw = record_views(records.buffer, records.offsets, records.lengths)
    connection.register("records", pa.table({"record": np.arange(len(records), dtype=np.int64), "raw": raw}))
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE opened AS {_opening()}")
    finally:
        connection.unregister("records")


@lru_cache(maxsize=1)
def _opening() -> str:
    paths = list(dict.fromkeys(path for one in ENVELOPES for path in (*one.needs, *(() if one.each else one.holds))))
    number = {path: f"types[{index}]" for index, path in enumerate(paths, start=1)}

    def looks(one: Envelope) -> str:
        if one.regex:
            return f'types IS NULL AND regexp_matches("text", {quote(one.regex)})'
        tests = [f"{number[path]} IN ({', '.join(map(quote, types))})" for path, types in one.needs.items()]
        if not one.each:
            tests.append("(" + " OR ".join(f"coalesce({number[path]}, 'NULL') <> 'NULL'" for path in one.holds) + ")")
        return " AND ".join(tests)

    kinds = " ".join(f"WHEN {looks(one)} THEN {index}" for index, one in enumerate(ENVELOPES))
    counts = [(index, counted('"text"', one.each)) for index, one in enumerate(ENVELOPES) if one.each]
    sizes = " ".join(f"WHEN {index} THEN {count}" for index, count in counts)
    ignored = " ".join(f"WHEN {index} THEN {one.ignore}" for index, one in enumerate(ENVELOPES) if one.ignore)
    return f"""
WITH decoded AS (SELECT record, try(decode(raw)) AS "text" FROM records),
typed AS (SELECT *, CASE WHEN regexp_matches("text", '^\\s*[\\[{{"]')
    THEN try(json_type("text", [{", ".join(map(quote, paths))}])) END AS types FROM decoded),
told AS (SELECT record, "text", CASE {kinds} END AS kind FROM typed WHERE "text" IS NOT NULL)
SELECT *, CASE kind {sizes} ELSE 1 END AS size, CASE kind {ignored} ELSE false END AS ignored
FROM told WHERE kind IS NOT NULL"""


@lru_cache(maxsize=len(ENVELOPES))
def _holding(kind: int) -> str:
    """What the envelopes of one declaration hold, a row each."""
    one = ENVELOPES[kind]
    chosen = f"opened WHERE kind = {kind} AND NOT ignored AND size > 0"
    if one.regex:
        groups = one.groups
        given = [f'found.{name} AS "{name}"' if name in groups else f'NULL AS "{name}"' for name in _GROUPS]
        found = f'regexp_extract("text", {quote(one.regex)}, [{", ".join(map(quote, groups))}])'
        source = f"SELECT record AS number, {', '.join(given)} FROM (SELECT *, {found} AS found FROM {chosen})"
    else:
        elements = quote("$[*]" if one.each == "$" else f"{one.each}[*]")
        # What stands beside unnest is worked out for each element: so all that concerns the whole comes before it.
        opened = f"""SELECT record, {_first('"text"', one.times if one.each else ())} AS whole,
            {f'json_extract("text", {elements})' if one.each else '["text"]'} AS elements FROM {chosen}"""
        source = f"""SELECT record AS number, {_first("one", one.holds)} AS "record",
            coalesce({_first("one", one.times)}, whole) AS "time", {_first("one", (one.stream,))} AS "stream",
            NULL AS "part" FROM (SELECT record, whole, unnest(elements) AS one FROM ({opened}))"""
    return f"""
SELECT number,
    CASE WHEN regexp_matches("record", '^\\s*$') THEN '' ELSE rtrim("record", chr(10) || chr(13)) END AS held,
    CAST(coalesce({iso("time")}, {epoch_any("time")}) AS TIMESTAMP) AS received,
    coalesce({one.partial or "false"}, false) AS partial, "stream"
FROM (SELECT number, {", ".join(f'CAST("{name}" AS VARCHAR) AS "{name}"' for name in _GROUPS)} FROM ({source}))"""


def _first(source: str, paths: Sequence[str]) -> str:
    """The first of the paths that leads to anything."""
    each = [f"json_extract_string({source}, {quote(path)})" for path in paths if path]
    return f"coalesce({', '.join([*each, 'NULL'])})"


def _without_records(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Envelopes that hold no records, or too many."""
    reason = f"CASE WHEN size < 0 THEN {quote(TOO_MANY)} ELSE '' END"
    found = result(
        connection,
        f"""SELECT record AS number, NULL AS held, NULL AS received, false AS partial, NULL AS "stream",
            {reason} AS problem, kind FROM opened WHERE ignored OR size <= 0""",
    )
    return found.cast(HELD.append(pa.field("kind", pa.int64())))


def _judged(one: Envelope, held: pa.Table) -> pa.Table:
    """The same, where what is missing is refused, and what is blank is nothing to read."""
    missing = pa.scalar(NO_RECORD.format(title=one.title))
    blank = pc.equal(pc.binary_length(held["held"]), 0)
    problem = pc.if_else(held["held"].is_null(), missing, pc.if_else(blank, "", pa.scalar(None, pa.string())))
    return held.set_column(HELD.get_field_index("problem"), "problem", pc.coalesce(held["problem"], problem))


def _peeled(records: Records, held: pa.Table, joined: Positions) -> Peeled:
    """Everything in the order of the envelopes."""
    if np.any(np.diff(held["number"].to_numpy()) < 0):  # envelopes of several kinds
        held = held.take(pa.array(np.argsort(held["number"].to_numpy(), kind="stable")))
    held = held.combine_chunks()
    number = positions(held["number"].to_numpy())
    problem = held["problem"].combine_chunks()
    good = held if problem.null_count == len(problem) else held.filter(problem.is_null())
    texts = good["held"].combine_chunks()
    borders = np.frombuffer(texts.buffers()[1], dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    starts = None
    if records.file_starts is not None:  # a file begins with the first that an envelope of it holds
        files = np.searchsorted(records.file_starts, records.offsets[good["number"].to_numpy()], side="right") - 1
        starts = borders[np.searchsorted(files, np.arange(len(records.file_starts)))]
    inner = Records(memoryview(texts.buffers()[2] or b""), borders[:-1], np.diff(borders), starts)
    kind = positions(held["kind"].to_numpy())
    return Peeled(inner, number, kind, problem, held["received"].combine_chunks(), joined)
