"""A quarter's review in the browser: looking, answering together, handing over, sending back, signing."""

import re

from playwright.sync_api import expect

from tests.journeys import written_logs
from tests.journeys.scene import NOT_APPLICABLE, PASSWORD, SERVICE, Scene

NOTE = "Looked at the accounts that were made on the hosts, and at the tickets for them."


def find_the_gap(scene: Scene) -> None:
    """On the overview as a word, on the page of the service as sentence, chart and table."""
    page = scene.pages["Ines Okafor"]
    page.get_by_role("link", name="Overview", exact=True).click()
    page.get_by_label("Quarter", exact=True).select_option(str(scene.quarter))
    page.get_by_role("button", name="Show the quarter").click()
    expect(page.locator("main section").first).to_have_attribute("aria-label", "Now")
    expect(page.get_by_role("region", name="Now")).to_contain_text("All current")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=SERVICE, exact=True))
    expect(row.get_by_role("cell").nth(3)).to_contain_text("1, 24 h")
    row.get_by_role("link", name=SERVICE, exact=True).click()
    day = written_logs.silent_day(scene.quarter)
    found = page.get_by_role("region", name="Gaps").get_by_role("listitem")
    expect(found).to_have_count(1)
    expect(found).to_contain_text(f"{day.day} {day:%b}")
    chart = page.locator("[data-chart=volume]")
    expect(chart.locator(".main-svg .scatterlayer .trace").first).to_be_attached()
    expect(chart.locator(".shapelayer path").first).to_be_attached()
    page.get_by_text("Show the numbers as a table").click()
    numbers = page.get_by_role("region", name="Numbers of the chart")
    line = numbers.get_by_role("row").filter(has_text=f"{day.day} {day:%b %Y}")
    expect(line.get_by_role("cell").first).to_have_text("0")
    expect(line).to_contain_text("Part of a silence of 24 h")


def answer_as_you_go(scene: Scene) -> None:
    """What is typed is saved by itself; the answer stands against a check, so it carries a reason, and evidence."""
    page = scene.pages["Ines Okafor"]
    page.get_by_role("link", name="Open the review").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Review of {SERVICE}")
    scene.review = re.sub(r"questions/.*", "", page.url)
    page.goto(f"{scene.review}questions/COV-04/")
    page.get_by_role("radio", name="Meets", exact=True).check()
    page.get_by_label("Note", exact=True).fill(NOTE)
    saved = page.locator("#saved")
    expect(saved).to_contain_text("Saved by Ines Okafor")
    expect(page.locator("#lacking")).to_contain_text("Give a reason: an automatic check could not tell.")
    expect(page.locator("#lacking")).to_contain_text("Attach evidence: no automatic check passed.")
    page.get_by_label("Reason", exact=True).fill("The tickets show what the log does not.")
    expect(page.locator("#lacking")).not_to_contain_text("Give a reason")
    upload = {"name": "accounts.csv", "mimeType": "text/csv", "buffer": b"account,made by\nworker17,apetrov\n"}
    page.get_by_label("Drop a file here or choose one").set_input_files(upload)
    page.get_by_role("button", name="Attach file").click()
    expect(page.get_by_role("link", name="accounts.csv")).to_be_visible()
    expect(page.get_by_label("Note", exact=True)).to_have_value(NOTE)
    expect(page.locator("#lacking")).to_be_empty()


def write_at_the_same_time(scene: Scene) -> None:
    """Two people on one question: nothing is overwritten, the second sees both versions and chooses."""
    ines, pavel = scene.pages["Ines Okafor"], scene.pages["Pavel Dvorak"]
    for page in (ines, pavel):
        page.goto(f"{scene.review}questions/COV-05/")
    ines.get_by_role("radio", name="Meets", exact=True).check()
    ines.get_by_label("Note", exact=True).fill("Both outcomes are there.")
    expect(ines.locator("#saved")).to_contain_text("Saved by Ines Okafor")
    pavel.get_by_role("radio", name="Does not meet").check()
    pavel.get_by_label("Note", exact=True).fill("Lockouts are missing.")
    trouble = pavel.get_by_role("alert")
    expect(trouble).to_contain_text("Ines Okafor saved this question while you were writing.")
    expect(trouble.get_by_role("region", name="Saved by Ines Okafor")).to_contain_text("Both outcomes are there.")
    expect(trouble.get_by_role("form", name="Yours, not saved")).to_contain_text("Lockouts are missing.")
    ines.reload()
    expect(ines.get_by_label("Note", exact=True)).to_have_value("Both outcomes are there.")
    pavel.get_by_role("button", name="Save my version instead").click()
    expect(pavel.get_by_text("The answer to COV-05 is saved.")).to_be_visible()
    expect(pavel.get_by_label("Note", exact=True)).to_have_value("Lockouts are missing.")


def attach_as_the_owner(scene: Scene) -> None:
    """Whoever operates the service attaches evidence and cannot answer."""
    page = scene.pages["Priya Raman"]
    page.goto(f"{scene.review}questions/COV-12/")
    expect(page.get_by_role("radio", name="Meets", exact=True)).to_have_count(0)
    upload = {"name": "maintenance.txt", "mimeType": "text/plain", "buffer": b"The collector was moved on that day.\n"}
    page.get_by_label("Drop a file here or choose one").set_input_files(upload)
    page.get_by_role("button", name="Attach file").click()
    expect(page.get_by_role("link", name="maintenance.txt")).to_be_visible()


def agree_that_one_does_not_apply(scene: Scene) -> None:
    """Not applicable wants a reason, a day and a second person."""
    ines = scene.pages["Ines Okafor"]
    ines.goto(f"{scene.review}questions/{NOT_APPLICABLE}/")
    ines.get_by_role("radio", name="Not applicable").check()
    ines.get_by_label("Reason", exact=True).fill("The hosts keep no data or settings of their own.")
    ines.get_by_label("Not applicable until").fill(f"{scene.quarter.next.ends_on}")
    ines.get_by_role("button", name="Save answer", exact=True).click()
    expect(ines.get_by_text("A second person who prepares or approves")).to_be_visible()
    pavel = scene.pages["Pavel Dvorak"]
    pavel.goto(f"{scene.review}questions/{NOT_APPLICABLE}/")
    pavel.get_by_role("button", name="Confirm that it does not apply").click()
    expect(pavel.get_by_text("Pavel Dvorak confirmed on")).to_be_visible()


def answer_what_is_left(scene: Scene) -> None:
    """The page of handing over names what is open; each is answered, and the button opens."""
    page = scene.pages["Ines Okafor"]
    page.goto(f"{scene.review}hand-over/")
    expect(page.get_by_role("button", name="Hand over to sign")).to_be_disabled()
    open_questions = page.get_by_role("region", name="What is open").get_by_role("link")
    addresses = dict.fromkeys(link.get_attribute("href") for link in open_questions.all())
    assert addresses
    for address in addresses:
        page.goto(f"{scene.address.rstrip('/')}{address}")
        page.get_by_role("radio", name="Does not meet").check()
        page.get_by_label("Note", exact=True).fill("Nobody could show it this quarter.")
        page.get_by_role("button", name="Save answer", exact=True).click()
        expect(page.get_by_text(re.compile(r"^The answer to \S+ is saved\.$"))).to_be_visible()


def hand_over(scene: Scene) -> None:
    page = scene.pages["Ines Okafor"]
    page.goto(f"{scene.review}hand-over/")
    expect(page.get_by_text("Nothing is open.")).to_be_visible()
    page.get_by_role("button", name="Hand over to sign").click()
    expect(page.get_by_text("Handed over by Ines Okafor")).to_be_visible()


def send_back_once(scene: Scene) -> None:
    page = scene.pages["Jonas Weber"]
    page.goto(f"{scene.address}?quarter={scene.quarter}")
    page.get_by_role("complementary", name="Waiting for you").get_by_role("link", name=SERVICE).click()
    page.get_by_role("link", name="Read and sign").click()
    page.get_by_text("Send it back instead").click()
    page.get_by_label("What should be changed").fill("Please name the hosts.")
    page.get_by_role("button", name="Send back to preparers").click()
    expect(page.get_by_text("Sent back by Jonas Weber.")).to_be_visible()
    ines = scene.pages["Ines Okafor"]
    ines.goto(f"{scene.review}questions/COV-04/")
    expect(ines.get_by_text("Please name the hosts.")).to_be_visible()
    ines.get_by_label("Note", exact=True).fill(f"{NOTE} Hosts: bastion1.")
    expect(ines.locator("#saved")).to_contain_text("Saved by Ines Okafor")


def sign(scene: Scene) -> None:
    """The statement names the gap; without the password and the tick nothing is signed."""
    page = scene.pages["Jonas Weber"]
    page.goto(f"{scene.review}sign/")
    day = written_logs.silent_day(scene.quarter)
    expect(page.locator("blockquote")).to_contain_text(f"{day.day} {day:%b}")
    scene.refused(page.url, "400 (Bad Request)")
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign and lock the review").click()
    expect(page.locator(".error").first).to_be_visible()
    page.get_by_label("I have read the statement and mean it.").check()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign and lock the review").click()
    expect(page.get_by_text("Its record is being made.")).to_be_visible()
    expect(page.get_by_text("This review never changes.").first).to_be_visible()
    ines = scene.pages["Ines Okafor"]
    ines.goto(f"{scene.review}questions/COV-04/")
    expect(ines.get_by_label("Note", exact=True)).to_have_count(0)
    page.get_by_role("link", name="See the record").click()
    expect(page.get_by_role("link", name="Download the bundle")).to_be_visible(timeout=60_000)
