"""Counts for pages, made anew from the store for every day that is marked dirty.

Rows of a source and day are replaced in one transaction that also takes the mark away, and only if the files that
were counted are still all that are registered. Counting twice gives the same; dying in between leaves the mark.
"""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
from django.conf import settings
from django.db import connection
from django.db.models import Exists, Model, OuterRef
from django.utils import timezone

from reviews.engine.catalogue import ActionCatalogue, load_actions
from reviews.engine.store import ActionRow, StoredFile, count, event_store, routes_table
from reviews.engine.store.counts import MISSING, ClockRow, Counts
from reviews.models import (
    ActionCount,
    DayChange,
    DayCount,
    DirtyDay,
    HourCount,
    Import,
    ImportKind,
    ImportState,
    LogSource,
    StoredEvents,
    UnmappedAction,
)
from reviews.workflows import analysis
from reviews.workflows.background import small_write
from reviews.workflows.registering import mark_dirty

logger = logging.getLogger(__name__)

DAYS: Final = 16  # days of one source that are counted in one query
# So long after its end a day counts as whole: what comes later is late, and said.
WHOLE_AFTER: Final = dt.timedelta(hours=1)
ATTEMPTS: Final = 3  # a day that changes while it is counted is tried again, then left for the next time


_HOUR_FIELDS: Final = ("source_id", "service_id", "hour", "category", "outcome", "n")
_ACTION_FIELDS: Final = tuple(one.attname for one in ActionCount._meta.concrete_fields if not one.primary_key)
_UNMAPPED_FIELDS: Final = ("source_id", "day", "action", "n")


@dataclass
class _Day:
    """The new rows of one day, as values of the fields above."""

    hours: list[tuple[object, ...]] = field(default_factory=list)
    actions: list[tuple[object, ...]] = field(default_factory=list)
    unmapped: list[tuple[object, ...]] = field(default_factory=list)
    clock: ClockRow | None = None

    @property
    def events(self) -> int:
        return sum(int(str(row[-1])) for row in self.hours)


def recount(source: LogSource, now: dt.datetime | None = None) -> int:
    """Count the dirty days of a source, then have its silences looked for again. How many days."""
    days = count_dirty(source, now)
    refresh(source, days)
    return len(days)


def count_dirty(source: LogSource, now: dt.datetime | None = None) -> set[dt.date]:
    """Count the dirty days of a source. Which."""
    now = now or timezone.now()
    counted: set[dt.date] = set()
    for _ in range(ATTEMPTS):
        days = list(DirtyDay.objects.filter(source=source).order_by("day").values_list("day", flat=True))
        if not days:
            break
        for start in range(0, len(days), DAYS):
            counted |= _count_days(source, days[start : start + DAYS], now)
    return counted


def mark_all(source: LogSource) -> None:
    """Inside a transaction: count every day of the source anew, as when its routes changed."""
    mark_dirty(source.pk, StoredEvents.objects.filter(source=source).values_list("day", flat=True).distinct())


def waiting() -> list[int]:
    """Sources with dirty days that no import is about to count."""
    under_way = Import.objects.filter(source=OuterRef("source"), state__in=(ImportState.QUEUED, ImportState.RUNNING))
    return sorted(set(DirtyDay.objects.filter(~Exists(under_way)).values_list("source", flat=True)))


def service_routes(source: LogSource) -> pa.Table:
    """Which service an event of the source belongs to."""
    return routes_table(source.service_id, dict(source.routes.values_list("value", "service_id")))


def _count_days(source: LogSource, days: list[dt.date], now: dt.datetime) -> set[dt.date]:
    stored = _stored(source, days)
    counts = count(event_store(settings.EVENTS_URL), source.pk, stored, service_routes(source))
    rows = _rows(source, counts)
    names: dict[dt.date, set[str]] = defaultdict(set)
    for file in stored:
        names[file.day].add(file.name)
    return {day for day in days if _replace(source, day, rows.get(day) or _Day(), names[day], now)}


def _stored(source: LogSource, days: Collection[dt.date]) -> list[StoredFile]:
    rows = StoredEvents.objects.filter(source=source, day__in=days)
    return [StoredFile(*row) for row in rows.values_list("day", "name", "segment__seq", "segment__sealed_at")]


def _replace(source: LogSource, day: dt.date, rows: _Day, names: set[str], now: dt.datetime) -> bool:
    """Put the new rows in place of the old. False when the day has changed since it was counted."""
    with small_write():
        mark = DirtyDay.objects.select_for_update().filter(source=source, day=day).first()
        if mark is None:
            return False
        files = dict(StoredEvents.objects.filter(source=source, day=day).values_list("name", "catalogue_version"))
        if set(files) != names:
            return False
        begin = dt.datetime.combine(day, dt.time(), dt.UTC)
        HourCount.objects.filter(source=source, hour__gte=begin, hour__lt=begin + dt.timedelta(days=1)).delete()
        ActionCount.objects.filter(source=source, day=day).delete()
        UnmappedAction.objects.filter(source=source, day=day).delete()
        _insert(HourCount, _HOUR_FIELDS, rows.hours)
        _insert(ActionCount, _ACTION_FIELDS, rows.actions)
        _insert(UnmappedAction, _UNMAPPED_FIELDS, rows.unmapped)
        _say_counted(mark, rows, set(files.values()), now)
        mark.delete()
    return True


def _say_counted(mark: DirtyDay, rows: _Day, versions: set[str], now: dt.datetime) -> None:
    """When the day was counted, by which catalogue; and, if it had been whole before, that it has changed."""
    told = _told_before(mark)
    if told is not None and told[1] != rows.events:
        DayChange.objects.create(
            source_id=mark.source_id,
            day=mark.day,
            run_id=mark.run_id,
            at=now,
            counted_at=told[0],
            events_before=told[1],
            events_after=rows.events,
        )
    clock = rows.clock or ClockRow(mark.day, 0, None, None, None, 0, 0)
    DayCount.objects.update_or_create(
        source_id=mark.source_id,
        day=mark.day,
        defaults={
            "counted_at": now,
            "events": rows.events,
            "catalogue_version": versions.pop() if len(versions) == 1 else "",
            "skew_low": clock.low,
            "skew_seconds": clock.median,
            "skew_high": clock.high,
            "skew_entries": clock.entries,
            "assumed": clock.assumed,
            "ahead": clock.ahead,
        },
    )


def _told_before(mark: DirtyDay) -> tuple[dt.datetime, int] | None:
    """When the day was last said to be whole, and with how many events. None: never.

    A day without entries is never counted, and yet known to be empty once an import has read beyond it.
    """
    whole = dt.datetime.combine(mark.day, dt.time(), dt.UTC) + dt.timedelta(days=1) + WHOLE_AFTER
    before = DayCount.objects.filter(source=mark.source_id, day=mark.day).first()
    if before is not None:
        return (before.counted_at, before.events) if before.counted_at >= whole else None
    done = Import.objects.filter(source=mark.source_id, kind=ImportKind.IMPORT, state=ImportState.DONE)
    empty = done.filter(read_until__gte=whole).order_by("-finished_at").first()
    if empty is None or empty.finished_at is None or not done.filter(first_event_at__lt=whole).exists():
        return None  # what lies before the first event of a source is unknown, not empty
    return empty.finished_at, 0


def _insert(model: type[Model], fields: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    """Insert plain values. Counts are many rows of few fields, for which bulk_create takes ten times as long."""
    if not rows:
        return
    quote = connection.ops.quote_name
    named = {one.attname: str(one.column) for one in model._meta.concrete_fields}
    columns = ", ".join(quote(named[name]) for name in fields)
    marks = ", ".join(["%s"] * len(fields))
    query = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608 # names of the model
    with connection.cursor() as cursor:
        cursor.executemany(query, [[_adapted(value) for value in row] for row in rows])


def _adapted(value: object) -> Any:
    """The value as the database at hand takes it."""
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, dt.date):
        return connection.ops.adapt_datefield_value(value)
    return value


def _rows(source: LogSource, counts: Counts) -> dict[dt.date, _Day]:
    days: dict[dt.date, _Day] = defaultdict(_Day)
    for row in counts.hours:
        hour = row.hour.replace(tzinfo=dt.UTC)
        days[hour.date()].hours.append((source.pk, row.service_id, hour, row.category, row.outcome, row.n))
    for action in action_counts(source, counts.actions, load_actions()):
        days[action.day].actions.append(tuple(getattr(action, name) for name in _ACTION_FIELDS))
    for unmapped in counts.unmapped:
        text = unmapped.action.replace("\0", "\\0")
        days[unmapped.day].unmapped.append((source.pk, unmapped.day, text, unmapped.n))
    for clock in counts.clocks:
        days[clock.day].clock = clock
    return days


def action_counts(source: LogSource, rows: Iterable[ActionRow], catalogue: ActionCatalogue) -> list[ActionCount]:
    """One row per service, day, action and kind. An entry shows the kinds that the catalogue says for its outcome."""
    made: dict[tuple[int | None, dt.date, str, str], ActionCount] = {}
    for row in rows:
        action = catalogue.by_id.get(row.action)
        if action is None:
            logger.warning("the catalogue no longer has the action %s; run rebuild", row.action)
            continue
        for kind in catalogue.kinds_shown(action, row.outcome):
            key = (row.service_id, row.day, row.action, kind)
            if key not in made:
                made[key] = _first(source, row, kind, catalogue.kinds[kind].category)
            _add(made[key], row)
    return list(made.values())


def _first(source: LogSource, row: ActionRow, kind: str, category: str) -> ActionCount:
    return ActionCount(
        source=source,
        service_id=row.service_id,
        day=row.day,
        action=row.action,
        kind=kind,
        category=category,
        first_at=row.first_at.replace(tzinfo=dt.UTC),
        last_at=row.last_at.replace(tzinfo=dt.UTC),
        last_segment=row.last_segment,
        last_offset=row.last_offset,
        last_length=row.last_length,
    )


def _add(into: ActionCount, row: ActionRow) -> None:
    setattr(into, row.outcome, getattr(into, row.outcome) + row.n)
    for name, n in zip(MISSING, row.missing, strict=True):
        setattr(into, f"missing_{name}", getattr(into, f"missing_{name}") + n)
    first, last = row.first_at.replace(tzinfo=dt.UTC), row.last_at.replace(tzinfo=dt.UTC)
    into.first_at = min(into.first_at, first)
    if (last, row.last_segment, row.last_offset) > (into.last_at, into.last_segment, into.last_offset):
        into.last_at = last
        into.last_segment, into.last_offset, into.last_length = row.last_segment, row.last_offset, row.last_length


def refresh(source: LogSource, days: Collection[dt.date]) -> None:
    """Look for silences again in what these days touch. After an import is done, so that its end is known."""
    if not days:
        return
    if source.service_id is not None:
        services = {source.service_id}
    else:
        services = set(source.routes.values_list("service_id", flat=True))
    analysis.refresh(sorted(services), sorted(days))
