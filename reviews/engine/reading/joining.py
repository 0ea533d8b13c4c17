"""Records of one event, each a line, that stand mixed with those of other events: which belong together.

All of it goes by columns: the keys are found by one expression, and what is equal is brought together by sorting.
"""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reviews.engine.formats import Joined
from reviews.engine.reading.spans import Buffer, Flags, Positions, Records, Spans, octets, positions, record_views

_HEAD: Final = 1 << 10  # bytes of a record in which its key stands
_MARKED: Final = 1 << 13  # bytes of a line in which its mark stands
_RECENT: Final = 1 << 16  # bytes at the end of a buffer, in which events stand mixed
_SEPARATOR: Final = b"\x00"
_LINE_END: Final = 2  # bytes at most


def join_records(joined: Joined, records: Records) -> tuple[Records, Positions]:
    """The events that the records make up, in the order in which they begin, and the record that begins each.

    The text of an event is its records, each on a line of its own. None reaches over the end of a file.
    """
    event = _events(joined, records)
    count = int(event.max()) + 1 if len(event) else 0
    order = np.argsort(event, kind="stable")
    sizes = np.bincount(event, minlength=count)
    ends = np.cumsum(sizes)
    lines = record_views(records.buffer, records.offsets[order], records.lengths[order]).cast(pa.binary())
    borders = pa.array(np.concatenate(([0], ends)), pa.int32())
    text = pc.binary_join(pa.ListArray.from_arrays(borders, lines), b"\n")
    _, places, data = text.buffers()
    starts = np.frombuffer(places, dtype=np.int32)[: count + 1].astype(np.int64)
    return Records(memoryview(data or b""), starts[:-1], np.diff(starts)), order[ends - sizes]


def together(joined: Joined, records: Records) -> Positions:
    """From each record on the bytes to the end of its event, as far as nothing else stands between."""
    event = _events(joined, records)
    ends = records.offsets + records.lengths
    breaks = np.flatnonzero((event[1:] != event[:-1]) | (records.offsets[1:] > ends[:-1] + _LINE_END))
    last = np.append(breaks, len(event) - 1)
    lengths: Positions = ends[last[np.searchsorted(breaks, np.arange(len(event)))]] - records.offsets
    return lengths


def whole_events(joined: Joined, buffer: Buffer, spans: Spans, record_bytes: int) -> Spans:
    """The spans of a buffer that goes on, without the events at its end that may go on too.

    No event is torn, unless it would hold back more than `record_bytes`.
    """
    begin = int(np.searchsorted(spans.offsets, spans.consumed - record_bytes))
    offsets, lengths = spans.offsets[begin:], spans.lengths[begin:]
    if not len(offsets) or spans.unfinished:
        return spans
    found = _found(joined.mark, _MARKED, buffer, offsets, lengths)
    event = _numbered(_same(found, found.is_valid().to_numpy(zero_copy_only=False)))
    seconds = pc.struct_field(found, "seconds").cast(pa.string()).cast(pa.float64()).fill_null(-np.inf).to_numpy()
    cuts, going_on = _between(event), _going_on(seconds, offsets >= spans.consumed - _RECENT, joined.over_after)
    cut = _last_at_most(cuts, int(going_on[0])) if len(going_on) else len(offsets)
    if cut == 0 and begin:  # more than a record may be long: all but the event that the last record belongs to
        cut = _last_at_most(cuts, int(np.argmax(event == event[-1]))) or len(offsets)
    if cut == len(offsets):
        return spans
    consumed = int(offsets[cut])
    before = pc.less(spans.rejects["offset"], consumed)
    return Spans(spans.offsets[: begin + cut], spans.lengths[: begin + cut], consumed, spans.rejects.filter(before))


def _going_on(seconds: np.ndarray, recent: Flags, over_after: float) -> Positions:
    """The records whose event may go on: as young as the last one, or as the youngest of the recent ones.

    Of a clock that was put back, one record lies in the future of all that follow: it must not hold them back.
    """
    stamped = np.flatnonzero(np.isfinite(seconds))
    if not len(stamped):
        return positions()
    young = np.abs(seconds - seconds[stamped[-1]]) < over_after
    youngest = seconds.max(where=recent, initial=-np.inf)
    return np.flatnonzero(young | (recent & (seconds > youngest - over_after)))


def _events(joined: Joined, records: Records) -> Positions:
    """For each record the number of its event, counted as they begin."""
    found = _found(joined.key, _HEAD, records.buffer, records.offsets, records.lengths)
    text = _is_utf8(records.buffer, records.offsets, records.lengths)
    same = _same(found, found.is_valid().to_numpy(zero_copy_only=False) & text)
    if records.file_starts is not None:
        file = np.searchsorted(records.file_starts, records.offsets, side="right")
        same = np.where(same < 0, same, file * (len(same) + 1) + same)
    return _numbered(same)


def _found(pattern: str, size: int, buffer: Buffer, offsets: Positions, lengths: Positions) -> pa.StructArray:
    """The groups of the pattern in the first bytes of each record; NULL where it does not match."""
    heads = record_views(buffer, offsets, np.minimum(lengths, size)).cast(pa.binary())
    return pc.extract_regex(heads, pattern=pattern)


def _same(found: pa.StructArray, keyed: Flags) -> Positions:
    """A number that records share whose groups are the same; one of its own, below 0, for each that has no key."""
    groups = [pc.struct_field(found, index) for index in range(found.type.num_fields)]
    codes = pc.binary_join_element_wise(*groups, _SEPARATOR).dictionary_encode().indices.fill_null(0).to_numpy()
    return np.where(keyed, codes.astype(np.int64), -1 - np.arange(len(found)))


def _numbered(same: Positions) -> Positions:
    """The same distinctions, as numbers from 0 in the order in which they first occur."""
    _, begins, number = np.unique(same, return_index=True, return_inverse=True)
    return positions(np.argsort(np.argsort(begins))[number])


def _is_utf8(buffer: Buffer, offsets: Positions, lengths: Positions) -> Flags:
    """Whether each record is text. One that is not stays alone, so that it costs no other."""
    good = np.ones(len(offsets), dtype=np.bool_)
    foreign = np.flatnonzero(octets(buffer) >= 0x80)
    for number in np.unique(np.searchsorted(offsets, foreign, side="right") - 1).tolist():
        if number >= 0:
            start = int(offsets[number])
            good[number] = _decodes(bytes(buffer[start : start + int(lengths[number])]))
    return good


def _decodes(record: bytes) -> bool:
    try:
        record.decode()
    except UnicodeDecodeError:
        return False
    return True


def _between(event: Positions) -> Positions:
    """The places where records can be cut so that no event has some on either side, the beginning and end too."""
    count = len(event)
    order = np.argsort(event, kind="stable")
    border = np.flatnonzero(np.diff(event[order])) + 1
    first, last = order[np.append(0, border)], order[np.append(border, count) - 1]
    open_events = np.zeros(count + 2, dtype=np.int64)
    np.add.at(open_events, first + 1, 1)
    np.add.at(open_events, last + 1, -1)
    return np.flatnonzero(np.cumsum(open_events)[: count + 1] == 0)


def _last_at_most(cuts: Positions, limit: int) -> int:
    return int(cuts[np.searchsorted(cuts, limit, side="right") - 1])
