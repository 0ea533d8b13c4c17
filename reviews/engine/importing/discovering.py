"""Which files an import reads: regular files below a directory whose path matches the glob, in a stable order.

A link that leads out of the directory is not followed and is said. A directory that is reached through a link inside
the same directory is read once, at its own place. What was found is opened without following any link: whoever writes
into a log directory must not be able to put a link in a file's place after the portal has looked at it.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from reviews.engine.importing.candidates import Candidate, Trouble
from reviews.engine.importing.globs import pattern
from reviews.engine.importing.showing import shown_name
from reviews.errors import ReadingError

_FOLDER: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # not to wait for the other end of a pipe


@dataclass(frozen=True)
class Found:
    """A file to look at, as it was a moment ago."""

    path: Path
    real: Path  # the same without links, as it was when it was found
    name: str  # relative to the directory, fit to be shown and stored
    size: int
    modified_ns: int
    inode: int
    version: str = ""
    is_final: bool = False

    @property
    def raw_name(self) -> bytes:
        """The file's name as the file system gives it."""
        return os.fsencode(self.path)

    def open(self) -> BinaryIO:
        """The file itself. OSError or ReadingError for a link, a pipe or a device that has taken its place."""
        folder = os.open("/", _FOLDER)
        try:
            for name in self.real.parts[1:-1]:
                outer, folder = folder, os.open(name, _FOLDER, dir_fd=folder)
                os.close(outer)
            handle = os.open(self.real.name, _FILE, dir_fd=folder)
        finally:
            os.close(folder)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise ReadingError(f"{self.name} is no regular file any more. It was not read.")
        return os.fdopen(handle, "rb")

    def is_unchanged(self) -> bool:
        try:
            told = self.path.stat()
        except OSError:
            return False
        return (told.st_size, told.st_mtime_ns) == (self.size, self.modified_ns)


@dataclass(frozen=True)
class Directory:
    """A directory and a glob as a place of logs; with `paths`, only the files and directories asked for by name."""

    path: Path
    glob: str
    real: Path | None = None  # without links, when somebody has looked at it already
    paths: tuple[Path, ...] = ()

    def find(self) -> Iterator[Candidate | Trouble]:
        if self.paths:
            return iter(discover_paths(self.paths, self.path))
        return iter(discover(self.path, self.glob, self.real))

    def ahead(self, wanted: Iterable[Candidate | Trouble]) -> Iterator[Candidate | Trouble]:
        return iter(wanted)


def discover(directory: Path, glob: str, real: Path | None = None) -> list[Found | Trouble]:
    """Everything that a scheduled import reads, sorted by name. ReadingError when the directory cannot be listed.

    `real` is the directory without links, when somebody has looked at it already.
    """
    if not directory.is_dir():
        raise ReadingError(f"The directory {directory} is not there, or the portal may not see it.")
    try:
        os.scandir(directory).close()
    except OSError as problem:
        raise ReadingError(f"The directory {directory} cannot be listed: {problem.strerror}.") from problem
    matches = pattern(glob)
    top = _Top(directory, real or Path(os.path.realpath(directory)))
    return sorted(_walk(top, directory, matches), key=lambda one: one.name)


def discover_paths(paths: Iterable[Path], directory: Path) -> list[Found | Trouble]:
    """The files that were asked for by name: files themselves, and everything below directories."""
    found: list[Found | Trouble] = []
    for path in paths:
        path = path.absolute()
        if path.is_dir():
            found += [_renamed(one, directory) for one in discover(path, "**/*")]
        else:
            found.append(_look(path, shown_name(path, directory), Path(os.path.realpath(path))))
    return found


def _renamed(one: Found | Trouble, directory: Path) -> Found | Trouble:
    if isinstance(one, Trouble):
        return one
    return replace(one, name=shown_name(one.path, directory))


@dataclass(frozen=True)
class _Top:
    """The directory as it is called, and without links."""

    path: Path
    real: Path


def _walk(top: _Top, directory: Path, matches: re.Pattern[str]) -> Iterator[Found | Trouble]:
    waiting = [directory]  # and no call within a call: directories can lie deeper in each other than these may
    while waiting:
        directory = waiting.pop()
        try:
            entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
        except OSError as problem:
            sentence = f"The directory cannot be listed: {problem.strerror}."
            yield Trouble(shown_name(directory, top.path), sentence, blocks=True)
            continue
        for entry in entries:
            path = Path(entry.path)
            name = shown_name(path, top.path)
            below = path.relative_to(top.path)
            wanted = matches.fullmatch(os.fspath(below)) is not None
            if entry.is_symlink():
                yield from _through_link(top, path, name, wanted)
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            elif wanted:
                yield _look(path, name, top.real / below)


def _through_link(top: _Top, path: Path, name: str, wanted: bool) -> Iterator[Found | Trouble]:
    target = Path(os.path.realpath(path))
    if not target.is_relative_to(top.real):
        if wanted or os.path.isdir(target):  # false, and no error, for what may not be seen
            problem = "This link leads out of the source's directory. It was not read; put the files themselves there."
            yield Trouble(name, problem, blocks=False)
    elif wanted and not os.path.isdir(target):
        yield _look(path, name, target)


def _look(path: Path, name: str, real: Path) -> Found | Trouble:
    try:
        told = real.lstat()
    except OSError as problem:
        return Trouble(name, f"The file cannot be seen: {problem.strerror}.", blocks=True)
    if not stat.S_ISREG(told.st_mode):
        return Trouble(name, "This is no regular file (a pipe, a socket or a device). It was not read.", blocks=False)
    if not os.access(real, os.R_OK):
        sentence = "The portal may not read this file. Give its user the right to; the next import takes it up."
        return Trouble(name, sentence, blocks=True)
    return Found(path, real, name, told.st_size, told.st_mtime_ns, told.st_ino & (2**63 - 1))
