"""Reviews for pages: the list of a quarter, and the checklist of one review."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, Q

from reviews import access
from reviews.engine.analysis.quarters import Quarter
from reviews.models import (
    Answer,
    Cycle,
    LogStoreUserObjectPermission,
    OrganisationUserObjectPermission,
    Review,
    ReviewItem,
    ReviewState,
    Scope,
    ServiceUserObjectPermission,
)
from reviews.queries import readiness
from reviews.queries.readiness import Missing, Results

if TYPE_CHECKING:
    from auditportal.accounts.models import User

SCOPE_WORDS: Final = {Scope.SERVICE: "Service", Scope.LOG_STORE: "Log store", Scope.CYCLE: "Quarter"}
ANSWER_WORDS: Final = {
    Answer.OPEN: "Open",
    Answer.MEETS: "Meets",
    Answer.DOES_NOT_MEET: "Does not meet",
    Answer.NOT_APPLICABLE: "Not applicable",
}
VERDICT_WORDS: Final = {
    readiness.PASS: "Met",
    readiness.ATTENTION: "Needs attention",
    readiness.FAIL: "Failed",
    readiness.UNKNOWN: "Unknown",
}
_LACKING_WORDS: Final = {
    "note": "note missing",
    "reason": "reason missing",
    "evidence": "evidence missing",
    "until": "end date missing",
    "second_person": "second person missing",
}
_STATE: Final = {
    ReviewState.OPEN: ("unknown", "idle", "Not started"),
    ReviewState.SUBMITTED: ("info", "waiting", "Handed over"),
    ReviewState.SIGNED: ("pass", "signed", "Signed"),
}


@dataclass(frozen=True)
class State:
    """Where a review stands, as a verdict with its icon."""

    v: str
    icon: str
    words: str


@dataclass(frozen=True)
class ReviewRow:
    """One line of the list."""

    review: Review
    kind: str
    state: State
    answered: int
    total: int
    preparers: str
    approvers: str
    record_pk: int | None


@dataclass(frozen=True)
class ReviewList:
    """The reviews of one quarter that a person may see."""

    cycle: Cycle | None
    quarter: Quarter | None
    cycles: tuple[tuple[Cycle, Quarter], ...]
    rows: tuple[ReviewRow, ...]
    days_left: int | None
    signed: int
    handed_over: int


def state_of(review: Review, answered: int) -> State:
    """Open with an answer is in progress."""
    if review.state == ReviewState.OPEN and (answered or review.returned_comment):
        words = "Sent back" if review.returned_comment else "In progress"
        return State("info", "doing", words)
    return State(*_STATE[ReviewState(review.state)])


def review_list(person: "User", quarter: str | None, today: dt.date) -> ReviewList:
    """The quarter asked for; otherwise the newest whose period is over and has open reviews, or the newest."""
    mine = access.reviews(person)
    cycles = list(Cycle.objects.filter(pk__in=mine.values("cycle")).order_by("-quarter"))
    if person.is_administrator:
        cycles = list(Cycle.objects.order_by("-quarter"))
    cycle = _chosen(cycles, quarter, mine, today)
    rows = _rows(mine.filter(cycle=cycle)) if cycle else ()
    return ReviewList(
        cycle=cycle,
        quarter=Quarter.parse(cycle.quarter) if cycle else None,
        cycles=tuple((one, Quarter.parse(one.quarter)) for one in cycles),
        rows=rows,
        days_left=(cycle.due_on - today).days if cycle else None,
        signed=sum(row.review.state == ReviewState.SIGNED for row in rows),
        handed_over=sum(row.review.state == ReviewState.SUBMITTED for row in rows),
    )


def _chosen(cycles: list[Cycle], quarter: str | None, mine: Any, today: dt.date) -> Cycle | None:
    named = next((cycle for cycle in cycles if cycle.quarter == quarter), None)
    if named or not cycles:
        return named
    unfinished = set(mine.exclude(state=ReviewState.SIGNED).values_list("cycle", flat=True))
    due = [cycle for cycle in cycles if cycle.ends_on < today and cycle.pk in unfinished]
    return due[0] if due else cycles[0]


def _rows(reviews: Any) -> tuple[ReviewRow, ...]:
    found = list(
        reviews.select_related("cycle", "service", "store", "record").annotate(
            total=Count("items"), answered=Count("items", filter=~Q(items__answer=Answer.OPEN))
        )
    )
    order = [Scope.SERVICE, Scope.LOG_STORE, Scope.CYCLE]
    found.sort(key=lambda review: (order.index(Scope(review.scope)), review.subject_name.lower()))
    people = {verb: _holders(verb) for verb in ("prepare", "approve")}
    return tuple(
        ReviewRow(
            review=review,
            kind=SCOPE_WORDS[Scope(review.scope)],
            state=state_of(review, review.answered),
            answered=review.answered,
            total=review.total,
            preparers=", ".join(people["prepare"][_key(review)]),
            approvers=", ".join(people["approve"][_key(review)]),
            record_pk=review.record.pk if hasattr(review, "record") else None,
        )
        for review in found
    )


def _key(review: Review) -> tuple[str, int]:
    return review.scope, review.service_id or review.store_id or 1


def _holders(verb: str) -> dict[tuple[str, int], list[str]]:
    """Names of the people who hold a verb, by scope and thing."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for scope, model, name in (
        (Scope.SERVICE, ServiceUserObjectPermission, "service"),
        (Scope.LOG_STORE, LogStoreUserObjectPermission, "logstore"),
        (Scope.CYCLE, OrganisationUserObjectPermission, "organisation"),
    ):
        grants = model._default_manager.filter(permission__codename=f"{verb}_{name}", user__is_active=True)
        for thing, person in grants.order_by("user__name").values_list("content_object_id", "user__name"):
            found[(scope.value, thing)].append(person)
    return found


def people_of(review: Review, verb: str) -> list[str]:
    """Names of those who may prepare or approve the review."""
    return _holders(verb)[_key(review)]


# --- The checklist of one review --------------------------------------------------------------------------------


@dataclass(frozen=True)
class ItemRow:
    """One question in the rail."""

    item: ReviewItem
    number: str  # 1.4
    v: str
    icon: str
    words: str
    lacking: tuple[Missing, ...]
    results: Results


@dataclass(frozen=True)
class Step:
    """One of the three steps with its questions."""

    number: int
    title: str
    rows: tuple[ItemRow, ...]

    @property
    def answered(self) -> int:
        return sum(row.item.answer != Answer.OPEN for row in self.rows)


@dataclass(frozen=True)
class Checklist:
    """A review's questions, step by step."""

    steps: tuple[Step, ...]

    @property
    def rows(self) -> list[ItemRow]:
        return [row for step in self.steps for row in step.rows]

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def answered(self) -> int:
        return sum(step.answered for step in self.steps)

    def row(self, item: str) -> ItemRow | None:
        return next((row for row in self.rows if row.item.item == item), None)

    @property
    def lacking(self) -> bool:
        """Whether anything stands between the review and its handing over."""
        return any(row.lacking for row in self.rows)

    @property
    def first_open(self) -> ItemRow | None:
        """The first question that lacks something; the first of all when none does."""
        rows = self.rows
        return next((row for row in rows if row.lacking), rows[0] if rows else None)

    def beside(self, row: ItemRow) -> tuple[ItemRow | None, ItemRow | None]:
        """The questions before and after."""
        rows = self.rows
        place = rows.index(row)
        return (rows[place - 1] if place else None), (rows[place + 1] if place + 1 < len(rows) else None)


def checklist(review: Review) -> Checklist:
    """The questions with what each lacks and what its checks say."""
    results = readiness.check_results(review)
    by_step: dict[str, list[ReviewItem]] = defaultdict(list)
    for item in readiness.items_of(review):
        by_step[item.step].append(item)
    steps = []
    for number, items in enumerate(by_step.values(), start=1):
        rows = tuple(
            _item_row(item, f"{number}.{place}", results.get(item.item, ()))
            for place, item in enumerate(items, start=1)
        )
        steps.append(Step(number, items[0].text.get("step_title", ""), rows))
    return Checklist(tuple(steps))


def _item_row(item: ReviewItem, number: str, results: Results) -> ItemRow:
    lacking = tuple(readiness.missing(item, results, item.files))  # type: ignore[attr-defined]
    v, icon, words = _shown(item, lacking, readiness.verdict(results))
    return ItemRow(item, number, v, icon, words, lacking, results)


def _shown(item: ReviewItem, lacking: tuple[Missing, ...], verdict: str | None) -> tuple[str, str, str]:
    answer = Answer(item.answer)
    if answer == Answer.OPEN:
        if verdict in (readiness.ATTENTION, readiness.FAIL):
            return verdict, verdict, "Open, a check " + ("failed" if verdict == readiness.FAIL else "needs attention")
        return "unknown", "idle", "Open"
    if lacking:
        return "attention", "doing", f"{ANSWER_WORDS[answer]}, {_LACKING_WORDS[lacking[0].field]}"
    v = {Answer.MEETS: ("pass", "pass"), Answer.DOES_NOT_MEET: ("fail", "fail")}.get(answer, ("unknown", "waived"))
    return (*v, ANSWER_WORDS[answer])
