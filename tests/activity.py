"""Counts for tests of pages and checks: a source that was read, with events hour by hour."""

import datetime as dt

import numpy as np

from reviews.engine.analysis.coverage import FIELDS
from reviews.engine.catalogue import load_actions
from reviews.models import ActionCount, HourCount, Import, ImportState, LogSource, Service
from tests.world import World, make_source

NOW = dt.datetime(2026, 11, 24, 12, 30, tzinfo=dt.UTC)
Q3_BEGINS = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
Q3_ENDS = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
HISTORY = Q3_BEGINS - dt.timedelta(weeks=13)


def read_source(world: World, service: Service, until: dt.datetime = NOW, **fields) -> LogSource:
    """A source whose last import read up to `until`."""
    fields = {"name": f"Log of {service.name}", "directory": "/nowhere", **fields}
    source = make_source(world, fields.pop("directory"), service=service, **fields)
    done(source, until)
    return source


def done(source: LogSource, until: dt.datetime, **fields) -> Import:
    values = {"started_at": until, "finished_at": until, "read_until": until, "files_seen": 1, **fields}
    return Import.objects.create(source=source, state=ImportState.DONE, **values)


def fill(
    source: LogSource, service: Service, counts, begin: dt.datetime = HISTORY, category: str = "api_usage"
) -> None:
    """A row for each hour that has events."""
    HourCount.objects.bulk_create(
        HourCount(
            source=source,
            service=service,
            hour=begin + dt.timedelta(hours=index),
            category=category,
            outcome="success",
            n=int(n),
        )
        for index, n in enumerate(counts)
        if n
    )


def steady(mean: float, begin: dt.datetime = HISTORY, end: dt.datetime = Q3_ENDS, seed: int = 1):
    """Events per hour around the clock."""
    hours = int((end - begin) // dt.timedelta(hours=1))
    return np.random.default_rng(seed).poisson(mean, hours)


def show(source: LogSource, service: Service, kind: str, day: dt.date, n: int = 3, **missing) -> ActionCount:
    """Critical entries of a kind on one day, by an action of the format that proves it alone."""
    catalogue = load_actions()
    outcome = "failure" if catalogue.kinds[kind].outcomes == "failure" else "success"
    action = next(
        action
        for action in catalogue.actions_of(source.format)
        if action.counts and not action.narrow_to and kind in catalogue.kinds_shown(action, outcome)
    )
    at = dt.datetime.combine(day, dt.time(9), dt.UTC)
    return ActionCount.objects.create(
        source=source,
        service=service,
        day=day,
        action=action.id,
        kind=kind,
        category=catalogue.kinds[kind].category,
        **{outcome: n},
        **{f"missing_{name}": missing.get(name, 0) for name in FIELDS},
        first_at=at,
        last_at=at,
        last_segment=0,
        last_offset=0,
        last_length=1,
    )
