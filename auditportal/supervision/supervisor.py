"""The loop that keeps the children running and ends them in order."""

import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final, TypeAlias

from auditportal.supervision.children import Child

TERM_SECONDS: Final = 3.0  # from the first TERM to the KILL
ALONE_SECONDS: Final = 5.0  # so long at most the first child starts alone: pages come before background work
_TURN_SECONDS: Final = 0.25
_STOPS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

Question: TypeAlias = Callable[[], bool]


class Stopped(BaseException):
    """Somebody asked to end, while something was done that is better broken off than finished."""


def say(line: str) -> None:
    """A line of the supervisor's own, for the person at the terminal."""
    print(line, flush=True)  # noqa: T201 # this is what the command prints


@contextmanager
def breaking_off() -> Iterator[None]:
    """Within: Ctrl-C, TERM and HUP raise Stopped."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stopped

    before = {number: signal.signal(number, stop) for number in _STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Supervisor:
    """Starts `broker` first and ends it last; restarts whatever dies, with a growing pause."""

    def __init__(self, children: Sequence[Child], broker: Child | None = None) -> None:
        self.children = list(children)
        self.broker = broker
        self._selector = selectors.DefaultSelector()
        self._asked = False

    def run(self, *, broker_answers: Question, web_answers: Question, ready: Callable[[], None]) -> None:
        """Until somebody asks to end. Calls `ready` once, when the web server answers."""
        with self._signals():
            try:
                self._start_broker(broker_answers)
                announced, alone_until = False, time.monotonic() + ALONE_SECONDS
                while not self._asked:
                    first = not announced and time.monotonic() < alone_until
                    self._turn([*self._brokers(), *(self.children[:1] if first else self.children)])
                    if not announced and web_answers():
                        announced = True
                        ready()
            finally:
                self._end()

    def _brokers(self) -> list[Child]:
        return [self.broker] if self.broker else []

    def _start_broker(self, broker_answers: Callable[[], bool]) -> None:
        while self.broker and not self._asked and not broker_answers():
            self._turn([self.broker], seconds=0.02)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Signals wake the loop through a pipe; nothing happens inside a handler."""
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

        def ask(number: int, _frame: FrameType | None) -> None:
            self._asked = self._asked or number != signal.SIGCHLD

        before = {number: signal.signal(number, ask) for number in (*_STOPS, signal.SIGCHLD)}
        wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self._selector.register(reader, selectors.EVENT_READ)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            os.close(reader)
            os.close(writer)

    def _turn(self, children: Sequence[Child], seconds: float = _TURN_SECONDS) -> None:
        """Start what is due, pass on what was written, notice what died."""
        now = time.monotonic()
        for child in children:
            if child.process is None and now >= child.start_at:
                child.start(now)
                self._selector.register(child.output(), selectors.EVENT_READ, child)
        for key, _events in self._selector.select(seconds):
            if isinstance(key.data, Child):
                self._pass_on(key.data, key.data.lines())
            else:
                with suppress(BlockingIOError):
                    os.read(key.fd, 4096)
        for child in children:
            if child.process is not None and not child.runs():
                self._bury(child)

    def _bury(self, child: Child) -> None:
        self._pass_on(child, child.last_lines())
        self._selector.unregister(child.output())
        text = child.ended(time.monotonic())
        if not self._asked:
            say(f"{child.name} {text}.")

    def _pass_on(self, child: Child, lines: Sequence[bytes]) -> None:
        for line in lines:
            if line.strip():
                sys.stderr.write(f"{child.name:<7}| {line.decode('utf-8', 'backslashreplace')}\n")
        if lines:
            sys.stderr.flush()

    def _end(self) -> None:
        """TERM, then KILL. The broker ends last, so that workers can still say goodbye to it, and keeps nothing."""
        say("Stopping.")
        self._asked = True
        self._end_all(self.children, TERM_SECONDS)
        self._end_all(self._brokers(), 0.0)

    def _end_all(self, children: Sequence[Child], seconds: float) -> None:
        until = time.monotonic() + seconds
        for child in children:
            child.start_at = float("inf")
            child.terminate()
        while any(child.process for child in children) and (left := until - time.monotonic()) > 0:
            self._turn(children, min(left, 0.05))
        for child in children:
            if child.process is not None:
                child.kill()
                self._bury(child)
