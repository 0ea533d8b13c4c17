"""The demo organisation as its people see it: who may do what, the planted silence, and a signed record."""

import datetime as dt
import json
import zipfile
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from reviews.workflows.demo.plan import make_plan
from tests.journeys.coming_in import TOLD_WITHIN, reviewed_quarter, skip_before_anything_is_signed, to_the_demo, until
from tests.journeys.verifying import download, read_fingerprint, verdict
from tests.running import Portal

pytestmark = pytest.mark.timeout(900)

EVERYBODY: Final = ["Overview", "Services", "Reviews", "Log sources", "Log stores", "Records", "Settings"]
ADMINISTRATION: Final = ["People", "Trail"]
SERVICES: Final = 8


def opened(page: Page, portal: Portal, first_name: str) -> Page:
    return to_the_demo(page, portal.ready(), first_name)


@pytest.mark.parametrize("first_name", ["maren", "ines", "jonas", "amara", "priya", "tomas", "leila", "ada"])
def test_everybody_signs_in_with_one_click_and_reads_on_each_page_that_it_is_a_demo(
    demo_portal: Portal, page: Page, first_name: str
):
    opened(page, demo_portal, first_name)
    entries = page.get_by_role("navigation", name="Main").get_by_role("link")
    administration = ADMINISTRATION if first_name == "ada" else []
    assert entries.all_inner_texts() == [*EVERYBODY[:-1], *administration, EVERYBODY[-1]]
    for path in [entry.get_attribute("href") for entry in entries.all()]:
        page.goto(f"{demo_portal.ready().rstrip('/')}{path}")
        expect(page.locator("#demo-banner")).to_contain_text("Demo. This is an invented organisation")


def test_the_first_line_of_the_overview_is_now_whatever_quarter_is_chosen(demo_portal: Portal, page: Page):
    opened(page, demo_portal, "maren")
    for quarter in (reviewed_quarter(), reviewed_quarter().next):
        page.get_by_label("Quarter", exact=True).select_option(str(quarter))
        page.get_by_role("button", name="Show the quarter").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(quarter.title)
        first = page.locator("main section").first
        expect(first).to_have_attribute("aria-label", "Now")
        expect(first).to_contain_text("6 log sources")
        expect(page.get_by_role("table", name="Services").get_by_role("rowheader")).to_have_count(SERVICES + 1)


def test_a_manager_changes_nothing(demo_portal: Portal, page: Page):
    opened(page, demo_portal, "maren")
    for path, words in (
        ("services/", "Add a service"),
        ("stores/", "Add a log store"),
        ("sources/", "Add a log source"),
    ):
        page.goto(f"{demo_portal.ready()}{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("link", name=words)).to_have_count(0)
    page.get_by_role("link", name="Organisation trail").click()
    expect(page.get_by_role("button", name="Import now")).to_have_count(0)
    open_a_question(page, demo_portal)
    expect(page.get_by_role("radio")).to_have_count(0)
    expect(page.get_by_role("button", name="Attach file")).to_have_count(0)
    expect(page.get_by_text("Only preparers answer")).to_be_visible()


def open_a_question(page: Page, portal: Portal) -> None:
    page.goto(f"{portal.ready()}reviews/?quarter={reviewed_quarter()}")
    page.get_by_role("link", name="Bastion hosts", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Review of Bastion hosts")


@pytest.mark.parametrize(
    ("first_name", "answers", "attaches"),
    [
        ("ines", True, True),
        ("priya", False, True),
        ("jonas", False, False),
        ("tomas", False, False),
        ("ada", False, False),
    ],
)
def test_who_answers_and_who_attaches(demo_portal: Portal, page: Page, first_name: str, answers: bool, attaches: bool):
    opened(page, demo_portal, first_name)
    open_a_question(page, demo_portal)
    expect(page.get_by_role("button", name="Save answer", exact=True)).to_have_count(int(answers))
    expect(page.get_by_role("button", name="Attach file")).to_have_count(int(attaches))


def test_a_keeper_asks_for_an_import_and_sees_it_end(demo_portal: Portal, page: Page):
    """The page renews itself while an import runs, and its ledger is right."""
    opened(page, demo_portal, "tomas")
    page.get_by_role("link", name="Log sources", exact=True).click()
    page.get_by_role("link", name="Member portal access log").click()
    button = page.get_by_role("button", name="Import now")
    expect(button).to_be_enabled(timeout=TOLD_WITHIN * 1000)
    button.click()
    expect(page.get_by_text("The import is queued.")).to_be_visible()
    expect(button).to_be_enabled(timeout=TOLD_WITHIN * 1000)
    numbers = [
        int(text.replace(",", ""))
        for text in page.get_by_role("table", name="All imports").locator("td").all_inner_texts()
    ]
    assert numbers[-1] == sum(numbers[:-1]) > 90_000
    assert numbers[3] == 44  # planted


def test_a_manager_finds_the_planted_silence(demo_portal: Portal, page: Page):
    planted = make_plan(dt.datetime.now(dt.UTC).date()).incident("silence")
    opened(page, demo_portal, "maren")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Member portal", exact=True))
    until(page, f"{demo_portal.ready()}?quarter={planted.quarter}", row.locator("[data-label=Gaps] [data-v=gap]"))
    row.get_by_role("link", name="Member portal", exact=True).click()
    # Beside it stands the day that arrives late, until it has arrived.
    gap = page.get_by_role("region", name="Gaps").get_by_role("listitem").filter(has_text="No events for 19 hours")
    expect(gap).to_have_count(1)
    begin, end = planted.starts_at, planted.ends_at
    expect(gap).to_contain_text(
        f"from {begin.day} {begin:%b, %H:%M} to {end.day} {end:%b %Y, %H:%M} UTC (19 hours). In this span"
    )
    gap.get_by_role("link", name="Show these hours").click()
    expect(page.locator("#volume-title")).to_contain_text("Events an hour")
    expect(page.locator("[data-chart=volume] .main-svg").first).to_be_visible()
    page.get_by_text("Show the numbers as a table").click()
    silent = (
        page.get_by_role("region", name="Numbers of the chart").get_by_role("row").filter(has_text="silence of 19 h")
    )
    expect(silent).to_have_count(19)


def test_a_signed_record_of_the_demo_says_so_and_verifies(demo_portal: Portal, page: Page, tmp_path: Path):
    skip_before_anything_is_signed()
    opened(page, demo_portal, "leila")
    fingerprint = read_fingerprint(page)
    until(page, f"{demo_portal.ready()}records/", page.get_by_role("link", name="Bundle"))
    bundle = download(page, "File exchange", tmp_path)
    with zipfile.ZipFile(bundle) as packed:
        packed.extractall(tmp_path / "elsewhere")
    said = json.loads((tmp_path / "elsewhere" / "content" / "record.json").read_text())
    assert (said["demo"], said["subject"]["name"]) == (True, "File exchange")
    assert verdict(tmp_path / "elsewhere", "--fingerprint", fingerprint, ".") == (0, "VALID")
