"""Writes the log files of the demo, named and rotated as the systems that they imitate would do it."""

import datetime as dt
import gzip
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reviews.workflows.demo import cast, rhythm, web
from reviews.workflows.demo.days import Entry, entries
from reviews.workflows.demo.plan import DAY, Plan

HELD: Final = "held"  # beside logs/: what is delivered later
DELIVERY_DELAY: Final = 300  # seconds from the last event of a CloudTrail file to its delivery


@dataclass(frozen=True)
class Written:
    """What was written, for the person who waits."""

    files: int
    bytes: int
    lines: int
    seconds: float


@dataclass(frozen=True)
class File:
    """A file to be written: its path below the place, its text, how many records that holds, and its mtime."""

    path: str
    plain: bytes
    lines: int
    modified: float
    follows: str | None = None  # path of the open log that it is, or becomes by rotation

    @property
    def content(self) -> bytes:
        """The bytes on disk."""
        return gzip.compress(self.plain, compresslevel=1, mtime=0) if self.path.endswith(".gz") else self.plain


def write_logs(plan: Plan, place: Path) -> Written:
    """All files of all sources below place/logs/<source>/, and what comes late below place/held/."""
    began, files, size, lines = time.perf_counter(), 0, 0, 0
    for source in cast.SOURCES:
        (place / "logs" / source.key).mkdir(parents=True, exist_ok=True)
        for day in plan.days:
            for file in files_of(plan, source.key, day):
                size += write(place, file)
                files, lines = files + 1, lines + file.lines
    return Written(files, size, lines, time.perf_counter() - began)


def files_of(plan: Plan, source: str, day: dt.date, since: dt.datetime | None = None) -> Iterator[File]:
    """The files that hold the source's UTC day. With `since`, deliveries hold only what happened from then on."""
    held = entries(plan, source, day)
    if source == "trail" and since is not None:
        first = rhythm.micros(since)
        held = {place: [entry for entry in found if entry[0] >= first] for place, found in held.items()}
    yield from _WRITERS[source](plan, source, day, held)


def deliver_late(place: Path, now: dt.datetime) -> list[Path]:
    """Put what was held back where its source reads, as of now. Empty when nothing is held any more."""
    delivered = []
    for path in sorted((place / HELD).rglob("*")):
        if path.is_file():
            target = place / "logs" / path.relative_to(place / HELD)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.utime(path, (now.timestamp(), now.timestamp()))
            path.rename(target)
            delivered.append(target)
    return delivered


def write(place: Path, file: File) -> int:
    """Write the file, so that a reader sees all of it or none; returns its bytes on disk."""
    path, new = place / file.path, place / "being-written"
    path.parent.mkdir(parents=True, exist_ok=True)
    size = new.write_bytes(file.content)
    os.utime(new, (file.modified, file.modified))
    new.replace(path)
    return size


def _joined(held: list[Entry]) -> bytes:
    return "".join(f"{text}\n" for _, text in held).encode()


def _ends(plan: Plan, day: dt.date) -> float:
    """When the day's file was written last: at the day's end, or now."""
    return min(dt.datetime.combine(day + DAY, dt.time(), dt.UTC), plan.until).timestamp()


# --- CloudTrail ---------------------------------------------------------------------------------------------


def _trail(plan: Plan, source: str, day: dt.date, held: dict[str, list[Entry]]) -> Iterator[File]:
    for account, found in held.items():
        if found:
            yield _delivery(plan, source, account, day, found)
    if plan.incident("repeated_events").starts_at.date() == day:
        account = cast.ACCOUNTS["cloud"]
        noon = rhythm.midnight(day) + 12 * rhythm.HOUR
        again = [entry for entry in held[account] if entry[0] < noon]
        yield _delivery(plan, source, account, day, again[::-1], again=True)


def _delivery(plan: Plan, source: str, account: str, day: dt.date, found: list[Entry], *, again: bool = False) -> File:
    """One delivered file: AWSLogs/<organisation>/<account>/CloudTrail/<region>/<day>/<name>.json.gz."""
    modified = _ends(plan, day)
    ended = dt.datetime.fromtimestamp(max(moment for moment, _ in found) // rhythm.MICROSECONDS, dt.UTC)
    mark = rhythm.generator("delivery", account, day, again).bytes(8).hex()
    name = f"{account}_CloudTrail_{cast.REGION}_{ended:%Y%m%dT%H%MZ}_{mark}.json.gz"
    folder = f"AWSLogs/{cast.TRAIL_ORGANISATION}/{account}/CloudTrail/{cast.REGION}/{day:%Y/%m/%d}"
    content = '{"Records":[' + ",".join(text for _, text in found) + "]}"
    delivered = min(modified + DELIVERY_DELAY, plan.until.timestamp())
    return File(f"logs/{source}/{folder}/{name}", content.encode(), len(found), delivered)


# --- Line files ---------------------------------------------------------------------------------------------


def _rotated(plan: Plan, day: dt.date, path: str, content: bytes, lines: int) -> File:
    """A log that is rotated each midnight: the last day is open, older ones are compressed and named by date."""
    if day == plan.until.date():
        return File(path, content, lines, _ends(plan, day), follows=path)
    return File(f"{path}-{day + DAY:%Y%m%d}.gz", content, lines, _ends(plan, day), follows=path)


def _portal(plan: Plan, source: str, day: dt.date, held: dict[str, list[Entry]]) -> Iterator[File]:
    found = held["portal"]
    content, lines = _joined(found), len(found)
    if plan.incident("broken").starts_at.date() == day:
        whole = [text for _, text in found]
        content = b"".join(line + b"\n" for line in _mixed(whole, web.broken(whole, day)))
        lines += web.BROKEN_LINES
    late = plan.incident("late").starts_at.date() == day
    if lines:
        yield _rotated(plan, day, f"{HELD if late else 'logs'}/{source}/access.log", content, lines)


def _mixed(whole: list[str], broken: list[bytes]) -> Iterator[bytes]:
    """The broken lines spread among the whole ones."""
    step = max(1, len(whole) // len(broken))
    for number, line in enumerate(whole):
        yield line.encode()
        if number % step == 0 and number // step < len(broken):
            yield broken[number // step]


def _collector(plan: Plan, source: str, day: dt.date, held: dict[str, list[Entry]]) -> Iterator[File]:
    """One file a day for all hosts, as the collector writes it."""
    found = sorted(entry for entries_of_host in held.values() for entry in entries_of_host)
    if not found:
        return
    path = f"logs/{source}/hosts-{day:%Y-%m-%d}.log"
    rotated = path if day == plan.until.date() else f"{path}.gz"
    yield File(rotated, _joined(found), len(found), _ends(plan, day), follows=path)


def _hosts(plan: Plan, source: str, day: dt.date, held: dict[str, list[Entry]]) -> Iterator[File]:
    """auth.log of each host, rotated each midnight."""
    for host, found in held.items():
        if found:
            yield _rotated(plan, day, f"logs/{source}/{host}/auth.log", _joined(found), len(found))
    twice = plan.incident("copied_file").starts_at.date() == day
    if source == "bastion" and twice and held["dub-bastion-01"]:
        content = _joined(held["dub-bastion-01"])
        path = f"logs/{source}/restored/dub-bastion-01/auth.log.before-restore"
        yield File(path, content, len(held["dub-bastion-01"]), _ends(plan, day))


_WRITERS: Final[dict[str, Callable[[Plan, str, dt.date, dict[str, list[Entry]]], Iterator[File]]]] = {
    "portal": _portal,
    "trail": _trail,
    "collector": _collector,
    "bastion": _hosts,
    "frankfurt": _hosts,
    "exchange": _hosts,
}
