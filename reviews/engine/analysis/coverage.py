"""Coverage: which required kinds of action a service's logs show, in the words of the catalogue.

coverage = required kinds seen with complete fields ÷ (required − waived). Incomplete, not seen, stopped, not judged and
not observable count against it. Not seen is unknown, never pass; it is fail only where a regular kind has stopped. Not
judged: there are logs, but the catalogue names no action of theirs, so that nobody can tell what they show.
"""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from reviews.engine.catalogue import ActionCatalogue, Kind

State = Literal["seen", "seen_incomplete", "not_seen", "stopped", "not_judged", "not_observable", "waived"]
FIELDS: Final = ("time", "actor", "action", "outcome", "target", "source_ip")
FIELD_NAMES: Final = {
    "time": "a time with a known zone",
    "actor": "who",
    "action": "what",
    "outcome": "whether it worked",
    "target": "on what",
    "source_ip": "from where",
}
STATE_WORDS: Final = {
    "seen": "Seen",
    "seen_incomplete": "Seen, fields missing",
    "not_seen": "Not seen, not proven",
    "stopped": "Stopped",
    "not_judged": "Cannot tell: actions not judged",
    "not_observable": "Not observable",
    "waived": "Waived",
}
STATE_ICONS: Final = {
    "seen": "seen",
    "seen_incomplete": "partial",
    "not_seen": "unknown",
    "stopped": "fail",
    "not_judged": "unknown",
    "not_observable": "blind",
    "waived": "waived",
}
VERDICTS: Final = {
    "seen": "pass",
    "seen_incomplete": "attention",
    "not_seen": "unknown",
    "stopped": "fail",
    "not_judged": "unknown",
    "not_observable": "unknown",
    "waived": "unknown",
}
# Fields that entries of a format never carry for these kinds; the others of the format must have them.
# CloudTrail's sign-in names no resource: it is the account itself. Programs on a host write no address to syslog.
_LOCAL: Final = "every kind but sign-ins"
_SIGN_INS: Final = frozenset({"sign_in_succeeded", "sign_in_refused"})
_NEVER_GIVEN: Final[Mapping[tuple[str, str], frozenset[str] | str]] = {
    ("cloudtrail", "target"): _SIGN_INS,
    ("syslog", "source_ip"): _LOCAL,
}
STOPPED_CHANCE: Final = 0.001  # a kind has stopped when so long an absence was this unlikely
FEWEST_WEEKS_BEFORE: Final = 8  # of the quarter before, in which a regular kind was seen


@dataclass(frozen=True)
class Seen:
    """Entries of one critical action of the catalogue, from one source, in the period."""

    format: str
    action: str
    kind: str
    success: int
    failure: int
    unknown: int
    missing: Mapping[str, int]  # field → entries without it
    last_at: dt.datetime

    @property
    def n(self) -> int:
        return self.success + self.failure + self.unknown


@dataclass(frozen=True)
class Before:
    """How regular a kind was in the quarter before."""

    weeks_seen: int
    weeks_imported: int


@dataclass(frozen=True)
class KindCoverage:
    """One kind of one service: its state, and the numbers behind it."""

    kind: str
    label: str
    category: str
    required: bool
    state: State
    count: int = 0
    success: int = 0
    failure: int = 0
    last_seen: dt.datetime | None = None
    missing: Mapping[str, int] = field(default_factory=dict)  # needed fields that some entries lack
    sentence: str = ""

    @property
    def word(self) -> str:
        return STATE_WORDS[self.state]

    @property
    def verdict(self) -> str:
        return VERDICTS[self.state]

    @property
    def icon(self) -> str:
        return STATE_ICONS[self.state]


@dataclass(frozen=True)
class Coverage:
    """All kinds of one service in one quarter. Only required kinds count."""

    kinds: tuple[KindCoverage, ...]
    not_judged: tuple[str, ...] = ()  # names of sources whose actions the catalogue does not name

    @property
    def required(self) -> tuple[KindCoverage, ...]:
        return tuple(kind for kind in self.kinds if kind.required)

    @property
    def numerator(self) -> int:
        return sum(kind.state == "seen" for kind in self.required)

    @property
    def denominator(self) -> int:
        return sum(kind.state != "waived" for kind in self.required)

    @property
    def percent(self) -> int | None:
        """Rounded down, so that only complete coverage reads as 100 %. None: nothing is required."""
        return 100 * self.numerator // self.denominator if self.denominator else None

    def states(self) -> dict[str, int]:
        """How many required kinds are in each state."""
        return {state: sum(kind.state == state for kind in self.required) for state in STATE_WORDS}


def needed_fields(format_id: str, kind: str) -> tuple[str, ...]:
    """The fields without which an entry of this kind is incomplete."""

    def never(name: str) -> bool:
        kinds = _NEVER_GIVEN.get((format_id, name), frozenset())
        return kind not in _SIGN_INS if kinds == _LOCAL else kind in kinds

    return tuple(name for name in FIELDS if not never(name))


def coverage(
    service_kind: str,
    formats: Sequence[str],
    seen: Iterable[Seen],
    before: Mapping[str, Before],
    weeks_imported: int,
    catalogue: ActionCatalogue,
    waived: Collection[str] = (),
    not_judged: Collection[str] = (),
) -> Coverage:
    """The coverage of one service: `formats` of its sources, what was `seen` in the quarter and `before` it.

    `not_judged` are the names of further sources: the catalogue names no action of theirs.

    A service whose kind is not filled in is held to every required kind: an unknown fact never excuses.
    """
    by_kind: dict[str, list[Seen]] = defaultdict(list)
    for row in seen:
        action = catalogue.by_id.get(row.action)
        if action is not None and action.counts and action.narrow_to is None:
            by_kind[row.kind].append(row)
    if service_kind:
        required = {kind.id for kind in catalogue.kinds_expected_of(service_kind)}
    else:
        required = {kind.id for kind in catalogue.kinds.values() if kind.required}
    shows = {name: catalogue.kinds_of_format(name) for name in set(formats)}
    kinds = []
    for kind in catalogue.kinds.values():
        rows = by_kind.get(kind.id, [])
        if kind.id in required:
            hidden = [_cannot_show(kind.id, name, shows[name], catalogue) for name in formats]
            state, sentence = _state(kind, formats, hidden, rows, before.get(kind.id), weeks_imported, catalogue)
            gone = _stopped(before.get(kind.id), weeks_imported)
            state, sentence = _or_not_judged(state, sentence, not_judged, gone)
            if kind.id in waived:
                state, sentence = "waived", "Waived for this service."
        elif rows:
            state, sentence = ("seen", "") if _complete(rows) else ("seen_incomplete", _lacks(rows))
        else:
            continue
        kinds.append(_kind(kind, kind.id in required, state, rows, sentence))
    return Coverage(tuple(kinds), tuple(not_judged))


def _or_not_judged(state: State, sentence: str, not_judged: Collection[str], gone: str) -> tuple[State, str]:
    """What was not found may stand in logs that nobody can judge. `gone`: that it was regular before, in words."""
    if state not in ("not_seen", "not_observable") or not not_judged:
        return state, sentence
    names = ", ".join(f"“{name}”" for name in not_judged)
    words = f"The catalogue names no action of {names}: what these logs show is not judged."
    if state == "not_observable":
        return ("stopped", f"{gone} {words}") if gone else ("not_judged", words)
    return state, f"{sentence} {words}"


def _kind(kind: Kind, required: bool, state: State, rows: Sequence[Seen], sentence: str) -> KindCoverage:
    return KindCoverage(
        kind=kind.id,
        label=kind.label,
        category=kind.category,
        required=required,
        state=state,
        count=sum(row.n for row in rows),
        success=sum(row.success for row in rows),
        failure=sum(row.failure for row in rows),
        last_seen=max((row.last_at for row in rows), default=None),
        missing=_missing(rows),
        sentence=sentence,
    )


def _state(
    kind: Kind,
    formats: Sequence[str],
    hidden: Sequence[str],
    rows: Sequence[Seen],
    before: Before | None,
    weeks_imported: int,
    catalogue: ActionCatalogue,
) -> tuple[State, str]:
    if rows:
        return ("seen", "") if _complete(rows) else ("seen_incomplete", _lacks(rows))
    if all(hidden):  # also without any source
        return "not_observable", " ".join(dict.fromkeys(filter(None, hidden))) or "The service has no log source."
    if gone := _stopped(before, weeks_imported):
        return "stopped", gone
    setting = next((catalogue.formats[f].needs_setting[kind.id] for f in formats if _needs(kind.id, f, catalogue)), "")
    hint = f" It is logged only with this setting: {setting}" if setting else ""
    return "not_seen", f"No entry in this quarter. A test scenario or a natural event would tell.{hint}"


def _stopped(before: Before | None, weeks_imported: int) -> str:
    """That a kind was regular before and is not seen any more, in words; empty where that cannot be said."""
    if before is None or before.weeks_seen < FEWEST_WEEKS_BEFORE:
        return ""
    if _chance_of_absence(before, weeks_imported) >= STOPPED_CHANCE:
        return ""
    return (
        f"Seen in {before.weeks_seen} of {before.weeks_imported} weeks of the quarter before, "
        f"and not once in the {weeks_imported} weeks read since."
    )


def _needs(kind: str, format_id: str, catalogue: ActionCatalogue) -> bool:
    return format_id in catalogue.formats and kind in catalogue.formats[format_id].needs_setting


def _cannot_show(kind: str, format_id: str, shows: Collection[str], catalogue: ActionCatalogue) -> str:
    """Why entries of this format cannot show the kind; empty when they can."""
    notes = catalogue.formats.get(format_id)
    if notes is None:
        return f"The format {format_id} has no mapping in the catalogue."
    if kind in notes.cannot_show:
        return f"{notes.label}: {notes.cannot_show[kind]}"
    if kind in notes.not_named_yet or kind not in shows:
        return f"{notes.label}: the catalogue names no entry for it."
    return ""


def _chance_of_absence(before: Before, weeks: int) -> float:
    """Of no entry in so many weeks, if the kind went on as before."""
    empty = (before.weeks_imported - before.weeks_seen + 1) / (before.weeks_imported + 2)
    return math.pow(empty, weeks)


def _complete(rows: Iterable[Seen]) -> bool:
    """Whether at least one entry surely has every needed field, whichever entries lack which."""
    return any(row.n > sum(row.missing.get(name, 0) for name in needed_fields(row.format, row.kind)) for row in rows)


def _missing(rows: Iterable[Seen]) -> dict[str, int]:
    total: dict[str, int] = defaultdict(int)
    for row in rows:
        for name in needed_fields(row.format, row.kind):
            if row.missing.get(name, 0):
                total[name] += row.missing[name]
    return dict(total)


def _lacks(rows: Sequence[Seen]) -> str:
    count = sum(row.n for row in rows)
    parts = [f"{n:,} of {count:,} lack “{FIELD_NAMES[name]}”" for name, n in _missing(rows).items()]
    return f"No entry is known to be complete: {', '.join(parts)}."
