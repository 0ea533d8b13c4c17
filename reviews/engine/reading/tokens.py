"""What marks the borders of JSON objects: quotes and braces, found all at once with numpy."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from reviews.engine.reading.spans import Flags, Octets, Positions, positions

BLOCK: Final = 1 << 20  # the buffer is searched in pieces that stay in the cache
_QUOTE, _BACKSLASH, _OPEN, _CLOSE = 34, 92, 123, 125
_SEPARATOR: Final = np.isin(np.arange(256, dtype=np.uint8), np.frombuffer(b" \t\r\n,", dtype=np.uint8))
_SPACE: Final = np.isin(np.arange(256, dtype=np.uint8), np.frombuffer(b" \t\r\n", dtype=np.uint8))


@dataclass(frozen=True)
class Tokens:
    """Quotes that are not escaped, and braces whether or not they stand in a text, in their order."""

    at: Positions
    quote: Flags
    opens: Flags
    closes: Flags
    quotes_before: Positions  # how many quotes up to and with the token


def find_tokens(data: Octets, begin: int) -> Tokens:
    """The tokens of the buffer from `begin` on."""
    found = [_marks(data[start : start + BLOCK]) + start for start in range(begin, len(data), BLOCK)]
    at = np.concatenate(found) if found else positions()
    kinds = data[at]
    keep = ~_escaped_or_backslash(at, kinds)
    at, kinds = at[keep], kinds[keep]
    quote = kinds == _QUOTE
    return Tokens(at, quote, kinds == _OPEN, kinds == _CLOSE, np.cumsum(quote, dtype=np.int64))


def _marks(piece: Octets) -> Positions:
    """Positions of quotes, braces and backslashes (brackets and bars come along: one comparison finds the range)."""
    folded = piece | 0x20
    folded -= 0x7B
    mask = folded <= 2
    mask |= piece == _QUOTE
    return np.flatnonzero(mask)


def _escaped_or_backslash(at: Positions, kinds: Octets) -> Flags:
    """Quotes behind an odd number of backslashes, the backslashes themselves, and the bycatch."""
    backslash = kinds == _BACKSLASH
    drop = (kinds != _QUOTE) & (kinds != _OPEN) & (kinds != _CLOSE)
    if not backslash.any():
        return drop
    order = np.arange(len(at), dtype=np.int64)
    follows = np.zeros(len(at), dtype=bool)  # a backslash stands right before
    follows[1:] = backslash[:-1] & (at[1:] == at[:-1] + 1)
    run_start = np.maximum.accumulate(np.where(backslash & ~follows, order, 0))
    odd = backslash & ((order - run_start) % 2 == 0)
    drop[1:] |= (kinds[1:] == _QUOTE) & follows[1:] & odd[:-1]
    return drop


def first_key_is(data: Octets, tokens: Tokens, keys: tuple[str, ...]) -> Flags:
    """Which tokens are a brace that opens an object whose first key is one of `keys`."""
    result = np.zeros(len(tokens.at), dtype=bool)
    candidates = np.flatnonzero(tokens.opens[:-1] & tokens.quote[1:])
    starts = tokens.at[candidates + 1] + 1
    for key in keys:
        wanted = np.frombuffer(key.encode() + b'"', dtype=np.uint8)
        left, begin = candidates, starts
        inside = begin + len(wanted) <= len(data)
        left, begin = left[inside], begin[inside]
        for index, octet in enumerate(wanted):
            same = data[begin + index] == octet
            left, begin = left[same], begin[same]
        result[left] = True
    hits = np.flatnonzero(result)
    result[hits] = skip_space(data, tokens.at[hits] + 1, 1) == tokens.at[hits + 1]
    return result


def skip_space(data: Octets, at: Positions, step: int) -> Positions:
    """Move each position over white space, forwards (1) or backwards (-1); -1 is the place before the buffer."""
    return _skip(data, at, step, _SPACE)


def skip_separators(data: Octets, at: Positions) -> Positions:
    """Move each position forwards over white space and commas."""
    return _skip(data, at, 1, _SEPARATOR)


def _skip(data: Octets, at: Positions, step: int, over: Flags) -> Positions:
    at = at.copy()
    moving = np.flatnonzero((at >= 0) & (at < len(data)))
    while len(moving):
        moving = moving[over[data[at[moving]]]]
        at[moving] += step
        moving = moving[(at[moving] >= 0) & (at[moving] < len(data))]
    return at
