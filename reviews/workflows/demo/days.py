"""One day of one source: its events in order of time, with everything planted on that day."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

import numpy as np

from reviews.workflows.demo import cast, cloudtrail, rhythm, syslog, web
from reviews.workflows.demo.plan import Plan, Planted
from reviews.workflows.demo.rhythm import Times
from reviews.workflows.demo.streams import Flow, flows_of

BURST_EVENTS: Final = 1_400
Entry = tuple[int, str]  # moment in microseconds, text


def entries(plan: Plan, source: str, day: dt.date) -> dict[str, list[Entry]]:
    """Per place (account, host, site) what is in the log of that UTC day, up to the plan's end."""
    found: dict[str, list[Entry]] = {}
    for flow in flows_of(source):
        moments = _kept(plan, flow, rhythm.times(flow.stream, day, plan.factor))
        texts = _texts(plan, flow, day, moments)
        found.setdefault(flow.place, []).extend(
            (moment, text) for moment, text in zip(moments.tolist(), texts, strict=True) if text is not None
        )
    for place, entry in _planted(plan, source, day):
        found[place].append(entry)
    last = rhythm.micros(plan.until)
    return {place: sorted(entry for entry in held if entry[0] < last) for place, held in found.items()}


def _kept(plan: Plan, flow: Flow, moments: Times) -> Times:
    """Without those that an incident lost."""
    for planted in plan.planted:
        if planted.hides(flow.source, flow.service):
            start, end = rhythm.micros(planted.starts_at), rhythm.micros(planted.ends_at)
            moments = moments[(moments < start) | (moments >= end)]
    return moments


def _texts(plan: Plan, flow: Flow, day: dt.date, moments: Times) -> list[str | None] | list[str]:
    if flow.source == "trail":
        stopped = rhythm.micros(plan.incident("stopped").starts_at)
        return cloudtrail.texts(flow, day, moments, exports_until=stopped)
    if flow.source == "portal":
        return web.combined(flow, day, moments)
    if flow.source == "collector":
        return syslog.rfc5424(flow, day, moments)
    return syslog.rfc3164(flow, day, moments, syslog.FRANKFURT if flow.source == "frankfurt" else None)


def _planted(plan: Plan, source: str, day: dt.date) -> Iterator[tuple[str, Entry]]:
    """Events that exist only because they are planted."""
    if source == "trail":
        yield from _logging_calls(plan.incident("stop_logging"), day)
    if source == "bastion" and plan.incident("burst").starts_at.date() == day:
        yield from _burst(plan.incident("burst"), day)


def _logging_calls(planted: Planted, day: dt.date) -> Iterator[tuple[str, Entry]]:
    """The call that stops the trail is its last event; the one that starts it again is its next."""
    account = cast.ACCOUNTS["cloud"]
    calls = ((planted.starts_at, "StopLogging", "d.hollis"), (planted.ends_at, "StartLogging", "m.sorensen"))
    for moment, name, who in calls:
        if moment.date() == day:
            call = cloudtrail.Call(
                1, "cloudtrail", name, f'{{"name":"arn:aws:cloudtrail:{cast.REGION}:{account}:trail/organisation"}}'
            )
            event_id = cloudtrail.event_ids(rhythm.generator(name, day), 1)[0]
            who_and_with = cloudtrail.person(account, who)
            text = cloudtrail.event(
                account, call, moment.strftime("%Y-%m-%dT%H:%M:%S"), who_and_with, "198.51.100.23", event_id
            )
            yield account, (rhythm.micros(moment), text)


def _burst(planted: Planted, day: dt.date) -> Iterator[tuple[str, Entry]]:
    start, end = rhythm.micros(planted.starts_at), rhythm.micros(planted.ends_at)
    moments = np.sort(rhythm.generator("burst", day).integers(start, end, BURST_EVENTS))
    flow = Flow("bastion", "dub-bastion-01", "bastion", "burst", 0, "machine")
    for moment, text in zip(moments.tolist(), syslog.rfc3164(flow, day, moments), strict=True):
        yield flow.place, (moment, text)
