"""Days of a source: when they were counted, how they changed afterwards, and what they say of the clock."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet

from reviews.engine.analysis.quarters import Quarter
from reviews.engine.catalogue import load_actions
from reviews.models import Cycle, DayChange, DayCount, LogSource, ReviewState, StoredEvents
from reviews.queries.times import date

RECENT: Final = dt.timedelta(days=100)  # a quarter and its grace
TOLERATED: Final = 600  # seconds between happening and receiving that nobody needs to look at


@dataclass(frozen=True)
class DayRow:
    """One day of a source."""

    count: DayCount
    changes: tuple[DayChange, ...]  # newest first

    @property
    def lag(self) -> str:
        """`2 s`, with the span in which nine of ten lie; empty when no entry says when it was received."""
        one = self.count
        if one.skew_seconds is None or one.skew_low is None or one.skew_high is None:
            return ""
        middle = duration(one.skew_seconds)
        if one.skew_low == one.skew_high:
            return middle
        return f"{middle} ({duration(one.skew_low)} to {duration(one.skew_high)})"


def of_source(source: LogSource) -> "QuerySet[DayCount]":
    """Newest first."""
    return DayCount.objects.filter(source=source).order_by("-day")


def rows(counts: Sequence[DayCount]) -> list[DayRow]:
    """The days with their changes: one query."""
    found: dict[tuple[int, dt.date], list[DayChange]] = defaultdict(list)
    if counts:
        changes = DayChange.objects.filter(
            source__in={one.source_id for one in counts}, day__in=[one.day for one in counts]
        )
        for change in changes.select_related("run"):
            found[change.source_id, change.day].append(change)
    return [DayRow(one, tuple(found[one.source_id, one.day])) for one in counts]


def open_since(now: dt.datetime) -> dt.date:
    """The first day whose numbers can still change: of this quarter, or of one with a review that is not pinned."""
    first = Quarter.of(now.date()).starts_on
    open_cycles = Cycle.objects.filter(reviews__state=ReviewState.OPEN, reviews__frozen_at__isnull=True)
    earliest = open_cycles.order_by("starts_on").values_list("starts_on", flat=True).first()
    return min(first, earliest or first)


def outdated(source: LogSource, first: dt.date, version: str) -> "QuerySet[StoredEvents]":
    """Files of days from `first` on that another version of the catalogue has judged.

    Files that are judged in part hold events that were looked for again and not found: only a rebuild helps those, but
    the next version judges the others.
    """
    files = StoredEvents.objects.filter(source=source, day__gte=first)
    return files.exclude(catalogue_version__in=[version, in_part(version)])


def judged_otherwise(sources: Collection[LogSource], quarter: Quarter) -> frozenset[int]:
    """The sources with events of the quarter that today's catalogue has not judged, or not all of them."""
    days = (quarter.starts_on, quarter.ends_on)
    files = StoredEvents.objects.filter(source__in=[source.pk for source in sources], day__range=days)
    others = files.exclude(catalogue_version=load_actions().version)
    return frozenset(others.order_by().values_list("source", flat=True).distinct())


def in_part(version: str) -> str:
    """What stands for a version that has judged only some events of a file."""
    return f"{version} in part"


def changed(sources: Collection[LogSource], quarter: Quarter) -> list[DayChange]:
    """The last change of each day of the quarter that was over and counted before, newest day first."""
    found: dict[tuple[int, dt.date], DayChange] = {}
    changes = DayChange.objects.filter(
        source__in=[source.pk for source in sources], day__range=(quarter.starts_on, quarter.ends_on)
    )
    for change in changes.select_related("source").order_by("-day", "source__name", "-id"):
        found.setdefault((change.source_id, change.day), change)
    return list(found.values())


def sentences(source: LogSource, now: dt.datetime) -> list[str]:
    """What a person should know of the source's days: the catalogue, late data, the future, clocks that differ."""
    found = []
    version = load_actions().version
    waiting = outdated(source, open_since(now), version).order_by().values("day").distinct().count()
    if waiting:
        found.append(
            f"The events of {_days(waiting)} were judged by another version of the catalogue of critical actions than "
            f"today's ({version}). They are judged anew in the background; until then kinds may be missing."
        )
    late = DayChange.objects.filter(source=source, at__gte=now - RECENT).order_by("-id")
    days = late.order_by().values("day").distinct().count()
    if days:
        last = late[0]
        words = "A day that was over and counted has" if days == 1 else f"{days:,} days that were over and counted have"
        numbers = f"{last.events_before:,} to {last.events_after:,} events"
        found.append(f"{words} changed since. The last was {date(last.day)}, from {numbers}.")
    recent = DayCount.objects.filter(source=source, day__gte=(now - RECENT).date())
    ahead = sum(recent.filter(ahead__gt=0).values_list("ahead", flat=True))
    if ahead:
        found.append(
            f"{ahead:,} {'entry lies' if ahead == 1 else 'entries lie'} in the future of the moment at which they "
            "were read: a clock or the time zone is wrong."
        )
    odd = recent.exclude(skew_seconds__range=(-TOLERATED, TOLERATED)).filter(skew_seconds__isnull=False).order_by("day")
    newest = odd.last()
    if newest is not None:
        found.append(
            f"On {_days(odd.count())} half of the entries were received more than 10 minutes after or before they "
            f"happened; on {date(newest.day)}, {duration(newest.skew_seconds or 0)}."
        )
    return found


def _days(count: int) -> str:
    return "one day" if count == 1 else f"{count:,} days"


def duration(seconds: float) -> str:
    """`40 s`, `−2 h 5 min`, `3 d 4 h`."""
    sign, left = ("−" if seconds <= -1 else ""), abs(int(seconds))
    for unit, size, below, small in (("d", 86400, "h", 3600), ("h", 3600, "min", 60)):
        if left >= size:
            rest = left % size // small
            return f"{sign}{left // size} {unit}" + (f" {rest} {below}" if rest else "")
    return f"{sign}{left // 60} min" if left >= 60 else f"{sign}{left} s"
