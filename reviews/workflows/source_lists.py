"""Many log sources at once, from a list: first what would come of each row, then all of them or none.

A source that is there already is left alone: with the same settings the row says nothing new, with others it is
refused, because a change within a quarter is a decision of its own.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.db import transaction

from reviews import access
from reviews.engine.formats import read_mapping
from reviews.errors import Invalid, NotAllowed, ReadingError
from reviews.models import LogSource, LogStore, Service
from reviews.queries.source_lists import Given
from reviews.workflows import sources

if TYPE_CHECKING:
    from auditportal.accounts.models import User

CREATE: Final = "create"
UNCHANGED: Final = "unchanged"
INVALID: Final = "invalid"
NO_PLACE: Final = "none"  # what a row says instead of a directory when logs are pushed or uploaded


@dataclass(frozen=True)
class Planned:
    """What becomes of one row."""

    given: Given
    verdict: str  # create, unchanged or invalid
    reasons: tuple[str, ...]
    values: Mapping[str, Any]  # of add_source
    routes: Mapping[str, Service]


def plan(by: "User", rows: Sequence[Given]) -> list[Planned]:
    """What each row would do. Nothing is written."""
    planning = _Planning(by, rows)
    return [planning.row(given) for given in rows]


@transaction.atomic
def add_listed(by: "User", rows: Sequence[Given]) -> list[LogSource]:
    """Add every source of the list that is not there yet, each with its line of the trail; Invalid when a row is."""
    planned = plan(by, rows)
    wrong = [one for one in planned if one.verdict == INVALID]
    if wrong:
        first = wrong[0]
        more = f" {len(wrong) - 1:,} more rows are wrong." if len(wrong) > 1 else ""
        raise Invalid(f"Nothing was added. Line {first.given.line}: {first.reasons[0]}{more}")
    return [sources.add_source(by, routes=one.routes, **one.values) for one in planned if one.verdict == CREATE]


T = TypeVar("T", LogStore, Service)


def _by_name(things: Iterable[T]) -> dict[str, T]:
    return {thing.name.lower(): thing for thing in things}


class _Planning:
    """The rows of one list against what is there."""

    def __init__(self, by: "User", rows: Sequence[Given]) -> None:
        self.stores = _by_name(access.stores(by, "keep"))
        self.services = _by_name(access.services(by, "keep"))
        kept = access.sources(by, "keep").select_related("store", "service")
        self.there = {source.name.lower(): source for source in kept}
        self.names = Counter(given.name.lower() for given in rows)
        self.by = by

    def row(self, given: Given) -> Planned:
        reasons = list(given.problems)
        values: dict[str, Any] = {name: value for name, value in given.values.items() if name != "routes"}
        if values.get("directory", "").lower() == NO_PLACE:
            values["directory"] = ""
        values["store"] = self._find(self.stores, given.values.get("store"), "log store", reasons)
        values["service"] = self._find(self.services, given.values.get("service"), "service", reasons)
        routes = {
            value: service
            for value, name in given.values.get("routes", {}).items()
            if (service := self._find(self.services, name, "service", reasons)) is not None
        }
        try:
            values |= {"mapping": read_mapping(mapping).as_json()} if (mapping := values.get("mapping")) else {}
        except ReadingError as problem:
            reasons.append(str(problem))
        if given.name and self.names[given.name.lower()] > 1:
            reasons.append("Another row has the same name.")
        source = self.there.get(given.name.lower())
        if source is not None and not reasons:
            differing = _differing(source, given, values, routes)
            reasons += [f"It is there already, with another {name}. Change it on its page." for name in differing]
            return Planned(given, INVALID if reasons else UNCHANGED, tuple(reasons), values, routes)
        if not given.values.get("directory"):  # a forgotten place must not become a source that reads none
            reasons.append(f"Give the directory or bucket, or “{NO_PLACE}” when logs are pushed or uploaded.")
        if not reasons:
            reasons += self._problems(values, routes)
        return Planned(given, INVALID if reasons else CREATE, tuple(reasons), values, routes)

    def _find(self, things: Mapping[str, T], name: str | None, what: str, reasons: list[str]) -> T | None:
        if not name:
            return None
        found = things.get(name.lower())
        if found is None:
            reasons.append(f"You are source keeper of no {what} “{name}”. Correct the name, or ask an administrator.")
        return found

    def _problems(self, values: Mapping[str, Any], routes: Mapping[str, Service]) -> list[str]:
        complete = sources.completed(values)
        found = list(sources.problems(complete, routes).values())
        if not found:
            try:
                sources.check_keeper(self.by, complete["store"], [complete["service"], *routes.values()])
            except NotAllowed as problem:
                found.append(str(problem))
        return found


def _differing(source: LogSource, given: Given, values: Mapping[str, Any], routes: Mapping[str, Service]) -> list[str]:
    """The settings that the row gives and the source has otherwise."""
    found = [
        name
        for name in given.values
        if name not in ("name", "routes") and name in sources.FIELDS and getattr(source, name) != values[name]
    ]
    if "routes" in given.values:
        there = {route.value: route.service_id for route in source.routes.all()}
        if there != {value.strip(): service.pk for value, service in routes.items()}:
            found.append("routes")
    return [name.replace("_", " ") for name in found]
