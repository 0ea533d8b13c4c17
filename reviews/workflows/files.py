"""The logical files of a source during one import: looked up by name and by beginning, changed in memory.

A file is in memory what it will be when the batch at hand is registered; the database has it as of the last
registration. What an import dies with in memory is read again.
"""

import datetime as dt
import secrets
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from reviews.engine.importing.batches import Piece
from reviews.engine.importing.candidates import Candidate
from reviews.engine.importing.streams import Head, possible_heads
from reviews.models import LogFile

_LOOKED_UP: Final = 500


@dataclass
class KnownFile:
    """A logical file as this import knows it."""

    key: str
    name: str
    size: int = 0
    modified_ns: int = 0
    inode: int = 0
    version: str = ""
    head: Head = field(default_factory=lambda: Head(0, ""))
    length: int = 0
    sha256: str = ""
    complete: bool = False
    unfinished: str = ""
    is_copy: bool = False

    @classmethod
    def new(cls, name: str) -> "KnownFile":
        return cls(key=secrets.token_hex(8), name=name)

    @classmethod
    def of(cls, row: LogFile) -> "KnownFile":
        return cls(
            key=row.key,
            name=row.name,
            size=row.size,
            modified_ns=row.modified_ns,
            inode=row.inode,
            version=row.version,
            head=Head(row.head_length, row.head_sha256),
            length=row.length,
            sha256=row.sha256,
            complete=row.complete,
            unfinished=row.unfinished,
            is_copy=row.copy_of_id is not None,
        )

    def took(self, piece: Piece) -> None:
        """Remember that this piece is imported, once its batch is registered."""
        self.length = piece.file_offset + piece.length
        self.sha256, self.head, self.unfinished = piece.sha256_after, piece.head, piece.unfinished

    def saw(self, found: Candidate, *, complete: bool) -> None:
        """Remember what the file looked like in its place when it was read."""
        self.name, self.size, self.modified_ns, self.inode = found.name, found.size, found.modified_ns, found.inode
        self.version, self.complete = found.version, complete

    def looks_like(self, found: Candidate) -> bool:
        mine = self.name, self.size, self.modified_ns, self.version
        return mine == (found.name, found.size, found.modified_ns, found.version)

    def row(self, source_id: int, now: dt.datetime) -> LogFile:
        """A row to insert, or by its key to update."""
        return LogFile(
            source_id=source_id,
            key=self.key,
            name=self.name,
            size=self.size,
            modified_ns=self.modified_ns,
            inode=self.inode,
            version=self.version,
            head_length=self.head.length,
            head_sha256=self.head.sha256,
            length=self.length,
            sha256=self.sha256,
            complete=self.complete,
            unfinished=self.unfinished,
            last_seen_at=now,
        )


class FileIndex:
    """Every logical file of the source that this import meets, one object each."""

    def __init__(self, source_id: int) -> None:
        self.source_id = source_id
        self._by_key: dict[str, KnownFile] = {}
        self._by_name: dict[str, list[KnownFile]] = {}
        self._new_heads: dict[str, list[KnownFile]] = defaultdict(list)
        self.claimed: set[str] = set()  # keys that a path of this import has already been found to be

    def prefetch(self, names: Iterable[str]) -> None:
        """Read the rows of these names; forget those of the names before."""
        wanted = list(names)
        self._by_name = {name: [] for name in wanted}
        for start in range(0, len(wanted), _LOOKED_UP):
            rows = LogFile.objects.filter(source_id=self.source_id, name__in=wanted[start : start + _LOOKED_UP])
            for row in rows.order_by("pk"):
                known = self._known(row)
                self._by_name.setdefault(known.name, []).append(known)

    def same_name(self, name: str) -> list[KnownFile]:
        return self._by_name.get(name, [])

    def candidates(self, beginning: bytes, name: str = "") -> list[KnownFile]:
        """Files that may be this one, by their heads: of the database, and of this import.

        A file of this name with a longer head is one, too: it may have been cut to what is here now.
        """
        heads = [head.sha256 for head in possible_heads(beginning)]
        rows = LogFile.objects.filter(source_id=self.source_id, head_sha256__in=heads, length__gt=0)
        found = {known.key: known for known in map(self._known, rows)}
        for head in heads:
            found.update({known.key: known for known in self._new_heads.get(head, [])})
        cut = [known for known in self.same_name(name) if known.head.length > len(beginning)]
        same = [known for known in found.values() if known.head.sha256 in heads]
        return [known for known in (*same, *cut) if known.length and not known.is_copy]

    def keep(self, known: KnownFile) -> None:
        """Make a file that was read in this import known to the files after it."""
        self._by_key[known.key] = known
        if known.head.sha256 and known not in self._new_heads[known.head.sha256]:
            self._new_heads[known.head.sha256].append(known)

    def registered(self, keys: Iterable[str]) -> None:
        """The database has these now; memory may let go of them."""
        for key in keys:
            self._by_key.pop(key, None)
        for head, files in list(self._new_heads.items()):
            self._new_heads[head] = [known for known in files if known.key in self._by_key]
            if not self._new_heads[head]:
                del self._new_heads[head]

    def _known(self, row: LogFile) -> KnownFile:
        return self._by_key.get(row.key) or KnownFile.of(row)
