"""What comes to a source by itself: its push tokens, and what waits in its spool."""

from dataclasses import dataclass

from django.conf import settings

from reviews.engine.importing.spool import Spool, Waiting
from reviews.models import LogSource, PushToken


@dataclass(frozen=True)
class Arrivals:
    """The ways in to a source, beside its place."""

    pushes: bool  # it reads no place: logs may be pushed
    in_use: tuple[PushToken, ...]
    ended: tuple[PushToken, ...]  # newest first
    waiting: Waiting


def arrivals(source: LogSource) -> Arrivals:
    tokens = list(source.push_tokens.select_related("made_by"))
    return Arrivals(
        pushes=not source.directory,
        in_use=tuple(token for token in tokens if token.ends_at is None),
        ended=tuple(token for token in tokens if token.ends_at is not None),
        waiting=Spool(settings.SPOOL_DIR, source.pk).waiting(),
    )
