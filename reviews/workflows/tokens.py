"""Push tokens: who holds one may push logs into its source, and nothing else. Only hashes are kept."""

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone

from reviews.errors import Invalid, PortalError
from reviews.models import LogSource, PushToken
from reviews.workflows import trail
from reviews.workflows.sources import require_keeper

if TYPE_CHECKING:
    from auditportal.accounts.models import User

MOST: Final = 20  # of one source, in use at the same time
_BEGINS: Final = "push_"
_HINT: Final = 12


class Unknown(PortalError):
    """No token in use opens this source. It does not say whether there is such a source."""


@dataclass(frozen=True)
class Issued:
    """A new token. Its secret is known only here and now."""

    token: PushToken
    secret: str


@transaction.atomic
def make(by: "User", source: LogSource, now: dt.datetime | None = None) -> Issued:
    """A new token beside those in use, so that a sender can change to it before the old one is revoked."""
    source = LogSource.objects.select_for_update(of=("self",)).get(pk=source.pk)
    require_keeper(by, source)
    if source.directory:
        raise Invalid("This source reads from a place. Logs are pushed only to a source without one.")
    if source.push_tokens.filter(ends_at=None).count() >= MOST:
        raise Invalid(f"{MOST} tokens are in use. Revoke one that no sender needs any more.")
    secret = _BEGINS + secrets.token_urlsafe(32)
    token = PushToken.objects.create(
        source=source, sha256=_digest(secret), hint=secret[:_HINT], made_by=by, made_at=now or timezone.now()
    )
    trail.log(by, "token.made", source, after={"token": token.hint})
    return Issued(token, secret)


@transaction.atomic
def revoke(by: "User", token: PushToken, now: dt.datetime | None = None) -> PushToken:
    """Nobody can push with it from now on. Once is enough."""
    require_keeper(by, token.source)
    current = PushToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
    if current.ends_at is None:
        current.ends_at = now or timezone.now()
        current.save(update_fields=["ends_at"])
        trail.log(by, "token.revoked", current.source, before={"token": current.hint})
    return current


def opening(source_id: int, secret: str) -> PushToken:
    """The token in use that this secret is, for this source. Unknown in every other case, always the same way."""
    digest = _digest(secret)
    found = PushToken.objects.select_related("source").filter(sha256=digest, ends_at=None).first()
    # Looked up by the hash of 256 random bits: how long that takes tells nothing of any secret.
    fits = found is not None and hmac.compare_digest(found.sha256, digest)
    if found is None or not fits or found.source_id != source_id or found.source.directory:
        raise Unknown("No push token in use opens this address. Send Authorization: Bearer with a token of the source.")
    return found


def used(token: PushToken, now: dt.datetime) -> None:
    """Note the last use, to the minute: one write a minute at most."""
    minute = now.replace(second=0, microsecond=0)
    if token.used_at is None or token.used_at < minute:
        PushToken.objects.filter(pk=token.pk).update(used_at=minute)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
