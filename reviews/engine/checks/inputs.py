"""The frozen inputs that checks look at. queries/inputs.py fills them from the database; tests fill them by hand."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Inventoried:
    """One service of the inventory and what came in from it in the period."""

    name: str
    sources: int
    silent_sources: int  # sources without an entry of this service in the period
    events: int
    regular_before: bool  # it logged in most weeks of the quarter before


@dataclass(frozen=True)
class Unreadable:
    """How many records of a source could not be read as entries, in the imports of the period."""

    source: str
    records: int
    rejected: int


@dataclass(frozen=True)
class Inventory:
    """The services under review, and entries of their sources that no service explains or nobody could read."""

    services: tuple[Inventoried, ...]
    unrouted: int
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True)
class FoundSilence:
    """A span without events, as the analysis found it."""

    hours: int
    sentence: str
    category: str = ""


@dataclass(frozen=True)
class SilenceFacts:
    """What the analysis says of one service in the period. `judged` False: it cannot tell, for the reason."""

    service: str
    judged: bool
    reason: str
    found: tuple[FoundSilence, ...]
    noticed_after_hours: int | None
    hours_judged: int
    hours_not_imported: int  # of the period so far
    expected_not_imported: float  # events usual in those hours
    categories_not_judged: tuple[str, ...]  # too rare to be judged by themselves


@dataclass(frozen=True)
class FieldShare:
    """How many critical entries of a source lack one field that its format gives."""

    source: str
    field: str  # in words: "from where"
    entries: int
    missing: int


@dataclass(frozen=True)
class ClockFacts:
    """Times of one source."""

    source: str
    entries: int  # in the period
    assumed: int  # of them: the zone was not known
    ahead: dt.timedelta | None  # how far the newest entry lies after the moment it was read; None: not
    received: int = 0  # entries that say when they were received
    late: dt.timedelta | None = None  # from happening to receiving, median of the worst day; None: no entry says
    early: dt.timedelta | None = (
        None  # the same, 5 % quantile of the day with the smallest: below zero, a clock is wrong
    )


@dataclass(frozen=True)
class Tampering:
    """Entries against logging of one kind."""

    service: str
    label: str
    entries: int
    first_at: dt.datetime
    last_at: dt.datetime


@dataclass(frozen=True)
class Watched:
    """Whether the logs of a service could show a change to logging."""

    service: str
    observable: bool  # some source has a format that shows them
    entries: int  # of such sources in the period, of any kind: without any, nothing can be said
    hours_not_imported: int  # of the period so far
    not_judged: tuple[str, ...] = ()  # sources whose actions the catalogue does not name


@dataclass(frozen=True)
class LoggingControl:
    """What the logs say about changes to logging, and how well each service's logs could have shown them."""

    services: tuple[Watched, ...]
    found: tuple[Tampering, ...]


@dataclass(frozen=True)
class StoredFile:
    """An evidence file: its hash at upload, and that of what is stored now; None when it cannot be read."""

    name: str
    sha256: str
    sha256_now: str | None
