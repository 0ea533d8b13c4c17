"""Tests that share a portal run on one worker, so that it is started once (tests/workers.py)."""

from tests.workers import OF_THE_DEMO, unit


def test_journeys_run_with_those_that_share_their_portal():
    assert len({unit(f"tests/journeys/{name}::test_it[chromium]") for name in OF_THE_DEMO}) == 1
    assert unit("tests/journeys/test_empty_pages.py::test_a") == unit("tests/journeys/test_empty_pages.py::test_b[x/y]")
    assert unit("tests/journeys/test_empty_pages.py::test_a") != unit("tests/journeys/test_demo.py::test_a")


def test_tests_that_share_a_server_of_buckets_run_together():
    assert unit("tests/buckets/test_buckets.py::test_a") == unit("tests/buckets/test_importing.py::test_b[x]")


def test_every_other_test_runs_where_there_is_room():
    assert unit("tests/web/test_people.py::test_a") != unit("tests/web/test_people.py::test_b")
