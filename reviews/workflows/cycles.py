"""Quarters: opening one makes its reviews, with every question copied in as it is asked.

Three scopes: a review for each service in scope, one for each log store that an enabled source reads, one for the
quarter as a whole. What the facts of the inventory exclude is kept beside the questions, with the fact.
"""

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from reviews import access
from reviews.engine.analysis.quarters import Quarter
from reviews.engine.catalogue import Question, Templates, load_actions, load_templates
from reviews.errors import Invalid
from reviews.models import Cycle, LogSource, LogStore, Review, ReviewItem, ReviewState, Scope, Service
from reviews.workflows import trail

if TYPE_CHECKING:
    from auditportal.accounts.models import User

DEFAULT_TEMPLATE: Final = "essential"
DUE_DAYS: Final = 30  # after the quarter's end and the longest grace
DEFAULT_GRACE_DAYS: Final = 7  # where no source says otherwise

_SERVICE_FACTS: Final = (
    "kind",
    "critical",
    "data_class",
    "internet_facing",
    "takes_payments",
    "own_sign_in",
    "has_api",
    "run_by",
    "tags",
)
_STORE_FACTS: Final = ("kind", "provider", "lock", "own_keys", "people_with_access", "network_reachable", "tags")


def default_due_on(quarter: Quarter) -> dt.date:
    """The quarter's end, the longest grace of an enabled source, and 30 days."""
    graces = LogSource.objects.filter(enabled=True).values_list("grace_days", flat=True)
    return quarter.ends_on + dt.timedelta(days=max(graces, default=DEFAULT_GRACE_DAYS) + DUE_DAYS)


def services_in_scope(quarter: Quarter) -> QuerySet[Service]:
    """Services that were in scope on at least one day of the quarter. No date given: no limit on that side."""
    return Service.objects.filter(
        Q(in_scope_from__isnull=True) | Q(in_scope_from__lte=quarter.ends_on),
        Q(in_scope_to__isnull=True) | Q(in_scope_to__gte=quarter.starts_on),
    )


def stores_in_use() -> QuerySet[LogStore]:
    """Log stores that at least one enabled source reads."""
    return LogStore.objects.filter(pk__in=LogSource.objects.filter(enabled=True).values("store"))


@transaction.atomic
def open_cycle(
    person: "User",
    quarter: Quarter,
    template: str = DEFAULT_TEMPLATE,
    due_on: dt.date | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Cycle:
    """Open the quarter with its reviews. `facts` are the `cycle.*` facts of the inventory."""
    access.require_administrator(person)
    if Cycle.objects.filter(quarter=str(quarter)).exists():
        raise Invalid(f"{quarter.label} is open already. Its reviews are on the page of reviews.", "quarter")
    due_on = due_on or default_due_on(quarter)
    if due_on <= quarter.ends_on:
        raise Invalid(f"Choose a due date after the quarter's end on {quarter.ends_on}.", "due_on")
    templates = load_templates()
    chosen = templates.get(template)
    cycle = Cycle.objects.create(
        quarter=str(quarter),
        starts_on=quarter.starts_on,
        ends_on=quarter.ends_on,
        due_on=due_on,
        template=chosen.id,
        template_version=chosen.version,
        template_sha256=chosen.sha256,
        catalogue_version=load_actions().version,
        facts=dict(facts or {}),
        opened_by=person,
    )
    made = _make_missing(cycle, templates)
    told = {
        "template": f"{chosen.id} {chosen.version}",
        "due_on": due_on.isoformat(),
        "facts": cycle.facts,
        "reviews": [review.subject_name for review in made],
    }
    trail.log(person, "cycle.opened", cycle, after=told)
    return cycle


@transaction.atomic
def add_missing(cycle: Cycle, person: "User | None" = None) -> list[Review]:
    """Reviews of services and log stores that came into scope since the quarter was opened.

    The questions are those of the template as it is now; when it is no longer the one the quarter was opened
    with, the trail says so.
    """
    if not _missing_services(cycle).exists() and not _missing_stores(cycle).exists():
        return []
    templates = load_templates()
    made = _make_missing(cycle, templates)
    chosen = templates.get(cycle.template)
    for review in made:
        trail.log(person, "review.added", review, after={"template": f"{chosen.id} {chosen.version}"})
    return made


def _quarter(cycle: Cycle) -> Quarter:
    return Quarter.parse(cycle.quarter)


def _missing_services(cycle: Cycle) -> QuerySet[Service]:
    return services_in_scope(_quarter(cycle)).exclude(
        pk__in=cycle.reviews.filter(scope=Scope.SERVICE).values("service")
    )


def _missing_stores(cycle: Cycle) -> QuerySet[LogStore]:
    return stores_in_use().exclude(pk__in=cycle.reviews.filter(scope=Scope.LOG_STORE).values("store"))


def _make_missing(cycle: Cycle, templates: Templates) -> list[Review]:
    shared = {key: value for key, value in cycle.facts.items() if value is not None}
    made: list[Review] = []
    for service in _missing_services(cycle):
        facts = {**shared, **_facts("service", service, _SERVICE_FACTS)}
        made.append(_make(cycle, templates, facts, scope=Scope.SERVICE, service=service))
    for store in _missing_stores(cycle):
        facts = {**shared, **_facts("store", store, _STORE_FACTS)}
        made.append(_make(cycle, templates, facts, scope=Scope.LOG_STORE, store=store))
    if not cycle.reviews.filter(scope=Scope.CYCLE).exists():
        made.append(_make(cycle, templates, {**shared, **_tags_of_all(cycle)}, scope=Scope.CYCLE))
    return made


def _facts(prefix: str, thing: Service | LogStore, names: tuple[str, ...]) -> dict[str, object]:
    """The facts that are filled in; what is not filled in never excludes a question."""
    found = {f"{prefix}.{name}": getattr(thing, name) for name in names}
    return {key: value for key, value in found.items() if value not in (None, "")}


def _tags_of_all(cycle: Cycle) -> dict[str, object]:
    """A question of the whole quarter is asked when any service or log store carries its tag."""
    services, stores = services_in_scope(_quarter(cycle)), stores_in_use()
    return {
        "service.tags": sorted({tag for service in services for tag in service.tags}),
        "store.tags": sorted({tag for store in stores for tag in store.tags}),
    }


def _make(cycle: Cycle, templates: Templates, facts: Mapping[str, object], **subject: Any) -> Review:
    asked = templates.questions(cycle.template, subject["scope"].value, facts)
    review = Review.objects.create(
        cycle=cycle,
        state=ReviewState.OPEN,
        excluded=[{"item": out.item, "title": out.title, "fact": out.fact} for out in asked.excluded],
        **subject,
    )
    ReviewItem.objects.bulk_create(
        ReviewItem(
            review=review,
            item=question.id,
            group=question.group or "",
            step=question.step,
            position=position,
            text=_text(question),
        )
        for position, question in enumerate(asked.items, start=1)
    )
    return review


def _text(question: Question) -> dict[str, Any]:
    """The question as it is asked, copied whole: a later change of the template does not reach it."""
    return {
        "title": question.title,
        "question": question.question,
        "step_title": question.step_title,
        "guidance": list(question.guidance),
        "criteria": dict(question.criteria),
        "evidence": {"accepted_kinds": list(question.accepted_kinds), "minimum": question.minimum},
        "checks": list(question.automated_checks),
        "severity": question.severity,
        "controls": {key: list(value) for key, value in question.controls.items()},
        "related_categories": list(question.related_categories),
        "not_applicable_allowed": question.not_applicable_allowed,
    }
