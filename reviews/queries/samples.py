"""What a page shows of a sample before its source is saved. The sample comes with the request and is kept nowhere."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow.compute as pc

from reviews.engine.catalogue import load_actions
from reviews.engine.formats import GENERIC, MOST_CATEGORIES, all_formats, get_format
from reviews.engine.importing.showing import printable, visible
from reviews.engine.reading import Guess, detect
from reviews.engine.reading.offsets import guess_by_receipt
from reviews.engine.reading.sampling import Sampled, lacking, look_at, take
from reviews.engine.reading.suggesting import Suggestion, suggest
from reviews.errors import ReadingError
from reviews.models import Service
from reviews.queries.sources import Problem
from reviews.queries.zone_guess import ZoneGuess, by_receipt

ROWS: Final = 100
ACTIONS: Final = 100
REJECTS: Final = 100
FITS: Final = 0.5  # of the records, before a format is said to be recognised
_LACKS: Final = (("actor", "who did it"), ("source_ip", "from which address"))
_OUTCOMES: Final = {
    "success": ("pass", "Succeeded"),
    "failure": ("fail", "Failed"),
    "unknown": ("unknown", "Unknown"),
}


@dataclass(frozen=True)
class Row:
    """One entry as it will be read; every text can be seen, whatever it holds."""

    at: dt.datetime
    who: str
    action: str
    target: str
    source_ip: str
    verdict: str
    outcome: str


@dataclass(frozen=True)
class Preview:
    """The sample as read by one format."""

    lines: int
    cut: bool
    format: str
    title: str
    recognised: Problem
    hint: str  # how much fits, and the runner-up
    zone_hint: str
    zone_guess: ZoneGuess | None
    suggestion: Suggestion | None
    problem: str = ""  # why nothing could be read
    read: int = 0
    ignored: int = 0
    rows: tuple[Row, ...] = ()
    unmapped: tuple[tuple[str, int], ...] = ()
    unmapped_rows: int = 0
    unmapped_names: int = 0
    actions: tuple[tuple[str, int], ...] = ()  # the same names as they stand in the log, for a mapping by hand
    rejects: tuple[tuple[int, str, str], ...] = ()
    rejected: int = 0
    first: dt.datetime | None = None
    last: dt.datetime | None = None
    kinds: int = 0
    expected: int = 0
    by_hand: bool = False  # read by a mapping
    judged: bool = True
    facts: tuple[Problem, ...] = ()

    @property
    def generic(self) -> bool:
        return self.format in GENERIC


def preview(
    given: bytes,
    name: str,
    chosen: str,
    mapping: Mapping[str, Any] | None,
    zone: str,
    service: Service | None,
    now: dt.datetime,
) -> Preview:
    """Look at a sample as a source with these settings would; without a format, with the one that fits best.

    `mapping` None: the one that the sample suggests. The kinds of the `service` are expected.
    ReadingError when the sample cannot be unpacked.
    """
    taken = take(given, name)
    guesses = detect(taken.data)
    best = guesses[0] if guesses and guesses[0].share >= FITS else None
    suggestion = suggest(taken.data)
    format_id = chosen or (best.format if best else suggestion.format if suggestion else "")
    if mapping is None:
        fits = best is not None and best.format == format_id
        mapping = suggestion.mapping.as_json() if suggestion and suggestion.format == format_id and not fits else {}
    known = all_formats().get(format_id)
    recognised = _recognised(best, format_id, suggestion)
    made = Preview(
        taken.lines,
        taken.cut,
        format_id,
        known.title if known else "",
        recognised,
        _hint(guesses),
        "",
        None,
        suggestion,
    )
    if known is None:
        return replace(made, problem="No format of the portal reads this sample. Choose one, or give another sample.")
    try:
        fmt = get_format(format_id, mapping if format_id in GENERIC else None)
        found = look_at(taken, fmt, zone, load_actions(), now)
    except ReadingError as problem:
        return replace(made, problem=str(problem))
    received = (
        guess_by_receipt(look_at(taken, fmt, "UTC", load_actions(), now).events) if _without_zone(found) else None
    )
    guess = by_receipt(received, zone, service) if received is not None else None
    made = replace(made, zone_guess=guess, by_hand=bool(fmt.parameters))
    return _filled(made, found, zone, service.kind if service else "", now)


def _recognised(best: Guess | None, format_id: str, suggestion: Suggestion | None) -> Problem:
    if best is not None and best.format == format_id:
        return Problem("pass", "Recognised")
    if best is not None:
        return Problem("attention", "Looks like another format")
    if suggestion is not None:
        return Problem("attention", "Not recognised: map its fields")
    return Problem("unknown", "Not recognised")


def _hint(guesses: list[Guess]) -> str:
    if not guesses:
        return "No format reads anything of it."
    if len(guesses) == 1:
        return f"{guesses[0].why} No other format reads anything of it."
    return f"{guesses[0].why} The next best: {guesses[1].why}"


def _filled(made: Preview, found: Sampled, zone: str, kind: str, now: dt.datetime) -> Preview:
    catalogue = load_actions()
    events = found.events
    times = pc.min_max(events["occurred_at"]).as_py() if events.num_rows else {"min": None, "max": None}
    first, last = (one.replace(tzinfo=dt.UTC) if one else None for one in (times["min"], times["max"]))
    expected = (
        {one.id for one in catalogue.kinds_expected_of(kind)}
        if kind
        else {one.id for one in catalogue.kinds.values() if one.required}
    )
    # A mapping by hand is judged where the catalogue knew an entry, as in queries/coverage.py.
    known = events.num_rows > sum(n for _, n in found.unmapped)
    judged = bool(catalogue.actions_of(made.format)) and (known or not made.by_hand)
    return replace(
        made,
        read=events.num_rows,
        ignored=found.ignored,
        cut=made.cut or found.cut,
        zone_hint=_zone_hint(found, zone, last, now),
        rows=tuple(map(_row, events.slice(0, ROWS).to_pylist())),
        unmapped=tuple((visible(action), n) for action, n in found.unmapped[:ACTIONS]),
        unmapped_names=len(found.unmapped),
        actions=found.unmapped[:MOST_CATEGORIES],
        unmapped_rows=sum(n for _, n in found.unmapped),
        rejects=tuple((line, reason, printable(begin)) for line, reason, begin in found.rejects[:REJECTS]),
        rejected=len(found.rejects),
        first=first,
        last=last,
        kinds=len(found.kinds & expected),
        expected=len(expected),
        judged=judged,
        facts=tuple(_facts(found, judged, len(expected - found.kinds))),
    )


def _row(event: dict[str, Any]) -> Row:
    verdict, outcome = _OUTCOMES[event["outcome"]]
    told = {name: visible(event[name] or "") for name in ("actor", "action", "target", "source_ip")}
    at = event["occurred_at"].replace(tzinfo=dt.UTC)
    return Row(at, told["actor"], told["action"], told["target"], told["source_ip"], verdict, outcome)


def _without_zone(found: Sampled) -> int:
    return sum(basis != "explicit" for basis in found.events["time_basis"].to_pylist())


def _zone_hint(found: Sampled, zone: str, last: dt.datetime | None, now: dt.datetime) -> str:
    events = found.events
    without = _without_zone(found)
    if not events.num_rows:
        return "Counts only for times that carry no zone of their own."
    if not without:
        return "All times in this sample carry a zone."
    told = f"{without:,} of {events.num_rows:,} times carry no zone and are taken as {zone or 'UTC, which is assumed'}."
    if last is not None and last > now:
        told += " The last one then lies in the future: the zone is probably another."
    return told


def _facts(found: Sampled, judged: bool, unseen: int) -> list[Problem]:
    events = found.events
    if not events.num_rows:
        return [Problem("fail", "No row can be read")]
    told = []
    for name, words in _LACKS:
        n = lacking(events, name)
        verdict = "attention" if n else "pass"
        told.append(
            Problem(verdict, f"{n:,} of {events.num_rows:,} rows lack {words}" if n else f"Each row has {words}")
        )
    assumed = sum(basis == "assumed" for basis in events["time_basis"].to_pylist())
    told.append(Problem("attention", f"{assumed:,} times have an assumed zone") if assumed else
                Problem("pass", "Each time has a known zone"))  # fmt: skip
    if not judged:
        told.append(Problem("unknown", "Actions are not judged: the catalogue names none of them"))
    elif unseen:
        told.append(Problem("unknown", f"{unseen} expected kinds are not in the sample"))
    return told
