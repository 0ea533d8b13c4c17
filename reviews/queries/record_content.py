"""What a record says, read from what the signature locked. engine/records/content.py has the shape.

Answers of log stores and of the quarter count only as far as they were signed before this review was; a record
that is made late says the same as one made at once.
"""

import datetime as dt
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db.models import Q

from reviews.engine.analysis.quarters import Quarter
from reviews.engine.records.content import (
    AnswerElsewhere,
    Attached,
    CheckSeen,
    EvidenceFile,
    Excluded,
    ItemAnswered,
    Part,
    Period,
    Person,
    Previous,
    RecordContent,
    Reference,
    SettingChange,
    Signing,
    Subject,
    against,
)
from reviews.engine.records.names import safe_name
from reviews.engine.records.unknowns import not_told
from reviews.errors import RecordError
from reviews.models import (
    Cycle,
    EvidenceLink,
    LogSource,
    LogStore,
    Organisation,
    Record,
    RecordState,
    Review,
    ReviewItem,
    ReviewState,
    Scope,
    Service,
    TrailEntry,
)
from reviews.queries import parts

if TYPE_CHECKING:
    from auditportal.accounts.models import User

# Facts of the inventory that a record shows; None in them means "not filled in".
_SERVICE_FACTS: Final = (
    "owner_team", "kind", "critical", "data_class", "internet_facing", "takes_payments", "own_sign_in", "has_api",
    "run_by", "tags", "time_zone", "in_scope_from", "in_scope_to",
)  # fmt: skip
_STORE_FACTS: Final = (
    "kind", "provider", "account", "lock", "own_keys", "people_with_access", "network_reachable", "tags",
)  # fmt: skip
_SETTINGS: Final = {
    "source.added": "added the log source",
    "source.changed": "changed the log source",
    "service.changed": "changed the service",
    "store.changed": "changed the log store",
}


def content_of(record: Record, now: dt.datetime) -> RecordContent:
    """The content of this record. Raises RecordError when the review is not signed."""
    related = ("cycle", "cycle__opened_by", "service", "store", "signed_by", "submitted_by")
    review = Review.objects.select_related(*related).get(pk=record.review_id)
    if review.state != ReviewState.SIGNED or review.signed_at is None or review.signed_by is None:
        raise RecordError("Only a signed review has a record.")
    organisation = Organisation.objects.get()
    frozen: Mapping[str, Any] = review.frozen or {}
    population = _population(frozen)
    evidence = _evidence(review)
    items = _items(review, frozen, evidence)
    references = _references(review, review.signed_at)
    return RecordContent(
        number=record.number,
        organisation=organisation.name,
        installation_id=str(organisation.installation_id),
        demo=organisation.is_demo,
        made_at=now,
        software_version=software_version(),
        subject=_subject(review),
        signing=_signing(review, review.signed_at, review.signed_by),
        period=_period(review.cycle),
        could_not_tell=not_told(
            review.scope,
            Quarter.parse(review.cycle.quarter).ends_at,
            population,
            items,
            references,
            review.frozen_at is not None,
            evidence,
            review.cycle.starts_on,
        ),
        population=population,
        items=items,
        excluded=_excluded(review),
        evidence=evidence,
        gaps_not_decided=tuple(dict(gap) for gap in population.get("silences") or () if isinstance(gap, Mapping)),
        people=_people(review),
        settings_changed=_settings_changed(review, review.signed_at),
        references=references,
        previous=_previous(review),
    )


def _population(frozen: Mapping[str, Any]) -> dict[str, Any]:
    numbers = frozen.get("numbers")
    return dict(numbers) if isinstance(numbers, Mapping) else {}


def software_version() -> str:
    """Of this portal, as pyproject.toml says it."""
    project = (Path(settings.BASE_DIR) / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(project)["project"]["version"])


def _somebody(user: "User") -> Person:
    return Person(user.pk, user.name, user.email)


def _person(user: "User | None") -> Person | None:
    return _somebody(user) if user is not None else None


def _subject(review: Review) -> Subject:
    """A subject's facts are those of the inventory now: the excluded questions name the ones that counted."""
    thing: Service | LogStore | None = review.service or review.store
    names = _SERVICE_FACTS if review.service else _STORE_FACTS
    facts = {name: getattr(thing, name) for name in names} if thing is not None else {}
    return Subject(review.scope, thing.pk if thing else None, review.subject_name, review.version, facts)


def _signing(review: Review, signed_at: dt.datetime, signed_by: "User") -> Signing:
    return Signing(
        review.frozen_at,
        review.submitted_at,
        _person(review.submitted_by),
        signed_at,
        _somebody(signed_by),
        review.statement,
    )


def _period(cycle: Cycle) -> Period:
    return Period(
        quarter=cycle.quarter,
        starts_on=cycle.starts_on,
        ends_on=cycle.ends_on,
        due_on=cycle.due_on,
        opened_at=cycle.opened_at,
        opened_by=_somebody(cycle.opened_by),
        template=cycle.template,
        template_version=cycle.template_version,
        template_sha256=cycle.template_sha256,
        catalogue_version=cycle.catalogue_version,
        facts=cycle.facts,
    )


def _links(review: Review) -> list[EvidenceLink]:
    links = EvidenceLink.objects.filter(item__review=review, removed_at__isnull=True)
    related = ("evidence", "evidence__uploaded_by", "evidence__supersedes", "item", "attached_by")
    return list(links.select_related(*related).order_by("evidence_id", "item__position"))


def _evidence(review: Review) -> tuple[EvidenceFile, ...]:
    links = _links(review)
    files = {link.evidence_id: link.evidence for link in links}
    found = []
    for number, (pk, file) in enumerate(files.items(), start=1):
        ref = f"{number:04}"
        attached = tuple(
            Attached(link.item.item, link.attached_at, _somebody(link.attached_by))
            for link in links
            if link.evidence_id == pk
        )
        found.append(
            EvidenceFile(
                ref=ref,
                path=f"content/evidence/{ref}/{safe_name(file.name)}",
                original_name=file.name,
                media_type=file.media_type,
                size=file.size,
                sha256=file.sha256,
                covers_from=file.covers_from,
                covers_to=file.covers_to,
                uploaded_at=file.uploaded_at,
                uploaded_by=_somebody(file.uploaded_by),
                supersedes_sha256=file.supersedes.sha256 if file.supersedes else "",
                attached_to=attached,
            )
        )
    return tuple(found)


def _items(review: Review, frozen: Mapping[str, Any], evidence: tuple[EvidenceFile, ...]) -> tuple[ItemAnswered, ...]:
    results = frozen.get("checks") or {}
    items = review.items.select_related("answered_by", "second_person").order_by("position")
    return tuple(_item(item, _checks(results.get(item.item) or ()), evidence) for item in items)


def _checks(results: Any) -> tuple[CheckSeen, ...]:
    """Frozen results. A verdict that nobody knows is unknown."""
    return tuple(
        CheckSeen(
            check=str(result.get("check", "")),
            title=str(result.get("title") or result.get("check", "")),
            verdict=verdict if (verdict := str(result.get("verdict"))) in ("pass", "attention", "fail") else "unknown",
            number=str(result.get("number") or ""),
            sentence=str(result.get("sentence") or ""),
        )
        for result in results
        if isinstance(result, Mapping)
    )


def _item(item: ReviewItem, checks: tuple[CheckSeen, ...], evidence: tuple[EvidenceFile, ...]) -> ItemAnswered:
    text: Mapping[str, Any] = item.text
    return ItemAnswered(
        item=item.item,
        group=item.group,
        step=item.step,
        step_title=str(text.get("step_title") or ""),
        title=str(text.get("title") or ""),
        question=str(text.get("question") or ""),
        criteria={str(key): str(value) for key, value in dict(text.get("criteria") or {}).items()},
        severity=str(text.get("severity") or ""),
        answer=item.answer,
        note=item.note,
        reason=item.reason,
        answered_by=_person(item.answered_by),
        answered_at=item.answered_at,
        second_person=_person(item.second_person),
        second_person_at=item.second_person_at,
        not_applicable_until=item.not_applicable_until,
        checks=checks,
        against=against(item.answer, checks),
        evidence=tuple(one.ref for one in evidence if any(to.item == item.item for to in one.attached_to)),
    )


def _excluded(review: Review) -> tuple[Excluded, ...]:
    return tuple(
        Excluded(str(one.get("item", "")), str(one.get("title", "")), str(one.get("fact", "")))
        for one in review.excluded
    )


def _people(review: Review) -> tuple[Part, ...]:
    """Everybody with a part in the review; the trail knows them all, the signer last."""
    found = []
    for part in parts.of(review):
        did = [f"answered {part.answered} questions" if part.answered != 1 else "answered 1 question"]
        did = did if part.answered else []
        if part.attached:
            did.append("attached evidence")
        if part.confirmed:
            did.append("confirmed “not applicable” as second person")
        if part.submitted:
            did.append("handed over to sign")
        if did and part.person.pk != review.signed_by_id:
            found.append(Part(_somebody(part.person), tuple(did)))
    if review.signed_by is not None:
        own = next((part for part in parts.of(review) if part.person.pk == review.signed_by_id), None)
        also = ("confirmed “not applicable” as second person",) if own and own.confirmed else ()
        found.append(Part(_somebody(review.signed_by), (*also, "signed")))
    return tuple(found)


def _sources_of(review: Review) -> list[LogSource]:
    every = LogSource.objects.order_by("id")
    if review.scope == Scope.SERVICE:
        return list(every.filter(Q(service=review.service) | Q(routes__service=review.service)).distinct())
    return list(every.filter(store=review.store)) if review.scope == Scope.LOG_STORE else list(every)


def _settings_changed(review: Review, signed_at: dt.datetime) -> tuple[SettingChange, ...]:
    """From the quarter's first moment until the signature: what changed later changes nothing of this review."""
    sources = [str(source.pk) for source in _sources_of(review)]
    about = Q(object_type="logsource", object_id__in=sources)
    if review.service_id is not None:
        about |= Q(object_type="service", object_id=str(review.service_id))
    if review.store_id is not None:
        about |= Q(object_type="logstore", object_id=str(review.store_id))
    period = (Quarter.parse(review.cycle.quarter).starts_at, signed_at)
    entries = TrailEntry.objects.filter(about, action__in=_SETTINGS, at__range=period).order_by("id")
    return tuple(
        SettingChange(
            entry.at,
            entry.actor_name,
            _SETTINGS[entry.action],
            entry.object_type,
            entry.object_name,
            entry.before,
            entry.after,
        )
        for entry in entries
    )


def _references(review: Review, signed_at: dt.datetime) -> tuple[Reference, ...]:
    """For a service: the log stores its logs lie in, and the quarter; for a log store: the quarter."""
    if review.scope == Scope.CYCLE:
        return ()
    about = Q(scope=Scope.CYCLE)
    if review.scope == Scope.SERVICE:
        about |= Q(scope=Scope.LOG_STORE, store__in={source.store_id for source in _sources_of(review)})
    others = Review.objects.filter(about, cycle=review.cycle).select_related("signed_by", "service", "store")
    newest: dict[tuple[str, int | None], Review] = {}
    for other in others.order_by("version"):
        key = (other.scope, other.store_id)
        if key not in newest or (other.signed_at is not None and other.signed_at <= signed_at):
            newest[key] = other
    return tuple(_reference(one, signed_at) for _, one in sorted(newest.items(), key=lambda pair: str(pair[0])))


def _reference(other: Review, signed_at: dt.datetime) -> Reference:
    subject = Subject(other.scope, other.store_id, other.subject_name, other.version)
    if other.signed_at is None or other.signed_at > signed_at:
        return Reference(subject, None, None, "", ())
    record = Record.objects.filter(review=other).first()
    items = tuple(
        AnswerElsewhere(item.item, str(item.text.get("title") or ""), item.answer, item.note, item.reason)
        for item in other.items.order_by("position")
    )
    return Reference(subject, other.signed_at, _person(other.signed_by), record.number if record else "", items)


def _previous(review: Review) -> Previous | None:
    """The newest record of the same subject that was made before this one was asked for."""
    same = Q(review__scope=review.scope, review__service=review.service, review__store=review.store)
    earlier = Q(review__cycle__quarter__lt=review.cycle.quarter) | Q(
        review__cycle=review.cycle, review__version__lt=review.version
    )
    records = Record.objects.filter(same, earlier, state=RecordState.MADE, review__signed_at__lt=review.signed_at)
    found = records.select_related("review__cycle").order_by("review__cycle__quarter", "review__version").last()
    if found is None:
        return None
    return Previous(found.number, found.review.cycle.quarter, found.review.version, found.sha256, found.manifest_sha256)
