"""Overview, list of services, page of a service: what they say, to whom, and at what cost."""

import datetime as dt
import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reviews import access
from reviews.access import Role
from reviews.models import HourCount, Record, Review, Service
from reviews.workflows import analysis
from tests.activity import NOW, Q3_BEGINS, fill, read_source, show, steady
from tests.quarters import open_quarter
from tests.world import World, make_source

OUTAGE = dt.datetime(2026, 8, 12, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def at_a_fixed_time(monkeypatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def cloud(world: World) -> Service:
    """Cloud accounts with 19 silent hours in August and one kind seen."""
    source = read_source(world, world.cloud)
    fill(source, world.cloud, steady(20))
    HourCount.objects.filter(hour__gte=OUTAGE, hour__lt=OUTAGE + dt.timedelta(hours=19)).delete()
    show(source, world.cloud, "account_created", dt.date(2026, 8, 3))
    open_quarter(world)
    analysis.refresh([world.cloud.pk], [OUTAGE.date()], NOW)
    return world.cloud


def text_of(response) -> str:
    """The page without tags, spaces made single."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def chart_of(html: str) -> dict:
    return json.loads(re.search(r'<script id="volume" type="application/json">(.*?)</script>', html, re.S)[1])


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return text_of(response)


# --- Overview -----------------------------------------------------------------------------------------------------


def test_the_overview_says_now_and_then_the_quarter(signed_in, world: World, cloud: Service) -> None:
    text = page(signed_in(world.maren), "/")
    assert "Third quarter 2026" in text
    assert "Now 1 log source" in text
    assert "Log data was last read on 24 Nov 2026, 12:30 UTC" in text
    assert text.index("Now") < text.index("Reviews signed")
    assert "1, 19 h" in text
    assert "Secret project" not in text


def test_now_stays_the_same_whatever_quarter_is_chosen(signed_in, world: World, cloud: Service) -> None:
    source = world.cloud.sources.get()
    source.next_run_at = NOW - dt.timedelta(hours=2)
    source.save(update_fields=["next_run_at"])
    client = signed_in(world.maren)
    for quarter in ("2026-Q3", "2026-Q4"):
        text = page(client, f"/?quarter={quarter}")
        assert "1 late" in text
        assert "It has been due since 24 Nov 2026, 10:30 UTC" in text


def test_coverage_counts_what_cannot_be_seen_against_it(signed_in, world: World, cloud: Service) -> None:
    text = page(signed_in(world.maren), "/?quarter=2026-Q3")
    figure = re.search(r"(\d+) of (\d+) required kinds seen", text)
    assert figure[1] == "1"
    assert int(figure[2]) > 30  # of both services, also the one without a source
    assert re.search(r"No log source yet: none of \d+ required kinds can be seen", text)


def test_a_service_nobody_could_judge_is_not_called_free_of_gaps(signed_in, world: World, cloud: Service) -> None:
    read_source(world, world.payments)
    text = page(signed_in(world.maren), "/?quarter=2026-Q3")
    assert "Silence cannot be judged 1 of 2" in text
    assert "Cannot tell" in text


def test_a_wrong_quarter_shows_the_one_in_work(signed_in, world: World, cloud: Service) -> None:
    client = signed_in(world.maren)
    assert page(client, "/?quarter=nonsense") == page(client, "/")
    assert "Third quarter 2026" in page(client, "/?quarter=1999-Q1")


def test_an_auditor_without_services_is_led_to_the_records(signed_in, world: World, cloud: Service) -> None:
    review = Review.objects.get(service=cloud)
    Record.objects.create(review=review, number="AP-2026-Q3-0001")
    access.seat_auditor(world.leila, review, NOW.date())
    response = signed_in(world.leila).get("/")
    assert response.status_code == 302
    assert response.url == reverse("records")


def test_a_stranger_sees_that_nothing_is_open(signed_in, world: World, cloud: Service) -> None:
    text = page(signed_in(world.sam), "/")
    assert "No service is open to you" in text
    assert "Cloud accounts" not in text


def test_an_empty_portal_leads_its_administrator(signed_in, world: World) -> None:
    Service.objects.all().delete()
    text = page(signed_in(world.ada), "/")
    assert "Set up this portal" in text
    assert "No log source" in text


def test_what_waits_for_whom(signed_in, world: World, cloud: Service) -> None:
    assert "Start Cloud accounts" in page(signed_in(world.ines), "/?quarter=2026-Q3")
    assert "Waiting for you" not in page(signed_in(world.maren), "/?quarter=2026-Q3")


@pytest.mark.parametrize("url", ["/", "/services/"])
def test_queries_do_not_grow_with_services(signed_in, world: World, cloud: Service, url: str) -> None:
    client = signed_in(world.maren)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get(f"{url}?quarter=2026-Q3").status_code == 200
        return len(caught)

    def add(count: int) -> None:
        for number in range(count):
            service = Service.objects.create(name=f"{url} service {number} of {count}", kind="saas")
            access.grant(world.maren, Role.VIEWER, service)
            source = read_source(world, service)
            fill(source, service, [1] * 48, Q3_BEGINS)
            show(source, service, "account_created", dt.date(2026, 8, 3))

    add(3)
    queries()  # what is kept for the length of the process is read once
    few = queries()  # for 5 services
    add(45)  # 50 services
    assert queries() == few
    assert few < 50


# --- Services -----------------------------------------------------------------------------------------------------


def test_the_list_shows_who_sees_what(signed_in, world: World, cloud: Service) -> None:
    text = page(signed_in(world.maren), "/services/?quarter=2026-Q3")
    assert "Cloud accounts" in text
    assert "Secret project" not in text
    assert "Secret project" in page(signed_in(world.ada), "/services/?quarter=2026-Q3")


def test_services_out_of_scope_are_named_apart(signed_in, world: World, cloud: Service) -> None:
    world.payments.in_scope_to = dt.date(2026, 1, 1)
    world.payments.save(update_fields=["in_scope_to"])
    text = page(signed_in(world.maren), "/services/?quarter=2026-Q3")
    assert text.index("Not in scope in this quarter") < text.index("Payments API")


def test_the_page_of_a_service_says_its_silence_and_what_imports_did(signed_in, world: World, cloud: Service) -> None:
    text = page(signed_in(world.maren), f"/services/{cloud.pk}/?quarter=2026-Q3")
    assert "No events for 19 hours" in text
    assert "Nothing arrived from 12 Aug, 09:00 to 13 Aug 2026, 04:00 UTC (19 hours)." in text
    assert "No import ran in these hours. They were read on 24 Nov 2026, 12:30 UTC" in text
    assert "Administrative changes Not seen" in text or "Administrative changes" in text
    assert "Account created" in text
    assert "Not seen, not proven" in text


def test_imports_within_a_silence_are_counted(signed_in, world: World, cloud: Service) -> None:
    source = cloud.sources.get()
    for number in range(3):
        at = OUTAGE + dt.timedelta(hours=number)
        source.imports.create(state="failed" if number else "done", started_at=at, finished_at=at)
    text = page(signed_in(world.maren), f"/services/{cloud.pk}/?quarter=2026-Q3")
    assert "3 imports ran in these hours: 2 failed, 0 found something to read." in text


def test_the_chart_has_zero_and_breaks_and_the_table_the_same(signed_in, world: World, cloud: Service) -> None:
    response = signed_in(world.maren).get(f"/services/{cloud.pk}/?quarter=2026-Q3&from=2026-08-11")
    html = response.content.decode()
    chart = chart_of(html)
    assert set(chart) == {"config", "light", "dark"}
    line = chart["light"]["data"][0]
    silent = [y for x, y in zip(line["x"], line["y"], strict=True) if "2026-08-12 09:00" <= x < "2026-08-13 04:00"]
    assert silent == [0] * 19
    assert chart["dark"]["layout"]["shapes"][0]["x0"] == "2026-08-12 09:00"
    assert "Events an hour, 11 Aug 2026 to 17 Aug 2026" in text_of(response)
    assert html.count("Part of a silence of 19 h") == 19
    assert "style-src-elem" in response["Content-Security-Policy"]


def test_days_nobody_imported_are_no_zero(signed_in, world: World, cloud: Service) -> None:
    response = signed_in(world.maren).get(f"/services/{cloud.pk}/?quarter=2026-Q4")
    html = response.content.decode()
    line = json.loads(re.search(r'<script id="volume" type="application/json">(.*?)</script>', html, re.S)[1])["light"][
        "data"
    ][0]
    values = dict(zip(line["x"], line["y"], strict=True))
    assert values["2026-11-01 00:00"] == 0  # read, and empty
    assert values["2026-12-24 00:00"] is None
    assert "to come" in html


def test_a_service_without_a_source_says_so(signed_in, world: World) -> None:
    text = page(signed_in(world.maren), f"/services/{world.payments.pk}/")
    assert "No log source speaks of this service" in text
    assert "Cannot tell whether there were gaps." in text
    assert "No gap was found" not in text


@pytest.mark.parametrize("query", ["?from=nonsense", "?quarter=x&from=1900-01-01", "?from=2999-01-01", "?from=%00"])
def test_a_wrong_address_is_no_error(signed_in, world: World, cloud: Service, query: str) -> None:
    page(signed_in(world.maren), f"/services/{cloud.pk}/{query}")


def test_a_hidden_service_answers_404(signed_in, world: World) -> None:
    assert Service.objects.filter(pk=world.secret.pk).exists()
    assert signed_in(world.maren).get(f"/services/{world.secret.pk}/").status_code == 404
    assert signed_in(world.ada).get(f"/services/{world.secret.pk}/").status_code == 200


def test_sources_of_the_page_are_those_of_the_service(signed_in, world: World, cloud: Service) -> None:
    make_source(world, "/other", service=world.payments, name="Another log")
    text = page(signed_in(world.maren), f"/services/{cloud.pk}/")
    assert "Log of Cloud accounts" in text
    assert "Another log" not in text
