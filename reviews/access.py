"""Who may see and do what. The only door to objects for web, tasks and workflows.

Roles are granted per service, per log store, or on the organisation (for the questions of the whole quarter).
An administrator sees and keeps everything and never prepares, approves or operates. An auditor has a seat at
named reviews, which ends by itself. What a person may not see answers 404, what they may see but not do 403.
"""

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from guardian.shortcuts import assign_perm, get_objects_for_user, get_user_perms, remove_perm

from reviews.errors import NotAllowed
from reviews.models import (
    Evidence,
    LogSource,
    LogStore,
    LogStoreUserObjectPermission,
    Organisation,
    OrganisationUserObjectPermission,
    Record,
    Review,
    ReviewUserObjectPermission,
    Scope,
    Service,
    ServiceUserObjectPermission,
    SourceRoute,
)

if TYPE_CHECKING:
    from auditportal.accounts.models import User

Verb = Literal["view", "prepare", "approve", "operate", "keep"]
Thing = Service | LogStore | Organisation
M = TypeVar("M", bound=Model)


class Role(StrEnum):
    """What a person is for one service, one store or the organisation."""

    VIEWER = "viewer"
    PREPARER = "preparer"
    APPROVER = "approver"
    OWNER = "owner"
    KEEPER = "keeper"


ROLE_NAMES = {
    Role.VIEWER: "Viewer: sees dashboards and reviews",
    Role.PREPARER: "Preparer: answers the questions",
    Role.APPROVER: "Approver: signs",
    Role.OWNER: "Owner: attaches evidence, never answers or signs",
    Role.KEEPER: "Source keeper: adds and changes log sources",
}
_VERBS: dict[Role, tuple[Verb, ...]] = {
    Role.VIEWER: ("view",),
    Role.PREPARER: ("view", "prepare"),
    Role.APPROVER: ("view", "approve"),
    Role.OWNER: ("view", "operate"),
    Role.KEEPER: ("view", "keep"),
}
_ADMINISTRATORS_VERBS = ("view", "keep")


def _codename(verb: Verb, model: type[Model]) -> str:
    return f"{verb}_{model._meta.model_name}"


# --- Grants: called by workflows.people, which checks and logs ------------------------------------------------


def grant(person: "User", role: Role, thing: Thing) -> None:
    """Give the role; giving it twice changes nothing."""
    for verb in _VERBS[role]:
        assign_perm(_codename(verb, type(thing)), person, thing)


def revoke(person: "User", role: Role, thing: Thing) -> None:
    """Take the role; `view` stays as long as another role needs it."""
    others = roles(person, thing) - {role, Role.VIEWER}
    kept = {verb for other in others for verb in _VERBS[other]}
    for verb in _VERBS[role]:
        if verb not in kept:
            remove_perm(_codename(verb, type(thing)), person, thing)


def _roles_of(codenames: set[str], model: type[Model]) -> set[Role]:
    """Roles that a set of permissions on one thing amounts to. Viewer only when there is no other."""
    found: set[Role] = {
        role for role in _VERBS if role is not Role.VIEWER and _codename(_VERBS[role][-1], model) in codenames
    }
    if not found and _codename("view", model) in codenames:
        found.add(Role.VIEWER)
    return found


def roles(person: "User", thing: Thing) -> set[Role]:
    """Roles the person holds on the thing."""
    return _roles_of(set(get_user_perms(person, thing).values_list("codename", flat=True)), type(thing))


def held_by(people: Iterable["User"]) -> dict[int, list[tuple[Thing, set[Role]]]]:
    """For each person (by id) every thing they hold a role on, with the roles; three queries for any number."""
    ids = [person.pk for person in people]
    held: dict[int, list[tuple[Thing, set[Role]]]] = {pk: [] for pk in ids}
    grants: tuple[Any, ...] = (
        ServiceUserObjectPermission,
        LogStoreUserObjectPermission,
        OrganisationUserObjectPermission,
    )
    for model in grants:
        codenames: dict[tuple[int, Thing], set[str]] = {}
        rows = model.objects.filter(user__in=ids).select_related("content_object", "permission")
        for row in rows.order_by("content_object__name"):
            codenames.setdefault((row.user_id, row.content_object), set()).add(row.permission.codename)
        for (user, thing), names in codenames.items():
            held[user].append((thing, _roles_of(names, type(thing))))
    return held


def holders(thing: Thing, role: Role) -> list[str]:
    """Names of the people who hold the role on the thing and may sign in."""
    grants: Any = {
        Service: ServiceUserObjectPermission,
        LogStore: LogStoreUserObjectPermission,
        Organisation: OrganisationUserObjectPermission,
    }[type(thing)]
    found = grants.objects.filter(
        content_object=thing, permission__codename=_codename(_VERBS[role][-1], type(thing)), user__is_active=True
    )
    return sorted(found.values_list("user__name", flat=True).distinct())


def everything(person: "User") -> list[tuple[Thing, set[Role]]]:
    """Every thing the person holds a role on, with the roles."""
    return held_by([person])[person.pk]


def seat_auditor(person: "User", review: Review, ends_on: dt.date) -> None:
    """Let the person read and download the record of one review until `ends_on`, inclusive."""
    assign_perm("audit_review", person, review)
    ReviewUserObjectPermission.objects.filter(
        user=person, content_object=review, permission__codename="audit_review"
    ).update(ends_on=ends_on)


def unseat_auditor(person: "User", review: Review) -> None:
    """End the seat now."""
    remove_perm("audit_review", person, review)


# --- Questions ----------------------------------------------------------------------------------------------


def may(person: "User", verb: Verb, thing: Thing) -> bool:
    """Whether the person may do this to this thing."""
    if not person.is_active:
        return False
    if person.is_administrator and verb in _ADMINISTRATORS_VERBS:
        return True
    return get_user_perms(person, thing).filter(codename=_codename(verb, type(thing))).exists()


def require_administrator(person: "User") -> None:
    """People, grants, catalogue and keys are theirs alone."""
    if not (person.is_active and person.is_administrator):
        raise NotAllowed("Only an administrator can do this.")


def subject(review: Review) -> Thing:
    """What the roles of a review are granted on: its service, its store, or the organisation."""
    found = review.subject
    return found if found is not None else Organisation.objects.get()


def _granted(person: "User", verb: Verb, model: type[M]) -> QuerySet[M]:
    manager: Any = model._default_manager
    if not person.is_active:
        return manager.none()  # type: ignore[no-any-return]
    if person.is_administrator and verb in _ADMINISTRATORS_VERBS:
        return manager.all()  # type: ignore[no-any-return]
    return get_objects_for_user(
        person,
        f"reviews.{_codename(verb, model)}",
        klass=manager.all(),
        with_superuser=False,
        accept_global_perms=False,
        use_groups=False,
    )


def services(person: "User", verb: Verb = "view") -> QuerySet[Service]:
    return _granted(person, verb, Service)


def stores(person: "User", verb: Verb = "view") -> QuerySet[LogStore]:
    return _granted(person, verb, LogStore)


def organisation_is_open(person: "User", verb: Verb = "view") -> bool:
    """Whether the person has this verb on the questions of the whole quarter."""
    organisation = Organisation.objects.first()
    return organisation is not None and may(person, verb, organisation)


def sources(person: "User", verb: Verb = "view") -> QuerySet[LogSource]:
    """Sources of a store or a service that the person has the verb for."""
    mine = services(person, verb).values("pk")
    routed = SourceRoute.objects.filter(source=OuterRef("pk"), service__in=mine)
    return LogSource.objects.filter(
        Q(store__in=stores(person, verb).values("pk")) | Q(service__in=mine) | Exists(routed)
    )


def reviews(person: "User", verb: Verb = "view") -> QuerySet[Review]:
    """Reviews whose service, store or organisation the person has the verb for."""
    condition = Q(service__in=services(person, verb).values("pk")) | Q(store__in=stores(person, verb).values("pk"))
    if organisation_is_open(person, verb):
        condition |= Q(scope=Scope.CYCLE)
    return Review.objects.filter(condition)


def records(person: "User") -> QuerySet[Record]:
    """Records of visible reviews, and of those where the person has an auditor's seat that has not ended."""
    seats = ReviewUserObjectPermission.objects.filter(
        user=person, permission__codename="audit_review", ends_on__gte=timezone.now().date()
    ).values("content_object_id")
    if not person.is_active:
        return Record.objects.none()
    return Record.objects.filter(Q(review__in=reviews(person).values("pk")) | Q(review__in=seats))


def evidence(person: "User") -> QuerySet[Evidence]:
    """Evidence attached to a question of a visible review, or given by the person."""
    return Evidence.objects.filter(
        Q(links__item__review__in=reviews(person).values("pk")) | Q(uploaded_by=person)
    ).distinct()


# --- Doors: one object, or 404 -------------------------------------------------------------------------------


def _open(visible: QuerySet[M], allowed: QuerySet[M], pk: int, what: str) -> M:
    found = visible.filter(pk=pk).first()
    if found is None:
        raise Http404
    if visible is not allowed and not allowed.filter(pk=pk).exists():
        raise NotAllowed(f"You may see this {what}, but not do this. Ask an administrator for the role.")
    return found


def service(person: "User", pk: int, verb: Verb = "view") -> Service:
    return _open(services(person), services(person, verb), pk, "service")


def store(person: "User", pk: int, verb: Verb = "view") -> LogStore:
    return _open(stores(person), stores(person, verb), pk, "log store")


def source(person: "User", pk: int, verb: Verb = "view") -> LogSource:
    return _open(sources(person), sources(person, verb), pk, "log source")


def review(person: "User", pk: int, verb: Verb = "view") -> Review:
    return _open(reviews(person), reviews(person, verb), pk, "review")


def record(person: "User", pk: int) -> Record:
    visible = records(person)
    return _open(visible, visible, pk, "record")


def evidence_file(person: "User", pk: int) -> Evidence:
    visible = evidence(person)
    return _open(visible, visible, pk, "file")
