"""Finding records that are JSON objects of a document: elements of an array, compact or pretty-printed.

Quotes tell which braces stand in a text; the depth of the other braces tells where an outermost object begins and
ends. What lies between records must be white space or a comma; anything else is rejected, never skipped.

The search knows nothing of earlier buffers: one that begins in the middle of an array (", {…}, {…}") is read like one
that begins with it. When quotes or braces do not pair up, the records behind the broken one are found by the key with
which records of the format begin.
"""

import json
import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from reviews.engine.formats import JsonRecords
from reviews.engine.reading.lines import BOM, too_long
from reviews.engine.reading.spans import Buffer, Octets, Positions, Spans, no_rejects, octets, positions, rejects
from reviews.engine.reading.tokens import Braces, find_braces, find_tokens, first_key_is, is_member, skip_separators

BETWEEN: Final = "This text stands between records and is none."
BROKEN: Final = "The quotes or braces of this record do not pair up."
CUT: Final = "The file ends within this record."
# A member of a document beside its records. An object or array among them, such as where to go on, holds no others.
_TEXT: Final = rb'"(?:[^"\\]|\\.)*+"'
_FLAT: Final = rb'(?:[^{}\[\]"]++|' + _TEXT + rb")*+"
_PLAIN: Final = _TEXT + rb"\s*:\s*(?:" + _TEXT + rb"|[-+.\w]+|\{" + _FLAT + rb"\}|\[" + _FLAT + rb"\])"
_SEPARATOR: Final = np.isin(np.arange(256, dtype=np.uint8), np.frombuffer(b" \t\r\n,", dtype=np.uint8))


def is_document(layout: JsonRecords, head: bytes) -> bool:
    """Whether a buffer that begins with `head` belongs to a document, rather than holding one record a line."""
    text = head.removeprefix(BOM).lstrip()
    if re.match(rb"[,\]]|\[[\s,]*(?:[{\]]|\Z)", text):
        return True
    first_line_opens = re.match(rb'\{[ \t]*(?:"(?:[^"\\]|\\.)*"[ \t]*:[ \t]*[\[{][ \t]*)?\r?\n', text)
    # A comma behind the first record: its array began in an earlier part of the file.
    among_others = re.match(rb"\{[^\n]*\}[ \t]*,[ \t]*(?:\r?\n|\Z)", text)
    return bool(first_line_opens or among_others or _head(layout).match(text))


def _head(layout: JsonRecords) -> re.Pattern[bytes]:
    """How a document begins: with a key whose array holds the records, perhaps after some plain members."""
    keys = b"|".join(re.escape(key.encode()) for key in layout.arrays) or b"(?!)"
    return re.compile(rb"\{\s*(?:" + _PLAIN + rb'\s*,\s*){0,20}"(?:' + keys + rb')"\s*:\s*\[\s*')


def _around(layout: JsonRecords) -> re.Pattern[bytes]:
    """What may lie around records: the end of one document and the beginning of the next."""
    end = rb"\](?:\s*,\s*" + _PLAIN + rb")*(?:\s*\})?"
    start = rb"(?:" + _head(layout).pattern + rb"|\[)"
    # Possessive: what was matched is not tried in other ways, so a hostile text costs no more than a good one.
    return re.compile(rb"[\s,]*+(?>(?:" + end + rb"|" + start + rb")[\s,]*+)*+")


@dataclass(frozen=True)
class _Found:
    """Records by their first byte and the byte after their last; `open_at`: an object that does not end, or -1."""

    starts: Positions
    ends: Positions
    open_at: int
    broken: tuple[tuple[int, int], ...] = ()


def split_document(
    layout: JsonRecords, buffer: Buffer, *, final: bool, record_bytes: int, continues: bool = False
) -> Spans:
    """The outermost objects of a document."""
    data = octets(buffer)
    begin = 3 if bytes(data[:3]) == BOM else 0
    braces = find_braces(data, begin, layout.first_keys)
    if continues:  # go on behind a record that was rejected for its length, where the next one begins
        none = positions()
        if not len(braces.anchors):
            return Spans(none, none, len(data), no_rejects(), "" if final else "document")
        begin = int(braces.anchors[0])
        found = _repair(data, braces.anchors, _Found(none, none, -1), begin, whole=True)
        return _finish(layout, buffer, found, begin, final, record_bytes)
    found = _scan(layout, buffer, data, braces)
    stuck = found.open_at >= 0 and (final or len(data) - found.open_at > record_bytes)
    bad = _first_swallowing(data, braces.anchors, found)
    if stuck and (bad < 0 or found.open_at < bad):
        bad = found.open_at
    if bad >= 0:
        found = _repair(data, braces.anchors, found, bad)
    return _finish(layout, buffer, found, begin, final, record_bytes)


def _scan(layout: JsonRecords, buffer: Buffer, data: Octets, braces: Braces) -> _Found:
    """Outermost objects, when all quotes and braces pair up."""
    opens = braces.step == 1
    depth = np.cumsum(braces.step)
    # A brace that closes what this buffer did not open lowers the ground; later objects stand on the new ground.
    level = depth - np.minimum.accumulate(np.minimum(depth, 0))
    outermost = np.flatnonzero(opens & (level == 1))
    wrapper = np.zeros(len(level), dtype=bool)
    wrapper[outermost] = first_key_is(data, braces.at[outermost], layout.arrays)
    if len(outermost) and _head(layout).match(buffer, int(braces.at[outermost[0]])):
        wrapper[outermost[0]] = True
    order = np.zeros(len(level), dtype=np.int64)
    order[outermost] = outermost
    within = wrapper[np.maximum.accumulate(order)] if len(order) else wrapper  # whose objects are the records
    ground = within.astype(np.int64)
    before = np.concatenate((positions([0]), level[:-1])) if len(level) else level
    first = opens & (level == ground + 1) & ~wrapper
    last = ~opens & (level == ground) & (before == ground + 1)
    starts, ends = braces.at[first], braces.at[last] + 1
    open_at = int(starts[-1]) if len(starts) > len(ends) else -1
    starts = starts[: len(ends)]
    records = ~is_member(data, starts)  # the value of a key belongs to the document around the records
    return _Found(starts[records], ends[records], open_at)


def _first_swallowing(data: Octets, anchors: Positions, found: _Found) -> int:
    """The first record that holds others, because it and a later one are broken; -1: none.

    A good record may hold an object that begins like a record: only what is no JSON counts.
    """
    if not len(found.starts):
        return -1
    holder = np.searchsorted(found.starts, anchors, side="right") - 1
    inside = (holder >= 0) & (found.starts[holder] < anchors) & (anchors < found.ends[holder])
    for index in np.unique(holder[inside]):
        try:
            json.loads(bytes(data[found.starts[index] : found.ends[index]]))
        except (ValueError, RecursionError):
            return int(found.starts[index])
    return -1


def _repair(data: Octets, anchors: Positions, found: _Found, bad: int, whole: bool = False) -> _Found:
    """From the broken record on, count quotes and braces anew at each place where a record begins.

    `whole`: at `bad` itself a record begins that may be good.
    """
    kept = found.starts < bad
    borders = np.concatenate((positions([bad]), anchors[anchors > bad]))
    after = np.concatenate((borders[1:], positions([len(data)])))
    tokens = find_tokens(data, bad, len(data))
    part = np.searchsorted(borders, tokens.at, side="right") - 1
    first = np.searchsorted(tokens.at, borders)
    outside = tokens.parity == tokens.parity[first][part]
    step = (tokens.opens & outside).astype(np.int64) - (tokens.closes & outside)
    total = np.cumsum(step)
    depth = total - (total[first] - step[first])[part]
    done = np.flatnonzero((step == -1) & (depth == 0))
    parts, index = np.unique(part[done], return_index=True)
    if not whole:  # what is broken stays broken, even where its braces happen to pair up
        parts, index = parts[parts > 0], index[parts > 0]
    starts, ends = borders[parts], tokens.at[done[index]] + 1
    lost = np.setdiff1d(np.arange(len(borders)), parts)
    open_at = -1
    if len(lost) and lost[-1] == len(borders) - 1:
        open_at, lost = int(borders[-1]), lost[:-1]
    return _Found(
        np.concatenate((found.starts[kept], starts)),
        np.concatenate((found.ends[kept], ends)),
        open_at,
        tuple((int(borders[one]), int(after[one])) for one in lost),
    )


def _finish(layout: JsonRecords, buffer: Buffer, found: _Found, begin: int, final: bool, record_bytes: int) -> Spans:
    """Take what is whole, reject what is broken, too long or no record, and say where to go on."""
    data = octets(buffer)
    refused = [(start, _strip(data, start, end), BROKEN) for start, end in found.broken]
    consumed, unfinished = len(data), ""
    if found.open_at >= 0:
        left = len(data) - found.open_at
        if final or left > record_bytes:
            reason = too_long(record_bytes) if left > record_bytes else CUT
            refused.append((found.open_at, _strip(data, found.open_at, len(data)), reason))
            unfinished = "" if final else "document"
    taken_starts = np.concatenate((found.starts, positions([one[0] for one in refused])))
    taken_ends = np.concatenate((found.ends, positions([one[0] + one[1] for one in refused])))
    order = np.argsort(taken_starts, kind="stable")
    taken_starts, taken_ends = taken_starts[order], taken_ends[order]
    if not final and not unfinished:
        consumed = int(taken_ends[-1]) if len(taken_ends) else 0
    refused += _between(layout, buffer, begin, taken_starts, taken_ends, consumed)
    lengths = found.ends - found.starts
    long = lengths > record_bytes
    tables = [rejects(found.starts[long], lengths[long], too_long(record_bytes))]
    tables += [rejects(positions([at]), positions([length]), reason) for at, length, reason in sorted(refused)]
    table = pa.concat_tables(tables).sort_by("offset")
    return Spans(found.starts[~long], lengths[~long], consumed, table, unfinished)


def _strip(data: Octets, start: int, end: int) -> int:
    """The length from `start` without separators at the end."""
    return len(bytes(data[start:end]).rstrip(b" \t\r\n,"))


def _between(
    layout: JsonRecords, buffer: Buffer, begin: int, starts: Positions, ends: Positions, consumed: int
) -> list[tuple[int, int, str]]:
    """Text between records that is neither a separator nor the frame of a document."""
    data = octets(buffer)
    gap_starts = np.concatenate((positions([begin]), ends))
    gap_ends = np.concatenate((starts, positions([consumed])))
    filled = gap_ends > gap_starts
    gap_starts, gap_ends = gap_starts[filled], gap_ends[filled]
    single = gap_ends - gap_starts == 1
    odd = np.flatnonzero(~(single & _SEPARATOR[data[gap_starts]]))
    odd = odd[skip_separators(data, gap_starts[odd]) < gap_ends[odd]]
    frame = _around(layout)
    refused = []
    for index in odd:
        start, end = int(gap_starts[index]), int(gap_ends[index])
        if not frame.fullmatch(buffer, start, end):
            text = bytes(data[start:end])
            inked = text.lstrip(b" \t\r\n,")
            start += len(text) - len(inked)
            refused.append((start, len(inked.rstrip(b" \t\r\n,")), BETWEEN))
    return refused
