"""What checks see of a review, and the numbers that are frozen with them."""

import datetime as dt
import json

import pytest

from reviews.engine.catalogue import load_actions
from reviews.engine.checks import all_checks
from reviews.engine.records.unknowns import not_told
from reviews.models import DayCount, FileProblem, HourCount, Review, Segment, SourceRoute, StoredEvents
from reviews.queries import inputs
from reviews.queries.inputs import check_results, review_numbers
from reviews.workflows import analysis
from tests.activity import NOW, Q3_ENDS, done, fill, read_source, show, steady
from tests.quarters import give, open_quarter, review_of
from tests.world import World, make_source

AUGUST = dt.date(2026, 8, 3)


@pytest.fixture
def review(world: World) -> Review:
    """Cloud accounts: steady events, one complete kind, one without addresses."""
    source = read_source(world, world.cloud)
    fill(source, world.cloud, steady(20))
    show(source, world.cloud, "account_created", AUGUST)
    show(source, world.cloud, "role_or_policy_changed", AUGUST, n=4, source_ip=4)
    analysis.refresh([world.cloud.pk], [AUGUST], NOW)
    return review_of(open_quarter(world), world.cloud)


def results_of(review: Review, check: str):
    found = {}
    for item, results in check_results(review, NOW).items():
        found |= {(item, result.check): result for result in results}
    return {item: result for (item, name), result in found.items() if name == check}


def test_every_check_of_every_question_has_a_result(review: Review) -> None:
    results = check_results(review, NOW)
    for item in review.items.all():
        assert [result.check for result in results[item.item]] == item.text["checks"]
    absent = [result for rows in results.values() for result in rows if result.check not in all_checks()]
    assert absent
    assert {(result.verdict, result.sentence) for result in absent} == {("unknown", inputs.NO_SUCH_CHECK)}
    assert all(result.title != result.check for result in absent)


def test_coverage_is_judged_by_the_category_of_the_question(review: Review) -> None:
    results = results_of(review, "log.category_coverage")
    admin, exports = results["COV-04"], results["COV-08"]
    assert admin.verdict == exports.verdict == "unknown"
    assert admin.number.startswith("1 of ")
    assert exports.number.startswith("0 of ")
    assert "Seen with fields missing: Role or policy changed." in admin.sentence


def test_gaps_pass_with_what_could_have_gone_unnoticed(review: Review) -> None:
    (result,) = results_of(review, "log.gaps").values()
    assert result.verdict == "pass"
    assert result.sentence.startswith("No silence in 2,208 hours. One of up to ")


def test_nothing_imported_passes_nothing(world: World) -> None:
    review = review_of(open_quarter(world), world.cloud)
    verdicts = {result.verdict for results in check_results(review, NOW).values() for result in results}
    assert verdicts == {"unknown"}


def test_a_source_never_read_passes_nothing(world: World) -> None:
    make_source(world, "/nowhere")
    review = review_of(open_quarter(world), world.cloud)
    verdicts = {result.verdict for results in check_results(review, NOW).values() for result in results}
    assert verdicts == {"unknown"}


def test_numbers_are_json_and_say_what_the_record_needs(review: Review) -> None:
    numbers = json.loads(json.dumps(review_numbers(review, NOW), allow_nan=False))
    assert numbers["events"]["api_usage"] > 40_000
    assert numbers["events"]["data_export"] == 0  # counted, and none
    assert numbers["coverage"]["numerator"] == 1
    assert {kind["state"] for kind in numbers["coverage"]["kinds"]} >= {"seen", "seen_incomplete", "not_seen"}
    assert numbers["silences"] == []
    assert numbers["silence_search"][0]["judged"] is True
    (source,) = numbers["sources"]
    assert source["name"] == "Log of Cloud accounts"
    assert set(source["ledger"]) == {"records", "events", "duplicates", "ignored", "rejected", "unrouted"}
    assert source["read_until"] == NOW.isoformat()
    assert (source["files_not_read"], source["zone_assumed"]) == (0, 0)
    told = not_told("service", Q3_ENDS, numbers, (), (), frozen=True)
    assert any("Role or policy changed" in one.sentence and "fields" in one.sentence for one in told)
    assert not any("do not say" in one.sentence for one in told)


def test_numbers_say_which_files_were_not_read_and_which_zones_were_assumed(world: World, review: Review) -> None:
    source = world.cloud.sources.get()
    for _ in range(2):  # each import says it again
        FileProblem.objects.create(run=source.imports.first(), name="a.gz", problem="This compressed file ends early.")
    DayCount.objects.create(source=source, day=dt.date(2026, 8, 1), counted_at=NOW, events=3, assumed=2)
    (numbers,) = review_numbers(review, NOW)["sources"]
    assert (numbers["files_not_read"], numbers["zone_assumed"]) == (1, 2)


def test_silences_are_frozen_with_their_sentences(world: World, review: Review) -> None:
    outage = dt.datetime(2026, 8, 12, 9, tzinfo=dt.UTC)
    HourCount.objects.filter(hour__gte=outage, hour__lt=outage + dt.timedelta(hours=19)).delete()
    analysis.refresh([world.cloud.pk], [AUGUST], NOW)
    (silence,) = review_numbers(review, NOW)["silences"]
    assert silence["hours"] == 19
    assert silence["sentence"].startswith("Nothing arrived from 12 Aug, 09:00 to 13 Aug 2026, 04:00 UTC (19 hours).")
    (result,) = results_of(review, "log.gaps").values()
    assert (result.verdict, result.number) == ("attention", "1, 19 h")


def test_the_quarter_speaks_of_all_services_and_of_unrouted_events(world: World) -> None:
    source = make_source(world, "/trail", service=None, routing_field="account")
    SourceRoute.objects.create(source=source, value="1", service=world.cloud)
    fill(source, world.cloud, [5], dt.datetime(2026, 8, 1, tzinfo=dt.UTC))
    fill(source, None, [7], dt.datetime(2026, 8, 1, tzinfo=dt.UTC))
    cycle = open_quarter(world)
    facts = inputs.Facts(review_of(cycle, None), NOW)
    assert {row.name: row.events for row in facts.inventory.services} == {
        "Cloud accounts": 5,
        "Payments API": 0,
        "Secret project": 0,
    }
    assert facts.inventory.unrouted == 7
    (result,) = results_of(review_of(cycle, None), "log.inventory_match").values()
    assert (result.verdict, result.number) == ("unknown", "1 of 3")


def test_a_log_store_speaks_of_its_own_sources_only(world: World) -> None:
    read_source(world, world.cloud)
    read_source(world, world.payments, name="Elsewhere", store=world.hidden_vault)
    facts = inputs.Facts(review_of(open_quarter(world), world.vault), NOW)
    assert facts.services == [world.cloud]
    assert [source.name for source in facts.every_source] == ["Log of Cloud accounts"]
    assert facts.coverage is None


def test_entries_from_the_future_are_told(world: World, review: Review) -> None:
    run = world.cloud.sources.get().imports.get()
    run.last_event_at = run.finished_at + dt.timedelta(hours=1, minutes=58)
    run.save(update_fields=["last_event_at"])
    (clock,) = inputs.Facts(review, NOW).clocks
    assert clock.ahead == dt.timedelta(hours=1, minutes=58)


def test_a_clock_that_showed_nothing_is_not_called_right(world: World, review: Review) -> None:
    DayCount.objects.update_or_create(
        source=world.cloud.sources.get(),
        day=AUGUST,
        defaults={
            "counted_at": NOW, "events": 5, "skew_entries": 5, "skew_low": 1, "skew_seconds": 1, "skew_high": 1,
            "assumed": 0, "ahead": 0,
        },
    )  # fmt: skip
    check = all_checks()["log.clock"]
    assert check.run({"clocks": inputs.Facts(review, NOW).clocks}).verdict == "pass"
    read_source(world, world.cloud, name="Never read")
    result = check.run({"clocks": inputs.Facts(review, NOW).clocks})
    assert (result.verdict, "Never read" in result.sentence) == ("unknown", True)


def test_changes_to_logging_are_listed(world: World, review: Review) -> None:
    source = world.cloud.sources.get()
    facts = inputs.Facts(review, NOW).logging_control
    assert facts.services[0].observable
    assert facts.found == ()
    show(source, world.cloud, "logging_disabled", AUGUST, n=2)
    (found,) = inputs.Facts(review, NOW).logging_control.found
    assert (found.service, found.entries) == ("Cloud accounts", 2)


def test_evidence_is_hashed_again(world: World, review: Review, places) -> None:
    item = review.items.first()
    link = give(world, item)
    (file,) = inputs.Facts(review, NOW).evidence
    assert file.sha256_now == file.sha256 == link.evidence.sha256
    stored = next(path for path in (places.parent / "data" / "archive").rglob(link.evidence.sha256))
    stored.chmod(0o640)
    stored.write_bytes(b"altered")
    (file,) = inputs.Facts(review, NOW).evidence
    assert file.sha256_now not in (None, file.sha256)
    stored.unlink()
    assert inputs.Facts(review, NOW).evidence[0].sha256_now is None


def test_changes_to_logging_are_unknown_where_no_log_that_was_read_could_show_them(
    world: World, review: Review
) -> None:
    """Another source of the service sends entries, the one that could show changes does not; or nobody reads it."""

    def verdict():
        return all_checks()["log.tamper_events"].run({"logging_control": inputs.Facts(review, NOW).logging_control})

    assert verdict().verdict == "pass"
    trail = world.cloud.sources.get()
    run = trail.imports.get()
    run.read_until = Q3_ENDS - dt.timedelta(days=30)
    run.save(update_fields=["read_until"])
    assert verdict().sentence == "720 hours of the period were not imported."
    run.read_until = NOW
    run.save(update_fields=["read_until"])
    web = read_source(world, world.cloud, name="Web", format="web_access")
    HourCount.objects.filter(source=trail, hour__gte=Q3_ENDS - dt.timedelta(days=92)).update(source=web)
    assert verdict().verdict == "unknown"


def test_logs_that_another_catalogue_judged_say_nothing_of_changes_to_logging(world: World, review: Review) -> None:
    """A re-mapping that keeps failing does not hold the freeze up: what it could not do must be seen."""

    def verdict() -> str:
        return (
            all_checks()["log.tamper_events"]
            .run({"logging_control": inputs.Facts(review, NOW).logging_control})
            .verdict
        )

    def told() -> bool:
        found = not_told("service", Q3_ENDS, review_numbers(review, NOW), (), (), True)
        return any("another version of the catalogue" in one.sentence for one in found)

    trail = world.cloud.sources.get()
    zero = "0" * 64
    segment = Segment.objects.create(
        seq=0, header=b"{}", header_sha256=zero, prev=zero, stored_sha256=zero, plain_length=1, stored_length=1,
        source_id_sealed=trail.pk, sealed_at=NOW,
    )  # fmt: skip
    stored = StoredEvents.objects.create(
        source=trail, segment=segment, day=AUGUST, name="1-1-1", rows=1, catalogue_version="2000.1"
    )
    assert (verdict(), told()) == ("unknown", True)
    stored.catalogue_version = load_actions().version
    stored.save(update_fields=["catalogue_version"])
    assert (verdict(), told()) == ("pass", False)


def test_a_source_of_which_most_records_cannot_be_read_is_no_pass(world: World, review: Review) -> None:
    def result():
        return all_checks()["log.inventory_match"].run({"inventory": inputs.Facts(review, NOW).inventory})

    assert result().verdict == "pass"
    source = world.cloud.sources.get()
    counted = {"first_event_at": Q3_ENDS - dt.timedelta(days=9), "last_event_at": Q3_ENDS}
    done(source, NOW, records=1000, events=100, rejected=900, **counted)
    assert result().verdict == "attention"
    assert "Log of Cloud accounts (900 of 1,000)" in result().sentence
