"""Where log files may lie, and what lies there now. Read by the form of a source and by its workflow."""

import datetime as dt
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath
from typing import BinaryIO, Final
from urllib.parse import unquote, urlsplit

from django.conf import settings

from reviews.engine.formats import all_formats
from reviews.engine.importing.candidates import Candidate, Place, Trouble
from reviews.engine.importing.discovering import Directory
from reviews.engine.importing.globs import check_glob
from reviews.engine.reading import open_plain
from reviews.engine.reading.detecting import detect
from reviews.engine.reading.sampling import MOST_BYTES
from reviews.errors import BucketError, ReadingError
from reviews.queries.buckets import bucket_problem, is_bucket, objects_at

SAMPLE_BYTES: Final = 256 * 1024
MOST: Final = 0.5  # of the first records must fit a format, before a file is said to look like it
TRIED: Final = 3  # newest files, until one is recognised
# Not on any disk: among other things the portal's own environment, with its secrets.
_SYSTEM: Final = (Path("/proc"), Path("/sys"), Path("/dev"))
SHOWN: Final = 5  # files that cannot be read, named by a check of the place
LOOKED_AT: Final = 1000  # objects of a bucket, which may hold millions


@dataclass(frozen=True)
class Matches:
    """What matches in a place at this moment; of a bucket, only the first objects were looked at."""

    files: int
    more: bool  # than were looked at
    size: int
    newest: tuple[Candidate, ...]  # the last ones written, newest first
    newest_at: dt.datetime | None
    troubles: tuple[str, ...]  # files that match and cannot be read, with the reason
    more_troubles: int


def _own_places() -> list[Path]:
    """Directories and files that hold the portal's own data and secrets, wherever they are configured to lie."""
    places = [Path(settings.DATA_DIR), Path(settings.VAR_DIR), Path(settings.KEYS_DIR), Path(settings.SPOOL_DIR)]
    places += [Path(settings.SIGNING_KEY), *settings.SECRET_FILES]
    engine, name = (str(settings.DATABASES["default"][key]) for key in ("ENGINE", "NAME"))
    if engine.endswith("sqlite3") and PurePath(name).is_absolute():
        places.append(Path(name))
    for url in (settings.ARCHIVE_URL, settings.EVENTS_URL):
        parts = urlsplit(url)
        if parts.scheme == "file":
            places.append(Path(unquote(parts.path)))
    return [place.resolve() for place in places]


def directory_problem(directory: str) -> str | None:
    """Why logs cannot be read from this directory; None when they can."""
    if not directory.strip():
        return "Give the directory where the log files lie."
    if is_bucket(directory):
        return bucket_problem(directory)
    if "\0" in directory or not PurePath(directory).is_absolute():
        return "Give the whole path, starting with /."
    try:  # before anything is said about what is there: what lies elsewhere is nobody's business
        forbidden = _forbidden(Path(directory).resolve())
        if forbidden:
            return forbidden
        real = Path(directory).resolve(strict=True)
    except (OSError, RuntimeError):
        return "There is no such directory on the portal's machine. Create it or mount it first."
    if not real.is_dir():
        return "This is a file. Give the directory it lies in, and its name under “Files”."
    if not os.access(real, os.R_OK | os.X_OK):
        return "The portal may not read this directory. Give its user the right to list and read it."
    return None


def file_problem(path: Path) -> str | None:
    """Why this one file may not be read as a log; None when it may."""
    return _forbidden(path.resolve())


def _forbidden(real: Path) -> str | None:
    roots = [Path(root).resolve() for root in settings.LOG_ROOTS]
    if roots and not any(real == root or root in real.parents for root in roots):
        names = ", ".join(str(root) for root in roots)
        return f"Logs are read only from {names}. Choose a directory there."
    if any(real == system or system in real.parents for system in _SYSTEM):
        return "This directory is the operating system's view of itself and holds no logs. Choose another one."
    demo_logs = Path(settings.DATA_DIR).resolve() / "logs"
    if settings.DEMO and (real == demo_logs or demo_logs in real.parents):
        return None
    for own in _own_places():
        if real == own or own in real.parents:
            return "This directory belongs to the portal itself. Choose the one that the logs lie in."
        if real in own.parents:
            return "The portal's own data lie below this directory. Choose one that holds only logs."
    return None


def glob_problem(glob: str) -> str | None:
    """Why this pattern of file names cannot be used; None when it can."""
    if not glob.strip():
        return "Give a pattern of file names, such as **/*.json.gz."
    parts = PurePath(glob).parts
    if "\0" in glob or PurePath(glob).is_absolute() or ".." in parts:
        return "The pattern must stay inside the directory: no leading / and no “..”."
    try:
        check_glob(glob)
    except ReadingError:
        return "This pattern cannot be read. Use * for any name and ** alone between slashes for any directory below."
    return None


def place_to_import(directory: str, glob: str, paths: Sequence[str] = ()) -> Place:
    """The place of a source, or the files and directories that were asked for instead. ReadingError, BucketError.

    What may be read is looked at each time: settings and links may have changed since the source was saved.
    """
    if paths:
        asked = [Path(path) for path in paths]
        for path in asked:
            _require_allowed(path, directory_problem(str(path.absolute())) if path.is_dir() else file_problem(path))
        return Directory(Path(directory), glob, paths=tuple(asked))
    if is_bucket(directory):
        _require_allowed(directory, directory_problem(directory))
        return objects_at(directory, glob)
    real = Path(os.path.realpath(directory))
    _require_allowed(real, directory_problem(str(real)))
    return Directory(Path(directory), glob, real)


def _require_allowed(place: Path | str, problem: str | None) -> None:
    if problem is not None:
        raise ReadingError(f"{place}: {problem}")


def place_of(directory: str, glob: str) -> Place:
    """The place as somebody who waits looks at it. Call it only for one that has no problem."""
    if is_bucket(directory):
        return objects_at(directory, glob, waiting=True)
    return Directory(Path(directory), glob)


def look(directory: str, glob: str) -> Matches:
    """Count what an import would read now. Call it only for a directory and a pattern that have no problem."""
    everything = place_of(directory, glob).find()
    found = list(islice(everything, LOOKED_AT) if is_bucket(directory) else everything)
    files = [one for one in found if not isinstance(one, Trouble)]
    troubles = [one for one in found if isinstance(one, Trouble)]
    newest = sorted(files, key=lambda one: one.modified_ns, reverse=True)[:TRIED]
    return Matches(
        files=len(files),
        more=next(everything, None) is not None,
        size=sum(one.size for one in files),
        newest=tuple(newest),
        newest_at=dt.datetime.fromtimestamp(newest[0].modified_ns / 1e9, tz=dt.UTC) if newest else None,
        troubles=tuple(f"{one.name}: {one.problem}" for one in troubles[:SHOWN]),
        more_troubles=max(len(troubles) - SHOWN, 0),
    )


@dataclass(frozen=True)
class Check:
    """What a check of a place tells the person who fills in the form; nothing of it is stored."""

    directory_problem: str | None
    glob_problem: str | None
    place: Matches | None
    recognised: tuple[str, ...] = ()  # what the newest files look like, in sentences
    format: str = ""  # the format that most records of the first one recognised fit

    @property
    def verdict(self) -> str:
        if self.directory_problem or self.glob_problem:
            return "fail"
        found = self.place is not None and self.place.files and not self.place.troubles
        return "pass" if found and self.format else "attention"


def check(directory: str, glob: str) -> Check:
    """Look at a place as an import would."""
    wrong = directory_problem(directory), glob_problem(glob)
    if any(wrong):
        return Check(*wrong, None)
    try:
        place = look(directory, glob)
    except (ReadingError, BucketError) as problem:
        return Check(str(problem), None, None)
    sentences: list[str] = []
    for one in place.newest:
        sentence, known = recognise(one.path, one.open)
        sentences.append(sentence)
        if known:
            return Check(None, None, place, tuple(sentences), known)
    return Check(None, None, place, tuple(sentences))


def sample(directory: str, glob: str) -> tuple[bytes, str]:
    """The beginning of the newest file of a place, unpacked, and its name. ReadingError, BucketError."""
    for problem in (directory_problem(directory), glob_problem(glob)):
        if problem:
            raise ReadingError(problem)
    newest = look(directory, glob).newest
    if not newest:
        raise ReadingError("No file matches there yet, so there is no sample to look at.")
    with open_plain(newest[0].path, newest[0].open) as plain:
        return plain.read(MOST_BYTES + 1), newest[0].name


def recognise(path: Path, opener: Callable[[], BinaryIO] | None = None) -> tuple[str, str]:
    """What the beginning of a file looks like, in a sentence; and the format, when most of it fits."""
    try:
        with open_plain(path, opener) as plain:
            sample = plain.read(SAMPLE_BYTES)
            ends_early = plain.truncated
    except (ReadingError, BucketError) as problem:
        return str(problem), ""
    if not sample and ends_early:
        return f"{path.name} is compressed and ends before its first record. Is it still being written?", ""
    if not sample:
        return f"{path.name} is empty, so nothing can be said about its format.", ""
    guesses = detect(sample)
    if not guesses:
        return f"No format of the portal finds a record in {path.name}.", ""
    best, others = guesses[0], guesses[1:]
    title = all_formats()[best.format].title
    fits = best.share >= MOST
    looks = f"looks like {title}" if fits else f"does not look like any format; the nearest is {title}"
    next_best = f"The next best: {others[0].why}" if others else "No other format reads anything of it."
    return f"{path.name} {looks}. {best.why} {next_best}", best.format if fits else ""
