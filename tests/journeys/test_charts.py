"""The page of a service in a real browser: the chart is drawn, follows the theme, and says nothing to the console."""

from playwright.sync_api import Page, expect

from tests.running import Portal


def open_service(page: Page, portal: Portal) -> None:
    page.goto(f"{portal.ready()}accounts/login/")
    page.get_by_label("E-mail address").fill("maren@northmoor.example")
    page.get_by_label("Password").fill("northmoor-demo-2026")
    page.get_by_role("button", name="Sign in", exact=True).first.click()
    page.get_by_role("link", name="Member portal", exact=True).click()
    expect(page.get_by_role("heading", name="Member portal", level=1)).to_be_visible()


def test_the_chart_is_drawn_and_follows_the_theme(demo_portal: Portal, page: Page):
    open_service(page, demo_portal)
    chart = page.locator("[data-chart=volume]")
    expect(chart.locator(".main-svg").first).to_be_visible()
    label = chart.locator(".ytick text").first
    expect(label).to_be_attached()
    light = label.evaluate("node => getComputedStyle(node).fill")
    page.emulate_media(color_scheme="dark")
    expect(chart.locator(".ytick text").first).not_to_have_css("fill", light)
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    expect(chart.locator(".ytick text").first).to_have_css("fill", light)
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_day_and_hour_are_plain_links_and_the_table_has_the_numbers(demo_portal: Portal, page: Page):
    open_service(page, demo_portal)
    page.get_by_role("link", name="A week by hour").click()
    expect(page.locator("#volume-title")).to_contain_text("Events an hour")
    expect(page.locator("[data-chart=volume] .main-svg").first).to_be_visible()
    page.get_by_text("Show the numbers as a table").click()
    expect(page.get_by_role("columnheader", name="Hours imported")).to_be_visible()


def test_without_scripts_the_page_still_has_the_numbers(demo_portal: Portal, new_page):
    page = new_page(java_script_enabled=False)
    open_service(page, demo_portal)
    page.get_by_text("Show the numbers as a table").click()
    expect(page.get_by_role("columnheader", name="Hours imported")).to_be_visible()
