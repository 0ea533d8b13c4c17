"""Taking what is pushed: durable in the spool before anybody hears that it was accepted.

The same key with the same body is one push, with the same answer, also after its import. Without a key, a body whose
bytes were pushed before is known by them when it is imported. Nothing is kept of a body that is refused.
"""

import datetime as dt
import hashlib
import logging
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core.cache import cache

from reviews.engine.durable import Writing
from reviews.engine.importing.spool import Measured, Spool, measure
from reviews.errors import ArchiveError, Conflict, Invalid, PortalError, ReadingError
from reviews.models import LogFile, LogSource, PushToken
from reviews.workflows import imports, tokens
from reviews.workflows.scanning import spool_of

logger = logging.getLogger(__name__)

MOST_WAITING: Final = 20_000  # files of one source
LONGEST_KEY: Final = 200
PACKINGS: Final = {"": "", "identity": "", "gzip": "gzip", "x-gzip": "gzip", "zstd": "zstd"}
EMPTY: Final = hashlib.sha256().hexdigest()


class TooLarge(Invalid):
    """The body exceeds the limit."""


class UnknownPacking(Invalid):
    """A Content-Encoding that the portal does not unpack."""


class KeyReused(Conflict):
    """The key stands for another body."""


class TooOften(PortalError):
    """The token is used more often than the limit lets it."""


class NoRoom(PortalError):
    """There is no room now; later there may be."""


@dataclass(frozen=True)
class Receipt:
    """What was accepted."""

    id: str
    sha256: str  # of the plain bytes
    length: int  # of them


def accept(token: PushToken, body: Iterable[bytes], length: int, encoding: str, key: str, now: dt.datetime) -> Receipt:
    """Keep a body of `length` bytes, and have it imported. When this returns, the bytes are durable.

    `encoding` is the Content-Encoding; `key` the Idempotency-Key, or empty.
    """
    packing = _packing(encoding)
    name = _name(token, key)
    if length > settings.PUSH_BYTES:
        raise TooLarge(_too_large())
    _require_rate(token, now)
    spool = spool_of(token.source)
    require_room(spool, length)
    with guarded(), spool.writing() as writing:
        writing.write(_whole(body, length))
        measured = _measured(writing, packing) if length else Measured(EMPTY, 0)
        before = _imported(token.source, name)
        if before is None and not spool.keep_push(writing, name, now):
            before = _waiting(spool, name) or _imported(token.source, name)
            if before is None:  # nobody can tell whether these bytes are kept
                raise NoRoom("A push with this Idempotency-Key lies here and cannot be read. Send again later.")
    if before is not None and before != measured:
        raise KeyReused("This Idempotency-Key stands for another body. Send a new key with a new body.")
    tokens.used(token, now)
    if before is None:
        imports.ask_soon(token.source, now)
    return Receipt(name, measured.sha256, measured.length)


def _packing(encoding: str) -> str:
    found = PACKINGS.get(encoding.strip().lower())
    if found is None:
        raise UnknownPacking("The portal does not unpack this Content-Encoding. Send gzip, zstd, or none.")
    return found


def _name(token: PushToken, key: str) -> str:
    """The push's name in the spool and for ever: told by the key, or new."""
    if not key:
        return f"{token.pk}-{secrets.token_hex(8)}"
    if len(key) > LONGEST_KEY:
        raise Invalid(f"The Idempotency-Key is longer than {LONGEST_KEY} characters. Send a shorter one.")
    return f"key-{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _too_large() -> str:
    return f"A body may have {settings.PUSH_BYTES:,} bytes. Send smaller parts, or pack them with gzip or zstd."


def _require_rate(token: PushToken, now: dt.datetime) -> None:
    counter = f"push:{token.pk}:{int(now.timestamp() // 60)}"
    try:
        cache.add(counter, 0, timeout=120)
        count = cache.incr(counter)
    except Exception:  # the cache may be anything; losing logs over it would be worse than too many requests
        logger.warning("pushes cannot be counted; they are let in")
        return
    if count > settings.PUSHES_A_MINUTE:
        raise TooOften(
            f"This token was used {settings.PUSHES_A_MINUTE:,} times in this minute. Send larger parts less often."
        )


def require_room(spool: Spool, more: int) -> None:
    """Whether `more` bytes may come into the spool. NoRoom says what is wrong; it may be well later."""
    waiting = spool.waiting()
    if waiting.files >= MOST_WAITING or waiting.size + more > settings.SPOOL_BYTES:
        raise NoRoom(
            f"{waiting.files:,} files with {waiting.size:,} bytes wait for their import already. "
            "Send again later; if this goes on, look at the source's page."
        )
    place = spool.root
    while not place.is_dir():
        place = place.parent
    disk = os.statvfs(place)
    if disk.f_bavail * disk.f_frsize - more < settings.SPOOL_FREE_BYTES:
        raise NoRoom("The portal's disk is nearly full. Send again later; an administrator must make room.")


@contextmanager
def guarded() -> Iterator[None]:
    """What a disk refuses is NoRoom."""
    try:
        yield
    except (OSError, ArchiveError) as error:
        logger.error("the spool cannot be written: %s", error)
        raise NoRoom("The portal cannot write it to its disk now. Send again later; nothing was kept.") from error


def _whole(body: Iterable[bytes], length: int) -> Iterator[bytes]:
    """The body, which must be as long as it was said to be."""
    seen = 0
    for chunk in body:
        seen += len(chunk)
        if seen > settings.PUSH_BYTES:
            raise TooLarge(_too_large())
        yield chunk
    if seen != length:
        raise Invalid("The body ended before its Content-Length. Send it again as a whole.")


def _measured(writing: Writing, packing: str) -> Measured:
    try:
        return measure("The body", writing.open, packing, settings.PUSH_PLAIN_BYTES)
    except ReadingError as problem:
        raise Invalid(str(problem)) from problem


def _imported(source: LogSource, name: str) -> Measured | None:
    """The bytes that were imported under this name."""
    rows = LogFile.objects.filter(source=source, name=f"pushed/{name}", complete=True)
    row = rows.select_related("copy_of").first()
    known = row.copy_of or row if row is not None else None
    return Measured(known.sha256, known.length) if known is not None else None


def _waiting(spool: Spool, name: str) -> Measured | None:
    """The bytes that wait under this name; None when they were imported a moment ago."""
    try:
        return measure(name, lambda: spool.pushed_path(name).open("rb"), "", settings.PUSH_PLAIN_BYTES)
    except ReadingError:
        return None
