"""What envelopes hold in a way of its own: lines that were cut into parts, and bytes that are packed."""

import base64
import binascii
import zlib
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from reviews.engine.formats import Format
from reviews.engine.reading.envelopes import Envelope
from reviews.engine.reading.lines import too_long
from reviews.engine.reading.spans import Positions, Records, positions
from reviews.engine.reading.splitting import split

RECORD_BYTES: Final = 16 << 20  # of what one envelope holds
# Of what all envelopes that are read at once hold packed.
ALL_BYTES: Final = 256 << 20
ALL_RECORDS: Final = 2_000_000
NO_BASE64: Final = "What {title} should hold is no base64."
DAMAGED: Final = "What {title} holds is a damaged gzip."
BOMB: Final = f"What {{title}} holds unpacks to more than {RECORD_BYTES >> 20} MiB."
TOO_MUCH: Final = (
    f"What {{title}} and its neighbours hold unpacks to more than {ALL_BYTES >> 20} MiB or {ALL_RECORDS:,} records. "
    "Set SEGMENT_BYTES to a smaller value and rebuild the source."
)
PARTS: Final = "{title} cut this line into parts, and its end is not in this part of the file."

HELD: Final = pa.schema(
    [
        ("number", pa.int64()),  # of the envelope among the records
        ("held", pa.large_binary()),
        ("received", pa.timestamp("us")),
        ("partial", pa.bool_()),
        ("stream", pa.string()),
        ("problem", pa.string()),
    ]
)


@dataclass
class Budget:
    """What may still be unpacked."""

    bytes: int = ALL_BYTES
    records: int = ALL_RECORDS


def join_parts(one: Envelope, held: pa.Table, records: Records) -> tuple[pa.Table, Positions]:
    """Lines made whole, in the place of their first part; and the envelopes of their further parts."""
    partial = held["partial"].to_pylist()
    if not any(partial):
        return held, positions()
    numbers = positions(held["number"].to_numpy())
    texts = held["held"].to_pylist()
    begun: dict[tuple[int, str | None], _Line] = {}
    problems: list[str | None] = [None] * len(texts)
    kept, joined = [], []
    for row, key in enumerate(zip(records.files(numbers).tolist(), held["stream"].to_pylist(), strict=True)):
        if key in begun:
            joined.append(row)
            begun[key].append(texts[row] or b"")
        else:
            kept.append(row)
            if partial[row]:
                begun[key] = _Line(row, [], 0)
                begun[key].append(texts[row] or b"")
        if key in begun and not partial[row]:
            line = begun.pop(key)
            texts[line.row], problems[line.row] = line.whole()
    for line in begun.values():
        problems[line.row] = PARTS.format(title=one.title)
    held = held.set_column(1, HELD.field("held"), pa.array(texts, pa.large_binary()))
    held = held.set_column(5, HELD.field("problem"), pa.array(problems, pa.string()))
    return held.take(pa.array(kept, pa.int64())), numbers[positions(joined)]


@dataclass
class _Line:
    """A line of which parts have come."""

    row: int
    parts: list[bytes]
    size: int

    def append(self, part: bytes) -> None:
        self.size += len(part)
        if self.size <= RECORD_BYTES:
            self.parts.append(part)

    def whole(self) -> tuple[bytes, str | None]:
        return b"".join(self.parts), None if self.size <= RECORD_BYTES else too_long(RECORD_BYTES)


@dataclass
class _Rows:
    """Rows that become a table like `HELD`."""

    source: list[int] = field(default_factory=list)
    held: list[bytes | None] = field(default_factory=list)
    problem: list[str | None] = field(default_factory=list)

    def add(self, source: int, held: bytes | None, problem: str | None = None) -> None:
        self.source.append(source)
        self.held.append(held)
        self.problem.append(problem)


def unpack(fmt: Format, one: Envelope, held: pa.Table, budget: Budget) -> pa.Table:
    """The records in what is packed, found as in a file; what cannot be unpacked is one row with the reason."""
    rows = _Rows()
    for source, (data, problem) in enumerate(zip(held["held"].to_pylist(), held["problem"].to_pylist(), strict=True)):
        if data is None or problem is not None:
            rows.add(source, data, problem)
            continue
        plain, reason = _unpacked(data, budget) if one.packed else (data, "")
        if reason:
            rows.add(source, None, reason.format(title=one.title))
            continue
        _split(fmt, one, source, plain, rows, budget)
    told = held.select(["number", "received", "partial", "stream"]).take(pa.array(rows.source, pa.int64()))
    told = told.append_column("held", pa.array(rows.held, pa.large_binary()))
    return told.append_column("problem", pa.array(rows.problem, pa.string())).select(HELD.names)


def _unpacked(data: bytes, budget: Budget) -> tuple[bytes, str]:
    """The plain bytes of base64, or the reason why there are none."""
    try:
        plain = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return b"", NO_BASE64
    if plain.startswith(b"\x1f\x8b"):
        unpacking = zlib.decompressobj(wbits=31)
        try:
            plain = unpacking.decompress(plain, RECORD_BYTES + 1)
        except zlib.error:
            return b"", DAMAGED
        if len(plain) > RECORD_BYTES:
            return b"", BOMB
        if not unpacking.eof or unpacking.unused_data:
            return b"", DAMAGED
    budget.bytes -= len(plain)
    return (plain, "") if min(budget.bytes, budget.records) >= 0 else (b"", TOO_MUCH)


def _split(fmt: Format, one: Envelope, source: int, plain: bytes, rows: _Rows, budget: Budget) -> None:
    spans = split(fmt, plain, final=True, record_bytes=RECORD_BYTES)
    budget.records -= len(spans.offsets) + spans.rejects.num_rows  # they need no line ends: [{},{},…
    if budget.records < 0:
        rows.add(source, None, TOO_MUCH.format(title=one.title))
        return
    refused = spans.rejects.to_pylist()
    found = [(int(at), int(length), None) for at, length in zip(spans.offsets, spans.lengths, strict=True)]
    found += [(row["offset"], row["length"], row["reason"]) for row in refused]
    for at, length, reason in sorted(found, key=lambda one: one[0]):
        rows.add(source, plain[at : at + length], reason)
    if not found:
        rows.add(source, None, "")
