"""One child process of the supervisor."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
STEADY_SECONDS: Final = 60.0  # a child that ran for longer starts again without a grown pause
_PR_SET_PDEATHSIG: Final = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with(parent: int) -> None:
    """In the new child: be killed when the parent dies, however it dies."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)


@dataclass
class Child:
    """A process in a session of its own, so that Ctrl-C reaches the supervisor alone, which then ends it in order."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0  # not before this time of the monotonic clock
    pause: float = FIRST_PAUSE
    _rest: bytes = field(default=b"", repr=False)

    def start(self, now: float) -> None:
        """Start it; its output comes through a pipe that never blocks the reader."""
        self.process = subprocess.Popen(  # prctl is one system call and takes no lock
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(self.environment),
            start_new_session=True,
            preexec_fn=partial(die_with, os.getpid()),
        )
        os.set_blocking(self.output(), False)
        self.started_at = now

    def _started(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            raise RuntimeError(f"{self.name} is not running")
        return self.process

    def output(self) -> int:
        """The descriptor to read the child's lines from."""
        return self._started().stdout.fileno()  # type: ignore[union-attr] # a pipe, as started

    def runs(self) -> bool:
        """Whether it is alive. One that has ended is left unreaped, so that its number stays its own until `ended`."""
        if self.process is None:
            return False
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def lines(self) -> list[bytes]:
        """Whole lines that came since the last call."""
        chunks = [self._rest]
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self.output(), 65_536):
                chunks.append(chunk)
        *whole, self._rest = b"".join(chunks).split(b"\n")
        return whole

    def last_lines(self) -> list[bytes]:
        """What is left when the child has ended."""
        found = [*self.lines(), self._rest]
        self._rest = b""
        return [line for line in found if line]

    def ended(self, now: float) -> str:
        """Close the books on a child that ended and set when it may start again. Says how it ended, in words."""
        process = self._started()
        self.kill()  # what it left in its session
        code = process.wait()
        process.stdout.close()  # type: ignore[union-attr]
        self.process = None
        if now - self.started_at > STEADY_SECONDS:
            self.pause = FIRST_PAUSE
        self.start_at = now + self.pause
        words = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        text = f"{words}; it starts again in {self.pause:.0f} s"
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        return text

    def terminate(self) -> None:
        """Ask it to end."""
        if self.runs():
            os.kill(self._started().pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it and everything in its session, at once."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
