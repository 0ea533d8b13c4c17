"""The frozen numbers in words (population.py), and what they could not tell (unknowns.py)."""

import dataclasses
import datetime as dt

import pytest

from reviews.engine.records.content import CheckSeen, Reference, Subject
from reviews.engine.records.population import population_parts
from reviews.engine.records.unknowns import not_told
from tests.engine.records.samples import make_evidence, make_item
from tests.records.signed import FROZEN

ENDS_AT = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
NUMBERS = FROZEN["numbers"]


def told(population: dict, scope: str = "service", items=(), references=(), frozen: bool = True) -> list[str]:
    return [one.sentence for one in not_told(scope, ENDS_AT, population, tuple(items), tuple(references), frozen)]


def part(title: str, population: dict) -> dict:
    return next(one for one in population_parts(population) if one["title"] == title)


def test_known_numbers_have_their_words():
    coverage = part("Coverage", NUMBERS)
    assert coverage["facts"] == [["Seen with complete fields", "9 of 11 required kinds"]]
    assert coverage["rows"][1] == ["Key export", "Data exports", "Not seen, not proven", "0", "not in the quarter"]
    assert len(coverage["rows"]) == 2  # only required kinds count
    ((name, source),) = part("Log sources", NUMBERS)["facts"]
    assert name == "Organisation trail"
    assert "1,370,010 records = 1,370,000 events + 7 duplicates + 0 ignored + 3 rejected." in source
    assert part("Search for spans without events", NUMBERS)["sentences"] == [
        "Payments API: 2,208 hours searched, 0 hours not imported; silence is noticed after 9 hours."
    ]


@pytest.mark.parametrize("value", ["text", [], {}, [1, None], [{"sentence": None}], {"kinds": 3}, [{"name": "x"}]])
@pytest.mark.parametrize("key", ["coverage", "sources", "silences", "silence_search", "something_new"])
def test_numbers_of_another_shape_are_shown_and_not_left_out(key, value):
    assert population_parts({key: value})


def test_a_frozen_set_that_lacks_a_number_says_which():
    assert told({"events": {}, "silences": [], "sources": [], "silence_search": []}) == [
        "The frozen numbers do not say which kinds of action were seen.",
        "No log source feeds this subject: nothing of it was seen.",
    ]
    assert told({}) == told(NUMBERS, frozen=False)[:1]


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        (None, "Trail: it is not known how far it was read."),
        ("nonsense", "Trail: it is not known how far it was read."),
        ("2026-09-30T22:00:00+00:00", "Trail was read only until 30 Sep 2026, 22:00 UTC."),
        ("2026-10-01T01:00:00+02:00", "Trail was read only until 30 Sep 2026, 23:00 UTC."),
        ("2026-10-01T00:00:00+00:00", None),
    ],
)
def test_a_source_that_was_not_read_to_the_end_is_named(until, sentence):
    population = {**NUMBERS, "silences": [], "coverage": {}, "sources": [{"name": "Trail", "read_until": until}]}
    assert told(population) == ([sentence] if sentence else [])


def test_files_that_were_not_read_and_zones_that_were_assumed_are_named():
    source = {"name": "Trail", "read_until": "2026-10-01T00:00:00+00:00", "files_not_read": 2, "zone_assumed": 1400}
    assert told({**NUMBERS, "silences": [], "coverage": {}, "sources": [source]}) == [
        "Trail: 2 files were empty or could not be read as a whole.",
        "Trail: the time zone of 1,400 entries was assumed.",
    ]


@pytest.mark.parametrize(
    ("periods", "covered"),
    [
        ([((7, 1), (9, 30))], True),
        ([((7, 1), (8, 15)), ((8, 16), (9, 30))], True),
        ([((8, 1), (9, 30)), ((6, 1), (7, 31))], True),
        ([((7, 1), (8, 15)), ((8, 17), (9, 30))], False),  # a day is missing
        ([((7, 2), (9, 30))], False),
        ([((7, 1), (9, 29))], False),
    ],
)
def test_evidence_that_leaves_days_open_is_named_where_nothing_else_shows_the_answer(periods, covered):
    sample = make_evidence()[0]
    files = tuple(
        dataclasses.replace(sample, ref=str(n), covers_from=dt.date(2026, *begin), covers_to=dt.date(2026, *end))
        for n, (begin, end) in enumerate(periods)
    )
    unchanged = CheckSeen("evidence.hash", "Unchanged", "pass", "1 of 1", "As uploaded.")
    item = make_item("COV-01", "meets", (unchanged,), title="Standard", evidence=tuple(file.ref for file in files))
    quiet = {**NUMBERS, "silences": [], "coverage": {}, "sources": []}

    def told_of(one) -> list[str]:
        found = not_told("cycle", ENDS_AT, quiet, (one,), (), True, files, dt.date(2026, 7, 1))
        return [each.sentence for each in found]

    assert told_of(item) == ([] if covered else ["Standard: the evidence does not cover the whole period."])
    seen = CheckSeen("log.gaps", "Gaps", "pass", "0", "None.")
    assert told_of(dataclasses.replace(item, checks=(seen,))) == []
    assert told_of(dataclasses.replace(item, evidence=())) == [
        "Standard: met by the word of a person, without evidence or check."
    ]


def test_a_service_that_could_not_be_searched_is_named():
    search = [
        {"service": "A", "judged": False, "reason": "There is no history.", "hours_not_imported": 5},
        {"service": "B", "judged": True, "reason": None, "hours_not_imported": 0},
    ]
    assert told({**NUMBERS, "silences": [], "coverage": {}, "sources": [], "silence_search": search}, "cycle") == [
        "A could not be searched for silences. There is no history.",
        "A: 5 hours of the quarter were not imported.",
    ]


def test_checks_that_do_not_exist_share_one_sentence():
    absent = CheckSeen("a.b", "Audit is on", "unknown", "", "This check does not exist yet.")
    unknown = CheckSeen("c.d", "Clocks", "unknown", "", "No second clock.")
    passed = CheckSeen("e.f", "Seen", "pass", "5 of 5", "All seen.")
    items = [make_item("COV-04", "meets", (absent, unknown, passed)), make_item("COV-05", "meets", (absent, passed))]
    quiet = {**NUMBERS, "silences": [], "coverage": {}, "sources": []}
    assert told(quiet, "cycle", items) == [
        "No second clock.",
        "1 check does not exist yet; people answered without: Audit is on (COV-04, COV-05).",
    ]


def test_answers_and_reviews_that_are_missing_are_named():
    quiet = {**NUMBERS, "silences": [], "coverage": {}, "sources": []}
    items = [make_item("COV-04", "", title="Open"), make_item("COV-05", "meets", title="Bare")]
    references = [Reference(Subject("log_store", 1, "Vault", 1), None, None, "", ())]
    assert told(quiet, "cycle", items, references) == [
        "Open: there is no answer.",
        "Bare: met by the word of a person, without evidence or check.",
        "The review of the log store Vault was not signed when this one was: no answers here.",
    ]
