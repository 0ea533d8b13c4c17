"""Journeys through the portal in a real browser. Steps in modules of their own say what failed, like tests."""

import pytest

pytest.register_assert_rewrite(
    "tests.journeys.looks",
    "tests.journeys.reviewing",
    "tests.journeys.setting_up",
    "tests.journeys.verifying",
    "tests.running",
)
