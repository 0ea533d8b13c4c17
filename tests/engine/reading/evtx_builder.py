"""Writes Windows event log files (.evtx) from events as XML, so that tests need no file of anybody's machine.

    build([[event, event], [event]])        one list for each chunk

Names stand where they are used and there are no templates: the plainest form that Windows' format knows.
Facts: libyal/libevtx, "Windows XML Event Log (EVTX) format", which calls the parts of BinXML by these names.
"""

import datetime as dt
import struct
import zlib
from collections.abc import Sequence
from xml.etree import ElementTree

HEADER, CHUNK, CHUNK_HEADER = 4096, 65536, 512
_EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)  # of FILETIME
_FRAGMENT, _OPEN, _OPEN_WITH, _CLOSE_START, _CLOSE_EMPTY, _END = 0x0F, 0x01, 0x41, 0x02, 0x03, 0x04
_VALUE, _ATTRIBUTE, _MORE, _TEXT = 0x05, 0x06, 0x40, 0x01


def build(chunks: Sequence[Sequence[str]], first: int = 1) -> bytes:
    """A whole file. Records are numbered from `first` through all chunks."""
    made, number = [], first
    for events in chunks:
        made.append(chunk(events, number))
        number += len(events)
    header = bytearray(HEADER)
    header[:8] = b"ElfFile\0"
    struct.pack_into("<QQQIHHHH", header, 8, 0, max(0, len(made) - 1), number, 128, 1, 3, HEADER, len(made))
    struct.pack_into("<I", header, 124, zlib.crc32(bytes(header[:120])))
    return bytes(header) + b"".join(made)


def chunk(events: Sequence[str], first: int = 1) -> bytes:
    """One chunk with these events; the rest of it is free."""
    made, last = bytearray(CHUNK_HEADER), CHUNK_HEADER
    for number, event in enumerate(events, start=first):
        last = len(made)
        made += record(event, number, last)
    assert len(made) <= CHUNK, "so many events need another chunk"
    made[:8] = b"ElfChnk\0"
    end = first + len(events) - 1
    struct.pack_into("<QQQQIII", made, 8, first, end, first, end, 128, last, len(made))
    struct.pack_into("<I", made, 52, zlib.crc32(bytes(made[CHUNK_HEADER:])))
    struct.pack_into("<I", made, 124, zlib.crc32(bytes(made[:120] + made[128:CHUNK_HEADER])))
    return bytes(made.ljust(CHUNK, b"\0"))


def record(event: str, number: int, at: int) -> bytes:
    """One record, which begins at this offset of its chunk."""
    body = bytearray(struct.pack("<BBBB", _FRAGMENT, 1, 1, 0))
    _element(ElementTree.fromstring(event), body, at + 24)  # noqa: S314 - the tests' own text
    body.append(0)
    body += bytes(-len(body) % 8)
    size = 24 + len(body) + 4
    time = int((dt.datetime(2026, 7, 1, tzinfo=dt.UTC) - _EPOCH).total_seconds()) * 10_000_000
    return struct.pack("<4sIQQ", b"**\0\0", size, number, time) + bytes(body) + struct.pack("<I", size)


def _element(element: ElementTree.Element, body: bytearray, base: int) -> None:
    attributes, inner = list(element.attrib.items()), list(element)
    empty = not inner and not element.text
    body += struct.pack("<B", _OPEN_WITH if attributes else _OPEN)
    size_at = len(body)
    body += bytes(4)
    _name(_plain(element.tag), body, base)
    if attributes:
        list_at = len(body)
        body += bytes(4)
        for index, (name, value) in enumerate(attributes):
            body.append(_ATTRIBUTE | (_MORE if index < len(attributes) - 1 else 0))
            _name(_plain(name), body, base)
            _text(value, body)
        struct.pack_into("<I", body, list_at, len(body) - list_at - 4)
    body.append(_CLOSE_EMPTY if empty else _CLOSE_START)
    if not empty:
        if element.text:
            _text(element.text, body)
        for one in inner:
            _element(one, body, base)
        body.append(_END)
    struct.pack_into("<I", body, size_at, len(body) - size_at - 4)


def _plain(name: str) -> str:
    return name.rsplit("}", 1)[-1]


def _name(name: str, body: bytearray, base: int) -> None:
    """The offset of a name in the chunk; the name itself follows, for it was not there before."""
    body += struct.pack("<I", base + len(body) + 4)
    hashed = 0
    for letter in name:
        hashed = (hashed * 65599 + ord(letter)) & 0xFFFFFFFF
    body += struct.pack("<IHH", 0, hashed & 0xFFFF, len(name)) + name.encode("utf-16-le") + b"\0\0"


def _text(value: str, body: bytearray) -> None:
    data = value.encode("utf-16-le")
    body += struct.pack("<BBH", _VALUE, _TEXT, len(data) // 2) + data
