"""Objects in S3 buckets: what lies there, and their bytes. The only module that knows boto3.

An object is pinned when it is listed: by its version where the bucket keeps versions, else by its ETag. What is read
is that version, or an error; never what has taken its place meanwhile.
"""

import datetime as dt
import random
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from botocore import exceptions

from reviews.errors import BucketError, ObjectError

PAGE: Final = 1000  # objects in one answer, the most that S3 gives
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_BROKEN_OFF: Final = (
    exceptions.IncompleteReadError,
    exceptions.ReadTimeoutError,
    exceptions.ResponseStreamingError,
    exceptions.FlexibleChecksumError,
)
_NO_VERSIONS: Final = {"AccessDenied", "403", "NotImplemented", "MethodNotAllowed"}  # then the plain listing may do


@dataclass(frozen=True)
class Address:
    """A bucket and a folder in it: `prefix` is empty or ends with a slash, so that it is never a part of a name."""

    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def holds(self, other: "Address") -> bool:
        return self.bucket == other.bucket and other.prefix.startswith(self.prefix)


def address(url: str) -> Address:
    """The address that `s3://bucket/prefix` names. BucketError when it names none."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if not url.startswith("s3://") or not _BUCKET.fullmatch(bucket) or ".." in bucket:
        raise BucketError(
            f"{url!r} names no bucket. Write it as s3://bucket/prefix; the bucket's name has 3 to 63 small letters, "
            "digits, dots and hyphens."
        )
    if "\0" in prefix or len(prefix.encode()) > 900:
        raise BucketError(f"The prefix in {url[:80]!r} is too long or holds a NUL. Give a shorter one.")
    return Address(bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else "")


@dataclass(frozen=True)
class Access:
    """How buckets are reached. What is empty is found as by AWS's own tools: environment, profile, role of the machine.

    `profiles`: for a bucket, the profile of the AWS configuration file to use instead. `seconds` without an answer end
    an attempt.
    """

    endpoint: str = ""
    region: str = ""
    key_id: str = ""
    secret: str = field(default="", repr=False)
    profiles: Mapping[str, str] = field(default_factory=dict)
    attempts: int = 5
    seconds: int = 30
    connections: int = 16
    pause: float = 1.0  # seconds at most before a broken connection is made again; doubled each time


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One version of one object, as it was listed. `version_id` is empty where the bucket keeps no versions."""

    key: str
    size: int  # bytes
    modified_at: dt.datetime
    etag: str
    version_id: str = ""

    @property
    def pin(self) -> str:
        """What tells this version from every other of the same key."""
        return self.version_id or self.etag.strip('"')


class Bucket:
    """One bucket. May be used from several threads; not across a fork."""

    def __init__(self, name: str, access: Access) -> None:
        self.name, self.access = name, access
        self.may_list_versions = True  # until a listing was refused
        with self._told():
            self._client = _client(name, access)

    def objects(self, prefix: str, *, page: int = PAGE) -> Iterator[StoredObject]:
        """Every object below the prefix, by key, of each key the oldest version first. BucketError.

        Older versions too where the portal may list them: an object that was overwritten or deleted before the portal
        came is read all the same. Else only what there is now, and afterwards `may_list_versions` is False if it is the
        right that lacks.
        """
        with self._told():
            try:
                yield from self._versions(prefix, page)
                return
            except exceptions.ClientError as problem:
                if _code(problem) not in _NO_VERSIONS:
                    raise
                self.may_list_versions = _code(problem) not in _DENIED
            yield from self._current(prefix, page)

    def read(self, one: StoredObject, start: int = 0, length: int | None = None) -> bytes:
        """The bytes from `start` on, `length` of them or all that follow. BucketError, ObjectError.

        A connection that breaks off is made again, up to `attempts` times.
        """
        wanted = one.size - start if length is None else min(length, one.size - start)
        if wanted <= 0:
            return b""
        pinned = {"VersionId": one.version_id} if one.version_id else {"IfMatch": one.etag}
        if wanted < one.size:
            pinned["Range"] = f"bytes={start}-{start + wanted - 1}"
        for attempt in range(1, self.access.attempts + 1):
            with self._told(one.key):
                answer = self._client.get_object(Bucket=self.name, Key=one.key, **pinned)
                with suppress(*(_BROKEN_OFF if attempt < self.access.attempts else ())):
                    data: bytes = answer["Body"].read()
                    break
            time.sleep(random.uniform(0, self.access.pause * min(2 ** (attempt - 1), 16)))  # noqa: S311 # to spread retries, as botocore does
        if len(data) != wanted:
            raise ObjectError(f"The bucket {self.name} gave {len(data)} bytes of {one.key!r} instead of {wanted}.")
        return data

    def _versions(self, prefix: str, page: int) -> Iterator[StoredObject]:
        for _, versions in groupby(self._listed(prefix, page), key=lambda row: row["Key"]):
            for row in reversed(list(versions)):
                # The one version of a bucket without versions is called null; it can be overwritten in its place.
                replaceable = row["VersionId"] == "null" and row["IsLatest"]
                yield _object(row, "" if replaceable else row["VersionId"])

    def _listed(self, prefix: str, page: int) -> Iterator[Any]:
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self.name, Prefix=prefix, PaginationConfig={"PageSize": page}
        )
        for answer in pages:
            yield from answer.get("Versions", [])

    def _current(self, prefix: str, page: int) -> Iterator[StoredObject]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=prefix, PaginationConfig={"PageSize": page}
        )
        for answer in pages:
            for row in answer.get("Contents", []):
                yield _object(row, "")

    @contextmanager
    def _told(self, key: str = "") -> Iterator[None]:
        """What goes wrong inside, as one sentence."""
        try:
            yield
        except exceptions.ClientError as problem:
            raise _refusal(problem, self.name, key) from problem
        except (exceptions.BotoCoreError, ValueError) as problem:  # boto3 itself raises ValueError for a bad endpoint
            raise _failure(problem, self.name, self.access) from problem


def _object(row: Mapping[str, Any], version_id: str) -> StoredObject:
    return StoredObject(row["Key"], row["Size"], row["LastModified"], row["ETag"], version_id)


def _client(bucket: str, access: Access) -> Any:
    import boto3  # takes most of a second, which only who reads a bucket should wait for
    from botocore.config import Config

    profile = access.profiles.get(bucket)
    own: dict[str, Any] = {}
    if profile is None:
        own = {
            "endpoint_url": access.endpoint or None,
            "aws_access_key_id": access.key_id or None,
            "aws_secret_access_key": access.secret or None,
        }
    settings: Any = Config(  # type: ignore[no-untyped-call]
        retries={"mode": "standard", "total_max_attempts": access.attempts},
        connect_timeout=min(access.seconds, 10),
        read_timeout=access.seconds,
        max_pool_connections=access.connections,
        s3={"addressing_style": "path" if own.get("endpoint_url") else "auto"},
    )
    session: Any = boto3.session.Session(  # type: ignore[no-untyped-call]
        profile_name=profile, region_name=access.region or None
    )
    if session.region_name is None:
        own["region_name"] = "us-east-1"  # any will do to ask where the bucket lies
    return session.client("s3", config=settings, **own)


# --- What went wrong, for people ------------------------------------------------------------------------------------

_DENIED: Final = {"AccessDenied", "AllAccessDisabled", "403", "KMS.DisabledException"}
_OF_AN_OBJECT: Final = (  # codes, and what they say of one object
    ({"NoSuchKey", "NoSuchVersion", "404"}, "The object was deleted before it was read."),
    ({"PreconditionFailed", "412"}, "The object was overwritten before it was read; the next import takes it up."),
    ({"InvalidObjectState"}, "The object lies in an archive storage class. Restore it; the next import takes it up."),
    (_DENIED, "The portal may not read this object. Allow it s3:GetObject and s3:GetObjectVersion there."),
)
_REFUSALS: Final = (  # codes, and what they say of the bucket
    (
        _DENIED,
        "The portal may not list the bucket {bucket}. Allow it s3:ListBucket, s3:ListBucketVersions, s3:GetObject and "
        "s3:GetObjectVersion there.",
    ),
    ({"NoSuchBucket"}, "There is no bucket {bucket}. Check its name, and S3_ENDPOINT."),
    (
        {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AuthorizationHeaderMalformed"},
        "The provider of the bucket {bucket} does not accept the portal's credentials ({code}). Check S3_REGION, "
        "S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or the role of the machine.",
    ),
    (
        {"RequestTimeTooSkewed"},
        "The provider of the bucket {bucket} refuses requests because this machine's clock is wrong. Set the clock.",
    ),
    (
        {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests", "503"},
        "The bucket {bucket} asks for fewer requests. It is tried again later.",
    ),
    (
        {"PermanentRedirect", "301", "IllegalLocationConstraintException"},
        "The bucket {bucket} lies in another region. Set S3_REGION to it.",
    ),
)
_FAILURES: Final = (  # errors of the library before an answer came, and what they say; the first that fits
    (
        (exceptions.NoCredentialsError, exceptions.PartialCredentialsError, exceptions.CredentialRetrievalError),
        "The portal has no credentials for the bucket {bucket}. Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or give "
        "the machine a role.",
    ),
    (
        (exceptions.ProfileNotFound,),
        "S3_PROFILES names {profile!r} for the bucket {bucket}, which the AWS configuration of the portal's user does "
        "not have.",
    ),
    ((exceptions.SSLError,), "The certificate of {where} cannot be verified. Install its authority on this machine."),
    (
        (exceptions.ConnectTimeoutError, exceptions.ReadTimeoutError),
        "{where} did not answer within {seconds} seconds. It is tried again later.",
    ),
    (_BROKEN_OFF, "{where} broke off while the bucket {bucket} was read. It is tried again later."),
    (
        (exceptions.HTTPClientError, exceptions.ConnectionError),
        "{where} cannot be reached. Check S3_ENDPOINT and the network; it is tried again later.",
    ),
    (
        (exceptions.BotoCoreError, ValueError),
        "The bucket {bucket} cannot be used ({kind}). Check the S3_… settings.",
    ),
)


def _code(problem: exceptions.ClientError) -> str:
    return str(problem.response.get("Error", {}).get("Code", ""))


def _refusal(problem: exceptions.ClientError, bucket: str, key: str) -> BucketError:
    """What the provider answered. An ObjectError where it speaks of the object alone."""
    code = _code(problem)
    for codes, sentence in _OF_AN_OBJECT if key else ():
        if code in codes:
            return ObjectError(sentence)
    for codes, sentence in _REFUSALS:
        if code in codes:
            return BucketError(sentence.format(bucket=bucket, code=code))
    return BucketError(
        f"The provider of the bucket {bucket} refuses with {code or 'no reason'}. It is tried again later."
    )


def _failure(problem: Exception, bucket: str, access: Access) -> BucketError:
    """What happened before an answer came."""
    sentence = next(sentence for kinds, sentence in _FAILURES if isinstance(problem, kinds))
    return BucketError(
        sentence.format(
            where=access.endpoint or "AWS",
            bucket=bucket,
            profile=access.profiles.get(bucket),
            seconds=access.seconds,
            kind=type(problem).__name__,
        )
    )
