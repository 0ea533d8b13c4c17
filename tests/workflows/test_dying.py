"""Killed at any point and run again: the counts are right, nothing is lost and nothing counts twice."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

POINTS = 14


@pytest.mark.timeout(400)  # a dozen deaths and as many imports after them, on a machine that does other things too
def test_an_import_that_is_killed_anywhere_and_run_again_has_the_right_counts(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.workflows.dying", str(tmp_path), str(POINTS), "2026"]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stderr
    first, *deaths = [json.loads(line) for line in done.stdout.splitlines()]
    expected = first["expected"]
    assert expected["access"] == {
        "records": 641, "events": 640, "duplicates": 0, "ignored": 0, "rejected": 1,
        "stored": 640, "counted": 640, "registered": 640, "listed": 1, "dirty": 0, "waiting": 0,
    }  # fmt: skip
    assert expected["trail"] == {
        "records": 131, "events": 120, "duplicates": 10, "ignored": 0, "rejected": 1,
        "stored": 120, "counted": 120, "registered": 120, "listed": 1, "dirty": 0, "waiting": 0,
    }  # fmt: skip
    assert expected["pushed"] == {
        "records": 580, "events": 580, "duplicates": 0, "ignored": 0, "rejected": 0,
        "stored": 580, "counted": 580, "registered": 580, "listed": 0, "dirty": 0, "waiting": 0,
    }  # fmt: skip
    assert (expected["archive"], expected["unregistered"]) == ([], [])
    assert first["steps"] > 200
    assert len(deaths) == POINTS
    for death in deaths:
        assert death["signal"] == signal.SIGKILL
        assert death["found"] == expected, f"killed at point {death['point']} of {first['steps']}"
