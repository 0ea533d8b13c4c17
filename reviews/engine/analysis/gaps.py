"""Silence: spans without events where events were expected (G3 and G4 of the design notes).

A silence is measured by the events that are usual in that very span, so nights, weekends, public holidays and
weekly batches need no rules of their own. It is an observation; a person decides what it means. With too little
history or too few events the answer is "cannot tell", never "no gap".
"""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

import numpy as np

from reviews.engine.analysis.baselines import Baseline, Floats, Mask, Series, fit, log_chances
from reviews.engine.analysis.calendars import same_hours_weeks_away

FALSE_ALARM: Final = 0.05  # chance of any false silence in one service and quarter, all tests together
FEWEST_EXPECTED: Final = 3.0  # rule of three: fewer expected events prove nothing
LONGER_THAN_USUAL: Final = 1.25  # times the longest ordinary silence of the history
FEWEST_WEEKS: Final = 3.0  # of history, the silence left out
WEEKS_ALIKE: Final = 10  # the same span may have been empty in one of so many other weeks
LATE_HOURS: Final = 1  # what comes an hour early or late was not missing
WEEKS_A_FAILURE: Final = 6  # one long silence in so many weeks of history may be a failure and no habit
EDGE_HOURS: Final = 24  # files may be delivered a day late: a silence that still runs is judged up to here
ENOUGH_BEFORE: Final = 8  # weeks before the period, from which alone its habits are told
BLIND_HOURS: Final = 14 * 24  # when not even this long a silence would be noticed, we cannot tell
_WEEKS_COMPARED: Final = 12
_FEWEST_COMPARED: Final = 4  # with fewer weeks before it, a silence is compared with weeks after it too
_MOST_CANDIDATES: Final = 60
_FEWEST_IN_TAIL: Final = 20


@dataclass(frozen=True)
class Gap:
    """One silence, with the numbers behind it and the sentence that says them."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    expected: float  # events usual in the span
    fewest: int | None  # that the same span held in the weeks compared
    weeks: int  # compared
    probability: float  # of no event at all
    running: bool  # still silent at the end of what was imported
    sentence: str
    category: str = ""
    source: str = ""  # the name of the source that was silent while others of the service flowed

    @property
    def hours(self) -> int:
        return int((self.ends_at - self.starts_at) // dt.timedelta(hours=1))


@dataclass(frozen=True)
class Judgement:
    """What can be said about one series in one period. `unknown` always has its reason."""

    verdict: Literal["judged", "unknown"]
    reason: str
    gaps: tuple[Gap, ...] = ()
    weeks_of_history: float = 0.0
    hours_judged: int = 0
    hours_not_imported: int = 0
    expected_not_imported: float = 0.0  # events usual in those hours of the period that the series holds
    noticed_after_hours: int | None = None  # any longer silence would have been noticed; None: cannot say


@dataclass(frozen=True)
class ServiceJudgement:
    """The whole service, and each category and source by itself; those too rare to judge are named."""

    total: Judgement
    categories: Mapping[str, Judgement]
    sources: Mapping[str, Judgement]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """All silences, in order of time."""
        parts = [*self.categories.values(), *self.sources.values()]
        found = [*self.total.gaps, *(gap for judgement in parts for gap in judgement.gaps)]
        return tuple(sorted(found, key=lambda gap: (gap.starts_at, gap.category, gap.source)))


@dataclass(frozen=True)
class _Run:
    first: int
    last: int  # exclusive
    running: bool

    def mask(self, length: int) -> Mask:
        result = np.zeros(length, np.bool_)
        result[self.first : self.last] = True
        return result


def judge_service(
    total: Series,
    categories: Mapping[str, Series],
    begin: dt.datetime,
    end: dt.datetime,
    names: Mapping[str, str],
    read_on: int = 0,
    sources: Mapping[str, Series] = MappingProxyType({}),
) -> ServiceJudgement:
    """Silences of a service in [begin, end), and of its categories and sources (by name) while the rest flowed.

    The hours of a silence of the whole service are taken out before its parts are judged. Where events are
    usual in hours that nobody imported, the service cannot be told, whatever was found in the others.
    """
    family = 1 + len(categories) + len(sources)
    whole = find_gaps(total, begin, end, family=family, read_on=read_on)
    flowing = total.imported.copy()
    for gap in whole.gaps:
        flowing[total.index(gap.starts_at) : total.index(gap.ends_at)] = False

    def judged(series: Series, words: str, category: str = "", source: str = "") -> Judgement:
        known = replace(series, imported=series.imported & flowing)
        found = find_gaps(known, begin, end, family=family, read_on=read_on)
        gaps = (_named(gap, words, total) for gap in found.gaps)
        return replace(found, gaps=tuple(replace(gap, category=category, source=source) for gap in gaps))

    return ServiceJudgement(
        _unless_unread(whole),
        {
            category: judged(series, f"of the category “{names.get(category, category)}”", category=category)
            for category, series in categories.items()
        },
        {name: judged(series, f"from the log source “{name}”", source=name) for name, series in sources.items()},
    )


def _unless_unread(judgement: Judgement) -> Judgement:
    if judgement.verdict != "judged" or judgement.expected_not_imported < FEWEST_EXPECTED:
        return judgement
    hours = judgement.hours_not_imported
    reason = (
        f"{hours:,} {'hour' if hours == 1 else 'hours'} of the period were not imported; "
        f"about {judgement.expected_not_imported:,.0f} events are usual in them."
    )
    return replace(judgement, verdict="unknown", reason=reason)


def find_gaps(series: Series, begin: dt.datetime, end: dt.datetime, *, family: int = 1, read_on: int = 0) -> Judgement:
    """Judge the hours of [begin, end). The whole series is the history; a silence under test is left out of it.

    `read_on`: how many hours behind the end of the series have been imported, too.
    """
    first, last = max(series.index(begin), 0), min(series.index(end), len(series))
    period = np.zeros(len(series), np.bool_)
    period[first:last] = True
    hours = int(np.sum(period & series.imported))
    not_imported = int((end - begin) // dt.timedelta(hours=1)) - hours
    if hours == 0:
        return Judgement("unknown", "No hour of this period has been imported.", hours_not_imported=not_imported)
    rules = _Rules(
        runs=_silent_runs(series, read_on),
        chance_level=math.log(FALSE_ALARM / (hours * family)),
        tail_level=math.log(FALSE_ALARM / family),
        begin=first,
        weeks_before=float(np.sum(series.imported[:first])) / 168,
    )
    candidates = [run for run in rules.runs if run.first < last and run.last > first]
    kept, baseline = _test(series, candidates, rules)
    gaps = tuple(_describe(series, run, known, [r for r in kept if r is not run]) for run, known in kept.items())
    unread = float(baseline.expected[period & ~series.imported].sum())
    ordered = tuple(sorted(gaps, key=lambda gap: gap.starts_at))
    answer = Judgement("judged", "", ordered, baseline.weeks, hours, not_imported, unread)
    if baseline.weeks < FEWEST_WEEKS:
        reason = (
            f"There are {baseline.weeks:.1f} weeks of history. Silence can be judged after {FEWEST_WEEKS:.0f} weeks."
        )
        return replace(answer, verdict="unknown", reason=reason)
    noticed = _noticed_after(baseline, rules, rules.least_expected(list(kept), baseline))
    if noticed is None:
        reason = (
            "Events are too few or too irregular: not even a silence of two weeks would stand out. "
            "Only a test event can show that logging works."
        )
        return replace(answer, verdict="unknown", reason=reason)
    return replace(answer, noticed_after_hours=noticed)


def _silent_runs(series: Series, read_on: int) -> list[_Run]:
    """Spans of imported hours without an event. The run at the very end loses the hours that may still come."""
    silent = series.imported & (series.counts == 0)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], silent, [False])).astype(np.int8)))
    known = np.flatnonzero(series.imported)
    end = int(known[-1]) + 1 if len(known) else 0
    read_on = read_on if end == len(series) else 0
    runs = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        judged = last - max(EDGE_HOURS - read_on, 0) if last == end else last
        if judged > first:
            runs.append(_Run(first, judged, running=last == end and not read_on))
    return runs


@dataclass(frozen=True)
class _Rules:
    """What a silence must exceed, given all silent runs of the series."""

    runs: list[_Run]
    chance_level: float  # logarithm; shared by the hours in which a silence may begin
    tail_level: float  # logarithm; shared by the series of one service
    begin: int  # of the period: its first hour in the series
    weeks_before: float  # of history before the period

    def holds(self, run: _Run, left_out: list[_Run], baseline: Baseline) -> bool:
        """Whether the run is a silence; `left_out` are the run and those found before."""
        due = baseline.expected[run.first + LATE_HOURS : run.last - LATE_HOURS]
        if baseline.weeks < FEWEST_WEEKS or float(due.sum()) <= FEWEST_EXPECTED:
            return False
        if float(log_chances(due, baseline)[-1]) >= self.chance_level:
            return False
        least = self.least_expected(left_out, baseline)
        if self.weeks_before >= ENOUGH_BEFORE:
            new = [one for one in self.runs if one.last > self.begin]
            least = min(least, self.least_expected([*left_out, *new], baseline, self.weeks_before))
        return float(due.sum()) > least

    def least_expected(self, left_out: list[_Run], baseline: Baseline, weeks: float | None = None) -> float:
        """Expected events that a silence must exceed, from the ordinary silences of the history (`weeks` of it).

        First its habits: 1.25 times the longest, where the few longest may be failures themselves and must not hide
        each other; a weekly or monthly batch is silent far more often. Second the tail: silences beyond the median
        fall off like an exponential, steeply for steady work, slowly for work in clumps.
        """
        running = np.concatenate(([0.0], np.cumsum(baseline.expected)))
        spans = np.array([(r.first, r.last) for r in self.runs if r not in left_out], np.int64).reshape(-1, 2)
        usual = np.sort(running[spans[:, 1]] - running[spans[:, 0]])[::-1]
        passed = int((baseline.weeks if weeks is None else weeks) // WEEKS_A_FAILURE)
        habit = LONGER_THAN_USUAL * float(usual[passed]) if len(usual) > passed else 0.0
        middle = float(np.median(usual)) if len(usual) else 0.0
        beyond = usual[usual > middle] - middle
        if len(beyond) < _FEWEST_IN_TAIL:
            return max(FEWEST_EXPECTED, habit)
        tail = middle + max(float(beyond.mean()), 1.0) * (math.log(len(beyond)) - self.tail_level)
        return max(FEWEST_EXPECTED, habit, tail)


def _test(series: Series, candidates: list[_Run], rules: _Rules) -> tuple[dict[_Run, Baseline], Baseline]:
    """The runs that are silences, each with the baseline it was judged by, and the baseline without all of them."""
    rough = fit(series, series.imported).expected
    known = int(series.imported.sum())
    possible = []
    for run in candidates:  # a Poisson process gives the smallest chance of none: below that no run can pass
        share = 1 - (run.last - run.first) / known
        expected = float(rough[run.first : run.last].sum())
        if expected > -0.9 * rules.chance_level * share:
            possible.append((expected, run))
    possible = sorted(possible, key=lambda pair: -pair[0])[:_MOST_CANDIDATES]
    kept: dict[_Run, Baseline] = {}
    usable = series.imported.copy()
    again = True
    while again:  # a silence that was found no longer hides the next one
        again = False
        for _, run in possible:
            if run in kept:
                continue
            baseline = fit(series, usable & ~run.mask(len(series)))
            if rules.holds(run, [*kept, run], baseline) and not _is_common(series, run, list(kept), rules.begin):
                kept[run] = baseline
                usable &= ~run.mask(len(series))
                again = True
    return kept, fit(series, usable)


def _is_common(series: Series, run: _Run, others: list[_Run], begin: int) -> bool:
    """Whether the same hours were empty in other weeks too, more often than failures explain.

    Weeks before the period decide, if there are enough of them: what began with the period is no habit yet.
    """
    alike = [week for weeks in _same_span_elsewhere(series, run, others) for week in weeks]
    former = [(first, count) for first, count in alike if first + run.last - run.first <= begin]
    if len(former) >= ENOUGH_BEFORE:
        alike = former
    empty = sum(count == 0 for _, count in alike)
    return empty > max(1, len(alike) // WEEKS_ALIKE)


def _noticed_after(baseline: Baseline, rules: _Rules, least: float) -> int | None:
    """The hours after which any silence would have been noticed, whenever it began; None beyond BLIND_HOURS.

    Tried from every seventh hour of the last four weeks, the worst start counts.
    """
    expected = baseline.expected[-(BLIND_HOURS + 4 * 168) :]
    worst = 0
    for start in range(0, max(len(expected) - BLIND_HOURS, 1), 7):
        due = expected[start : start + BLIND_HOURS]
        noticed = (np.cumsum(due) > least) & (log_chances(due, baseline) < rules.chance_level)
        if not noticed.any():
            return None
        worst = max(worst, int(np.argmax(noticed)) + 1)
    return worst


def _same_span_elsewhere(
    series: Series, run: _Run, others: list[_Run]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The same local hours in weeks before and after: where they begin, and their events.

    Weeks not wholly imported, holidays and weeks with another silence are passed over; a span that touches a holiday
    has no like.
    """
    holiday = series.local.holiday
    if bool(holiday[run.first : run.last].any()):
        return [], []
    known = series.imported & ~holiday
    for other in (*others, run):
        known &= ~other.mask(len(series))
    length = run.last - run.first
    step = -(-length // 168)

    def counts(weeks: range) -> list[tuple[int, int]]:
        found = []
        for away in weeks:
            first = series.index(same_hours_weeks_away(series.at(run.first), away, series.zone))
            if first >= 0 and first + length <= len(series) and bool(known[first : first + length].all()):
                found.append((first, int(series.counts[first : first + length].sum())))
        return found

    most = len(series) // 168
    return counts(range(-step, -most - 1, -step)), counts(range(step, most + 1, step))


def _describe(series: Series, run: _Run, baseline: Baseline, others: list[_Run]) -> Gap:
    due: Floats = baseline.expected[run.first : run.last]
    before, after = _same_span_elsewhere(series, run, others)
    only_before = len(before) >= _FEWEST_COMPARED
    compared = before[:_WEEKS_COMPARED] if only_before else before + after
    gap = Gap(
        starts_at=series.at(run.first),
        ends_at=series.at(run.last),
        expected=float(due.sum()),
        fewest=min((count for _, count in compared), default=None),
        weeks=len(compared),
        probability=float(np.exp(log_chances(due, baseline)[-1])),
        running=run.running,
        sentence="",
    )
    return replace(gap, sentence=f"Nothing arrived {_span(gap)}. {_numbers(gap, only_before)}")


def _named(gap: Gap, words: str, total: Series) -> Gap:
    """The same silence, said of one category or source while others flowed."""
    others = int(total.counts[total.index(gap.starts_at) : total.index(gap.ends_at)].sum())
    numbers = gap.sentence.partition(". ")[2]
    sentence = f"No event {words} arrived {_span(gap)}, while {others:,} other events did. {numbers}"
    return replace(gap, sentence=sentence)


def _span(gap: Gap) -> str:
    first, last = gap.starts_at, gap.ends_at
    end = f"{last.day} {last:%b %Y, %H:%M} UTC"
    if first.date() == last.date():
        span = f"on {first.day} {first:%b %Y} from {first:%H:%M} to {last:%H:%M} UTC"
    elif first.year == last.year:
        span = f"from {first.day} {first:%b, %H:%M} to {end}"
    else:
        span = f"from {first.day} {first:%b %Y, %H:%M} to {end}"
    span = f"{span} ({gap.hours:,} hours)" if gap.hours > 1 else f"{span} (1 hour)"
    return f"{span}, and it was still silent at the last import" if gap.running else span


def _numbers(gap: Gap, before: bool) -> str:
    usual = f"{gap.expected:,.0f}" if gap.expected >= 10 else f"{gap.expected:.1f}"
    fewest = ""
    if gap.fewest is not None:
        where = f"in the {gap.weeks} comparable weeks before" if before else f"in {gap.weeks} other weeks"
        fewest = f", never fewer than {gap.fewest:,} {where}"
        if gap.fewest == 0:
            fewest = f", and it was empty at least once {where}"
    return f"In this span {usual} events are usual{fewest}. Chance of none: {chance_words(gap.probability)}."


def chance_words(probability: float) -> str:
    """`1 in 90,000`; below one in a million only that."""
    if probability < 1e-6:
        return "less than 1 in 1,000,000"
    odds = 1 / probability
    digits = max(0, int(math.log10(odds)) - 1)
    return f"1 in {round(odds, -digits):,.0f}"
