"""Silence: what must be found, what must not, and when nobody can tell."""

import datetime as dt

import numpy as np
import pytest

from reviews.engine.analysis.baselines import fit, log_chances
from reviews.engine.analysis.calendars import local_hours, public_holidays
from reviews.engine.analysis.gaps import chance_words, find_gaps, judge_service
from tests.engine.analysis.synthetic import BERLIN, START, business, hours, series, utc

BEGIN, END = utc(2026, 7, 1), utc(2026, 9, 30)  # START + 13 and + 26 weeks
SEED = 20261124


def judge(counts, begin=BEGIN, end=END, **kwargs):
    return find_gaps(series(counts, **kwargs), begin, end)


def test_clean_services_raise_few_false_silences():
    """100 clean service-quarters with noisy days: fewer than 0.3 false silences each, for every size."""
    for mean in (0.5, 5, 50):
        rng = np.random.default_rng(SEED)
        false = sum(len(judge(business(rng, mean)).gaps) for _ in range(100))
        assert false / 100 < 0.3, f"{false} false silences in 100 quarters at {mean} events an hour"


def test_a_silence_of_19_hours_is_found():
    """At 5 events an hour and more, at least 95 of 100 planted silences on working days are found, whole."""
    for mean in (5, 50):
        rng = np.random.default_rng(SEED)
        found = 0
        for _ in range(100):
            counts = business(rng, mean)
            day = int(rng.integers(95, 170))
            while (START + dt.timedelta(days=day)).weekday() > 3:
                day += 1
            first = day * 24 + int(rng.integers(0, 24))
            counts[first : first + 19] = 0
            start = START + dt.timedelta(hours=first)
            found += any(
                gap.starts_at <= start and gap.ends_at >= start + dt.timedelta(hours=19) for gap in judge(counts).gaps
            )
        assert found >= 95, f"{found} of 100 found at {mean} events an hour"


def test_the_sentence_says_the_numbers():
    counts = business(np.random.default_rng(1), 20)
    first = hours(utc(2026, 9, 2, 11))
    counts[first : first + 19] = 0
    counts[first - 1] = counts[first + 19] = 4
    (gap,) = judge(counts).gaps
    assert (gap.starts_at, gap.ends_at, gap.hours) == (utc(2026, 9, 2, 11), utc(2026, 9, 3, 6), 19)
    assert gap.weeks == 12
    assert gap.sentence == (
        f"Nothing arrived from 2 Sep, 11:00 to 3 Sep 2026, 06:00 UTC (19 hours). "
        f"In this span {gap.expected:,.0f} events are usual, never fewer than {gap.fewest:,} "
        f"in the 12 comparable weeks before. Chance of none: {chance_words(gap.probability)}."
    )
    spans = [counts[first - 168 * w : first - 168 * w + 19].sum() for w in range(1, 13)]
    assert gap.fewest == min(spans)


def test_the_silence_under_test_is_no_part_of_its_baseline():
    """A service that stopped ten weeks ago is compared with the weeks in which it ran, not with its own silence."""
    counts = business(np.random.default_rng(2), 5)
    first = hours(utc(2026, 7, 22, 9))
    counts[first - 1] = 3
    counts[first:] = 0
    (gap,) = judge(counts).gaps
    assert gap.running
    assert gap.starts_at == utc(2026, 7, 22, 9)
    assert gap.expected == pytest.approx(counts[:first].mean() * gap.hours, rel=0.1)
    assert "still silent at the last import" in gap.sentence


def test_two_silences_of_the_same_length_do_not_hide_each_other():
    counts = business(np.random.default_rng(3), 10)
    starts = [utc(2026, 7, 14, 8), utc(2026, 8, 18, 8)]
    for start in starts:
        counts[hours(start) - 1] = 5
        counts[hours(start) : hours(start) + 19] = 0
        counts[hours(start) + 19] = 5
    assert [gap.starts_at for gap in judge(counts).gaps] == starts


def test_a_weekly_batch_is_no_gap_and_a_missed_one_is():
    counts = np.zeros(26 * 168, np.int64)
    for week in range(26):
        late = (0, 0, 0, 0, 1, 0)[week % 6]  # sometimes it starts an hour late
        counts[week * 168 + 90 + late] = 500 + week
    assert judge(counts, zone="UTC").gaps == ()
    counts[20 * 168 + 85 : 20 * 168 + 95] = 0
    (gap,) = judge(counts, zone="UTC").gaps
    assert gap.hours > 300


@pytest.mark.parametrize("every", [1, 2, 3, 7, 14, 30])
def test_batches_at_varying_hours_are_no_gaps(every):
    """Every so many days, some time within four hours."""
    false = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        counts = np.zeros(26 * 168, np.int64)
        for day in range(3, 26 * 7, every):
            counts[day * 24 + 3 + rng.integers(0, 4)] = rng.poisson(400)
        false += len(judge(counts, zone="UTC").gaps)
    assert false <= 2


def test_work_in_rare_clumps_raises_few_false_silences():
    """Sessions of three hours at random times: a day without one is nothing special."""
    false = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        counts = np.zeros(26 * 168, np.int64)
        for first in rng.integers(0, len(counts) - 3, rng.poisson(0.05 * len(counts))):
            counts[first : first + 3] += rng.poisson(30, 3)
        false += len(judge(counts, zone="UTC").gaps)
    assert false / 40 < 0.3


def test_a_daily_batch_over_a_clock_change_is_no_gap():
    """03:00 in Berlin is another hour in UTC after 25 October."""
    start = utc(2026, 8, 1)
    local = local_hours(BERLIN, start, 22 * 168)
    counts = np.where(local.slot % 24 == 3, 200, 0)
    assert judge(counts, utc(2026, 10, 1), utc(2027, 1, 1), start=start).gaps == ()


@pytest.mark.parametrize("mean", [5, 40])
def test_a_public_holiday_is_no_gap(mean):
    """Whit Monday: an office service is as still as on a Sunday."""
    assert public_holidays(BERLIN, 2026)[dt.date(2026, 5, 25)]
    counts = business(np.random.default_rng(4), mean, day_k=25, hour_k=12)
    local = local_hours(BERLIN, START, len(counts))
    counts[local.slot // 24 >= 5] = 0
    counts[(local.day == dt.date(2026, 5, 25).toordinal())] = 0
    assert judge(counts, utc(2026, 4, 1), utc(2026, 7, 1)).gaps == ()
    # The same stillness on the Tuesday after is one.
    counts[(local.day == dt.date(2026, 5, 26).toordinal())] = 0
    assert len(judge(counts, utc(2026, 4, 1), utc(2026, 7, 1)).gaps) == 1


@pytest.mark.parametrize("on_mondays", [0, 200])
def test_a_holiday_on_a_weekday_is_not_expected_to_bring_the_batch_of_sundays(on_mondays):
    """Whit Monday at the hour of the Sunday batch: a service that rests on weekdays is as still as on any Monday."""
    local = local_hours(BERLIN, START, 26 * 168)
    sunday, monday = local.slot // 24 == 6, local.slot // 24 == 0
    counts = np.where(sunday & ~local.holiday & (local.slot % 24 == 3), 500, 0)
    counts += np.where(monday & ~local.holiday & (local.slot % 24 == 9), on_mondays, 0)
    counts[local.slot // 24 == 2] += np.random.default_rng(11).poisson(5, int((local.slot // 24 == 2).sum()))
    judgement = judge(counts, utc(2026, 4, 1), utc(2026, 7, 1))
    assert (judgement.verdict, judgement.gaps) == ("judged", ())


def test_one_burst_neither_hides_nor_inflates_a_silence():
    counts = business(np.random.default_rng(5), 10)
    first = hours(utc(2026, 8, 19, 10))
    counts[first - 1] = 9
    counts[first : first + 19] = 0
    (plain,) = judge(counts).gaps
    counts[first - 168 : first - 166] = 50_000  # a flood of refused sign-ins a week before
    (flooded,) = judge(counts).gaps
    assert flooded.starts_at == plain.starts_at
    assert flooded.expected == pytest.approx(plain.expected, rel=0.1)


def test_too_little_history_is_unknown_and_said():
    counts = business(np.random.default_rng(6), 20, weeks=2, zone="UTC")
    counts[200:219] = 0
    judgement = judge(counts, START, START + dt.timedelta(weeks=2), zone="UTC")
    assert judgement.verdict == "unknown"
    assert judgement.gaps == ()
    assert judgement.reason == "There are 2.0 weeks of history. Silence can be judged after 3 weeks."


def test_four_weeks_are_enough_for_a_long_silence():
    counts = business(np.random.default_rng(6), 20, weeks=5)
    first = hours(utc(2026, 4, 22, 8))
    counts[first : first + 30] = 0
    judgement = judge(counts, START, START + dt.timedelta(weeks=5))
    assert judgement.verdict == "judged"
    assert [gap.starts_at.date() for gap in judgement.gaps] == [dt.date(2026, 4, 22)]
    assert "other weeks" in judgement.gaps[0].sentence


def test_a_service_with_hardly_any_events_is_unknown():
    counts = np.random.default_rng(7).poisson(0.01, 26 * 168)
    judgement = judge(counts, zone="UTC")
    assert judgement.verdict == "unknown"
    assert "too few" in judgement.reason


def test_hours_nobody_imported_are_not_silent():
    counts = business(np.random.default_rng(8), 20)
    imported = np.ones(len(counts), np.bool_)
    first = hours(utc(2026, 8, 3))
    counts[first : first + 72] = 0
    imported[first : first + 72] = False
    judgement = judge(counts, imported=imported)
    assert judgement.gaps == ()
    assert judgement.hours_not_imported == 72


def test_nothing_imported_is_unknown():
    judgement = judge(np.zeros(26 * 168, np.int64), imported=np.zeros(26 * 168, np.bool_))
    assert (judgement.verdict, judgement.reason) == ("unknown", "No hour of this period has been imported.")


def test_files_that_come_a_day_late_are_no_silence():
    """The newest 24 hours are empty because their files are still on the way."""
    counts = business(np.random.default_rng(9), 50)
    end = hours(utc(2026, 9, 24, 16))  # a Thursday
    counts[end - 24 :] = 0
    imported = np.arange(len(counts)) < end
    assert judge(counts, imported=imported).gaps == ()
    counts[end - 48 :] = 0
    (gap,) = judge(counts, imported=imported).gaps
    assert gap.running


def test_a_category_that_stops_while_the_rest_flows():
    rng = np.random.default_rng(10)
    sign_ins, exports = business(rng, 20), business(rng, 2)
    first = hours(utc(2026, 9, 1, 9))
    exports[first:] = 0
    outage = hours(utc(2026, 8, 4, 8))
    for counts in (sign_ins, exports):
        counts[outage : outage + 19] = 0
    result = judge_service(
        series(sign_ins + exports),
        {"authentication": series(sign_ins), "data_export": series(exports)},
        BEGIN,
        END,
        {"data_export": "Data exports"},
    )
    assert [gap.starts_at.date() for gap in result.total.gaps] == [dt.date(2026, 8, 4)]
    assert result.categories["authentication"].gaps == ()
    (gap,) = result.categories["data_export"].gaps
    assert gap.category == "data_export"
    assert gap.starts_at.date() in {dt.date(2026, 8, 31), dt.date(2026, 9, 1)}
    others = sign_ins[hours(gap.starts_at) : hours(gap.ends_at)].sum()
    assert gap.sentence.startswith("No event of the category “Data exports” arrived from ")
    assert f"while {others:,} other events did. In this span " in gap.sentence
    assert [g.category for g in result.gaps] == ["", "data_export"]


def test_categories_of_clean_services_raise_few_false_silences():
    rng = np.random.default_rng(SEED)
    false = 0
    for _ in range(30):
        parts = {name: business(rng, mean) for name, mean in (("a", 10), ("b", 2), ("c", 0.3), ("d", 0.05))}
        total = series(sum(parts.values()))
        false += len(judge_service(total, {n: series(c) for n, c in parts.items()}, BEGIN, END, {}).gaps)
    assert false / 30 < 0.3


def test_the_answer_names_the_longest_silence_that_could_go_unnoticed():
    rng = np.random.default_rng(11)
    busy = judge(business(rng, 50, day_k=25, hour_k=12)).noticed_after_hours
    quiet = judge(business(rng, 0.5, day_k=25, hour_k=12)).noticed_after_hours
    assert busy is not None
    assert quiet is not None
    assert busy < 24 < quiet


def test_chance_falls_with_each_hour_and_the_wildest_scatter_holds():
    flat = series(np.full(26 * 168, 4), zone="UTC")
    baseline = fit(flat, flat.imported)
    assert baseline.expected == pytest.approx(4)
    chances = log_chances(baseline.expected[:48], baseline)
    assert (np.diff(chances) < 0).all()
    assert chances[9] == pytest.approx(-40, rel=1e-3)  # no scatter: Poisson
    assert chance_words(1 / 90_000) == "1 in 90,000"
    assert chance_words(1e-9) == "less than 1 in 1,000,000"
