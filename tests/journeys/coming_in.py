"""Signing in, and waiting until the demo has come so far, as every journey does it."""

import contextlib
import datetime as dt
import time
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from reviews.engine.analysis.quarters import Quarter

DEMO_PASSWORD: Final = "northmoor-demo-2026"
TOLD_WITHIN: Final = 300  # seconds, on a machine that has other things to do


def sign_in(page: Page, address: str, email: str, password: str) -> Page:
    """Through the form; a page with the navigation is open after."""
    page.goto(f"{address}accounts/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("navigation", name="Main")).to_be_attached()
    return page


def to_the_demo(page: Page, address: str, first_name: str) -> Page:
    """As one of the people of the demo, by their button on the sign-in page."""
    page.goto(f"{address}accounts/login/")
    page.get_by_role("button", name=f"Sign in as {first_name.title()} ").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_attached()
    return page


def reviewed_quarter() -> Quarter:
    """The quarter that the people of the demo review."""
    return Quarter.of(dt.datetime.now(dt.UTC).date()).previous


def skip_before_anything_is_signed() -> None:
    """The demo's sources wait a day for late logs, so that nothing is signed on the first day of a quarter."""
    today = dt.datetime.now(dt.UTC).date()
    if today == Quarter.of(today).starts_on:
        pytest.skip("On the first day of a quarter nothing of the demo can be signed yet.")


def until(page: Page, address: str, sign: Locator, seconds: float = TOLD_WITHIN) -> None:
    """Load the page again until the sign is there: pages that do not renew themselves are looked at that way."""
    over = time.monotonic() + seconds
    while True:
        page.goto(address)
        with contextlib.suppress(TimeoutError):
            sign.first.wait_for(timeout=2_000)
            return
        assert time.monotonic() < over, f"{address} did not show it in {seconds} s"
