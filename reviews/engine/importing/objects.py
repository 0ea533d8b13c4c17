"""Objects below a prefix of a bucket as a place of logs.

All of them are listed each time and compared with what is known: no marker can stick, and a key that sorts before
those of yesterday is found. Small objects are fetched ahead by some threads, large ones block by block.
"""

import hashlib
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final, cast

from reviews.engine.buckets import PAGE, Address, Bucket, StoredObject
from reviews.engine.importing.candidates import Candidate, Trouble
from reviews.engine.importing.globs import literal_beginning, pattern
from reviews.engine.importing.showing import shortened, visible
from reviews.errors import ObjectError, ReadingError

SMALL: Final = 1 << 20  # bytes: what is not larger is fetched whole, and ahead
BLOCK: Final = 8 << 20
READERS: Final = 16  # threads
AHEAD: Final = 64  # objects
AHEAD_BYTES: Final = 16 << 20
UNSEEN: Final = (
    "The portal may not list versions here. What was overwritten or deleted before it came was not seen: allow it "
    "s3:ListBucketVersions and s3:GetObjectVersion."
)
_LONGEST_PIN: Final = 200
_SLASHES: Final = re.compile("/+")


@dataclass(frozen=True)
class ListedObject:
    """One version of an object, to look at. Nobody writes into it any more: objects come whole."""

    bucket: Bucket
    stored: StoredObject
    name: str  # the key relative to the prefix, fit to be shown and stored
    content: Future[bytes] | None = None  # on its way already

    inode = 0
    is_final = True

    @property
    def path(self) -> Path:
        return Path(self.name)

    @property
    def raw_name(self) -> bytes:
        return self.stored.key.encode()

    @property
    def size(self) -> int:
        return self.stored.size

    @property
    def modified_ns(self) -> int:
        return int(self.stored.modified_at.timestamp()) * 10**9  # S3 knows seconds

    @property
    def version(self) -> str:
        pin = self.stored.pin
        return pin if len(pin) <= _LONGEST_PIN else hashlib.sha256(pin.encode()).hexdigest()

    def open(self) -> BinaryIO:
        """The bytes of this very version. ReadingError for what concerns this object alone, else BucketError."""
        if self.size > SMALL:
            return cast("BinaryIO", io.BufferedReader(_Blocks(self.bucket, self.stored)))
        try:
            return io.BytesIO(self.content.result() if self.content is not None else self.bucket.read(self.stored))
        except ObjectError as problem:
            raise ReadingError(str(problem)) from problem

    def is_unchanged(self) -> bool:
        return True  # as what it was listed; another version is another candidate


class _Blocks(io.RawIOBase):
    """A large object, read in blocks, of which the next is always on its way."""

    def __init__(self, bucket: Bucket, stored: StoredObject) -> None:
        self._bucket, self._stored = bucket, stored
        self._pool = ThreadPoolExecutor(1)
        self._position = 0  # of the block that is on its way
        self._data = memoryview(b"")
        self._next = self._fetch()
        try:
            self._turn()
        except ObjectError as problem:
            self.close()
            raise ReadingError(str(problem)) from problem

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._data:
            self._turn()
        taken = min(len(buffer), len(self._data))
        buffer[:taken] = self._data[:taken]
        self._data = self._data[taken:]
        return taken

    def close(self) -> None:
        if not self.closed:
            self._pool.shutdown(wait=False, cancel_futures=True)
        super().close()

    def _fetch(self) -> Future[bytes]:
        return self._pool.submit(self._bucket.read, self._stored, self._position, BLOCK)

    def _turn(self) -> None:
        """Take the block that was on its way, and ask for the next.

        After the first block an error ends the whole pass: the next import lists anew and goes on behind what is
        registered.
        """
        self._data = memoryview(self._next.result())
        self._position += len(self._data)
        self._next = self._fetch()


@dataclass(frozen=True)
class Prefix:
    """The objects below an address whose keys, relative to it, match the glob."""

    bucket: Bucket
    address: Address
    glob: str
    page: int = PAGE

    def find(self) -> Iterator[Candidate | Trouble]:
        matches = pattern(self.glob)
        top = self.address.prefix
        for stored in self.bucket.objects(top + literal_beginning(self.glob), page=self.page):
            below = stored.key[len(top) :]
            if below.endswith("/") and not stored.size:
                continue  # what stands for a folder in consoles
            if matches.fullmatch(_SLASHES.sub("/", below).lstrip("/")):
                yield ListedObject(self.bucket, stored, shortened(visible(below)))
        if not self.bucket.may_list_versions:
            yield Trouble(shortened(visible(str(self.address))), UNSEEN, blocks=False)

    def ahead(self, wanted: Iterable[Candidate | Trouble]) -> Iterator[Candidate | Trouble]:
        pool = ThreadPoolExecutor(READERS)
        waiting: deque[Candidate | Trouble] = deque()
        held = 0
        try:
            for one in wanted:
                waiting.append(self._begun(one, pool))
                held += _small(one)
                while len(waiting) > AHEAD or held > AHEAD_BYTES:
                    held -= _small(waiting[0])
                    yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        finally:
            pool.shutdown(cancel_futures=True)

    def _begun(self, one: Candidate | Trouble, pool: ThreadPoolExecutor) -> Candidate | Trouble:
        if not isinstance(one, ListedObject) or one.size > SMALL:
            return one
        return replace(one, content=pool.submit(self.bucket.read, one.stored))


def _small(one: Candidate | Trouble) -> int:
    """Bytes that fetching it ahead holds."""
    return 0 if isinstance(one, Trouble) or one.size > SMALL else one.size
