"""Parallel imports make one chain, and people's answers come through while they run (SQLite, one writer)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflows.contending import ANSWERS, LINES, SOURCES, TRIES


@pytest.mark.timeout(300)  # five processes on a machine that does other things too
def test_parallel_imports_make_one_chain_and_a_person_s_answers_come_through(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.workflows.contending", str(tmp_path)]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["person"]["saved"] == ANSWERS
    assert told["person"]["retries"] <= ANSWERS * (TRIES - 1)
    count = sum(told["imports"])
    assert len(told["imports"]) == SOURCES
    found = told["found"]
    assert found["seqs"] == list(range(count))
    assert found["sources"] == SOURCES
    assert (found["code"], found["findings"]) == (0, [])
    assert found["events"] == found["counted"] == count * LINES
