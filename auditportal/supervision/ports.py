"""Which port the web server gets."""

import errno
import socket
from dataclasses import dataclass
from typing import Final

from reviews.errors import ConfigurationError

FIRST: Final = 8000
TRIED: Final = 200


@dataclass
class HeldPort:
    """A port that nobody else can take.

    The socket is bound alone, then opened to sharing (SO_REUSEPORT), so that our own web server can listen on the
    port while the next portal that looks for one finds it taken. It never listens itself.
    """

    host: str
    number: int
    socket: socket.socket

    def address(self) -> str:
        """What to type into a browser."""
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 # compared, not bound
        if ":" in shown and not shown.startswith("["):
            shown = f"[{shown}]"
        return f"http://{shown}:{self.number}/"

    def answers(self) -> bool:
        """Whether something listens there by now."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        try:
            with socket.create_connection((host, self.number), timeout=0.2):
                return True
        except OSError:
            return False


def hold(host: str, number: int) -> HeldPort:
    """The wanted port, or with 0 the next free one from 8000."""
    if number:
        held = _try(host, number)
        if held is None:
            raise ConfigurationError(
                f"Port {number} on {host} is taken. Stop what uses it, or set PORT to another."
                " Unset, the portal takes the next free one."
            )
        return held
    for candidate in range(FIRST, FIRST + TRIED):
        held = _try(host, candidate)
        if held is not None:
            return held
    raise ConfigurationError(f"No port from {FIRST} to {FIRST + TRIED - 1} is free on {host}. Set PORT.")


def _try(host: str, number: int) -> HeldPort | None:
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as problem:
        raise ConfigurationError(f"HOST is {host!r}, which cannot be found: {problem.strerror}.") from None
    # First as somebody who shares with nobody. A port on which ended connections still linger can only be had by
    # saying so, and would then also be given to another who says so and does not listen yet: hence second.
    for linger in (0, 1):
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, linger)
            bound.bind(address)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        except OSError as problem:
            bound.close()
            if problem.errno != errno.EADDRINUSE:
                raise ConfigurationError(f"Port {number} on {host} cannot be used: {problem.strerror}.") from None
        else:
            return HeldPort(host, number, bound)
    return None
