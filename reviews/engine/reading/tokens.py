"""What marks the borders of JSON objects: quotes and braces, found all at once with numpy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from reviews.engine.reading.spans import Flags, Octets, Positions, positions

BLOCK: Final = 1 << 20  # the buffer is searched in pieces that stay in the cache
_QUOTE, _BACKSLASH, _OPEN, _CLOSE, _COLON = 34, 92, 123, 125, 58
_SPACE: Final = np.isin(np.arange(256, dtype=np.uint8), np.frombuffer(b" \t\r\n", dtype=np.uint8))
_SEPARATOR: Final = np.isin(np.arange(256, dtype=np.uint8), np.frombuffer(b" \t\r\n,", dtype=np.uint8))


@dataclass(frozen=True)
class Tokens:
    """Quotes that are not escaped, and braces whether or not they stand in a text, in their order.

    Backslashes and brackets come along and are neither.
    """

    at: Positions
    opens: Flags
    closes: Flags
    parity: Octets  # how many quotes up to and with the token: only odd or even counts


@dataclass(frozen=True)
class Braces:
    """Braces that stand outside of texts, when quotes are counted from the beginning; and every anchor."""

    at: Positions
    step: Positions  # 1 opens, -1 closes
    anchors: Positions  # braces, in a text or not, with which an object begins as records do


def find_tokens(data: Octets, begin: int, end: int) -> Tokens:
    """The tokens of a part of the buffer that does not begin behind a backslash."""
    piece = data[begin:end]
    at = _marks(piece)
    kinds = piece[at]
    quote = kinds == _QUOTE
    quote[_escaped(at, kinds)] = False
    return Tokens(
        at + begin, kinds == _OPEN, kinds == _CLOSE, (np.cumsum(quote, dtype=np.uint8) & 1).astype(np.uint8, copy=False)
    )


def find_braces(data: Octets, begin: int, first_keys: tuple[str, ...]) -> Braces:
    """The braces of the whole buffer, block by block."""
    at, step, anchors, parity = [positions()], [positions()], [positions()], 0
    for start, end in _blocks(data, begin):
        tokens = find_tokens(data, start, end)
        chosen = np.flatnonzero((tokens.opens | tokens.closes) & (tokens.parity == parity))
        at.append(tokens.at[chosen])
        step.append(np.where(tokens.opens[chosen], 1, -1))
        anchors.append(find_anchors(data, tokens.at[tokens.opens], first_keys))
        parity ^= int(tokens.parity[-1]) if len(tokens.at) else 0
    return Braces(np.concatenate(at), np.concatenate(step), np.concatenate(anchors))


def _blocks(data: Octets, begin: int) -> Iterator[tuple[int, int]]:
    """Parts of the buffer; none ends between a backslash and what it escapes."""
    while begin < len(data):
        end = min(begin + BLOCK, len(data))
        while end < len(data) and data[end - 1] == _BACKSLASH:
            end += 1
        yield begin, end
        begin = end


def _marks(piece: Octets) -> Positions:
    """Positions of quotes, braces and backslashes (brackets and bars come along: one comparison finds the range)."""
    folded = piece | 0x20
    folded -= 0x7B
    mask = folded <= 2
    mask |= piece == _QUOTE
    return np.flatnonzero(mask)


def _escaped(at: Positions, kinds: Octets) -> Positions:
    """Which tokens are quotes behind an odd number of backslashes."""
    marks = np.flatnonzero(kinds == _BACKSLASH)
    if not len(marks):
        return marks
    starts = np.ones(len(marks), dtype=bool)  # a run of backslashes begins
    starts[1:] = at[marks[1:]] != at[marks[:-1]] + 1
    order = np.arange(len(marks), dtype=np.int64)
    odd = (order - np.maximum.accumulate(np.where(starts, order, 0))) % 2 == 0
    behind: Positions = marks[odd & (marks + 1 < len(at))] + 1
    escaped: Positions = behind[(at[behind] == at[behind - 1] + 1) & (kinds[behind] == _QUOTE)]
    return escaped


def first_key_is(data: Octets, at: Positions, keys: tuple[str, ...]) -> Flags:
    """At which of the opening braces an object begins whose first key is one of `keys`."""
    key_at = skip_space(data, at + 1, 1)
    result = np.zeros(len(at), dtype=bool)
    for key in keys:
        wanted = np.frombuffer(b'"' + key.encode() + b'"', dtype=np.uint8)
        left = np.flatnonzero(key_at + len(wanted) <= len(data))
        for index in (1, 0, *range(2, len(wanted))):  # the first letter tells most apart
            left = left[data[key_at[left] + index] == wanted[index]]
        result[left] = True
    return result


def find_anchors(data: Octets, at: Positions, first_keys: tuple[str, ...]) -> Positions:
    """Opening braces at which an object begins as records do, and that are not the value of a key."""
    if not first_keys:
        return positions()
    at = at[first_key_is(data, at, first_keys)]
    anchors: Positions = at[~is_member(data, at)]
    return anchors


def is_member(data: Octets, at: Positions) -> Flags:
    """Whether each opening brace begins the value of a key, rather than an element or an object by itself."""
    before = skip_space(data, at - 1, -1)
    members: Flags = (before >= 0) & (data[before] == _COLON)
    return members


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
