"""Days of a source: counted, changed by late data, and what their entries say of the clock."""

import datetime as dt
import json
from pathlib import Path

import pytest
from django.urls import reverse

from reviews.engine.analysis.quarters import Quarter
from reviews.models import DayChange, DayCount
from reviews.queries import days
from reviews.queries.review_facts import Facts
from tests.logs import put, trail_lines
from tests.quarters import open_quarter, review_of
from tests.workflows.importing import NOW, Importer
from tests.world import World, make_source

DAY = dt.date(2026, 10, 14)
AT = dt.datetime(2026, 10, 14, 9, tzinfo=dt.UTC)


def cloud_line(number: int, at: dt.datetime, lag: int | None) -> bytes:
    """An entry of Google Cloud, received so many seconds after it happened; None: it does not say."""
    entry = {
        "insertId": f"a{number}",
        "logName": "projects/northmoor/logs/cloudaudit.googleapis.com%2Factivity",
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "authenticationInfo": {"principalEmail": "ines@example.org"},
            "methodName": "google.iam.admin.v1.CreateServiceAccountKey",
            "serviceName": "iam.googleapis.com",
        },
    }
    if lag is not None:
        entry["receiveTimestamp"] = (at + dt.timedelta(seconds=lag)).isoformat().replace("+00:00", "Z")
    return json.dumps(entry).encode() + b"\n"


def cloud_log(*lags: int | None, at: dt.datetime = AT) -> bytes:
    return b"".join(cloud_line(n, at + dt.timedelta(seconds=n), lag) for n, lag in enumerate(lags))


@pytest.fixture
def cloud(world: World, places: Path) -> Importer:
    return Importer(make_source(world, str(places), format="gcp_audit", name="Cloud audit log"), places)


def test_a_day_that_was_over_and_gets_more_events_later_says_so(trail: Importer) -> None:
    put(trail.directory / "a.json", trail_lines(*range(5)))
    first = trail.run()
    assert not DayChange.objects.exists()
    trail.now += dt.timedelta(hours=5)
    put(trail.directory / "b.json", trail_lines(7, 8))
    second = trail.run()
    change = DayChange.objects.get()
    assert (change.day, change.run, change.events_before, change.events_after) == (DAY, second, 5, 7)
    assert first.finished_at is not None
    assert (change.counted_at, change.at) == (first.finished_at, trail.now)
    assert DayCount.objects.get(day=DAY).events == 7
    row = days.rows(list(days.of_source(trail.source)))[0]
    assert row.changes == (change,)
    assert "from 5 to 7 events" in " ".join(days.sentences(trail.source, trail.now))


def test_a_day_that_still_runs_changes_without_a_word(trail: Importer) -> None:
    trail.now = dt.datetime(2026, 10, 14, 12, tzinfo=dt.UTC)
    put(trail.directory / "a.json", trail_lines(*range(5)), trail.now - dt.timedelta(hours=1))
    trail.run()
    put(trail.directory / "b.json", trail_lines(7, 8), trail.now - dt.timedelta(hours=1))
    trail.run()
    assert trail.counted() == 7
    assert not DayChange.objects.exists()


def test_events_of_a_day_that_was_known_to_be_empty_change_it(trail: Importer) -> None:
    put(trail.directory / "a.json", trail_lines(0, 3000))  # 14 and 16 October
    first = trail.run()
    put(trail.directory / "b.json", trail_lines(1500, 1501))  # 15 October
    trail.run()
    change = DayChange.objects.get()
    assert (change.day, change.events_before, change.events_after) == (dt.date(2026, 10, 15), 0, 2)
    assert change.counted_at == first.finished_at


def test_days_before_the_first_event_were_unknown_and_do_not_change(trail: Importer) -> None:
    put(trail.directory / "a.json", trail_lines(3000))
    trail.run()
    put(trail.directory / "b.json", trail_lines(0, 1))
    trail.run()
    assert not DayChange.objects.exists()


def test_quantiles_of_a_day_say_how_long_after_they_happened_entries_were_received(cloud: Importer) -> None:
    put(cloud.directory / "a.json", cloud_log(*range(100), None))
    cloud.run()
    one = DayCount.objects.get()
    assert (one.events, one.skew_entries) == (101, 100)
    assert (one.skew_low, one.skew_seconds, one.skew_high) == (4, 49, 94)
    assert (one.assumed, one.ahead) == (0, 0)
    assert days.rows([one])[0].lag == "49 s (4 s to 1 min)"


def test_entries_after_the_moment_they_were_sealed_are_counted(cloud: Importer) -> None:
    put(cloud.directory / "a.json", cloud_log(1, 1, at=NOW + dt.timedelta(hours=3)) + cloud_line(9, AT, 1))
    cloud.run()
    assert dict(DayCount.objects.values_list("day", "ahead")) == {NOW.date(): 2, DAY: 0}
    assert "2 entries lie in the future" in " ".join(days.sentences(cloud.source, cloud.now))


def test_a_source_whose_entries_say_nothing_of_receiving_has_no_lag(trail: Importer) -> None:
    put(trail.directory / "a.json", trail_lines(1, 2))
    trail.run()
    one = DayCount.objects.get()
    assert (one.skew_entries, one.skew_low, one.skew_seconds, one.skew_high) == (0, None, None, None)
    assert days.rows([one])[0].lag == ""


def test_the_check_gets_the_worst_days_of_the_quarter(cloud: Importer, world: World) -> None:
    put(cloud.directory / "a.json", cloud_log(1, 2, 3) + cloud_log(7200, 7200, -900, at=AT + dt.timedelta(days=1)))
    cloud.run()
    review = review_of(open_quarter(world, Quarter(2026, 4)), cloud.source.service)
    clock = next(one for one in Facts(review, cloud.now).clocks if one.source == cloud.source.name)
    assert (clock.entries, clock.received, clock.assumed) == (6, 6, 0)
    assert (clock.late, clock.early) == (dt.timedelta(hours=2), dt.timedelta(minutes=-15))


def test_the_pages_say_which_days_changed(signed_in, world: World, trail: Importer) -> None:
    put(trail.directory / "a.json", trail_lines(*range(5)))
    trail.run()
    put(trail.directory / "b.json", trail_lines(7, 8))
    trail.run()
    client = signed_in(world.maren)
    page = client.get(reverse("source", args=[trail.source.pk]), {"show": "days"}).content.decode()
    assert ": 5 to 7</p>" in page
    assert "A day that was over and counted has changed since." in page
    service = trail.source.service
    assert service is not None
    told = client.get(reverse("service", args=[service.pk]), {"quarter": "2026-Q4"}).content.decode()
    assert "1 day of its log sources changed after it was over and counted" in told
    assert (
        "days of its log sources"
        not in client.get(reverse("service", args=[service.pk]), {"quarter": "2026-Q3"}).content.decode()
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (40, "40 s"), (-5, "−5 s"), (7500, "2 h 5 min"), (-7200, "−2 h"), (273600, "3 d 4 h")],
)
def test_spans_read_well(seconds: float, words: str) -> None:
    assert days.duration(seconds) == words
