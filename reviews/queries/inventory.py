"""The inventory as pages show it, and the guide through an empty portal."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.contrib.auth import get_user_model
from django.db.models import Count, Q

from reviews import access
from reviews.access import Role
from reviews.engine.analysis.quarters import Quarter
from reviews.models import Answer, Cycle, Import, ImportState, LogSource, LogStore, Review, Service
from reviews.queries.facts import word
from reviews.queries.reviews import State, state_of

if TYPE_CHECKING:
    from auditportal.accounts.models import User


@dataclass(frozen=True)
class StoreRow:
    """One line of the list of log stores."""

    store: LogStore
    kind: str
    lock: str
    sources: int


@dataclass(frozen=True)
class Fact:
    """A fact in words; unknown facts say so."""

    label: str
    value: str
    known: bool


def store_rows(person: "User") -> list[StoreRow]:
    """The log stores that the person sees."""
    found = access.stores(person).annotate(source_count=Count("sources"))
    return [
        StoreRow(store, word(store.kind) if store.kind else "", word(store.lock) if store.lock else "", count)
        for store, count in ((store, store.source_count) for store in found.order_by("name"))
    ]


def _fact(label: str, value: object) -> Fact:
    if value is None or value == "":
        return Fact(label, "Not known", False)
    if isinstance(value, bool):
        return Fact(label, "Yes" if value else "No", True)
    if isinstance(value, list):
        return Fact(label, ", ".join(value) if value else "None", True)
    return Fact(label, str(value), True)


def store_facts(store: LogStore) -> list[Fact]:
    """The facts of a log store, in the order of its form."""
    return [
        _fact("Kind", word(store.kind) if store.kind else None),
        _fact("Provider", store.provider),
        _fact("Account", store.account),
        _fact("Lock against changes", word(store.lock) if store.lock else None),
        _fact("Encrypted with our own keys", store.own_keys),
        _fact("People have access to it", store.people_with_access),
        _fact("Reachable over the network", store.network_reachable),
        _fact("Scope tags", store.tags),
    ]


def store_reviews(person: "User", store: LogStore) -> list[tuple[Review, Quarter, State]]:
    """The reviews of a log store that the person may see, the newest quarter first."""
    found = access.reviews(person).filter(store=store).select_related("cycle").order_by("-cycle__quarter")
    counted = found.annotate(answered=Count("items", filter=~Q(items__answer=Answer.OPEN)))
    return [(review, Quarter.parse(review.cycle.quarter), state_of(review, review.answered)) for review in counted]


def keepers(store: LogStore) -> list[str]:
    """Names of the people who keep the sources of a log store."""
    return access.holders(store, Role.KEEPER)


# --- Guide for an empty portal ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One step of setting the portal up."""

    title: str
    why: str
    url_name: str
    button: str
    done: bool
    open: bool  # nothing before it is missing


# Title, why, name of the address, words on the button.
_STEPS: Final = (
    (
        "Invite a person and grant a role",
        "An administrator never answers or signs. You need somebody who prepares and somebody else who approves.",
        "people",
        "Invite a person",
    ),
    (
        "Add a service",
        "A service is what must be logged: a product, a cloud account, a database.",
        "service_add",
        "Add a service",
    ),
    (
        "Add a log store",
        "A log store is where logs lie: a bucket, a log server, a vendor’s cloud.",
        "store_add",
        "Add a log store",
    ),
    (
        "Add a log source",
        "A source says which files of the store speak of which service, and how often to read them.",
        "source_add",
        "Add a log source",
    ),
    (
        "Wait for the first import",
        "The portal reads a new source by itself within a minute.",
        "sources",
        "Look at the sources",
    ),
    (
        "Open the quarter",
        "This makes the reviews, with their questions, from the services and log stores you have added.",
        "cycle_add",
        "Open the quarter",
    ),
)


def guide(person: "User") -> tuple[Step, ...]:
    """The steps from an empty portal to an open quarter; empty when all are done or another has to do them."""
    if not person.is_administrator:
        return ()
    people = list(get_user_model().objects.filter(is_active=True, is_administrator=False))
    done = (
        any(access.held_by(people).values()),
        Service.objects.exists(),
        LogStore.objects.exists(),
        LogSource.objects.exists(),
        Import.objects.filter(state=ImportState.DONE).exists(),
        Cycle.objects.exists(),
    )
    if all(done):
        return ()
    return tuple(Step(*step, done[at], all(done[:at])) for at, step in enumerate(_STEPS))
