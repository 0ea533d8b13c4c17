# ruff: noqa: S608 - the statements are made of declarations, and every value in them goes through quote()
"""One SQL statement per format: from the records of a buffer to the columns of events.

The statement reads a table `records` (raw and the number of the record; for formats without a year also the year, for
formats with headings the heading) and yields for each record, in any order, columns of the event, and beside them

    #record     the number of the record in `records`
    element     the number of the event in it: 0 but where a record may hold several (JsonRecords.each). There is at
                least one row for each record
    matched     ids of the catalogue's actions, separated by commas
    fallback    the category of an entry that matches none
    problem     NULL: an event; empty: ignored by the format's rule; else the reason why it is rejected
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reviews.engine.catalogue import ActionCatalogue
from reviews.engine.catalogue.matching import quote
from reviews.engine.events import UNKNOWN
from reviews.engine.formats import CsvRecords, Format, JsonRecords, Layout, Pattern, TextRecords, XmlRecords
from reviews.engine.reading.elements import element_fields
from reviews.engine.reading.matches import extra_paths, matched_sql
from reviews.engine.reading.ruling import ruled
from reviews.engine.reading.values import HEADER, row_fields

NOT_UTF8: Final = "The record is not UTF-8."
NUL_BYTES: Final = "The record holds NUL bytes."
NOT_JSON: Final = "The record is no valid JSON."  # also where an escape names half a character
NO_OBJECT: Final = "The record is no JSON object."
NO_TIME: Final = "The record has no time that can be read."
NO_ACTION: Final = "The record does not say what was done."
PAST: Final = "The time of the record lies before 1990: the clock of the system was not set, or the time is misread."
FUTURE: Final = "The time of the record lies more than a day in the future."

EARLIEST: Final = "1990-01-01 00:00:00"  # clocks that were never set begin in 1970 or 1980
# Each element of a record becomes a row: a hostile record must not name millions, nor many such records.
MOST_ELEMENTS: Final = 50_000
MOST_SHORT: Final = 1_000  # elements that are, on average, shorter than
SHORT: Final = 32  # bytes, which no log entry is
TOO_MANY: Final = (
    f"The record holds more than {MOST_ELEMENTS:,} entries, or more than {MOST_SHORT:,} that are too short for a log. "
    "Have its sender write fewer into one."
)

# Names of our own, such as no field of a format has.
RECORD: Final = "#record"  # the number of the record
_SIZE: Final = "#size"  # how many elements a record has; negative: too many
_NUL: Final = "#nul"  # whether a record with elements holds NUL
_HEAD: Final = "#head"  # the group around a pattern that describes the beginning of a line
# Longer texts are cut: nobody reads them on a page, and the sealed bytes keep them whole.
LONGEST: Final = {"action": 200, "actor": 300, "target": 1000, "event_id": 200, "route": 200, "sequence_stream": 300}
_IPV4: Final = r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_HEX: Final = r"[0-9A-Fa-f]{1,4}"
_IPV6: Final = (
    rf"(?:{_HEX}:){{7}}{_HEX}|(?:{_HEX}:){{6}}{_IPV4}"
    rf"|(?:{_HEX}(?::{_HEX}){{0,6}})?::(?:{_HEX}(?::{_HEX}){{0,5}})?(?:(?:::|:){_IPV4})?|::{_IPV4}"
)
ADDRESS: Final = rf"^(?:{_IPV4}|(?:{_IPV6})(?:%[0-9A-Za-z]+)?)$"


@dataclass(frozen=True)
class Asked:
    """What a statement depends on beside the format and the catalogue."""

    time_zone: str = ""  # of times that carry none; empty: UTC is assumed
    routing_field: str = ""
    not_after: str = ""  # an SQL timestamp; empty: any time is accepted
    nul_bytes: bool = False  # whether NUL may occur, in bytes or escaped
    wrapped: bool = True  # whether the key of JsonRecords.unwrap may occur
    sound: bool = False  # every JSON record is taken to be valid: quicker, and the statement fails where one is not


def statement(fmt: Format, catalogue: ActionCatalogue | None, asked: Asked) -> str:
    """The whole statement."""
    columns = {name: _cut(name, fmt.columns.get(name), asked) for name in ("actor", "target")}
    columns["event_id"] = _cut("event_id", _event_id(fmt), asked)
    basis = "configured" if asked.time_zone else "assumed"
    return f"""
WITH {_fields(fmt, catalogue, asked)}, timed AS (
    SELECT *, {_times(fmt, asked)} FROM fields
), named AS (
    SELECT *,
        coalesce("instant", "local", "dated") AS "occurred_at",
        {_cut("action", fmt.action, asked)} AS "action",
        coalesce({fmt.outcome}, '{UNKNOWN}') AS "outcome"
    FROM timed
)
SELECT "{RECORD}", {_element(fmt)},
    "occurred_at",
    CASE WHEN "instant" IS NOT NULL THEN 'explicit' ELSE '{basis}' END AS "time_basis",
    CAST({fmt.time.observed} AS TIMESTAMP) AS "observed_at",
    {columns["actor"]} AS "actor",
    "action",
    "outcome",
    {columns["target"]} AS "target",
    {_address(fmt.columns.get("source_ip"))} AS "source_ip",
    {columns["event_id"]} AS "event_id",
    {_cut("sequence_stream", fmt.columns.get("sequence_stream"), asked)} AS "sequence_stream",
    try_cast({fmt.columns.get("sequence_number", "NULL")} AS BIGINT) AS "sequence_number",
    {_cut("route", fmt.route_columns.get(asked.routing_field), asked)} AS "route",
    {matched_sql(fmt, catalogue)} AS "matched",
    {fmt.category} AS "fallback",
    {_problem(fmt, asked)} AS "problem"
FROM named"""


def yearless_statement(fmt: Format) -> str:
    """For each record the moment in a leap year, or NULL where a record carries its year."""
    return f"""
WITH {_fields(fmt, None, Asked(), year="0", with_rules=False)}
SELECT "{RECORD}", {_element(fmt)},
    CASE WHEN {_instant(fmt)} IS NULL AND {fmt.time.local} IS NULL THEN {fmt.time.yearless} END AS "yearless"
FROM fields"""


def fits_statement(fmt: Format) -> str:
    """How many records look like the format, or are such as it ignores: quick, without the catalogue and any rules."""
    return f"""
WITH {_fields(fmt, None, Asked(), year="0", with_rules=False)}
SELECT count_if(coalesce({fmt.looks_like}, false) OR coalesce({fmt.ignore}, false)) FROM fields"""


def counted(text: str, path: str) -> str:
    """How many elements the array at the path has, in SQL: 0 where there is none, -1 where there are too many."""
    size = f"try(json_array_length({text}, {quote(path)}))"
    too_many = f"{size} > {MOST_ELEMENTS} OR ({size} > {MOST_SHORT} AND {size} * {SHORT} > strlen({text}))"
    return f"coalesce(CASE WHEN {too_many} THEN -1 ELSE {size} END, 0)"


def _fields(
    fmt: Format, catalogue: ActionCatalogue | None, asked: Asked, year: str = '"year"', with_rules: bool = True
) -> str:
    """The chain of common table expressions that ends in `fields`."""
    layout = fmt.layout
    kept = f'raw, "{RECORD}"' + (f', {year} AS "year"' if fmt.yearless else "")
    if isinstance(layout, TextRecords) and layout.heading:
        kept += ', heading AS "heading"'
    decoded = f'decoded AS (SELECT {kept}, try(decode(raw)) AS "text" FROM records)'
    if isinstance(layout, JsonRecords):
        parts, source = _json_fields(fmt, layout, catalogue, asked), "named_fields"
    elif isinstance(layout, CsvRecords):
        parts, source = row_fields(layout), "cut"
    elif isinstance(layout, XmlRecords):
        parts, source = element_fields(layout), "cut"
    else:
        parts, source = _text_fields(layout), "cut"
    return ", ".join([decoded, *parts, *_further(layout, source, with_rules)])


def _element(fmt: Format) -> str:
    return '"element"' if fmt.has_elements else 'CAST(0 AS BIGINT) AS "element"'


def _event_id(fmt: Format) -> str | None:
    """The native id, told apart for the elements of one record; the first keeps it as it is."""
    native = fmt.columns.get("event_id")
    if native is None or not fmt.has_elements:
        return native
    return f"""({native}) || CASE WHEN "element" > 0 THEN concat('#', "element") ELSE '' END"""


def _json_fields(fmt: Format, layout: JsonRecords, catalogue: ActionCatalogue | None, asked: Asked) -> list[str]:
    """The last of these expressions is `named_fields`."""
    paths, within = {**layout.paths, **extra_paths(fmt, catalogue)}, dict(layout.each_paths)
    if layout.each:
        # What the catalogue tests within an element is looked for there.
        prefix = "$" + "".join(f'."{key}"' for key in layout.each.removeprefix("$.").split(".")) + "."
        moved = {name: path for name, path in paths.items() if path.startswith(prefix)}
        paths = {name: path for name, path in paths.items() if name not in moved}
        within |= {name: f"$.{path.removeprefix(prefix)}" for name, path in moved.items()}
    body = '"text"'
    if layout.unwrap and asked.wrapped:
        key = quote(wrapper_key(layout))
        inner = f'try(json_extract_string("text", {quote(layout.unwrap)}))'
        body = f'CASE WHEN contains("text", {key}) THEN coalesce({inner}, "text") ELSE "text" END'
    parts = [f"extracted AS (SELECT *, {_extracted(body, paths, asked)} AS found FROM decoded)"]
    named, source = _named("found", paths), "extracted"
    if layout.each:
        # The whole record is looked through once, before it becomes a row for each element.
        several, one = (f"try(json_extract({body}, {quote(layout.each + end)}))" for end in ("[*]", ""))
        size = counted(body, layout.each)
        parts += [
            f"""sized AS (SELECT *, {size} AS "{_SIZE}", contains("text", chr(0)) AS "{_NUL}" FROM extracted)""",
            f"""listed AS (SELECT *, CASE WHEN "{_SIZE}" < 0 THEN [NULL]
                WHEN "{_SIZE}" > 0 THEN {several} ELSE [{one}] END AS elements FROM sized)""",
            """apart AS (SELECT *, CAST(unnest(elements) AS VARCHAR) AS one, unnest(range(len(elements))) AS "element"
                FROM listed)""",
            f"inspected AS (SELECT *, {_extracted('one', within, asked)} AS within FROM apart)",
        ]
        named, source = named + _named("within", within), "inspected"
    return [*parts, f"named_fields AS (SELECT *, {', '.join(named)} FROM {source})"]


def wrapper_key(layout: JsonRecords) -> str:
    """The key, in quotes, without which no record has to be unwrapped; empty where there is nothing to unwrap."""
    return f'"{layout.unwrap.rpartition(".")[2]}"' if layout.unwrap else ""


def _extracted(body: str, paths: Mapping[str, str], asked: Asked) -> str:
    found = f"json_extract_string({body}, [{', '.join(map(quote, paths.values()))}])"
    return found if asked.sound else f"try({found})"


def _named(found: str, paths: Mapping[str, str]) -> list[str]:
    return [f'{found}[{index}] AS "{name}"' for index, name in enumerate(paths, start=1)]


def _text_fields(layout: TextRecords) -> list[str]:
    """Each shape is tried where those before it did not match; fields are the first one found. The last is `cut`."""
    parts, before, source = [], "", "decoded"
    found: dict[str, list[str]] = {}
    shapes = []
    for index, pattern in enumerate(layout.patterns):
        shape, matched = f'"shape_{index}"', f"coalesce({_holder(index, _told_by(pattern))}, '') <> ''"
        extract = _extract(pattern)
        tried = f"CASE WHEN NOT ({before}) THEN {extract} END" if before else extract
        parts.append(f"shaped_{index} AS (SELECT *, {tried} AS {shape} FROM {source})")
        source = f"shaped_{index}"
        before = f"{before} OR {matched}" if before else matched
        shapes.append(f"WHEN {matched} THEN {quote(pattern.name)}")
        for name in pattern.groups:
            found.setdefault(name, []).append(f"nullif({_holder(index, name)}, '')")
        if pattern.rest:
            follows = f'substring("text", length({_holder(index, _HEAD)}) + 1)'
            found.setdefault(pattern.rest, []).append(f"CASE WHEN {matched} THEN {follows} END")
    fields = ", ".join(f'coalesce({", ".join(each)}) AS "{name}"' for name, each in found.items())
    parts.append(f'cut AS (SELECT *, {fields}, CASE {" ".join(shapes)} END AS "shape" FROM {source})')
    return parts


def _further(layout: Layout, source: str, with_rules: bool) -> list[str]:
    """Derived fields and what rules say, on top of the fields that `source` has."""
    parts = []
    for index, fields in enumerate(_independent(layout.derived)):
        named = ", ".join(f'{expression} AS "{name}"' for name, expression in fields.items())
        parts.append(f"derived_{index} AS (SELECT *, {named} FROM {source})")
        source = f"derived_{index}"
    if layout.rules and with_rules:
        parts += ruled(layout.rules, source)
        source = "ruled"
    return [*parts, f"fields AS (SELECT * FROM {source})"]


def _independent(derived: Mapping[str, str]) -> list[dict[str, str]]:
    """The fields in few steps, within which none is made of another: each step takes time to plan."""
    steps: list[dict[str, str]] = [{}]
    for name, expression in derived.items():
        if any(f'"{other}"' in expression for other in steps[-1]):
            steps.append({})
        steps[-1][name] = expression
    return [step for step in steps if step]


def _told_by(pattern: Pattern) -> str:
    """The group by which a match is told."""
    return _HEAD if pattern.rest else pattern.groups[0]


def _holder(index: int, name: str) -> str:
    return f'"shape_{index}"."{name}"'


def _extract(pattern: Pattern) -> str:
    regex = f"({pattern.regex})" if pattern.rest else pattern.regex
    names = (_HEAD, *pattern.groups) if pattern.rest else pattern.groups
    return f'regexp_extract("text", {quote(regex)}, [{", ".join(map(quote, names))}])'


def _instant(fmt: Format) -> str:
    return f"CAST({fmt.time.instant} AS TIMESTAMP)"


def _times(fmt: Format, asked: Asked) -> str:
    """The three ways a time can be given, each in UTC without a zone, or NULL."""
    zone = asked.time_zone
    shifted = "{}" if zone in ("", "UTC") else f"timezone('UTC', timezone({quote(zone)}, {{}}))"
    dated = "CAST(NULL AS TIMESTAMP)"
    if fmt.yearless:
        plain = fmt.time.yearless
        moved = f'(({plain}) + to_years(CAST("year" - 2000 AS INTEGER)))'
        dated = shifted.format(f"CASE WHEN day({moved}) = day({plain}) THEN {moved} END")
    local = shifted.format(f"CAST({fmt.time.local} AS TIMESTAMP)")
    return f'{_instant(fmt)} AS "instant", {local} AS "local", {dated} AS "dated"'


def _cut(name: str, expression: str | None, asked: Asked) -> str:
    """A text column: NULL when empty, without NUL, no longer than people can use."""
    if expression is None:
        return "CAST(NULL AS VARCHAR)"
    text = f"nullif({expression}, '')"
    if asked.nul_bytes:
        text = f"replace({text}, chr(0), '\N{REPLACEMENT CHARACTER}')"
    if name == "event_id":  # an id that is cut is none: another may begin with the same letters
        return f"CASE WHEN strlen({text}) > {LONGEST[name]} THEN sha256({text}) ELSE {text} END"
    return f"CASE WHEN strlen({text}) > {LONGEST[name]} THEN left({text}, {LONGEST[name]}) ELSE {text} END"


def _address(expression: str | None) -> str:
    """An address, or NULL where something else stands (a host name, the name of a service)."""
    if expression is None:
        return "CAST(NULL AS VARCHAR)"
    return f"CASE WHEN regexp_matches({expression}, {quote(ADDRESS)}) THEN {expression} END"


def _problem(fmt: Format, asked: Asked) -> str:
    good = [f"coalesce({fmt.looks_like}, false)", '"occurred_at" IS NOT NULL', '"action" IS NOT NULL']
    nul = f'"{_NUL}"' if fmt.has_elements else 'contains("text", chr(0))'
    if fmt.has_elements:
        good.append(f'"{_SIZE}" >= 0')
    if asked.nul_bytes:
        good.append(f"NOT {nul}")
    good.append(f"\"occurred_at\" >= TIMESTAMP '{EARLIEST}'")
    if asked.not_after:
        good.append(f"\"occurred_at\" <= TIMESTAMP '{asked.not_after}'")
    ignored = f"coalesce({fmt.ignore}, false)"
    if isinstance(fmt.layout, CsvRecords):
        ignored += f' OR "{HEADER}"'
    reasons = [
        *_unreadable(fmt, nul),
        (ignored, ""),
        (f"NOT coalesce({fmt.looks_like}, false)", fmt.unlike),
        ('"occurred_at" IS NULL', NO_TIME),
        ('"action" IS NULL', NO_ACTION),
        (f"\"occurred_at\" < TIMESTAMP '{EARLIEST}'", PAST),
    ]
    listed = " ".join(f"WHEN {test} THEN {quote(reason)}" for test, reason in reasons)
    return f"CASE WHEN {' AND '.join(good)} THEN NULL {listed} ELSE {quote(FUTURE)} END"


def _unreadable(fmt: Format, nul: str) -> list[tuple[str, str]]:
    """What is wrong with a whole record. Of several elements only the first asks: the text may be long, they many."""
    reasons = [('"text" IS NULL', NOT_UTF8), (nul, NUL_BYTES)]
    if isinstance(fmt.layout, JsonRecords):
        asks = '"element" = 0 AND ' if fmt.has_elements else ""
        if any(not isinstance(shape.layout, JsonRecords) for shape in fmt.shapes):  # text is no broken JSON
            asks += "regexp_matches(\"text\", '^\\s*[{\\[]') AND "
        reasons += [
            (f'{asks}NOT json_valid("text")', NOT_JSON),
            (f"{asks}try(json_type(\"text\")) <> 'OBJECT'", NO_OBJECT),
        ]
    if fmt.has_elements:
        reasons.append((f'"{_SIZE}" < 0', TOO_MANY))
    return reasons
