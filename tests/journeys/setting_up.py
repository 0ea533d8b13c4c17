"""Setting up an empty portal in the browser: people, inventory, a source, the first import, a quarter."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect

from tests.journeys import written_logs
from tests.journeys.coming_in import sign_in
from tests.journeys.scene import PASSWORD, PEOPLE, SERVICE, SOURCE, STORE, Scene
from tests.running import Portal


def come_in_first(scene: Scene, portal: Portal) -> None:
    """The link that the start printed makes the first administrator, once."""
    link = portal.wait_for("makes the first administrator").split()[-1]
    page = scene.pages["Ada Brandt"] = scene.new_page()
    page.goto(link)
    page.get_by_label("Organisation", exact=True).fill("Harbour Mutual")
    page.get_by_label("Your name").fill("Ada Brandt")
    page.get_by_label("Your e-mail address").fill("ada@harbour.example")
    set_password(page, scene.address, "ada@harbour.example")
    expect(page.get_by_role("heading", name="Set up this portal")).to_be_visible()
    other = scene.new_page()
    scene.refused(link, "410 (Gone)")
    other.goto(link)
    expect(other.get_by_role("heading", level=1)).to_have_text("This link opens nothing")


def set_password(page: Page, address: str, email: str) -> None:
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password once more").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text(f"The password is set. Sign in with {email}.")).to_be_visible()
    sign_in(page, address, email, PASSWORD)


def invite_the_others(scene: Scene) -> None:
    """Each gets a link on a page that shows it once, and uses it in a browser of their own."""
    step(scene.ada, "Invite a person")
    for name in PEOPLE:
        scene.ada.goto(f"{scene.address}people/")
        scene.ada.get_by_role("link", name="Invite a person").first.click()
        scene.ada.get_by_label("Name", exact=True).fill(name)
        email = f"{name.split()[0].lower()}@harbour.example"
        scene.ada.get_by_label("E-mail address").fill(email)
        scene.ada.get_by_role("button", name="Invite person").click()
        link = scene.ada.get_by_label("Link", exact=True).input_value()
        page = scene.pages[name] = scene.new_page()
        page.goto(link)
        expect(page.get_by_text(f"Good day {name}.")).to_be_visible()
        set_password(page, scene.address, email)
        expect(page.get_by_role("heading", name="Nothing has been read yet")).to_be_visible()


def step(page: Page, button: str) -> None:
    """Follow a step of the guide on the overview."""
    page.get_by_role("link", name="Overview", exact=True).click()
    page.locator("section", has=page.get_by_role("heading", name="Set up this portal")).get_by_role(
        "link", name=button
    ).click()


def add_the_inventory(scene: Scene) -> None:
    """A service and a log store, with the facts that decide what is asked."""
    page = scene.ada
    step(page, "Add a service")
    page.get_by_label("Name", exact=True).fill(SERVICE)
    page.get_by_label("Team that owns it").fill("Platform")
    page.get_by_label("Kind").select_option(label="Operating system")
    page.get_by_label("Has its own sign-in").select_option(label="Yes")
    page.get_by_label("Has an API").select_option(label="No")
    page.get_by_role("button", name="Save service").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(SERVICE)
    step(page, "Add a log store")
    page.get_by_label("Name", exact=True).fill(STORE)
    page.get_by_label("Kind").select_option(label="Host")
    page.get_by_role("button", name="Save log store").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(STORE)


def grant_roles(scene: Scene) -> None:
    page = scene.ada
    for name, role in PEOPLE.items():
        if not role:
            continue
        page.goto(f"{scene.address}people/")
        page.get_by_role("link", name=name).click()
        page.get_by_role("radio", name=f"{role}: ").check()
        page.get_by_role("checkbox", name=SERVICE, exact=True).check()
        page.get_by_role("checkbox", name=f"{STORE} (log store)").check()
        page.get_by_role("button", name="Grant role").click()
        held = page.get_by_role("button", name=f"Take the role {role} on {SERVICE} away")
        expect(held).to_be_visible()


def describe_a_source(scene: Scene) -> None:
    """The keeper looks at the place first, which recognises the format and saves nothing."""
    page = scene.pages["Tomas Lindqvist"]
    page.get_by_role("link", name="Log sources").click()
    page.get_by_role("link", name="Add a log source").click()
    page.get_by_label("Name", exact=True).fill(SOURCE)
    page.get_by_label("Log store").select_option(label=STORE)
    page.get_by_label("Directory").fill(str(scene.logs))
    page.get_by_label("Files").fill("*.log*")
    page.get_by_role("button", name="Check the place").click()
    expect(page.get_by_role("status").filter(has_text="files match")).to_be_visible()
    expect(page.get_by_label("Format", exact=True)).to_have_value("syslog")
    page.get_by_label("One service").select_option(label=SERVICE)
    page.get_by_label("Days that entries may come late").fill("0")


def import_now(scene: Scene, portal: Portal) -> None:
    """The worker is held until the progress was seen; then the page shows the ledger by itself, and the sum fits."""
    page = scene.pages["Tomas Lindqvist"]
    with held(portal.child("celery --quiet worker")):
        page.get_by_role("button", name="Save source and start reading").click()
        expect(page.get_by_text(f"{SOURCE} is saved.")).to_be_visible()
        page.get_by_role("button", name="Import now").click()
        expect(page.locator("#progress")).to_contain_text("An import is queued.")
        expect(page.get_by_role("progressbar", name="Import")).to_be_visible()
    expect(page.get_by_role("table", name="Imports").get_by_text("Done")).to_be_visible(timeout=60_000)
    expect(page.locator("#progress")).to_have_count(0)
    ledger = page.get_by_role("table", name="All imports").locator("td").all_inner_texts()
    events, duplicates, ignored, rejected, records = (int(number.replace(",", "")) for number in ledger)
    assert records == scene.written == events + duplicates + ignored + rejected
    assert (duplicates, rejected) == (0, 1)
    page.get_by_role("link", name="Rejected records").click()
    expect(page.get_by_role("table", name="Rejected records")).to_contain_text(written_logs.BROKEN.strip())


@contextmanager
def held(pid: int) -> Iterator[None]:
    """The process stands still meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def open_the_quarter(scene: Scene) -> None:
    """The last step of the guide; then it is gone."""
    page = scene.ada
    step(page, "Open the quarter")
    page.get_by_label("Quarter", exact=True).select_option(str(scene.quarter))
    page.get_by_role("button", name="Open quarter").click()
    expect(page.get_by_role("heading", level=1, name="Reviews")).to_be_visible()
    expect(page.get_by_role("link", name=SERVICE, exact=True)).to_be_visible()
    page.goto(f"{scene.address}?quarter={scene.quarter}")
    expect(page.get_by_role("heading", level=1)).to_have_text(scene.quarter.title)
    expect(page.get_by_role("heading", name="Set up this portal")).to_have_count(0)
