"""What `manage.py check --deploy` refuses: settings that make a production portal unsafe, each with its reason."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

_LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1"})


@register(deploy=True)
def safe_in_production(**_options: Any) -> list[CheckMessage]:
    """Every reason against, not only the first."""
    return [*_web(), *_secrets(), *_servers(), *_places()]


def _web() -> Iterator[CheckMessage]:
    if settings.DEMO:
        yield Error(
            "DEMO is on: the demo's passwords are shown on its sign-in page.", hint="Set DEMO=0.", id="auditportal.E001"
        )
    if not settings.HTTPS:
        yield Error(
            "PUBLIC_URL is not an https:// address: passwords and sessions would cross the network in the clear.",
            hint="Set PUBLIC_URL=https://portal.example.org, and let a proxy end TLS.",
            id="auditportal.E002",
        )
    elif not settings.TRUSTED_PROXIES:
        yield Error(
            "No proxy is trusted: the portal would not believe that requests came by https, and would log the"
            " proxy's address as everybody's.",
            hint="Set TRUSTED_PROXIES to the address or network of the proxy that ends TLS.",
            id="auditportal.E003",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Error("ALLOWED_HOSTS lets any name in.", hint="Name the portal's names.", id="auditportal.E004")
    if "*" in settings.TRUSTED_PROXIES:
        yield Error(
            "TRUSTED_PROXIES believes everybody: anybody could write any address into the trail.",
            hint="Name the proxy's address or network.",
            id="auditportal.E005",
        )


def _secrets() -> Iterator[CheckMessage]:
    if len(settings.SECRET_KEY) < 50 or len(set(settings.SECRET_KEY)) < 5:
        yield Error(
            "SECRET_KEY is short or plain: whoever guesses it can sign in as anybody.",
            hint="Unset it, and the portal makes one; or set at least 50 random characters.",
            id="auditportal.E006",
        )
    for path in (settings.KEYS_DIR, settings.SIGNING_KEY, settings.KEYS_DIR / "secret_key"):
        if _mode(path) & 0o077:
            yield Error(
                f"{path} can be read by others: whoever has the key can sign records as this portal.",
                hint=f"chmod go= '{path}', and make a new key if others were on this machine.",
                id="auditportal.E007",
            )


def _servers() -> Iterator[CheckMessage]:
    if not settings.DATABASE_URL or settings.DATABASE_URL.startswith("sqlite"):
        yield Warning(
            "The database is SQLite: fine for one host and a few people, not for many who write at once.",
            hint="Set DATABASE_URL=postgres://…",
            id="auditportal.W001",
        )
    redis = urlsplit(settings.REDIS_URL)
    if redis.scheme == "redis" and redis.hostname not in _LOCAL and not redis.password:
        yield Error(
            "REDIS_URL names a server on the network without TLS and without a password: anybody there could send"
            " work to the portal.",
            hint="Use rediss://, or a password.",
            id="auditportal.E008",
        )
    buckets = urlsplit(settings.S3_ENDPOINT)
    if buckets.scheme == "http" and buckets.hostname not in _LOCAL:
        yield Error(
            "S3_ENDPOINT is a plain http:// address on the network: logs would cross it in the clear, and anybody there"
            " could change them on the way.",
            hint="Use https://.",
            id="auditportal.E012",
        )


def _places() -> Iterator[CheckMessage]:
    if not settings.LOG_ROOTS:
        yield Error(
            "LOG_ROOTS is empty: a source keeper could have any file read that the portal's user can read.",
            hint="Set LOG_ROOTS to the directories where logs arrive, separated by colons.",
            id="auditportal.E009",
        )
    inside = [root for root in settings.LOG_ROOTS if _overlap(root.absolute(), settings.DATA_DIR)]
    for root in inside:
        yield Error(
            f"LOG_ROOTS has {root}, which holds or lies in the portal's own folder {settings.DATA_DIR}.",
            hint="Keep logs that arrive and the portal's own data apart.",
            id="auditportal.E010",
        )
    if _mode(settings.DATA_DIR) & 0o007:
        yield Error(
            f"{settings.DATA_DIR} is open to everybody on this machine: it holds the database and the archive.",
            hint=f"chmod o= '{settings.DATA_DIR}'",
            id="auditportal.E011",
        )


def _overlap(one: Path, other: Path) -> bool:
    return one == other or one in other.parents or other in one.parents


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0
