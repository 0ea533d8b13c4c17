"""A suggestion for the zone of times that carry none. It is shown with its reason and never taken by itself."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from reviews.engine.catalogue import load_actions
from reviews.engine.formats import Format
from reviews.engine.importing.candidates import Candidate
from reviews.engine.reading import open_plain
from reviews.engine.reading.offsets import OffsetGuess, guess_offset, last_local, zones_by_offset
from reviews.engine.reading.sampling import Taken, look_at
from reviews.errors import PortalError
from reviews.models import LogSource, Service
from reviews.queries.time_zones import is_time_zone

FILES: Final = 3  # the newest, of which the ends are looked at
TAIL: Final = 256 * 1024  # bytes of the end of a file
MOST_READ: Final = 16 * 1024 * 1024  # plain bytes that are read to get to the end of a file
_FARTHEST: Final = dt.timedelta(hours=15)  # ahead of UTC, and a little
# One name for each offset that most people would recognise; others are named by the first of the alphabet.
_KNOWN: Final = (
    "Europe/London", "Europe/Berlin", "Europe/Athens", "Europe/Istanbul", "Asia/Dubai", "Asia/Karachi", "Asia/Kolkata",
    "Asia/Dhaka", "Asia/Bangkok", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland",
    "Atlantic/Azores", "America/Sao_Paulo", "America/Halifax", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu",
)  # fmt: skip


@dataclass(frozen=True)
class ZoneGuess:
    """What the times seem to be, why, and the zones to choose from; none when the chosen zone fits."""

    sentence: str
    zones: tuple[str, ...]

    @property
    def verdict(self) -> str:
        return "attention" if self.zones else "pass"


def by_files(files: Iterable[Candidate], fmt: Format, zone: str, service: Service | None) -> ZoneGuess | None:
    """By the last entries of the newest files and when these were written. None when that tells nothing."""
    pairs = []
    for one in list(files)[:FILES]:
        written = dt.datetime.fromtimestamp(one.modified_ns / 1e9, dt.UTC)
        try:
            local = _last_local(one, fmt, written)
        except (OSError, PortalError):
            continue
        if local is not None:
            pairs.append((local, written))
    found = guess_offset(pairs)
    if found is None:
        return None
    which = "The newest file was" if found.of == 1 else f"{found.agree} of the {found.of} newest files were"
    whose = "its" if found.of == 1 else "their"
    return told(found, f"{which} written within minutes of {whose} last entry", zone, service)


def by_receipt(found: OffsetGuess, zone: str, service: Service | None) -> ZoneGuess:
    """By when entries were received, where they say so."""
    return told(found, f"{found.agree:,} of {found.of:,} entries were received within minutes", zone, service)


def told(found: OffsetGuess, known: str, zone: str, service: Service | None) -> ZoneGuess:
    """The guess in a sentence that begins with `known`: what was compared."""
    offset = _words(found.offset)
    chosen = found.at.astimezone(ZoneInfo(zone)).utcoffset() if is_time_zone(zone) else None
    reason = f"{known}, if times without a zone are {offset}."
    if chosen == found.offset:
        return ZoneGuess(f"{reason} {zone} fits.", ())
    chosen_words = f"The chosen {zone} does not fit" if zone else "No zone is chosen"
    names = zone_names(found.offset, found.at, service)
    return ZoneGuess(f"{reason} {chosen_words}: choose the zone of the machine that writes them.", names)


def zone_names(offset: dt.timedelta, at: dt.datetime, service: Service | None) -> tuple[str, ...]:
    """At most three zones with this offset then: those that the portal uses already first."""
    fitting: Sequence[str] = zones_by_offset(at.date()).get(offset, ())
    used = [service.time_zone] if service is not None else []
    used += LogSource.objects.order_by().values_list("time_zone", flat=True).distinct()
    used += Service.objects.order_by().values_list("time_zone", flat=True).distinct()
    wanted = ["UTC"] if not offset else []
    wanted += [name for name in (*used, *_KNOWN) if name in fitting]
    return tuple(dict.fromkeys(wanted or fitting))[:3]


def _words(offset: dt.timedelta) -> str:
    minutes = int(offset.total_seconds() // 60)
    if not minutes:
        return "UTC"
    return f"UTC{'+' if minutes > 0 else '−'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _last_local(one: Candidate, fmt: Format, written: dt.datetime) -> dt.datetime | None:
    """The newest time without a zone at the end of a file, naive; None when there is none."""
    with open_plain(one.path, one.open) as plain:
        tail, position = b"", 0
        while chunk := plain.read(1 << 20):
            position += len(chunk)
            if position > MOST_READ:
                return None
            tail = (tail + chunk)[-TAIL:]
    if position > TAIL:
        tail = tail[tail.find(b"\n") + 1 :]
    # All of it: the last record tells.
    found = look_at(Taken(tail, 0, False), fmt, "UTC", load_actions(), written + _FARTHEST, most=TAIL)
    return last_local(found.events)
