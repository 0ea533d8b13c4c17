# ruff: noqa: S608 - the statements are made of declarations, and every value in them goes through quote()
"""The values of a row of comma-separated values, in SQL."""

from typing import Final

from reviews.engine.catalogue.matching import quote
from reviews.engine.formats import CsvRecords

HEADER: Final = "#header"  # whether the row names the columns
_UNIT: Final = "chr(31)"  # stands for a separator that parts two values, once quotes have told which do
_SHOWN_UNIT: Final = "\N{SYMBOL FOR UNIT SEPARATOR}"  # for one that is part of a value


def row_fields(layout: CsvRecords) -> list[str]:
    """Common table expressions, the last of them `cut`, that add a field for each column to those of `decoded`."""
    separator = quote(layout.separator)
    clean = f'CASE WHEN contains("text", {_UNIT}) THEN replace("text", {_UNIT}, \'{_SHOWN_UNIT}\') ELSE "text" END'
    # Between quotes lies every second part of what quotes cut; a quote in a value is two, with nothing between them.
    outside = (
        f"list_transform(string_split(clean, '\"'), "
        f"lambda part, number: CASE WHEN number % 2 = 1 THEN replace(part, {separator}, {_UNIT}) ELSE part END)"
    )
    parts = f"""CASE WHEN contains(clean, '"')
        THEN string_split(array_to_string({outside}, '"'), {_UNIT}) ELSE string_split(clean, {separator}) END"""
    named = [f'{_value(number)} AS "{name}"' for number, name in enumerate(layout.columns, start=1) if name]
    header = quote(layout.separator.join(layout.columns))
    return [
        f"cleaned AS (SELECT *, {clean} AS clean FROM decoded)",
        f"parted AS (SELECT *, {parts} AS found, replace(clean, '\"', '') = {header} AS \"{HEADER}\" FROM cleaned)",
        f"cut AS (SELECT *, {', '.join(named)} FROM parted)",
    ]


def _value(number: int) -> str:
    """One value without the quotes around it."""
    found = f"found[{number}]"
    inner = f"replace(substring({found}, 2, length({found}) - 2), '\"\"', '\"')"
    return f"nullif(CASE WHEN starts_with({found}, '\"') THEN {inner} ELSE {found} END, '')"
