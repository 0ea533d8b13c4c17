"""The plan: which days have logs, and what is planted when. A pure function of today.

Two quarters: the running one and the one before. What would not fit a young quarter is planted in the one before.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from reviews.engine.analysis.quarters import Quarter
from reviews.workflows.demo import cast, rhythm
from reviews.workflows.demo.streams import FLOWS

EVENTS: Final = 400_000
DAY: Final = dt.timedelta(days=1)
PRELUDE: Final = 10 * DAY  # logs from before the first quarter, so that its first days are known in full
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, SATURDAY = 0, 1, 2, 3, 5


@dataclass(frozen=True)
class Planted:
    """Something that a visitor can look for."""

    key: str
    title: str
    source: str  # key
    services: tuple[str, ...]  # keys
    starts_at: dt.datetime  # UTC
    ends_at: dt.datetime
    what: str
    expect: str  # what the portal should say

    @property
    def quarter(self) -> Quarter:
        return Quarter.of(self.starts_at.date())

    def hides(self, source: str, service: str) -> bool:
        """Whether events of this service in this source are lost in its span."""
        return self.key in _LOSSES and source == self.source and service in (*self.services, "")


_LOSSES: Final = {"silence", "collector", "stop_logging"}


@dataclass(frozen=True)
class Plan:
    """Everything that is drawn by lot or by date, fixed by `today` and by the moment at which the logs end."""

    today: dt.date
    until: dt.datetime  # logs end here, UTC

    @cached_property
    def running(self) -> Quarter:
        return Quarter.of(self.today)

    @cached_property
    def before(self) -> Quarter:
        return self.running.previous

    @cached_property
    def days(self) -> tuple[dt.date, ...]:
        """Every day that has logs, in UTC."""
        return self._days_to(self.until.date())

    def _days_to(self, last: dt.date) -> tuple[dt.date, ...]:
        first = self.before.starts_on - PRELUDE
        return tuple(first + n * DAY for n in range((last - first).days + 1))

    @cached_property
    def factor(self) -> float:
        """What the streams' means are multiplied by, so that all days together hold about EVENTS."""
        days = self._days_to(self.today)
        return EVENTS / sum(rhythm.expected(flow.stream, day) for flow in FLOWS for day in days)

    @cached_property
    def planted(self) -> tuple[Planted, ...]:
        return tuple(_plant(self))

    def incident(self, key: str) -> Planted:
        """The planted thing of that key."""
        return next(found for found in self.planted if found.key == key)

    def fitting(self, day: int, weekday: int, room: int) -> dt.date:
        """The first such weekday from that day of the running quarter on, if `room` days follow it up to today.

        Otherwise the same in the quarter before. No public holiday.
        """
        found = _weekday(self.running, day, weekday)
        return found if found + room * DAY <= self.today else _weekday(self.before, day, weekday)


def make_plan(today: dt.date, now: dt.datetime | None = None) -> Plan:
    """The plan for `today`. Logs end `now` when now is on that day, else with the day."""
    end_of_day = dt.datetime.combine(today, dt.time(23, 59, 59), dt.UTC)
    until = now.replace(microsecond=0) if now is not None and now.date() == today else end_of_day
    return Plan(today, until)


def _weekday(quarter: Quarter, day: int, weekday: int) -> dt.date:
    found = quarter.starts_on + day * DAY
    while found.weekday() != weekday or found in rhythm.public_holidays(found.year):
        found += DAY
    return found


def _at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """The moment of this local time in Dublin, in UTC."""
    return dt.datetime.combine(day, dt.time(hour, minute), ZoneInfo(cast.TIME_ZONE)).astimezone(dt.UTC)


def _plant(plan: Plan) -> Iterator[Planted]:
    yield _silence(plan)
    yield _collector(plan)
    yield _batch(plan)
    yield _stopped(plan)
    yield _stop_logging(plan)
    yield _burst(plan)
    yield from _deliveries(plan)
    yield _broken(plan)
    yield _time_zone(plan)
    yield from _coverage(plan)


def _silence(plan: Plan) -> Planted:
    start = _at(plan.fitting(24, TUESDAY, 4), 13)
    return Planted(
        "silence",
        "19 hours without requests",
        "portal",
        ("portal",),
        start,
        start + dt.timedelta(hours=19),
        "The access log holds no line for 19 hours over a Tuesday afternoon and the night after it.",
        "One silence of the Member portal, with these hours and the number of events that were expected.",
    )


def _collector(plan: Plan) -> Planted:
    day = _weekday(plan.before, 65, SATURDAY)
    return Planted(
        "collector",
        "A collector that dies",
        "collector",
        ("payment", "policy"),
        _at(day, 1, 40),
        _at(day + 2 * DAY, 8, 55),
        "The syslog collector stops on a Saturday night and is started again on Monday morning.",
        "A silence of Payment hosts and one of Policy hosts over the same hours, both from one source.",
    )


def _batch(plan: Plan) -> Planted:
    return Planted(
        "batch",
        "A weekly batch, which is not a gap",
        "exchange",
        ("exchange",),
        plan.before.starts_at,
        plan.until,
        "The File exchange works on Thursdays from 03:00 to 05:00, Dublin time, and rests on all other days.",
        "No silence at all: nothing is expected between two batches.",
    )


def _stopped(plan: Plan) -> Planted:
    return Planted(
        "stopped",
        "Data exports that stop while the rest flows",
        "trail",
        ("warehouse",),
        _at(plan.fitting(20, WEDNESDAY, 14), 10, 0),
        plan.until,
        "From this Wednesday on the account's trail has no read events of objects, queries and exports any more.",
        "A silence in the category Data exports of the Data warehouse; its other categories go on.",
    )


def _stop_logging(plan: Plan) -> Planted:
    day = plan.fitting(12, WEDNESDAY, 3)
    return Planted(
        "stop_logging",
        "StopLogging, and nothing after it",
        "trail",
        ("cloud", "warehouse", "secrets"),
        _at(day, 10, 12),
        _at(day, 17, 31),
        "d.hollis calls StopLogging on the organisation trail; m.sorensen calls StartLogging seven hours later.",
        "Logging or monitoring switched off is seen in Cloud accounts, and all three services of the trail are silent "
        "until logging is started again.",
    )


def _burst(plan: Plan) -> Planted:
    start = _at(plan.fitting(30, THURSDAY, 3), 2, 10)
    return Planted(
        "burst",
        "A burst of refused sign-ins",
        "bastion",
        ("bastion",),
        start,
        start + dt.timedelta(minutes=40),
        "1,400 refused sign-ins at dub-bastion-01 within 40 minutes, all from 203.0.113.77.",
        "The hours of that night stand out in the chart of the Bastion hosts: authentication, failure.",
    )


def _deliveries(plan: Plan) -> Iterator[Planted]:
    """Things that are wrong with files, not with what happened."""
    late = plan.fitting(9, MONDAY, 10)
    yield Planted(
        "late",
        "A day that arrives late",
        "portal",
        ("portal",),
        _midnight(late),
        _midnight(late + DAY),
        "The access log of this Monday is delivered only after the first import of the source.",
        "A later import of the source with one file, whose events are all of that Monday.",
    )
    twice = plan.fitting(15, THURSDAY, 3)
    yield Planted(
        "copied_file",
        "A file that comes twice",
        "bastion",
        ("bastion",),
        _midnight(twice),
        _midnight(twice + DAY),
        "The log of dub-bastion-01 lies a second time under restored/, uncompressed and under another name.",
        "The copy is known by its content: no event is counted twice.",
    )
    yield Planted(
        "repeated_events",
        "Events that are delivered twice",
        "trail",
        ("cloud",),
        _midnight(twice),
        _midnight(twice + DAY),
        "A second CloudTrail file of that day holds the events of 00:00 to 12:00 UTC again, in another order.",
        "The ledger of the import counts them as duplicates, by their eventID.",
    )


def _broken(plan: Plan) -> Planted:
    broken = plan.fitting(18, WEDNESDAY, 3)
    return Planted(
        "broken",
        "Broken lines",
        "portal",
        ("portal",),
        _midnight(broken),
        _midnight(broken + DAY),
        "44 lines of the access log are cut off in the middle or hold bytes that are no text.",
        "44 rejected records with reason and beginning; the ledger still balances.",
    )


def _time_zone(plan: Plan) -> Planted:
    return Planted(
        "time_zone",
        "A wrong time zone",
        "frankfurt",
        ("bastion",),
        plan.before.starts_at,
        plan.until,
        "The host in Frankfurt writes local time without a zone, while its source is set to UTC.",
        "Its last event lies one or two hours after the import that read it.",
    )


def _coverage(plan: Plan) -> Iterator[Planted]:
    yield Planted(
        "unrouted",
        "An account that nobody listed",
        "trail",
        (),
        plan.before.starts_at,
        plan.until,
        f"The trail also carries account {cast.ACCOUNTS['sandbox']}, which no route names.",
        "Unrouted events, counted and listed on the page of the source.",
    )
    yield Planted(
        "incomplete",
        "Entries without a source address",
        "trail",
        ("warehouse",),
        plan.before.starts_at,
        plan.until,
        "Rights and policies of the Data warehouse are changed by CloudFormation, so that no address is known.",
        "Role or policy changed is seen, but incomplete: the source address is missing.",
    )


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)
