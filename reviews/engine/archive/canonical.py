"""Canonical JSON: one object, one sequence of bytes.

UTF-8, ASCII keys in order, no white space, no floats, whole numbers up to 2^53 - 1, no key twice. What is stored,
hashed and verified are the stored bytes; nothing is ever written anew in order to verify it.
"""

import json
import re
from typing import Any, Final

from reviews.errors import ArchiveError

LARGEST: Final = 2**53 - 1  # beyond it readers in other languages round
DEEPEST: Final = 64

_SURROGATE = re.compile("[\ud800-\udfff]")


def dumps(obj: object) -> bytes:
    """The canonical bytes of the object. ArchiveError for what has none: floats, large numbers, odd keys."""
    _require_plain(obj, 0)
    return json.dumps(obj, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def loads(data: bytes) -> Any:
    """The object that the bytes are the canonical form of. ArchiveError for any other bytes."""
    try:
        found = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except RecursionError:
        raise ArchiveError("The JSON is nested too deeply.") from None
    except (UnicodeDecodeError, ValueError) as problem:
        raise ArchiveError(f"This is no JSON: {problem}.") from None
    if dumps(found) != data:
        raise ArchiveError("The JSON is not in canonical form.")
    return found


def _require_plain(value: object, depth: int) -> None:
    if depth > DEEPEST:
        raise ArchiveError("The JSON is nested too deeply.")
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise ArchiveError(f"The number {value} is too large for JSON. Write it as text.")
    elif isinstance(value, str):
        if _SURROGATE.search(value):
            raise ArchiveError("A text holds half of a character (a lone surrogate).")
    elif isinstance(value, list | tuple):
        for part in value:
            _require_plain(part, depth + 1)
    elif isinstance(value, dict):
        for key, part in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ArchiveError(f"{key!r} cannot be a key: keys are ASCII text.")
            _require_plain(part, depth + 1)
    else:
        raise ArchiveError(f"{type(value).__name__} has no canonical JSON form.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ArchiveError("A key stands twice in one JSON object.")
    return found


def _refuse_number(text: str) -> None:
    raise ArchiveError(f"The number {text} is no whole number.")
