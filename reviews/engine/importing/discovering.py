"""Which files an import reads: regular files below a directory whose path matches the glob, in a stable order.

A link that leads out of the directory is not followed and is said. A directory that is reached through a link inside
the same directory is read once, at its own place.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reviews.engine.importing.globs import pattern
from reviews.engine.importing.showing import shown_name
from reviews.errors import ReadingError


@dataclass(frozen=True)
class Found:
    """A file to look at, as it was a moment ago."""

    path: Path
    name: str  # relative to the directory, fit to be shown and stored
    size: int
    modified_ns: int
    inode: int

    @property
    def raw_name(self) -> bytes:
        """The file's name as the file system gives it."""
        return os.fsencode(self.path)


@dataclass(frozen=True)
class Trouble:
    """A file that is not read, and why. `blocks`: what it holds is not known, so the source is not read up to now."""

    name: str
    problem: str
    blocks: bool


def discover(directory: Path, glob: str) -> list[Found | Trouble]:
    """Everything that a scheduled import reads, sorted by name. ReadingError when the directory cannot be listed."""
    if not directory.is_dir():
        raise ReadingError(f"The directory {directory} is not there, or the portal may not see it.")
    try:
        os.scandir(directory).close()
    except OSError as problem:
        raise ReadingError(f"The directory {directory} cannot be listed: {problem.strerror}.") from problem
    matches = pattern(glob)
    return sorted(_walk(directory, directory, matches), key=lambda one: one.name)


def discover_paths(paths: Iterable[Path], directory: Path) -> list[Found | Trouble]:
    """The files that were asked for by name: files themselves, and everything below directories."""
    found: list[Found | Trouble] = []
    for path in paths:
        path = path.absolute()
        if path.is_dir():
            found += [_renamed(one, directory) for one in discover(path, "**/*")]
        else:
            found.append(_look(path, shown_name(path, directory)))
    return found


def _renamed(one: Found | Trouble, directory: Path) -> Found | Trouble:
    if isinstance(one, Trouble):
        return one
    return Found(one.path, shown_name(one.path, directory), one.size, one.modified_ns, one.inode)


def _walk(top: Path, directory: Path, matches: re.Pattern[str]) -> Iterator[Found | Trouble]:
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError as problem:
        yield Trouble(shown_name(directory, top), f"The directory cannot be listed: {problem.strerror}.", blocks=True)
        return
    for entry in entries:
        path = Path(entry.path)
        name = shown_name(path, top)
        wanted = matches.fullmatch(os.fspath(path.relative_to(top))) is not None
        if entry.is_symlink():
            yield from _through_link(top, path, name, wanted)
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(top, path, matches)
        elif wanted:
            yield _look(path, name)


def _through_link(top: Path, path: Path, name: str, wanted: bool) -> Iterator[Found | Trouble]:
    target = Path(os.path.realpath(path))
    if not target.is_relative_to(os.path.realpath(top)):
        if wanted or target.is_dir():
            problem = "This link leads out of the source's directory. It was not read; put the files themselves there."
            yield Trouble(name, problem, blocks=False)
    elif wanted and not target.is_dir():
        yield _look(path, name)


def _look(path: Path, name: str) -> Found | Trouble:
    try:
        told = path.stat()
    except OSError as problem:
        return Trouble(name, f"The file cannot be seen: {problem.strerror}.", blocks=True)
    if not stat.S_ISREG(told.st_mode):
        return Trouble(name, "This is no regular file (a pipe, a socket or a device). It was not read.", blocks=False)
    if not os.access(path, os.R_OK):
        sentence = "The portal may not read this file. Give its user the right to; the next import takes it up."
        return Trouble(name, sentence, blocks=True)
    return Found(path, name, told.st_size, told.st_mtime_ns, told.st_ino & (2**63 - 1))
