"""Lists of log sources as text: CSV or YAML, read into one row for each source. Nothing is looked up or written here.

CSV (RFC 4180) has a column for each setting, separated by commas, semicolons or tabs; YAML a list of mappings, or one
under `sources`. A cell that is empty, and a key that is not there, mean what the form means when nothing is typed.
"""

import csv
import datetime as dt
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from reviews.engine.catalogue.source import Table, read_value
from reviews.errors import CatalogueError, Invalid

MOST_BYTES: Final = 1_000_000
MOST_ROWS: Final = 500
TEXTS: Final = ("name", "store", "service", "routing_field", "directory", "glob", "format", "time_zone", "cron")
NUMBERS: Final = ("every_minutes", "grace_days")
COLUMNS: Final = (
    "name", "store", "service", "routing_field", "routes", "directory", "glob", "format", "mapping", "time_zone",
    "read_from", "every_minutes", "cron", "grace_days", "enabled",
)  # fmt: skip
_YES: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_EXAMPLES: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": "Organisation trail",
        "store": "Audit bucket",
        "routing_field": "account",
        "routes": {"111111111111": "Payments API", "222222222222": "Cloud accounts"},
        "directory": "/mnt/logs/cloudtrail",
        "glob": "**/*.json.gz",
        "format": "cloudtrail",
        "every_minutes": 15,
    },
    {
        "name": "Billing export",
        "store": "Audit bucket",
        "service": "Payments API",
        "directory": "/mnt/logs/billing",
        "glob": "*.csv",
        "format": "csv",
        "mapping": {"time": "when", "action": "what", "actor": "who", "columns": ["when", "who", "what"]},
        "time_zone": "Europe/Berlin",
        "read_from": dt.date(2026, 7, 1),
        "cron": "15 6 * * *",
        "grace_days": 7,
        "enabled": True,
    },
)


@dataclass(frozen=True)
class Given:
    """One row of a list: the settings that it gives, by name, and why some cannot be understood."""

    line: int
    values: Mapping[str, Any]
    problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return str(self.values.get("name", ""))


def read_list(data: bytes, file_name: str = "") -> list[Given]:
    """The rows of a list. Invalid when it is none, with the line."""
    if len(data) > MOST_BYTES:
        raise Invalid("The list is larger than 1 MB. Give it in parts.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("The list is not UTF-8 text. Save it as UTF-8 and give it again.") from None
    if not text.strip():
        raise Invalid("The list is empty. Paste it or give a file.")
    if "\0" in text:
        raise Invalid("The list holds NUL bytes: it is no text. Save it as CSV or YAML.")
    rows = _yaml_rows(text) if _is_yaml(text, file_name) else _csv_rows(text)
    if len(rows) > MOST_ROWS:
        raise Invalid(f"The list has {len(rows):,} sources. Give at most {MOST_ROWS} at once.")
    if not rows:
        raise Invalid("The list names no source.")
    return rows


def template(kind: str) -> str:
    """An example of a list, `csv` or `yaml`."""
    if kind == "csv":
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        writer.writerows([_cell(name, row.get(name)) for name in COLUMNS] for row in _EXAMPLES)
        return out.getvalue()
    lines = ["# One entry for each log source. What is left out means what the form means when nothing is typed."]
    lines.append("sources:")
    for row in _EXAMPLES:
        for number, (name, value) in enumerate(row.items()):
            lines.append(f"  {'- ' if not number else '  '}{name}: {_inline(value)}")
    return "\n".join(lines) + "\n"


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "routes":
        return "; ".join(f"{key}={service}" for key, service in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _inline(value: Any) -> str:
    """A value in YAML, whose flow style is JSON."""
    return str(value) if isinstance(value, dt.date) else json.dumps(value)


def _is_yaml(text: str, file_name: str) -> bool:
    ending = file_name.rpartition(".")[2].lower()
    if ending in ("yaml", "yml", "csv"):
        return ending != "csv"
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return first.startswith(("- ", "sources:", "---"))


# --- CSV ----------------------------------------------------------------------------------------------------------


def _csv_rows(text: str) -> list[Given]:
    first = text.splitlines()[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[Given] = []
    try:
        header = [name.strip().lower() for name in next(reader)]
        _require_columns(header)
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_csv_row(line, header, cells))
            line = reader.line_num + 1
    except csv.Error as problem:
        raise Invalid(f"Line {reader.line_num} is no CSV ({problem}). Check its quotes.") from None
    return rows


def _require_columns(header: list[str]) -> None:
    unknown = [name for name in header if name not in COLUMNS]
    if unknown:
        raise Invalid(f"The first line names “{unknown[0]}”, which is no setting. Use: {', '.join(COLUMNS)}.")
    if len(set(header)) != len(header):
        raise Invalid("The first line names a column twice. Leave one out.")
    if "name" not in header:
        raise Invalid("The first line names no column “name”. Begin with the template.")


def _csv_row(line: int, header: list[str], cells: list[str]) -> Given:
    problems = []
    if len(cells) > len(header):
        problems.append("It has more cells than the first line names.")
    found: dict[str, Any] = {}
    for name, cell in zip(header, (cell.strip() for cell in cells), strict=False):
        if not cell:
            continue
        try:
            found[name] = _csv_value(name, cell)
        except ValueError as problem:
            problems.append(str(problem))
    return _given(line, found, problems)


def _csv_value(name: str, cell: str) -> Any:
    """The cell as YAML would give it. ValueError says what is wrong."""
    if name in NUMBERS:
        if not cell.isascii() or not cell.isdecimal() or len(cell) > 9:
            raise ValueError(f"{name}: “{cell}” is no whole number.")
        return int(cell)
    if name == "enabled":
        return _YES.get(cell.lower(), cell)
    if name == "read_from":
        try:
            return dt.date.fromisoformat(cell)
        except ValueError:
            return cell
    if name == "mapping":
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            raise ValueError("mapping: This is no JSON. Write it like the template.") from None
    if name == "routes":
        parts = [part.partition("=") for part in cell.split(";") if part.strip()]
        if not all(equals and key.strip() and service.strip() for key, equals, service in parts):
            raise ValueError("routes: Write them like 111=Payments API; 222=Cloud accounts.")
        keys = [key.strip() for key, _, _ in parts]
        if len(set(keys)) != len(keys):
            raise ValueError("routes: A value stands for two services.")
        return {key.strip(): service.strip() for key, _, service in parts}
    return cell


# --- YAML ---------------------------------------------------------------------------------------------------------


def _yaml_rows(text: str) -> list[Given]:
    try:
        found = read_value(text, "The list")
    except CatalogueError as problem:
        raise Invalid(str(problem)) from None
    if isinstance(found, Table) and list(found) == ["sources"]:
        found = found["sources"]
    if not isinstance(found, list) or not all(isinstance(one, Table) for one in found):
        raise Invalid("A YAML list of sources is a list of mappings, or one under “sources”. Begin with the template.")
    return [_yaml_row(table) for table in found]


def _yaml_row(table: Table) -> Given:
    problems = [f"“{name}” is no setting. Use: {', '.join(COLUMNS)}." for name in table if name not in COLUMNS]
    known = {name: value for name, value in table.items() if name in COLUMNS and value is not None}
    return _given(table.line, known, problems)


# --- Both ---------------------------------------------------------------------------------------------------------


def _given(line: int, found: dict[str, Any], problems: list[str]) -> Given:
    """The row with the types that its settings have."""
    values: dict[str, Any] = {}
    for name, value in found.items():
        problem = _type_problem(name, value)
        if problem:
            problems.append(f"{name}: {problem}")
        elif name in TEXTS:
            values[name] = str(value).strip()
        elif name == "mapping":
            values[name] = _mapping(value)
        elif name == "routes":
            values[name] = {str(key): str(service).strip() for key, service in value.items()}
        else:
            values[name] = value
    return Given(line, values, tuple(problems))


def _type_problem(name: str, value: Any) -> str:
    if name in TEXTS:
        good = isinstance(value, str | int) and not isinstance(value, bool)
        return "" if good else "This must be a text."
    if name in NUMBERS:
        good = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9
        return "" if good else "This must be a whole number."
    if name == "enabled":
        return "" if isinstance(value, bool) else "Write yes or no."
    if name == "read_from":
        good = isinstance(value, dt.date) and not isinstance(value, dt.datetime)
        return "" if good else "Write a day like 2026-07-01."
    if name == "routes":
        good = isinstance(value, dict) and all(isinstance(one, str | int) for one in value.values())
        return "" if good else "Give each value of the field its service."
    return "" if isinstance(value, dict) else "Write it like the template."


def _mapping(value: Mapping[str, Any]) -> dict[str, Any]:
    """As read_mapping takes it: categories may be written as a mapping."""
    told: dict[str, Any] = {name: list(one) if isinstance(one, list) else one for name, one in value.items()}
    if isinstance(told.get("categories"), dict):
        told["categories"] = [[action, category] for action, category in told["categories"].items()]
    return told
