"""The folders a portal runs in."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reviews.errors import ConfigurationError


def prepare(data_dir: Path, keys_dir: Path) -> None:
    """Make the folders, for the portal's user alone, and see that they can be written."""
    try:
        for folder in (data_dir, keys_dir):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as problem:
        raise ConfigurationError(
            f"{data_dir} cannot be written: {problem.strerror}. Make it writable, or set VAR_DIR elsewhere."
        ) from None


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the folder's lock; a second portal in the same folder is refused."""
    path = data_dir / "up.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.read(handle, 20).decode("ascii", "replace").strip() or "unknown"
            raise ConfigurationError(
                f"The portal already runs in {data_dir} (process {other}). Stop it first, or set VAR_DIR elsewhere."
            ) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode("ascii"))
        yield
    finally:
        os.close(handle)
