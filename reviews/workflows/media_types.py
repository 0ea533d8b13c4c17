"""Which type a file is, and which types may be named to a browser. What a person declares is believed last.

A download is always an attachment; still, a type that a browser could run (HTML, SVG, XML and the like) is never
sent under its own name.
"""

import re
from typing import Final

OCTETS: Final = "application/octet-stream"

_MAGIC: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"PK\x03\x04", "application/zip"),
)
_OFFICE: Final = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
_TEXT_BY_ENDING: Final = {"csv": "text/csv", "json": "application/json", "md": "text/markdown", "log": "text/plain"}
_ACTIVE: Final = re.compile(rb"<\s*(!doctype\s+html|html|head|body|script|svg|iframe|\?xml)", re.IGNORECASE)
_DECLARED: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")
# What a browser may be told; everything else goes out as octets.
_HARMLESS: Final = frozenset(
    {kind for _, kind in _MAGIC} | set(_OFFICE.values()) | {"text/plain", "text/csv", "application/json"}
)


def media_type(beginning: bytes, name: str, declared: str) -> str:
    """The type by the first bytes, then by the ending of a text file, then as declared."""
    ending = name.rpartition(".")[2].lower()
    for magic, kind in _MAGIC:
        if beginning.startswith(magic):
            return _OFFICE.get(ending, kind) if kind == "application/zip" else kind
    marked = _ACTIVE.search(beginning[:1024])
    if marked:
        tag = marked[1].lower()
        return "image/svg+xml" if tag == b"svg" else "application/xml" if tag == b"?xml" else "text/html"
    if b"\x00" not in beginning and _is_text(beginning):
        return _TEXT_BY_ENDING.get(ending, "text/plain")
    declared = declared.partition(";")[0].strip().lower()
    return declared if _DECLARED.fullmatch(declared) and not declared.startswith("text/") else OCTETS


def _is_text(beginning: bytes) -> bool:
    try:
        beginning.decode("utf-8")
    except UnicodeDecodeError as problem:
        return problem.end == len(beginning) and problem.reason == "unexpected end of data"
    return True


def sent_as(kind: str) -> str:
    """The type a download carries."""
    return kind if kind in _HARMLESS else OCTETS
