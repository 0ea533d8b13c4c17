"""`manage.py up` as a process: what people see when it starts, when something dies, and when it ends."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import running
from tests.running import Portal, all_end, is_gone, listening_ports

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def start(tmp_path):
    """A function that starts portals, which end with the test whatever happens."""
    with ExitStack() as held:

        def start(place: str = "var", embedded: bool = True, **changed: str) -> Portal:
            given = held.enter_context(running.servers(embedded=embedded))
            portal = Portal(tmp_path / place, **given, **changed)
            held.callback(portal.kill)
            return portal

        yield start


def refused(var: Path, **changed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=running.ROOT,
        env=running.surroundings(var, **changed),
        capture_output=True,
        text=True,
        timeout=60,
    )


def status(url: str) -> int:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.status


def socket_folders(pids: list[int]) -> set[Path]:
    """Folders of the embedded brokers among these processes."""
    found = set()
    for pid in pids:
        match = re.search(r"unixsocket:(\S+)/broker\.sock", Path(f"/proc/{pid}/cmdline").read_text())
        if match:
            found.add(Path(match[1]))
    return found


def test_it_serves_listens_once_and_ends_without_a_trace(start, tmp_path):
    portal = start("a place with spaces, ü and more")
    address = portal.ready()
    assert status(f"{address}accounts/login/") == 200
    link = portal.wait_for("makes the first administrator").rpartition(" ")[2]
    assert status(link) == 200
    # The folder may have been made by others, open to all; its files must not be: the database holds the sessions.
    kept = {name: stat.S_IMODE((portal.var / name).stat().st_mode) for name in ("portal.sqlite3", "keys/secret_key")}
    assert all(mode & 0o007 == 0 for mode in kept.values()), kept

    family = list(portal.family())
    web = portal.child("granian")
    assert [running.parent_of(pid) for pid in listening_ports(family).values()] == [web]
    folders = socket_folders(family)
    assert len(folders) == 1
    assert all(folder.is_dir() and folder.stat().st_mode & 0o077 == 0 for folder in folders)

    second = refused(portal.var)
    assert second.returncode == 1
    assert second.stderr == (
        f"The portal already runs in {portal.var} (process {portal.process.pid})."
        " Stop it first, or set VAR_DIR elsewhere.\n"
    )

    assert portal.stop(signal.SIGTERM, seconds=5) == 0
    assert all(is_gone(pid) for pid in family)
    assert not any(folder.exists() for folder in folders)
    assert not list(Path(tempfile.gettempdir()).glob(f"portal-{os.getuid()}-*/{portal.var.name}"))


def test_a_dead_child_is_restarted_and_ctrl_c_ends_all(start):
    portal = start(embedded=False)
    portal.ready()
    portal.wait_for("ready.")
    worker = portal.child(" worker ")
    pool = [pid for pid in portal.family() if running.parent_of(pid) == worker]
    os.kill(worker, signal.SIGKILL)
    assert portal.wait_for("worker was killed") == "worker was killed by SIGKILL; it starts again in 1 s."
    assert all_end(pool, 5) == []
    portal.wait_for("ready.", times=2)
    assert portal.child(" worker ") != worker

    family = list(portal.family())
    os.killpg(portal.process.pid, signal.SIGINT)  # as a terminal does
    assert portal.process.wait(timeout=5) == 0
    assert all(is_gone(pid) for pid in family)
    assert "Traceback" not in portal.said


def test_when_it_is_killed_its_children_die_too_and_the_next_start_cleans_up(start):
    portal = start()
    portal.ready()
    portal.wait_for("ready.")
    family = list(portal.family())
    assert len(family) >= 6  # broker, web and its process, worker and its processes, beat
    folder = socket_folders(family).pop()
    portal.process.kill()
    assert all_end(family, 5) == []
    assert folder.exists()

    again = start()
    again.ready()
    assert not folder.exists()
    assert again.stop() == 0


def test_a_first_start_that_is_broken_off_is_taken_up_by_the_next(start):
    broken_off = start(DEMO="1")
    broken_off.wait_for("Inventing the demo organisation")
    assert broken_off.stop(signal.SIGINT) == 0
    assert "Stopped before the portal was ready. Nothing is lost: the next start takes it up." in broken_off.lines

    again = start(DEMO="1")
    page = urllib.request.urlopen(f"{again.ready(150)}accounts/login/", timeout=20).read().decode()
    assert "People of the demo" in page
    assert (again.var / "demo" / "keys" / "signing.key").stat().st_mode & 0o777 == 0o600
    assert again.stop() == 0


def test_two_run_beside_each_other(start):
    one, other = start("one"), start("other")
    addresses = {one.ready(), other.ready()}
    assert len(addresses) == 2
    assert [status(f"{address}accounts/login/") for address in addresses] == [200, 200]
    assert (one.stop(), other.stop()) == (0, 0)


def test_a_taken_port_is_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = refused(tmp_path / "var", PORT=str(port))
    assert done.returncode == 1
    assert done.stderr == (
        f"Port {port} on 127.0.0.1 is taken. Stop what uses it, or set PORT to another."
        " Unset, the portal takes the next free one.\n"
    )


def test_a_place_that_cannot_be_written_is_one_sentence():
    done = refused(Path("/proc/portal"))  # nobody can write there, not even root
    assert done.returncode == 1
    assert re.fullmatch(
        r"/proc/portal\S* cannot be written: .+\. Make it writable, or set VAR_DIR elsewhere\.\n", done.stderr
    )


def test_a_database_that_does_not_answer_is_one_sentence_without_its_password(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    done = refused(tmp_path / "var", DATABASE_URL=f"postgres://portal:hunter2@127.0.0.1:{port}/portal")
    assert done.returncode == 1
    assert re.fullmatch(r"The database cannot be opened: .*[Cc]onnection refused.*\n", done.stderr)
    assert "hunter2" not in done.stderr


def test_a_broker_that_does_not_answer_is_one_sentence(tmp_path):
    done = refused(tmp_path / "var", REDIS_URL=f"unix://{tmp_path}/nobody.sock")
    assert done.returncode == 1
    assert done.stderr.startswith("The server that REDIS_URL names does not answer: ")
    assert done.stderr.count("\n") == 1
