"""Decompressors that give no more than they are asked for: a kilobyte can unpack to gigabytes.

bzip2 and xz of the standard library can be asked for so much and no more. zlib leaves the rest to its caller, and
zstandard knows no limit: it is fed block by block, and a block never unpacks to more than 128 KiB (RFC 8878, 3.1.1.2).
"""

import bz2
import lzma
import zlib
from typing import Final, Protocol

import zstandard

_XZ_MEMORY: Final = 1 << 30
_ZSTD_WINDOW: Final = 1 << 27
_SKIPPABLE: Final = b"\x2a\x4d\x18"  # after the first byte of a frame that holds no data


class Decompressor(Protocol):
    """One member of a compressed stream. `decompress` may be called without data while `needs_input` is false."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def decompressor(compression: str) -> Decompressor:
    """A new one, for the next member."""
    match compression:
        case "gzip":
            return _Gzip()
        case "bzip2":
            return bz2.BZ2Decompressor()
        case "xz":
            return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
        case _:
            return _Zstd()


class _Gzip:
    """zlib gives what it did not look at back; here it waits for the next call."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        given = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        # A full answer may have left bytes behind inside zlib, also when all input is taken.
        self.needs_input = not self._inner.unconsumed_tail and len(given) < max_length
        return given


class _Zstd:
    """One frame, cut at the ends of its header, its blocks and its checksum before it is fed."""

    def __init__(self) -> None:
        self._inner = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        self._held = bytearray()  # not fed yet
        self._left = 0  # bytes of the part at hand that are not fed yet
        self._in_frame = False
        self._checksum = 0  # bytes of it, after the last block
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data + bytes(self._held) if self.eof else b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        self._held += data
        given = bytearray()
        while len(given) < max_length and not self.eof:
            if not self._left:
                self._left = self._next_part()
            if not self._held or not self._left:
                break
            piece = bytes(memoryview(self._held)[: self._left])
            del self._held[: len(piece)]
            self._left -= len(piece)
            given += self._inner.decompress(piece)
        self.needs_input = not self.eof and len(given) < max_length
        return bytes(given)

    def _next_part(self) -> int:
        """Length of the part that begins here; 0 when its beginning is not here yet."""
        held = self._held
        if self._in_frame:
            if len(held) < 3:
                return 0
            header = int.from_bytes(held[:3], "little")
            is_last, is_repeated = header & 1, header >> 1 & 3 == 1
            return 3 + (1 if is_repeated else header >> 3) + (self._checksum if is_last else 0)
        if len(held) < 8:
            return 0
        if held[1:4] == _SKIPPABLE:
            return 8 + int.from_bytes(held[4:8], "little")
        told = held[4]
        single, self._checksum, self._in_frame = bool(told & 0x20), 4 if told & 4 else 0, True
        return 5 + (not single) + (0, 1, 2, 4)[told & 3] + (int(single), 2, 4, 8)[told >> 6]
