"""The overview for managers: now, whatever quarter is chosen; then the quarter."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reviews import access
from reviews.engine.analysis.quarters import Quarter
from reviews.errors import Invalid
from reviews.models import Cycle, Import, ImportState, ReviewState, Scope, Service
from reviews.queries import reviews as review_queries
from reviews.queries import services as service_queries
from reviews.queries import sources as source_queries
from reviews.queries.reviews import ReviewList, ReviewRow
from reviews.queries.services import ServiceRow
from reviews.queries.sources import Counts, SourceRow

if TYPE_CHECKING:
    from auditportal.accounts.models import User

MOST_WAITING: Final = 6


@dataclass(frozen=True)
class Now:
    """How the log sources stand at this moment."""

    counts: Counts
    total: int
    troubled: tuple[SourceRow, ...]  # failing, late or never read
    last_read: dt.datetime | None

    @property
    def words(self) -> dict[str, str]:
        """`3 failing`, by state."""
        names = {
            "current": "current",
            "late": "late",
            "failing": "failing",
            "new": "not read yet",
            "off": "switched off",
        }
        return {state: f"{getattr(self.counts, state)} {name}" for state, name in names.items()}


@dataclass(frozen=True)
class Line:
    """A service of the table with its review of the quarter."""

    row: ServiceRow
    review: ReviewRow | None


@dataclass(frozen=True)
class Totals:
    """The figures of the quarter, over the services that the person sees."""

    services: int
    seen: int
    required: int
    silences: int
    silent_categories: int
    hours: int
    silent_services: int
    cannot_tell: int  # services whose silence nobody could judge
    not_judged: int  # services with logs whose actions the catalogue does not name

    @property
    def percent(self) -> int | None:
        return 100 * self.seen // self.required if self.required else None


@dataclass(frozen=True)
class Waiting:
    """One thing that waits for the person."""

    v: str
    icon: str
    title: str
    why: str
    url_name: str
    pk: int


@dataclass(frozen=True)
class Overview:
    """The page."""

    now: Now
    quarter: Quarter
    quarters: tuple[Quarter, ...]
    cycle: Cycle | None
    days_left: int | None
    reviews_signed: int
    reviews_total: int
    handed_over: int
    totals: Totals
    lines: tuple[Line, ...]
    waiting: tuple[Waiting, ...]

    @property
    def days_late(self) -> int:
        return max(-(self.days_left or 0), 0)


def needs_guide() -> bool:
    """Whether the portal is still empty: no service, or no finished import."""
    return not Service.objects.exists() or not Import.objects.filter(state=ImportState.DONE).exists()


def has_services(person: "User") -> bool:
    return access.services(person).exists()


def choose(person: "User", asked: str | None, today: dt.date) -> tuple[Quarter, tuple[Quarter, ...]]:
    """The quarter to show and those to choose from: every open cycle and the running quarter.

    Unasked it is the quarter whose reviews are being worked on; a wrong name gives the same.
    """
    current = Quarter.of(today)
    listed = review_queries.review_list(person, None, today)
    choices = sorted({current, *(quarter for _, quarter in listed.cycles)}, reverse=True)
    try:
        wanted = Quarter.parse(asked) if asked else None
    except Invalid:
        wanted = None
    if wanted in choices:
        return wanted, tuple(choices)
    return listed.quarter or current, tuple(choices)


def overview(person: "User", asked: str | None, now: dt.datetime) -> Overview:
    """The overview. The number of queries does not grow with the number of services."""
    quarter, choices = choose(person, asked, now.date())
    rows = source_queries.visible_rows(person, now)
    reviews = review_queries.review_list(person, str(quarter), now.date())
    services = service_queries.rows(service_queries.visible(person, quarter), quarter, now)
    by_service = {row.review.service_id: row for row in reviews.rows if row.review.scope == Scope.SERVICE}
    return Overview(
        now=_now(rows),
        quarter=quarter,
        quarters=choices,
        cycle=reviews.cycle,
        days_left=reviews.days_left,
        reviews_signed=reviews.signed,
        reviews_total=len(reviews.rows),
        handed_over=reviews.handed_over,
        totals=_totals(services),
        lines=tuple(Line(row, by_service.get(row.service.pk)) for row in services),
        waiting=_waiting(person, reviews, rows),
    )


def _now(rows: list[SourceRow]) -> Now:
    reads = [row.last_done.read_until for row in rows if row.last_done is not None and row.last_done.read_until]
    order = ("failing", "late", "new")
    troubled = sorted((row for row in rows if row.state.id in order), key=lambda row: order.index(row.state.id))
    return Now(source_queries.counts(rows), len(rows), tuple(troubled), max(reads, default=None))


def _totals(rows: tuple[ServiceRow, ...]) -> Totals:
    return Totals(
        services=len(rows),
        seen=sum(row.coverage.numerator for row in rows),
        required=sum(row.coverage.denominator for row in rows),
        silences=sum(row.whole_silences for row in rows),
        silent_categories=sum(row.silent_categories for row in rows),
        hours=sum(row.silences.hours for row in rows),
        silent_services=sum(bool(row.silences.found) for row in rows),
        cannot_tell=sum(not row.silences.judged for row in rows),
        not_judged=sum(bool(row.coverage.not_judged) for row in rows),
    )


def _waiting(person: "User", reviews: ReviewList, rows: list[SourceRow]) -> tuple[Waiting, ...]:
    """What the person can do now: sign, look again, start, or mend a source."""
    approves = set(access.reviews(person, "approve").values_list("pk", flat=True))
    prepares = set(access.reviews(person, "prepare").values_list("pk", flat=True))
    found = [
        Waiting("info", "ready", f"Sign {row.review.subject_name}", "It is handed over.", "review", row.review.pk)
        for row in reviews.rows
        if row.review.state == ReviewState.SUBMITTED and row.review.pk in approves
    ]
    for row in reviews.rows:
        if row.review.state == ReviewState.OPEN and row.review.pk in prepares:
            if row.review.returned_comment:
                why = "An approver sent it back with a comment."
                found.append(
                    Waiting(
                        "attention", "comment", f"Look at {row.review.subject_name} again", why, "review", row.review.pk
                    )
                )
            elif not row.answered:
                why = f"None of {row.total} questions is answered."
                found.append(
                    Waiting("unknown", "idle", f"Start {row.review.subject_name}", why, "review", row.review.pk)
                )
    kept = set(access.sources(person, "keep").values_list("pk", flat=True))
    for source in rows:
        if source.state.id in ("failing", "late") and source.source.pk in kept:
            v = source.state.verdict
            found.append(
                Waiting(v, v, f"Look at {source.source.name}", source.state.sentence, "source", source.source.pk)
            )
    return tuple(found[:MOST_WAITING])
