"""requirements/install: what it says when something is missing, and that a second call does nothing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.tracked import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the installer and the locks, in a folder with a space in its name."""
    place = tmp_path / "a checkout"
    (place / "requirements").mkdir(parents=True)
    for file in ("install", "run.txt", "dev.txt"):
        shutil.copy(ROOT / "requirements" / file, place / "requirements")
    return place


def install(checkout: Path, want: str, python: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "requirements/install", want],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "PYTHON": python},
        capture_output=True,
        text=True,
        timeout=30,
    )


def pretend(place: Path, script: str) -> str:
    """A program that answers as a Python of another kind would."""
    place.mkdir(parents=True, exist_ok=True)
    program = place / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


def test_no_python_is_one_sentence(checkout):
    done = install(checkout, "run", "python-that-is-not-there")
    assert done.returncode == 1
    assert done.stderr == "Python is missing: python-that-is-not-there cannot be found. Install Python 3.11 or later.\n"


def test_an_old_python_is_one_sentence(checkout, tmp_path):
    old = pretend(tmp_path, 'case "$*" in *version_info*) exit 1 ;; -V) echo Python 3.9.2 ;; esac')
    done = install(checkout, "run", old)
    assert done.returncode == 1
    assert "The portal needs Python 3.11 or later, and" in done.stderr
    assert "is Python 3.9.2. Name another: make PYTHON=" in done.stderr


def test_a_python_without_venv_is_one_sentence(checkout, tmp_path):
    bare = pretend(tmp_path, 'case "$*" in *ensurepip*) exit 1 ;; esac')
    done = install(checkout, "run", bare)
    assert done.returncode == 1
    assert done.stderr.endswith("On Debian and Ubuntu: apt-get install python3-venv\n")
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize(
    ("installed", "want", "nothing_to_do"),
    [
        (["run"], "run", True),
        (["run", "dev"], "dev", True),
        (["run", "dev"], "run", True),  # running never takes the tools away again
        (["run"], "dev", False),
        ([], "run", False),
    ],
)
def test_what_is_installed_is_not_installed_again(checkout, installed, want, nothing_to_do):
    pretend(checkout / ".venv" / "bin", "exit 0")
    for lock in installed:
        shutil.copy(checkout / "requirements" / f"{lock}.txt", checkout / ".venv" / f".installed-{lock}")
    done = install(checkout, want, "python-that-is-not-there")
    assert (done.returncode == 0) is nothing_to_do
    assert (done.stdout, done.stderr == "") == ("", nothing_to_do)


def test_a_changed_lock_is_installed_anew(checkout):
    pretend(checkout / ".venv" / "bin", "exit 0")
    shutil.copy(checkout / "requirements" / "run.txt", checkout / ".venv" / ".installed-run")
    with (checkout / "requirements" / "run.txt").open("a") as lock:
        lock.write("one-more==1\n")
    assert install(checkout, "run", "python-that-is-not-there").returncode == 1


def test_a_broken_environment_is_noticed(checkout):
    pretend(checkout / ".venv" / "bin", "exit 1")
    shutil.copy(checkout / "requirements" / "run.txt", checkout / ".venv" / ".installed-run")
    assert install(checkout, "run", "python-that-is-not-there").returncode == 1
