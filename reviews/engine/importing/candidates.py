"""What a place of logs gives to an import: things to read, each with what tells whether it has changed since."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol


class Candidate(Protocol):
    """A file, or an object in a bucket, as it was a moment ago."""

    @property
    def name(self) -> str: ...  # relative to the place, fit to be shown and stored
    @property
    def path(self) -> Path: ...  # names it in messages
    @property
    def raw_name(self) -> bytes: ...  # as the place itself gives it
    @property
    def size(self) -> int: ...  # bytes, as they are stored
    @property
    def modified_ns(self) -> int: ...
    @property
    def inode(self) -> int: ...  # 0 where there is none
    @property
    def version(self) -> str: ...  # of an object; empty for a file
    @property
    def is_final(self) -> bool: ...  # nobody can be writing it any more, however new it is

    def open(self) -> BinaryIO:
        """Its bytes as they are stored. OSError or ReadingError when they cannot be had."""
        ...

    def is_unchanged(self) -> bool:
        """Whether it still is what was found."""
        ...


@dataclass(frozen=True)
class Trouble:
    """A file that is not read, and why. `blocks`: what it holds is not known, so the source is not read up to now."""

    name: str
    problem: str
    blocks: bool


class Place(Protocol):
    """Where the logs of a source lie."""

    def find(self) -> Iterator[Candidate | Trouble]:
        """Everything that an import reads, in a stable order. PortalError when the place cannot be listed."""
        ...

    def ahead(self, wanted: Iterable[Candidate | Trouble]) -> Iterator[Candidate | Trouble]:
        """The same again, in the same order; what it takes to open the next ones may have begun."""
        ...
