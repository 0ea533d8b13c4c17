"""Automatic checks: one conformance suite over all of them, then what each says."""

import dataclasses
import datetime as dt
import inspect
from pathlib import Path

import pytest

from reviews.engine.analysis.coverage import Coverage, KindCoverage
from reviews.engine.catalogue import load_templates
from reviews.engine.checks import all_checks
from reviews.engine.checks.inputs import (
    ClockFacts,
    FieldShare,
    FoundSilence,
    Inventoried,
    Inventory,
    LoggingControl,
    SilenceFacts,
    StoredFile,
    Tampering,
    Unreadable,
    Watched,
)

AT = dt.datetime(2026, 8, 1, 12, tzinfo=dt.UTC)
GAP = FoundSilence(19, "Nothing arrived for 19 hours.")
WELL = SilenceFacts("Payments", True, "", (), 12, 2208, 0, 0.0, ())
LOUD = Inventoried("Payments", 2, 0, 500, True)
SHOWS = Watched("Cloud", True, 9, 0)
UNJUDGED = dataclasses.replace(SHOWS, not_judged=("Billing",))
BLIND = Watched("Web shop", False, 0, 0)
OFF = Tampering("Cloud", "Logging off", 1, AT, AT)


def kind(name="account_created", state="seen", category="administrative_change", count=3) -> KindCoverage:
    return KindCoverage(name, name.replace("_", " ").capitalize(), category, True, state, count)


def covered(*kinds: KindCoverage) -> Coverage:
    return Coverage(kinds)


def received(entries: int, late: int, early: int) -> ClockFacts:
    """Ten entries, of which so many say when they were received, seconds after they happened."""
    return ClockFacts("Trail", 10, 0, None, entries, dt.timedelta(seconds=late), dt.timedelta(seconds=early))


SIGN_INS = covered(
    kind("sign_in_succeeded", category="authentication", count=90), kind("sign_in_refused", category="authentication")
)

# For each check: inputs and the verdict they lead to. Every check has a pass of its own, except where none exists yet.
SAMPLES = {
    "evidence.hash": [
        ({"evidence": ()}, "unknown"),
        ({"evidence": (StoredFile("a.pdf", "00", "00"),)}, "pass"),
        ({"evidence": (StoredFile("a.pdf", "00", "00"), StoredFile("b.pdf", "11", "22"))}, "fail"),
        ({"evidence": (StoredFile("a.pdf", "00", "00"), StoredFile("b.pdf", "11", None))}, "unknown"),
    ],
    "log.inventory_match": [
        ({"inventory": Inventory((), 0)}, "unknown"),
        ({"inventory": Inventory((LOUD,), 0)}, "pass"),
        ({"inventory": Inventory((LOUD,), 7)}, "attention"),
        ({"inventory": Inventory((LOUD,), 0, (Unreadable("Trail", 1000, 10),))}, "pass"),
        ({"inventory": Inventory((LOUD,), 0, (Unreadable("Trail", 1000, 900),))}, "attention"),
        ({"inventory": Inventory((dataclasses.replace(LOUD, silent_sources=1),), 0)}, "attention"),
        ({"inventory": Inventory((LOUD, Inventoried("New", 0, 0, 0, False)), 0)}, "unknown"),
        ({"inventory": Inventory((LOUD, Inventoried("Quiet", 1, 1, 0, False)), 0)}, "unknown"),
        ({"inventory": Inventory((LOUD, Inventoried("Gone", 1, 1, 0, True)), 0)}, "fail"),
    ],
    "log.category_coverage": [
        ({"coverage": covered(), "categories": ()}, "unknown"),
        ({"coverage": covered(kind()), "categories": ()}, "pass"),
        ({"coverage": covered(kind()), "categories": ("data_export",)}, "unknown"),
        ({"coverage": covered(kind(), kind("role", "seen_incomplete")), "categories": ()}, "attention"),
        ({"coverage": covered(kind(), kind("role", "not_seen")), "categories": ()}, "unknown"),
        ({"coverage": covered(kind(), kind("role", "not_observable")), "categories": ()}, "unknown"),
        ({"coverage": covered(kind(), kind("role", "not_judged")), "categories": ()}, "unknown"),
        ({"coverage": covered(kind(), kind("role", "stopped"), kind("x", "not_seen")), "categories": ()}, "fail"),
        ({"coverage": covered(kind("role", "waived")), "categories": ()}, "unknown"),
    ],
    "log.both_outcomes": [
        ({"coverage": covered()}, "unknown"),
        ({"coverage": SIGN_INS}, "pass"),
        ({"coverage": covered(SIGN_INS.kinds[0])}, "unknown"),
        ({"coverage": covered(SIGN_INS.kinds[0], kind("sign_in_refused", "not_seen"))}, "unknown"),
        ({"coverage": covered(SIGN_INS.kinds[0], kind("sign_in_refused", "stopped"))}, "fail"),
        ({"coverage": covered(SIGN_INS.kinds[0], kind("sign_in_refused", "not_judged"))}, "unknown"),
    ],
    "log.required_fields": [
        ({"fields": (), "not_judged": ()}, "unknown"),
        ({"fields": (FieldShare("Trail", "who", 0, 0),), "not_judged": ()}, "unknown"),
        ({"fields": (FieldShare("Trail", "who", 1000, 10),), "not_judged": ()}, "pass"),
        ({"fields": (FieldShare("Trail", "who", 1000, 10),), "not_judged": ("Billing",)}, "unknown"),
        ({"fields": (FieldShare("Trail", "who", 1000, 11),), "not_judged": ("Billing",)}, "attention"),
        ({"fields": (FieldShare("Trail", "who", 1000, 11),), "not_judged": ()}, "attention"),
    ],
    "log.gaps": [
        ({"silences": ()}, "unknown"),
        ({"silences": (WELL,)}, "pass"),
        ({"silences": (dataclasses.replace(WELL, found=(GAP,)),)}, "attention"),
        ({"silences": (dataclasses.replace(WELL, judged=False, reason="Too little history."),)}, "unknown"),
        ({"silences": (WELL, dataclasses.replace(WELL, judged=False, reason="Too little history."))}, "unknown"),
        ({"silences": (dataclasses.replace(WELL, hours_not_imported=5, expected_not_imported=40.0),)}, "unknown"),
        ({"silences": (dataclasses.replace(WELL, hours_not_imported=5, expected_not_imported=0.4),)}, "pass"),
    ],
    "log.clock": [
        ({"clocks": ()}, "unknown"),
        ({"clocks": (ClockFacts("Trail", 10, 0, None),)}, "unknown"),
        ({"clocks": (ClockFacts("Trail", 10, 4, None),)}, "attention"),
        ({"clocks": (ClockFacts("Trail", 10, 0, dt.timedelta(minutes=5)),)}, "unknown"),
        ({"clocks": (ClockFacts("Trail", 10, 0, dt.timedelta(minutes=12)),)}, "attention"),
        ({"clocks": (ClockFacts("Trail", 10, 0, dt.timedelta(hours=1, minutes=58)),)}, "fail"),
        ({"clocks": (received(10, late=40, early=0),)}, "pass"),
        ({"clocks": (received(9, late=40, early=0),)}, "unknown"),
        ({"clocks": (received(10, late=40, early=0), ClockFacts("Silent", 0, 0, None))}, "unknown"),
        ({"clocks": (received(10, late=700, early=0),)}, "attention"),
        ({"clocks": (received(10, late=0, early=-700),)}, "attention"),
        ({"clocks": (received(10, late=0, early=-3600),)}, "fail"),
    ],
    "log.tamper_events": [
        ({"logging_control": LoggingControl((), ())}, "unknown"),
        ({"logging_control": LoggingControl((dataclasses.replace(SHOWS, entries=0),), ())}, "unknown"),
        ({"logging_control": LoggingControl((BLIND,), ())}, "unknown"),
        ({"logging_control": LoggingControl((SHOWS, BLIND), ())}, "unknown"),
        ({"logging_control": LoggingControl((dataclasses.replace(SHOWS, hours_not_imported=25),), ())}, "unknown"),
        ({"logging_control": LoggingControl((dataclasses.replace(SHOWS, hours_not_imported=24),), ())}, "pass"),
        ({"logging_control": LoggingControl((SHOWS,), ())}, "pass"),
        ({"logging_control": LoggingControl((UNJUDGED,), ())}, "unknown"),
        ({"logging_control": LoggingControl((UNJUDGED,), (OFF,))}, "attention"),
        ({"logging_control": LoggingControl((SHOWS, BLIND), (OFF,))}, "attention"),
    ],
}
CASES = [(name, given, verdict) for name, rows in SAMPLES.items() for given, verdict in rows]


def test_every_check_stands_in_the_documentation():
    text = (Path(__file__).resolve().parents[3] / "docs" / "analysis.md").read_text(encoding="utf-8")
    assert [name for name in all_checks() if f"| {name} |" not in text] == []


def test_every_check_has_samples_and_stands_in_the_template():
    assert set(all_checks()) == set(SAMPLES)
    assert set(all_checks()) <= set(load_templates().check_titles)


@pytest.mark.parametrize(("name", "given", "verdict"), CASES)
def test_samples(name, given, verdict):
    result = all_checks()[name].run(given)
    assert result.verdict == verdict
    assert result.check == name
    assert result.title
    assert result.sentence.endswith(".")
    assert result == all_checks()[name].run(given)  # pure: the same inputs, the same result


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_missing_input_is_unknown(name):
    check = all_checks()[name]
    given = next(given for given, verdict in SAMPLES[name] if verdict != "unknown")
    for need in check.needs:
        result = check.run({**given, need: None})
        assert result.verdict == "unknown"
        assert need.replace("_", " ") in result.sentence
    assert check.run({}).verdict == "unknown"


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_needs_are_the_parameters_of_the_function(name):
    check = all_checks()[name]
    assert tuple(inspect.signature(check.judge).parameters) == check.needs


def test_only_a_whole_input_passes():
    """The first sample of each check is the empty one, and it is unknown."""
    assert {rows[0][1] for rows in SAMPLES.values()} == {"unknown"}


def test_sentences_carry_the_numbers():
    checks = all_checks()
    gaps = checks["log.gaps"].run({"silences": (dataclasses.replace(WELL, found=(GAP, GAP)),)})
    assert gaps.number == "2, 38 h"
    assert GAP.sentence in gaps.sentence
    exports = FoundSilence(787, "No data export arrived.", "data_export")
    both = checks["log.gaps"].run({"silences": (dataclasses.replace(WELL, found=(GAP, exports)),)})
    assert both.number == "2, 19 h"  # other entries arrived while the category was silent
    quiet = checks["log.gaps"].run({"silences": (dataclasses.replace(WELL, categories_not_judged=("Data exports",)),)})
    assert quiet.sentence == (
        "No silence in 2,208 hours. One of up to 12 hours could have gone unnoticed. "
        "Too rare to be judged by themselves: Data exports."
    )
    both = checks["log.both_outcomes"].run({"coverage": SIGN_INS})
    assert (both.number, both.sentence) == ("2 of 2", "90 sign-ins succeeded and 3 were refused.")
    none = checks["log.both_outcomes"].run({"coverage": covered(kind("sign_in_refused", "not_seen"))})
    assert none.sentence.startswith("No sign-in that succeeded and none that was refused was seen")
    fields = checks["log.required_fields"].run(
        {"fields": (FieldShare("Trail", "from where", 212, 41),), "not_judged": ()}
    )
    assert fields.sentence == "41 of 212 lack “from where” (Trail)."
    clock = checks["log.clock"].run({"clocks": (ClockFacts("Frankfurt", 9, 0, dt.timedelta(hours=1, minutes=58)),)})
    assert clock.number == "1 h 58 min"


def test_what_is_not_judged_is_named():
    checks = all_checks()
    signs = Coverage((kind("sign_in_succeeded", "not_judged"),), not_judged=("Billing",))
    assert checks["log.both_outcomes"].run({"coverage": signs}).sentence == (
        "Cannot tell: actions are not judged of Billing."
    )
    kinds = checks["log.category_coverage"].run({"coverage": signs, "categories": ()})
    assert kinds.sentence == "Cannot tell, because actions of these logs are not judged: Sign in succeeded."
    control = checks["log.tamper_events"].run({"logging_control": LoggingControl((UNJUDGED,), ())})
    assert control.sentence == "Actions are not judged of Billing."
