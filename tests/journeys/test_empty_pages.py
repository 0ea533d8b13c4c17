"""Pages without anything on them, and forms that were refused: what a new installation shows first."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.coming_in import sign_in
from tests.journeys.conftest import Watched
from tests.journeys.looks import look_at
from tests.running import Portal

EMAIL, PASSWORD = "ada@harbour.example", "a long way to the harbour"
# What a page without anything says, and the one thing to do there.
EMPTY = {
    "": ("Set up this portal", "Invite a person"),
    "services/": ("No service yet", "Add a service"),
    "reviews/": ("No quarter is open yet", "Open a quarter"),
    "sources/": ("No log source yet", "Add a log store"),
    "stores/": ("No log store yet", "Add a log store"),
    "sources/add/": ("No log store yet", "Add a log store"),
}
# Empty, with nothing to be done about it here.
QUIET = {"records/": "No record yet", "trail/?object=nothing+like+it": "No entry fits"}
# A form, and the button that sends it empty.
REFUSED = {
    "services/add/": "Save service",
    "stores/add/": "Save log store",
    "people/invite/": "Invite person",
}


@pytest.fixture(scope="module")
def ada(empty_portal: Portal, chromium: Browser) -> list:
    """Cookies of the first administrator."""
    page = chromium.new_page()
    page.goto(empty_portal.wait_for("makes the first administrator").split()[-1])
    page.get_by_label("Organisation", exact=True).fill("Harbour Mutual")
    page.get_by_label("Your name").fill("Ada Brandt")
    page.get_by_label("Your e-mail address").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password once more").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("The password is set.")).to_be_visible()
    sign_in(page, empty_portal.ready(), EMAIL, PASSWORD)
    cookies = page.context.cookies()
    page.context.close()
    return cookies


def test_the_first_invitation(ada: list, empty_portal: Portal, page: Page, new_page):
    """Nobody else is there; whoever comes in is told what is wrong with a password."""
    page.context.add_cookies(ada)
    page.goto(f"{empty_portal.ready()}people/")
    expect(page.get_by_role("heading", name="Nobody else yet", level=2)).to_be_visible()
    look_at(page)
    page.get_by_role("link", name="Invite a person").first.click()
    page.get_by_label("Name", exact=True).fill("Ines Okafor")
    page.get_by_label("E-mail address").fill("ines@harbour.example")
    page.get_by_role("button", name="Invite person").click()
    invited = new_page()
    invited.goto(page.get_by_label("Link", exact=True).input_value())
    invited.get_by_label("Password", exact=True).fill("short")
    invited.get_by_role("button", name="Set password").click()
    expect(invited.locator(".error").first).to_be_visible()
    look_at(invited)


@pytest.mark.parametrize("path", EMPTY)
def test_an_empty_page_says_why_and_what_comes_next(ada: list, empty_portal: Portal, page: Page, path: str):
    page.context.add_cookies(ada)
    page.goto(f"{empty_portal.ready()}{path}")
    heading, button = EMPTY[path]
    expect(page.get_by_role("heading", name=heading, level=2)).to_be_visible()
    expect(page.get_by_role("link", name=button, exact=True).first).to_be_visible()
    expect(page.locator("main [data-kind=primary]")).to_have_count(1)
    look_at(page)


@pytest.mark.parametrize("path", QUIET)
def test_an_empty_list_says_so(ada: list, empty_portal: Portal, page: Page, path: str):
    page.context.add_cookies(ada)
    page.goto(f"{empty_portal.ready()}{path}")
    expect(page.get_by_role("heading", name=QUIET[path])).to_be_visible()
    look_at(page)


@pytest.mark.parametrize("path", REFUSED)
def test_a_form_that_was_refused_leads_to_the_first_wrong_field(ada: list, empty_portal: Portal, page: Page, path: str):
    page.context.add_cookies(ada)
    page.goto(f"{empty_portal.ready()}{path}")
    page.get_by_role("button", name=REFUSED[path], exact=True).click()
    expect(page.get_by_text("Fill this in.").first).to_be_visible()
    expect(page.locator("[aria-invalid=true]").first).to_be_focused()
    look_at(page)


def test_a_refused_sign_in(empty_portal: Portal, page: Page):
    page.goto(f"{empty_portal.ready()}accounts/login/")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    look_at(page)


@pytest.mark.parametrize(
    ("path", "status", "heading"),
    [
        ("nothing/like/it/", "404 (Not Found)", "There is nothing here"),
        ("join/nothing-like-it/", "410 (Gone)", "This link opens nothing"),
    ],
)
def test_an_address_that_leads_nowhere(
    ada: list, empty_portal: Portal, page: Page, watched: Watched, path: str, status: str, heading: str
):
    page.context.add_cookies(ada)
    watched.expected.add(f"the server responded with a status of {status}")
    page.goto(f"{empty_portal.ready()}{path}")
    expect(page.get_by_role("heading", level=1, name=re.compile(heading))).to_be_visible()
    look_at(page)
