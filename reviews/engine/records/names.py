"""File names inside a record: ASCII, short, and harmless on every system. The original name stays in meta.json."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 80

_RESERVED: Final = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9]|meta\.json)(\..*)?")


def safe_name(original: str) -> str:
    """`Zugänge Q3/alle.pdf` becomes `Zugange_Q3_alle.pdf`."""
    ascii_only = unicodedata.normalize("NFKD", original).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", ascii_only).strip("._-")
    stem, dot, ending = name.rpartition(".")
    if dot and stem and len(ending) <= 10:
        name = f"{stem[: LONGEST - len(ending) - 1].rstrip('.')}.{ending}"
    name = name[:LONGEST].rstrip(".") or "file"
    return f"file_{name}" if _RESERVED.fullmatch(name) else name
