"""Every page of the demo, light, dark and on a phone: no word to the console, nothing wider than the screen, nothing
that stands in the way of people who read with a screen reader or work by keyboard."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from auditportal.accounts.urls import urlpatterns as account_urls
from tests.journeys.coming_in import reviewed_quarter, skip_before_anything_is_signed, to_the_demo, until
from tests.journeys.conftest import Watched
from tests.journeys.looks import barriers, fits, look_at
from tests.running import Portal
from tests.web.addresses import MATRIX

pytestmark = pytest.mark.timeout(900)

NO_PAGES: Final = {"evidence", "record_download", "reject_raw", "source_list_template"}  # files
REVIEWS: Final = f"reviews/?quarter={reviewed_quarter()}"
TIME = re.compile(r"^\d+ \w{3} \d{4}, \d\d:\d\d UTC$")
CUT_LINE = re.compile(r"^(192\.0|198\.5|2001:db)")  # how the demo's broken lines begin

# Where the keyboard is: what a person would say of it. A choice and a file field show the ring on their label, and
# the parts of a date field theirs inside of it.
STOP: Final = """() => {
  const node = document.activeElement, box = node.getBoundingClientRect();
  const ring = [node, node.closest("label")].some(one => one && getComputedStyle(one).outlineStyle !== "none");
  return {
    name: node.textContent.trim() || node.name,
    seen: box.height > 0 && box.bottom > 0 && box.top < innerHeight && (ring || node.type === "date"),
  };
}"""


@dataclass(frozen=True)
class Way:
    """How somebody comes to a page: where they begin, and the links they follow."""

    person: str  # empty: nobody is signed in
    begin: str
    links: tuple[str | re.Pattern[str], ...] = ()
    after: str = ""  # a cell of the first page: the way is there only when it is
    imported: re.Pattern[str] | None = None  # a link of the first page, likewise, that an import brings


WAYS: Final = {
    "overview": Way("maren", ""),
    "services": Way("maren", "services/"),
    "service": Way("maren", "services/", ("Payment hosts",)),
    "service_add": Way("ada", "services/add/"),
    "service_change": Way("ada", "services/", ("Payment hosts", "Change")),
    "stores": Way("maren", "stores/"),
    "store": Way("tomas", "stores/", ("Audit trail bucket",)),
    "store_add": Way("tomas", "stores/add/"),
    "store_change": Way("tomas", "stores/", ("Audit trail bucket", "Change")),
    "sources": Way("tomas", "sources/"),
    "source": Way("tomas", "sources/", ("Organisation trail",)),
    "source_add": Way("tomas", "sources/add/"),
    "source_change": Way("tomas", "sources/", ("Organisation trail", "Change")),
    "source_list_add": Way("tomas", "sources/add/list/"),
    "rejects": Way("tomas", "sources/rejected/", imported=CUT_LINE),
    "source_rejects": Way("tomas", "sources/rejected/", ("Member portal access log",), imported=CUT_LINE),
    "reject": Way("tomas", "sources/rejected/", (CUT_LINE,), imported=CUT_LINE),
    "import": Way("tomas", "sources/", (TIME,)),
    "cycle_add": Way("ada", "reviews/quarters/open/"),
    "reviews": Way("ines", REVIEWS),
    "review": Way("ines", REVIEWS, ("Cloud accounts",)),
    "review_item": Way("ines", REVIEWS, ("Member portal", re.compile(r"^1\.1 "))),
    "review_submit": Way("ines", REVIEWS, ("Cloud accounts", "Hand over to sign")),
    "review_sign": Way("jonas", REVIEWS, ("Secrets store", "Read and sign"), after="Handed over"),
    "records": Way("leila", "records/"),
    "record": Way("leila", "records/", ("File exchange",), after="Bundle"),
    "portal_key": Way("leila", "records/key/"),
    "people": Way("ada", "people/"),
    "person_add": Way("ada", "people/invite/"),
    "person": Way("ada", "people/", ("Jonas Weber",)),
    "trail": Way("ada", "trail/"),
    "settings": Way("maren", "settings/"),
    "account_login": Way("", "accounts/login/"),
    "account_logout": Way("priya", "accounts/logout/"),
    "account_change_password": Way("priya", "accounts/password/change/"),
    "account_reauthenticate": Way("priya", "accounts/reauthenticate/"),
    "account_inactive": Way("", "accounts/inactive/"),
    "account_signup": Way("", "accounts/signup/"),
    "account_reset_password": Way("", "accounts/password/reset/"),
}


@pytest.fixture(scope="module")
def ways(demo_portal: Portal, chromium) -> Callable[[Page, Way], None]:
    """Go one: signed in once for each person, when the demo has come so far as it comes."""
    address, cookies = demo_portal.ready(), {}

    def signed_in(person: str) -> list:
        if person not in cookies:
            page = to_the_demo(chromium.new_page(), address, person)
            cookies[person] = page.context.cookies()
            page.context.close()
        return cookies[person]

    def go(page: Page, way: Way) -> None:
        if way.after:
            skip_before_anything_is_signed()
        if way.person:
            page.context.add_cookies(signed_in(way.person))
        if way.after:
            until(page, f"{address}{way.begin}", page.get_by_role("cell", name=way.after))
        if way.imported is not None:
            until(page, f"{address}{way.begin}", page.get_by_role("link", name=way.imported))
        page.goto(f"{address}{way.begin}")
        for link in way.links:
            page.get_by_role("link", name=link, exact=isinstance(link, str)).first.click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()

    return go


def test_every_page_has_a_way():
    pages = {row.name for row in MATRIX if row.method == "GET"} - NO_PAGES - {"join"}
    assert {*pages, *(pattern.name for pattern in account_urls)} == set(WAYS)


@pytest.mark.parametrize("name", WAYS)
def test_a_page_in_every_look(ways, page: Page, name: str):
    ways(page, WAYS[name])
    look_at(page)


def test_a_link_that_makes_a_person_come_in(ways, page: Page, new_page):
    ways(page, Way("ada", "people/", ("Priya Raman",)))
    page.get_by_role("button", name="Make a new link").click()
    look_at(page)
    link = page.get_by_label("Link", exact=True).input_value()
    page = new_page()
    page.goto(link)
    expect(page.get_by_text("Good day Priya Raman.")).to_be_visible()
    look_at(page)


def test_a_question_that_was_refused(ways, page: Page, watched: Watched):
    """Errors stand at their fields, which say so to screen readers, and the first has the focus."""
    ways(page, Way("ines", REVIEWS, ("Member portal",)))
    watched.expected.add("the server responded with a status of 400 (Bad Request)")
    page.get_by_role("button", name="Attach file").click()
    expect(page.get_by_text("Choose a file.")).to_be_visible()
    fits(page)
    barriers(page)


def test_a_signature_that_was_refused(ways, page: Page, watched: Watched):
    ways(page, WAYS["review_sign"])
    watched.expected.add("the server responded with a status of 400 (Bad Request)")
    page.get_by_role("button", name="Sign and lock the review").click()
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    expect(page.get_by_text("Type your password again.")).to_be_visible()
    look_at(page)


@pytest.mark.parametrize("name", ["overview", "review_item", "review_sign"])
def test_the_first_key_leads_past_the_navigation(ways, page: Page, name: str):
    ways(page, WAYS[name])
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize(("name", "button"), [("review_item", "Save and go to"), ("review_sign", "Sign and lock")])
def test_the_keyboard_reaches_what_is_to_be_done(ways, page: Page, name: str, button: str):
    """Every stop on the way shows where it is, and the page scrolls along."""
    ways(page, WAYS[name])
    page.locator("#main").focus()
    for _ in range(80):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        assert stop["seen"], stop
        if stop["name"].startswith(button):
            return
    raise AssertionError(f"{button} was not reached")
