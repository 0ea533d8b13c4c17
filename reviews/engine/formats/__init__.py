"""Log formats: one module each, declaring one FORMAT. The id of a format is the name of its module.

To add one, add a module here, samples under tests/samples/<id>/ and a row in docs/formats.md.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from reviews.engine.formats._declare import (
    CsvRecords,
    EvtxRecords,
    Format,
    Joined,
    JsonRecords,
    Layout,
    Pattern,
    Rule,
    TextRecords,
    Time,
    XmlRecords,
)
from reviews.engine.formats._mapping import MOST_CATEGORIES, FieldMapping, mapping_problems, read_mapping
from reviews.errors import ReadingError

__all__ = [
    "GENERIC",
    "MOST_CATEGORIES",
    "CsvRecords",
    "EvtxRecords",
    "FieldMapping",
    "Format",
    "Joined",
    "JsonRecords",
    "Layout",
    "Pattern",
    "Rule",
    "TextRecords",
    "Time",
    "XmlRecords",
    "all_formats",
    "get_format",
    "mapping_problems",
    "read_mapping",
]

# Formats whose declaration a source may make of a mapping of its own.
GENERIC: Final = ("csv", "json_lines")


@lru_cache(maxsize=1)
def all_formats() -> MappingProxyType[str, Format]:
    """Every format by its id, in alphabetical order. An error while importing one is raised, not hidden."""
    found: dict[str, Format] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda one: one.name):
        if not module.name.startswith("_"):
            declared: Format = importlib.import_module(f"{__name__}.{module.name}").FORMAT
            found[module.name] = declared.named(module.name)
    return MappingProxyType(found)


def get_format(format_id: str, mapping: Mapping[str, Any] | None = None) -> Format:
    """The format of that id; a generic one by the mapping, as a source keeps it. ReadingError when there is none."""
    formats = all_formats()
    if format_id not in formats:
        raise ReadingError(f"There is no log format {format_id!r}. Choose one of: {', '.join(formats)}.")
    if not mapping:
        return formats[format_id]
    if format_id not in GENERIC:
        raise ReadingError(f"{formats[format_id].title} takes no mapping.")
    made: Format = importlib.import_module(f"{__name__}.{format_id}").declare(read_mapping(mapping))
    return made.named(format_id)
