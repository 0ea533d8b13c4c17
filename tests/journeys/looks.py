"""What is wrong with how a page looks: too wide for the screen, or a barrier that axe finds."""

from typing import Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE: Final = Axe()
ONLY_CONTRAST: Final = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
SERIOUS: Final = {"serious", "critical"}
NARROW: Final = (1024, 390, 320)


def look_at(page: Page) -> None:
    """Light, dark and narrow."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    fits(page)
    barriers(page)
    page.emulate_media(color_scheme="dark")
    barriers(page, ONLY_CONTRAST)
    page.emulate_media(color_scheme="light")
    for width in NARROW:
        page.set_viewport_size({"width": width, "height": 844})
        fits(page)
        if width == 390:
            barriers(page)


def fits(page: Page) -> None:
    """Only regions that say so scroll sideways; the page never does."""
    root = page.locator("html")
    wide = root.evaluate("root => [root.scrollWidth, root.clientWidth]")
    assert wide[0] <= wide[1], f"{page.url} is {wide[0]} wide on {wide[1]}"


def barriers(page: Page, options: dict | None = None) -> None:
    found = AXE.run(page, options=options or {"resultTypes": ["violations"]}).response["violations"]
    told = [
        "\n".join(
            [f"{one['id']}, {one['impact']}: {one['help']}", *(f"    {node['html'][:200]}" for node in one["nodes"])]
        )
        for one in found
        if one["impact"] in SERIOUS
    ]
    assert not told, f"{page.url}\n" + "\n".join(told)
