"""Coverage: the seven states, and that nothing which is not known counts as seen."""

import datetime as dt

import pytest

from reviews.engine.analysis.coverage import Before, Seen, coverage, needed_fields
from reviews.engine.catalogue import load_actions

CATALOGUE = load_actions()
AT = dt.datetime(2026, 8, 1, 12, tzinfo=dt.UTC)


def action_of(format_id: str, kind: str) -> str:
    return next(
        action.id
        for action in CATALOGUE.actions_of(format_id)
        if kind in CATALOGUE.kinds_shown(action, "success") and action.counts and not action.narrow_to
    )


def seen(kind="account_created", n=5, format_id="cloudtrail", action=None, **missing) -> Seen:
    return Seen(format_id, action or action_of(format_id, kind), kind, n, 0, 0, missing, AT)


def cover(*rows, formats=("cloudtrail",), kind="cloud_account", before=None, weeks=13, **kwargs):
    return coverage(kind, formats, rows, before or {}, weeks, CATALOGUE, **kwargs)


def state(result, kind: str) -> str:
    return next(one.state for one in result.kinds if one.kind == kind)


def test_nothing_seen_covers_nothing():
    result = cover()
    assert result.numerator == 0
    assert result.denominator == len(CATALOGUE.kinds_expected_of("cloud_account")) > 10
    assert {one.state for one in result.kinds} <= {"not_seen", "not_observable"}
    assert {one.verdict for one in result.kinds} == {"unknown"}


def test_one_complete_entry_is_enough():
    result = cover(seen(n=5, source_ip=4))
    assert state(result, "account_created") == "seen"
    assert result.numerator == 1


def test_entries_without_an_address_are_incomplete_and_count_against():
    result = cover(seen(n=5, source_ip=5))
    kind = next(one for one in result.kinds if one.kind == "account_created")
    assert (kind.state, kind.verdict, kind.count) == ("seen_incomplete", "attention", 5)
    assert kind.sentence == "No entry is known to be complete: 5 of 5 lack “from where”."
    assert result.numerator == 0


def test_fields_that_might_be_missing_in_different_entries_are_not_called_complete():
    """3 lack the actor and 2 the target: perhaps all 5 lack one of them."""
    assert state(cover(seen(n=5, actor=3, target=2)), "account_created") == "seen_incomplete"
    assert state(cover(seen(n=6, actor=3, target=2)), "account_created") == "seen"


def test_fields_that_a_format_never_gives_are_not_asked_for():
    assert "source_ip" not in needed_fields("syslog", "account_created")
    assert "source_ip" in needed_fields("syslog", "sign_in_succeeded")
    assert "target" not in needed_fields("cloudtrail", "sign_in_succeeded")
    assert "target" in needed_fields("cloudtrail", "account_created")
    assert len(needed_fields("any", "account_created")) == 6


def test_what_the_format_cannot_show_is_not_observable_with_its_reason():
    result = cover(formats=("web_access",), kind="web_application")
    kind = next(one for one in result.kinds if one.kind == "account_created")
    assert kind.state == "not_observable"
    assert "The log shows requests, not what the application did." in kind.sentence
    assert result.denominator == len(CATALOGUE.kinds_expected_of("web_application"))


def test_a_second_source_that_can_show_it_makes_it_observable():
    both = cover(formats=("web_access", "cloudtrail"))
    assert state(both, "account_created") == "not_seen"


@pytest.mark.parametrize("formats", [(), ("no_such_format",)])
def test_without_source_or_mapping_nothing_is_observable(formats):
    result = cover(formats=formats)
    assert {one.state for one in result.kinds} == {"not_observable"}
    assert (result.numerator, result.percent) == (0, 0)
    assert result.denominator > 10


def test_a_regular_kind_that_is_gone_has_stopped():
    result = cover(before={"account_created": Before(12, 13)})
    kind = next(one for one in result.kinds if one.kind == "account_created")
    assert (kind.state, kind.verdict) == ("stopped", "fail")
    assert kind.sentence == ("Seen in 12 of 13 weeks of the quarter before, and not once in the 13 weeks read since.")


@pytest.mark.parametrize(("seen_weeks", "weeks"), [(7, 13), (12, 3), (9, 5)])
def test_a_rare_kind_or_a_young_quarter_is_only_not_seen(seen_weeks, weeks):
    result = cover(before={"account_created": Before(seen_weeks, 13)}, weeks=weeks)
    assert state(result, "account_created") == "not_seen"


def test_waived_kinds_leave_the_denominator():
    assert cover(waived={"account_created"}).denominator == cover().denominator - 1
    assert state(cover(waived={"account_created"}), "account_created") == "waived"


def test_an_unknown_kind_of_service_is_held_to_everything():
    assert cover(kind="").denominator == sum(kind.required for kind in CATALOGUE.kinds.values())


def test_optional_kinds_are_shown_and_not_counted():
    result = cover(seen("account_changed", format_id="okta"), formats=("okta",), kind="cloud_account")
    assert not next(one for one in result.kinds if one.kind == "account_changed").required
    assert result.numerator == 0


def test_actions_that_prove_nothing_alone_do_not_count():
    narrow = next(a for a in CATALOGUE.actions if a.narrow_to and CATALOGUE.kinds[a.kind].required)
    service_kind = CATALOGUE.kinds[narrow.kind].expected_of[0]
    row = seen(narrow.kind, format_id=narrow.format, action=narrow.id)
    assert cover(row, formats=(narrow.format,), kind=service_kind).numerator == 0


def test_percent_reads_100_only_when_all_are_seen():
    kinds = CATALOGUE.kinds_expected_of("cloud_account")
    rows = [Seen("cloudtrail", CATALOGUE.actions_of("cloudtrail")[0].id, kind.id, 1, 0, 0, {}, AT) for kind in kinds]
    assert cover(*rows).percent == 100
    assert cover(*rows[1:]).percent < 100


def test_logs_whose_actions_the_catalogue_does_not_name_are_not_judged():
    result = cover(formats=(), not_judged=["Billing"])
    kind = next(one for one in result.kinds if one.kind == "account_created")
    assert (kind.state, kind.verdict, kind.word) == ("not_judged", "unknown", "Cannot tell: actions not judged")
    assert kind.sentence == "The catalogue names no action of “Billing”: what these logs show is not judged."
    assert (result.numerator, result.percent, result.not_judged) == (0, 0, ("Billing",))


def test_what_was_regular_has_stopped_also_where_logs_are_not_judged_any_more():
    result = cover(formats=(), not_judged=["Billing"], before={"account_created": Before(13, 13)})
    kind = next(one for one in result.kinds if one.kind == "account_created")
    assert (kind.state, kind.verdict) == ("stopped", "fail")
    assert kind.sentence.startswith("Seen in 13 of 13 weeks of the quarter before, and not once in the ")
    assert kind.sentence.endswith("The catalogue names no action of “Billing”: what these logs show is not judged.")


def test_beside_logs_that_are_judged_what_is_seen_counts_and_the_rest_is_said():
    result = cover(seen(), not_judged=["Billing"], before={"role_or_policy_changed": Before(13, 13)})
    assert state(result, "account_created") == "seen"
    assert state(result, "role_or_policy_changed") == "stopped"
    unseen = next(one for one in result.kinds if one.state == "not_seen")
    assert "No entry in this quarter." in unseen.sentence
    assert unseen.sentence.endswith("The catalogue names no action of “Billing”: what these logs show is not judged.")
