"""Buckets as places of logs: which of them sources may read, and how they are reached."""

from dataclasses import replace
from typing import Final

from django.conf import settings

from reviews.engine.buckets import Access, Address, Bucket, address
from reviews.engine.importing.objects import Prefix
from reviews.errors import BucketError, ConfigurationError

SCHEME: Final = "s3://"
SECONDS: Final = 30  # without an answer, before a request is made again
_ATTEMPTS_WHILE_SOMEBODY_WAITS: Final = 2
_SECONDS_WHILE_SOMEBODY_WAITS: Final = 5


def is_bucket(place: str) -> bool:
    """Whether the place of a source lies in a bucket."""
    return place.strip().startswith(SCHEME)


def bucket_problem(place: str) -> str | None:
    """Why sources may not read from this bucket and prefix; None when they may. Asks nobody."""
    try:
        wanted = address(place.strip())
    except BucketError as problem:
        return str(problem)
    allowed = _allowed()
    if any(one.holds(wanted) for one in allowed):
        return None
    if not allowed:
        return "Logs are read from no bucket yet. Whoever runs the portal names the buckets in LOG_BUCKETS."
    return f"Logs are read only from {', '.join(map(str, allowed))}. Choose a prefix there."


def objects_at(place: str, glob: str, *, waiting: bool = False) -> Prefix:
    """The objects of a place without a problem. With `waiting`, for somebody who waits: gives up soon. BucketError."""
    where = address(place.strip())
    access = bucket_access()
    if waiting:
        access = replace(access, attempts=_ATTEMPTS_WHILE_SOMEBODY_WAITS, seconds=_SECONDS_WHILE_SOMEBODY_WAITS)
    return Prefix(Bucket(where.bucket, access), where, glob)


def bucket_access() -> Access:
    """As the settings say."""
    return Access(
        endpoint=settings.S3_ENDPOINT,
        region=settings.S3_REGION,
        key_id=settings.S3_ACCESS_KEY_ID,
        secret=settings.S3_SECRET_ACCESS_KEY,
        profiles=settings.S3_PROFILES,
        attempts=settings.S3_ATTEMPTS,
        seconds=SECONDS,
    )


def _allowed() -> list[Address]:
    try:
        return [address(one) for one in settings.LOG_BUCKETS]
    except BucketError as problem:
        raise ConfigurationError(f"LOG_BUCKETS is wrong. {problem}") from problem
