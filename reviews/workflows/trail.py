"""The trail: one function writes it, inside the transaction of what it tells. A failed entry fails the action."""

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Model

from reviews.models import TrailEntry

if TYPE_CHECKING:
    from auditportal.accounts.models import User

# Set by the web's middleware for the length of a request; commands and tasks act from nowhere.
acting_from: ContextVar[str | None] = ContextVar("acting_from", default=None)

SCHEDULE: Final = "the schedule"

# Every action that may stand in the trail, with the words a page uses for it.
ACTIONS: Final = {
    "sign_in.succeeded": "signed in",
    "sign_in.refused": "was refused at sign-in",
    "sign_in.ended": "signed out",
    "person.invited": "invited",
    "person.joined": "accepted the invitation",
    "person.changed": "changed the person",
    "person.link_made": "made a new access link for",
    "role.granted": "granted a role",
    "role.revoked": "took a role away",
    "service.added": "added the service",
    "service.changed": "changed the service",
    "store.added": "added the log store",
    "store.changed": "changed the log store",
    "source.added": "added the log source",
    "source.changed": "changed the log source",
    "source.uploaded": "uploaded log files to",
    "token.made": "made a push token for",
    "token.revoked": "revoked a push token of",
    "source.rebuilt": "made events anew from the archive for",
    "import.asked": "asked for an import of",
    "import.finished": "imported",
    "import.failed": "could not import",
    "replay.asked": "had rejected records read again of",
    "replay.finished": "read rejected records again of",
    "replay.failed": "could not read rejected records again of",
    "remap.finished": "judged actions anew by the catalogue for",
    "remap.failed": "could not judge actions anew by the catalogue for",
    "cycle.opened": "opened the quarter",
    "review.added": "added to the quarter the review of",
    "review.frozen": "froze the numbers of",
    "item.answered": "answered",
    "item.confirmed": "confirmed as second person",
    "evidence.added": "added evidence",
    "evidence.attached": "attached evidence",
    "evidence.removed": "took evidence off",
    "evidence.downloaded": "downloaded evidence",
    "review.submitted": "handed over to sign",
    "review.returned": "sent back",
    "review.signed": "signed",
    "review.signature_refused": "was refused a signature on",
    "record.made": "made the record",
    "record.failed": "could not make the record",
    "record.downloaded": "downloaded the record",
    "trail.downloaded": "downloaded the trail",
    "organisation.started": "started the portal of",
    "demo.filled": "filled the demo of",
}


def log(
    actor: "User | None",
    action: str,
    thing: Model | None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    actor_name: str = "",
) -> TrailEntry:
    """Write one entry. `before` and `after` hold only what changed, as JSON values.

    Without an actor the name is `actor_name`, or the schedule's.
    """
    if action not in ACTIONS:
        raise ValueError(f"{action} is not a registered action of the trail")
    return TrailEntry.objects.create(
        actor=actor,
        actor_name=actor.name if actor is not None else (actor_name or SCHEDULE),
        action=action,
        object_type=str(thing._meta.model_name) if thing is not None else "",
        object_id=str(thing.pk) if thing is not None else "",
        object_name=str(thing)[:300] if thing is not None else "",
        before=before or {},
        after=after or {},
        address=acting_from.get(),
    )


def changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two dicts with only the keys whose values differ."""
    keys = [key for key in after if before.get(key) != after[key]]
    return {key: before.get(key) for key in keys}, {key: after[key] for key in keys}
