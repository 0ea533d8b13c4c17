"""Log sources as pages show them: state, ledger, problems, rejected records."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Max, Min, Q, QuerySet, Sum

from reviews import access
from reviews.engine.formats import all_formats
from reviews.engine.importing.showing import visible
from reviews.models import (
    FileProblem,
    Import,
    ImportKind,
    ImportState,
    LedgerChange,
    LogSource,
    LogStore,
    RejectedRecord,
    Service,
    TrailEntry,
    UnmappedAction,
)
from reviews.queries import coverage, days, older_files
from reviews.queries.progress import Progress, progress_of
from reviews.queries.times import date, moment

if TYPE_CHECKING:
    from auditportal.accounts.models import User

UNDER_WAY: Final = (ImportState.QUEUED, ImportState.RUNNING)
# A source is late when it has been due for so long and nobody began to read it.
PATIENCE: Final = dt.timedelta(minutes=15)
QUIET: Final = dt.timedelta(days=1)  # without a push or an upload, before somebody should ask why


@dataclass(frozen=True)
class Ledger:
    """What became of the records. records = events + duplicates + ignored + rejected, always."""

    records: int = 0
    events: int = 0
    duplicates: int = 0
    ignored: int = 0
    rejected: int = 0
    unrouted: int = 0  # of the events


@dataclass(frozen=True)
class State:
    """How a source stands now. Whether new events are in the files is another question: silences tell it."""

    id: str  # current, late, failing, new or off
    verdict: str
    word: str
    sentence: str


@dataclass(frozen=True)
class SourceRow:
    """One line of the list of sources."""

    source: LogSource
    state: State
    last: Import | None
    last_done: Import | None
    under_way: Import | None
    ledger: Ledger
    last_event_at: dt.datetime | None
    format_title: str
    progress: Progress | None  # of what is under way
    judged: bool  # the catalogue names actions of these logs; where not, nobody can tell what they show


@dataclass(frozen=True)
class Problem:
    """Something about a source that a person should know, in a sentence."""

    verdict: str
    sentence: str


def state_of(
    source: LogSource,
    last: Import | None,
    last_done: Import | None,
    now: dt.datetime,
    arrived_at: dt.datetime | None = None,
) -> State:
    """The state, from the source and its last imports. `arrived_at`: when one of them last found a file."""
    if not source.enabled:
        return State("off", "unknown", "Switched off", "Nobody reads it. New entries are not noticed.")
    under_way = last is not None and last.state in UNDER_WAY
    if source.failures and last is not None and (last.state == ImportState.FAILED or under_way):
        times = "once" if source.failures == 1 else f"{source.failures} times in a row"
        return State("failing", "fail", "Failing", f"The import failed {times}.")
    due = source.next_run_at or source.created_at
    if last is not None and last.state == ImportState.QUEUED:
        due = min(due, last.queued_at)  # it waits for a worker
    held = last is not None and last.state == ImportState.RUNNING and last.lease_until and last.lease_until >= now
    if not held and due < now - PATIENCE:
        return State("late", "attention", "Late", f"It has been due since {moment(due)}, and no import began.")
    if last_done is None:
        return State("new", "unknown", "Not read yet", "The first import is not finished.")
    if not source.directory and arrived_at is None:
        return State("new", "unknown", "Nothing yet", "Nothing was pushed or uploaded so far.")
    if not source.directory and last_done.read_until is not None:
        if arrived_at is not None and now - arrived_at > QUIET:
            return State("late", "attention", "Quiet", f"Nothing has arrived since {moment(arrived_at)}.")
        return State("current", "pass", "Current", "What is pushed or uploaded is read within a minute.")
    if last_done.files_older and last_done.files_older == last_done.files_seen:
        begin = date(source.read_from) if source.read_from is not None else "the first day"
        sentence = f"The last import found only files of before {begin}, which are left alone."
        return State("late", "attention", "Late", sentence)
    if not last_done.files_seen:
        return State("late", "attention", "Late", "The last import found no file that matches.")
    if last_done.read_until is None and not last_done.paths:
        return State("late", "attention", "Late", "Files could not be read: it does not count as read up to now.")
    return State("current", "pass", "Current", "It is read by its schedule.")


def rows(sources: Iterable[LogSource], now: dt.datetime) -> list[SourceRow]:
    """The sources with what pages show of them; five queries for any number.

    Replays and re-mappings are under way like imports; in the ledger and the state only imports count.
    """
    sources = list(sources)
    proper = Q(kind=ImportKind.IMPORT)
    totals = {
        one["source"]: one
        for one in Import.objects.filter(source__in=[source.pk for source in sources])
        .order_by()
        .values("source")
        .annotate(
            last=Max("id", filter=proper),
            last_done=Max("id", filter=proper & Q(state=ImportState.DONE)),
            under_way=Max("id", filter=Q(state__in=UNDER_WAY)),
            last_event=Max("last_event_at", filter=proper),
            arrived=Max("started_at", filter=proper & Q(state=ImportState.DONE, files_seen__gt=0)),
            **{f"sum_{name}": Sum(name, filter=proper) for name in Ledger.__dataclass_fields__},
        )
    }
    wanted = {one[key] for one in totals.values() for key in ("last", "last_done", "under_way") if one[key]}
    imports = Import.objects.in_bulk(wanted)
    formats = all_formats()
    blind = coverage.not_judged(sources)
    found = []
    for source in sources:
        total: dict[str, Any] = dict(totals.get(source.pk, {}))
        last, done = imports.get(total.get("last")), imports.get(total.get("last_done"))
        known = formats.get(source.format)
        found.append(
            SourceRow(
                source,
                state_of(source, last, done, now, total.get("arrived")),
                last,
                done,
                imports.get(total.get("under_way")),
                Ledger(**{name: total.get(f"sum_{name}") or 0 for name in Ledger.__dataclass_fields__}),
                total.get("last_event"),
                known.title if known is not None else f"{source.format} (unknown)",
                progress_of(imports.get(total.get("under_way")), first=done is None, now=now),
                source.pk not in blind,
            )
        )
    return found


def row(source: LogSource, now: dt.datetime) -> SourceRow:
    return rows([source], now)[0]


def visible_rows(person: "User", now: dt.datetime) -> list[SourceRow]:
    """Every source that the person sees."""
    return rows(access.sources(person).select_related("store", "service"), now)


@dataclass(frozen=True)
class Counts:
    """How many sources stand how."""

    current: int
    late: int
    failing: int
    new: int
    off: int


def counts(rows: Iterable[SourceRow]) -> Counts:
    ids = [row.state.id for row in rows]
    return Counts(**{state: ids.count(state) for state in Counts.__dataclass_fields__})


# --- What one person sees of one source -------------------------------------------------------------------------


@dataclass(frozen=True)
class Speaks:
    """The services a source speaks of, as far as the person sees them."""

    routes: tuple[tuple[str, Service], ...]  # value of the routing field, service
    service: Service | None
    store: LogStore | None
    hidden: int  # services that the person does not see
    whole: bool  # the person sees the store or all services: also records that belong to no single service


def speaks(person: "User", source: LogSource) -> Speaks:
    """Rejected records, unknown actions and changes of the routes may tell of any service behind the source:
    only who sees its store or all its services sees them."""
    routes = list(source.routes.select_related("service").order_by("value"))
    services = {source.service_id} if source.service_id is not None else {route.service_id for route in routes}
    seen = set(access.services(person).filter(pk__in=services).values_list("pk", flat=True))
    store = source.store if access.may(person, "view", source.store) else None
    return Speaks(
        routes=tuple((route.value, route.service) for route in routes if route.service_id in seen),
        service=source.service if source.service_id in seen else None,
        store=store,
        hidden=len(services - seen),
        whole=services <= seen or store is not None,
    )


def problems(row: SourceRow, now: dt.datetime) -> list[Problem]:
    """What is not as it should be, worst first; empty when all is well."""
    found: list[Problem] = []
    if row.state.id in {"failing", "late", "off"}:
        found.append(Problem(row.state.verdict, row.state.sentence))
    last = row.last
    if last is not None and last.problem:
        found.append(Problem("fail" if last.state == ImportState.FAILED else "attention", last.problem))
    if last is not None:
        files = FileProblem.objects.filter(run=last, kind=FileProblem.Kind.UNREAD).count()
        if files:
            found.append(Problem("attention", f"{_many(files, 'file')} of the last import could not be read."))
    found += _shrunk(row.source, now)
    found += [Problem("attention", sentence) for sentence in days.sentences(row.source, now)]
    if not row.judged:
        found.append(
            Problem(
                "unknown",
                "Actions are not judged: the catalogue of critical actions names none of these logs. They are counted "
                "and kept, and stand for no required kind. “Unknown actions” lists them.",
            )
        )
    if row.ledger.rejected:
        share = 100 * row.ledger.rejected / row.ledger.records
        found.append(
            Problem("attention", f"{_many(row.ledger.rejected, 'record')} ({share:.2g} %) could not be understood.")
        )
    if row.ledger.unrouted:
        found.append(
            Problem(
                "attention", f"{_many(row.ledger.unrouted, 'event')} belong to no service: no route has their value."
            )
        )
    return found


def _shrunk(source: LogSource, now: dt.datetime) -> list[Problem]:
    """Files that lost what was imported of them: with the import that noticed it last."""
    lost = FileProblem.objects.filter(run__source=source, kind=FileProblem.Kind.CHANGED)
    lost = lost.filter(run__started_at__gte=now - days.RECENT)
    last = lost.select_related("run").last()
    if last is None or last.run.started_at is None:
        return []
    holds = "no longer holds" if lost.count() == 1 else "no longer hold"
    return [
        Problem(
            "attention",
            f"{_many(lost.count(), 'file')} {holds} what was imported before: cut, emptied or written anew. "
            f"The import of {moment(last.run.started_at)} says which. What was imported stays sealed.",
        )
    ]


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


@dataclass(frozen=True)
class Tab:
    """A list of a page, with its address and how much is in it."""

    id: str
    title: str
    count: int


_TITLES: Final = {
    "imports": "Imports",
    "days": "Days",
    "rejected": "Rejected records",
    "unmapped": "Unknown actions",
    "changes": "Changed settings",
    "older": "Older files",
    "files": "Files",
    "problems": "Files with problems",
}


def lists(source: LogSource, whole: bool) -> dict[str, Any]:
    """The lists of a source's page. Those that may tell of any service only for who sees the whole source."""
    found: dict[str, Any] = {"imports": imports(source), "days": days.of_source(source)}
    if whole:
        found["rejected"] = rejected(source=source)
        found["unmapped"] = unmapped(source)
        if source.read_from is not None:
            found["older"] = older_files.files(source)
        found["changes"] = TrailEntry.objects.filter(
            object_type="logsource", object_id=str(source.pk), action__in=("source.added", "source.changed")
        )
    return found


def import_lists(run: Import, whole: bool) -> dict[str, Any]:
    """The lists of an import's page, likewise."""
    found: dict[str, Any] = {"files": run.parts.select_related("segment").order_by("id")}
    if whole:
        found["problems"] = run.file_problems.all()
        found["rejected"] = rejected(run=run)
    return found


@dataclass(frozen=True)
class Changed:
    """A change of a ledger by a replay, seen from one of the two: the other is an import, or the replay."""

    change: LedgerChange
    other: Import


def ledger_changes(run: Import) -> list[Changed]:
    """What a replay changed, or what replays changed of an import."""
    if run.kind == ImportKind.IMPORT:
        return [Changed(one, one.by) for one in run.ledger_changes.select_related("by")]
    return [Changed(one, one.run) for one in run.changes_made.select_related("run")]


def tabs(lists: dict[str, Any]) -> list[Tab]:
    return [
        Tab(key, _TITLES[key], len(rows) if isinstance(rows, list) else rows.count()) for key, rows in lists.items()
    ]


def imports(source: LogSource) -> "QuerySet[Import]":
    return source.imports.select_related("asked_by").order_by("-id")


def rejected(*, source: LogSource | None = None, run: Import | None = None) -> "QuerySet[RejectedRecord]":
    """Rejected records of a source or of one import, newest first."""
    found = RejectedRecord.objects.select_related("part__run").order_by("-id")
    return found.filter(part__run=run) if run is not None else found.filter(part__run__source=source)


@dataclass(frozen=True)
class Unmapped:
    """An action that the catalogue does not know."""

    action: str  # fit to be shown
    n: int
    first: dt.date
    last: dt.date


def unmapped(source: LogSource) -> list[Unmapped]:
    """Actions that count for no kind, most frequent first."""
    found = UnmappedAction.objects.filter(source=source).order_by().values("action")
    return [
        Unmapped(visible(one["action"]), one["total"], one["first"], one["last"])
        for one in found.annotate(total=Sum("n"), first=Min("day"), last=Max("day")).order_by("-total", "action")
    ]


def schedule_words(source: LogSource) -> str:
    """`Every 15 minutes`, or the cron line."""
    if source.every_minutes is None:
        return f"By the cron line {source.cron} (UTC)"
    for minutes, noun in ((1440, "day"), (60, "hour"), (1, "minute")):
        if source.every_minutes % minutes == 0:
            count = source.every_minutes // minutes
            return f"Every {noun}" if count == 1 else f"Every {count} {noun}s"
    raise AssertionError("every number is a multiple of one")
