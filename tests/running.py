"""A portal that runs: `manage.py up` as a process of its own, with its own folder, port and database."""

import contextlib
import os
import re
import secrets
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import redis

ROOT = Path(__file__).resolve().parents[1]
READY = "The audit portal is ready: "
# What the suite sets for itself, and must not reach a portal that runs as people run it.
_OURS = {
    "DATABASE_URL",
    "DEMO",
    "DJANGO_SETTINGS_MODULE",
    "HOST",
    "LOG_BUCKETS",
    "LOG_ROOTS",
    "PORT",
    "PORTAL_TEST_DIR",
    "PUBLIC_URL",
    "REDIS_PREFIX",
    "REDIS_URL",
    "SECRET_KEY",
    "TICK_SECONDS",
    "VAR_DIR",
}


def surroundings(var: Path, **changed: str) -> dict[str, str]:
    """The environment of a portal in `var`."""
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return {**kept, "VAR_DIR": str(var), "DEMO": "0", **changed}


@contextlib.contextmanager
def servers(*, embedded: bool = False) -> Iterator[dict[str, str]]:
    """A database and a broker of the portal's own: on the servers the suite was given, or with `embedded` its own."""
    name = f"test_up_{secrets.token_hex(4)}"
    with contextlib.ExitStack() as held:
        given: dict[str, str] = {}
        if not embedded and os.environ.get("DATABASE_URL", "").startswith("postgres"):
            given["DATABASE_URL"] = held.enter_context(_database(os.environ["DATABASE_URL"], name))
        if not embedded and os.environ.get("REDIS_URL"):
            given["REDIS_URL"] = os.environ["REDIS_URL"]
            given["REDIS_PREFIX"] = held.enter_context(_keys(os.environ["REDIS_URL"], f"{name}:"))
        yield given


@contextlib.contextmanager
def _database(address: str, name: str) -> Iterator[str]:
    """A database beside the one that the address names."""
    with psycopg.connect(re.sub(r"/[^/]*$", "/postgres", address), autocommit=True) as administrator:
        administrator.execute(f'CREATE DATABASE "{name}"')
        try:
            yield re.sub(r"/[^/]*$", f"/{name}", address)
        finally:
            administrator.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def _keys(address: str, prefix: str) -> Iterator[str]:
    """A prefix, under which nothing is left afterwards."""
    try:
        yield prefix
    finally:
        with redis.Redis.from_url(address) as server:
            for key in server.scan_iter(f"{prefix}*"):
                server.delete(key)


class Portal:
    """What a running `manage.py up` said, and its processes."""

    def __init__(self, var: Path, **changed: str) -> None:
        self.var = var
        self.lines: list[str] = []
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=surroundings(var, **changed),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self.lines.append("")  # the end
            self._news.notify_all()

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, text: str, *, seconds: float = 60, times: int = 1) -> str:
        """The line that has the text, the n-th such."""
        with self._news:

            def lines() -> list[str]:
                return [line for line in self.lines if text in line]

            over = lambda: len(lines()) >= times or (self.lines and self.process.poll() is not None)  # noqa: E731
            if not self._news.wait_for(over, seconds) or len(lines()) < times:
                raise AssertionError(f"never said {text!r} {times} times:\n{self.said}")
            return lines()[times - 1]

    def ready(self, seconds: float = 90) -> str:
        """The address, when the pages are there."""
        return self.wait_for(READY, seconds=seconds).removeprefix(READY)

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 5) -> int:
        """Ask it to end; the exit code. Later than `seconds` is an error."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=seconds)
        self._reader.join(timeout=5)
        return code

    def kill(self) -> None:
        """For the end of a test that failed half way."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=10)
        self._reader.join(timeout=5)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def family(self) -> dict[int, str]:
        """Every process below it: number and command line."""
        parents, commands = {}, {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                status = (folder / "stat").read_text().rpartition(")")[2].split()
                parents[int(folder.name)] = int(status[1])
                commands[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        found: dict[int, str] = {}
        new = {self.process.pid}
        while new:
            new = {pid for pid, parent in parents.items() if parent in new and pid not in found}
            found |= {pid: commands[pid] for pid in new}
        return found

    def child(self, words: str) -> int:
        """The number of the direct child whose command line has the words."""
        mine = [
            pid for pid, command in self.family().items() if words in command and parent_of(pid) == self.process.pid
        ]
        assert len(mine) == 1, (words, self.family())
        return mine[0]


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def is_gone(pid: int) -> bool:
    """Whether the process has ended; one that only waits to be counted by its parent has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def all_end(pids: list[int], seconds: float) -> list[int]:
    """Wait until the processes have ended; those that have not in time."""
    until = time.monotonic() + seconds
    left = []
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        ended, _, _ = select.select([handle], [], [], max(0.0, until - time.monotonic()))
        os.close(handle)
        if not ended:
            left.append(pid)
    return left


def listening_ports(pids: list[int]) -> dict[int, int]:
    """TCP ports that these processes listen on, with the process."""
    inodes: dict[str, int] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A":
                    inodes[fields[9]] = int(fields[1].rpartition(":")[2], 16)
    found = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for link in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    target = os.readlink(link)
                    if target.startswith("socket:[") and target[8:-1] in inodes:
                        found[inodes[target[8:-1]]] = pid
    return found
