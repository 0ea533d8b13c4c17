"""What background work shares: small writes with pauses, leases, and wake-up messages.

SQLite has one writer. Two busy background writers starve the web (measured: answers after 5 s), so every
background write is at most WRITE_ROWS rows in a transaction of its own, followed by a pause.
"""

import logging
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from celery import current_app
from django.conf import settings
from django.db import connection, transaction

logger = logging.getLogger(__name__)

T = TypeVar("T")


@contextmanager
def small_write() -> Iterator[None]:
    """One short background transaction, then the pause that lets people's writes through."""
    with transaction.atomic():
        yield
    time.sleep(settings.WRITE_PAUSE_SECONDS)


def commits_to_disk() -> None:
    """Force every commit so far to the disk. PostgreSQL has done so; SQLite's WAL may wait (synchronous=NORMAL)."""
    if connection.vendor != "sqlite":
        return
    log = Path(f"{connection.settings_dict['NAME']}-wal")
    if log.is_file():
        with log.open("rb") as file:
            os.fsync(file.fileno())


def batches(items: Iterable[T], size: int | None = None) -> Iterator[list[T]]:
    """The items in lists of at most `size` (WRITE_ROWS)."""
    left = iter(items)
    while batch := list(islice(left, size or settings.WRITE_ROWS)):
        yield batch


def wake(task: str, *arguments: Any) -> None:
    """After commit, tell a worker that a queued row waits.

    Losing the message costs time, never work: the tick finds the row.
    """

    def send() -> None:
        try:
            current_app.send_task(task, args=arguments, retry=False)
        except Exception:  # the broker may be anything; the queued row is the truth
            logger.warning("no worker could be woken for %s%s; the next tick will find it", task, arguments)

    transaction.on_commit(send)
