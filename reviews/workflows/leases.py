"""The lease of an import: who works on it, proven alive by a heartbeat.

The database is the truth. A worker that dies leaves its lease to expire; a worker that was only slow finds its
lease gone and stops before it writes anything more (`still_mine` locks the row inside the writing transaction).
"""

import datetime as dt
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from secrets import token_hex

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Q

from reviews.errors import PortalError
from reviews.models import Import, ImportState
from reviews.workflows.background import small_write

logger = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]


class LeaseLost(PortalError):
    """Another worker has taken the import over; this one stops without writing."""


def worker_name() -> str:
    """Who holds a lease: never the same twice, so that a process never mistakes another's lease for its own."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{token_hex(8)}"


def lease_end(now: dt.datetime) -> dt.datetime:
    return now + dt.timedelta(seconds=settings.LEASE_SECONDS)


def claim(import_id: int, owner: str, now: dt.datetime) -> Import | None:
    """Take the import if it waits or its worker's lease has run out. None when somebody else has it."""
    free = Q(state=ImportState.QUEUED) | Q(state=ImportState.RUNNING, lease_until__lt=now)
    with small_write():
        run = Import.objects.select_for_update().filter(free, pk=import_id).first()
        if run is None:
            return None
        run.state = ImportState.RUNNING
        run.lease_owner, run.lease_until = owner, lease_end(now)
        run.attempt += 1
        run.started_at, run.problem = now, ""
        run.save(update_fields=["state", "lease_owner", "lease_until", "attempt", "started_at", "problem"])
    return run


def still_mine(import_id: int, owner: str) -> Import:
    """The import, locked for the transaction at hand. LeaseLost when it is no longer this worker's."""
    run = Import.objects.select_for_update().filter(pk=import_id, state=ImportState.RUNNING, lease_owner=owner).first()
    if run is None:
        raise LeaseLost("Another worker has taken this import over.")
    return run


def set_out(import_id: int, owner: str, steps: int) -> None:
    """What is read again shows its progress by segments: none of so many is done. LeaseLost as in `still_mine`."""
    with small_write():
        run = still_mine(import_id, owner)
        run.files_seen, run.files_read = steps, 0
        run.save(update_fields=["files_seen", "files_read"])


@contextmanager
def heartbeat(import_id: int, owner: str, clock: Clock) -> Iterator[None]:
    """Renew the lease from a thread of its own, three times within its length, until the work is done."""
    done = threading.Event()
    thread = threading.Thread(
        target=_beat, args=(import_id, owner, clock, done), name=f"heartbeat of import {import_id}", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _beat(import_id: int, owner: str, clock: Clock, done: threading.Event) -> None:
    try:
        while not done.wait(settings.LEASE_SECONDS / 3):
            if not renew(import_id, owner, clock()):
                return
    finally:
        connection.close()  # this thread's own


def renew(import_id: int, owner: str, now: dt.datetime) -> bool:
    """Put the lease's end off. False when the lease is another's by now."""
    try:
        with small_write():
            mine = Import.objects.filter(pk=import_id, lease_owner=owner, state=ImportState.RUNNING)
            return mine.update(lease_until=lease_end(now)) == 1
    except DatabaseError:
        logger.warning("the lease of import %s could not be renewed; the next beat tries again", import_id)
        return True
