"""What journeys need: a portal that runs as a process of its own, and Debian's Chromium.

Journeys speak HTTP to the portal and nothing else: the ORM and Playwright's loop do not go together.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, expect, sync_playwright

from tests import running
from tests.running import Portal
from tests.workers import OF_THE_DEMO

# Chromium looks up its maker's hosts at every start unless told not to; a test speaks to nobody else.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=20_000)  # a busy machine draws a page late; nothing waits longer than it takes


def chromium_path() -> str:
    """Debian's Chromium. Without one the test is skipped with the reason; in CI that is a failure."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found:
        return found
    reason = "Chromium is missing (Debian: apt-get install chromium)"
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; in CI browser tests must run.")
    pytest.skip(reason)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every journey is marked as needing a browser; which of them run together is said in tests/workers.py."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
            if "demo_portal" in getattr(item, "fixturenames", ()) and item.path.name not in OF_THE_DEMO:
                raise pytest.UsageError(f"{item.path.name} uses the demo; name it in tests/workers.py, OF_THE_DEMO.")


# By module and not by session: while Playwright's loop runs, the ORM refuses to work for other tests of this process.
@pytest.fixture(scope="module")
def playwright_engine() -> Iterator[Playwright]:
    chromium_path()  # the skip comes before anything is started
    with sync_playwright() as engine:
        yield engine


@pytest.fixture(scope="module")
def chromium(playwright_engine: Playwright) -> Iterator[Browser]:
    browser = playwright_engine.chromium.launch(executable_path=chromium_path(), args=FLAGS)
    yield browser
    browser.close()


def _running(place: Path, **changed: str) -> Iterator[Portal]:
    chromium_path()
    with running.servers() as given:
        portal = Portal(place / "var", **given, **changed)
        try:
            portal.ready()
            yield portal
            assert portal.stop() == 0
        finally:
            portal.kill()


@pytest.fixture(scope="session")  # made once: its 400,000 records take a minute of both cores
def demo_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The demo organisation, its imports under way. `portal.ready()` is its address."""
    yield from _running(tmp_path_factory.mktemp("demo"), DEMO="1", TICK_SECONDS="1")


@pytest.fixture(scope="module")
def empty_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """An installation without anybody; `wait_for("makes the first administrator")` has the link at its end."""
    yield from _running(tmp_path_factory.mktemp("empty"), TICK_SECONDS="1")


class Watched:
    """Everything that went wrong in the browser while a page was open."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.expected: set[str] = set()

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda problem: self.problems.append(f"{page.url}: {problem}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(f"{message.location.get('url', '')}: {message.text}")

    def left(self) -> list[str]:
        return [text for text in self.problems if not any(part in text for part in self.expected)]


@pytest.fixture
def watched() -> Iterator[Watched]:
    """Fails the test on any console error or warning that it did not expect (`watched.expected.add("part of it")`)."""
    found = Watched()
    yield found
    assert found.left() == []


@pytest.fixture
def new_page(chromium: Browser, watched: Watched) -> Iterator:
    """A function that opens a page in a browser of its own (own cookies), watched; options as for new_context."""
    contexts = []

    def new_page(**options: object) -> Page:
        context = chromium.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        watched.watch(page)
        return page

    yield new_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page) -> Page:
    """One watched page."""
    return new_page()
