"""Freezing: when the quarter and the grace of its sources are over, the numbers of a review are pinned, once.

Until then everything is provisional and cannot be handed over. A source that was not read since the grace ended
holds the freeze up, so that a portal that was switched off does not freeze an empty quarter. A source that failed
three times in a row does not: what it could not bring stays unknown in the numbers.
"""

import dataclasses
import datetime as dt
import logging
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils import timezone

from reviews.engine.analysis.quarters import Quarter
from reviews.models import Cycle, DirtyDay, Import, ImportKind, ImportState, LogSource, Review, ReviewState, Scope
from reviews.queries import inputs
from reviews.queries.times import date, moment
from reviews.workflows import cycles, remapping, trail
from reviews.workflows.background import small_write
from reviews.workflows.holding import hold

logger = logging.getLogger(__name__)

GIVEN_UP_AFTER: Final = 3  # failed imports in a row


def sources_of(review: Review) -> QuerySet[LogSource]:
    """Enabled sources that the review speaks of."""
    enabled = LogSource.objects.filter(enabled=True)
    if review.scope == Scope.SERVICE:
        return enabled.filter(Q(service=review.service_id) | Q(routes__service=review.service_id)).distinct()
    if review.scope == Scope.LOG_STORE:
        return enabled.filter(store=review.store_id)
    return enabled


def grace_days(review: Review) -> int:
    """The longest grace of its sources."""
    graces = list(sources_of(review).values_list("grace_days", flat=True))
    return max(graces, default=cycles.DEFAULT_GRACE_DAYS)


def settles_at(review: Review) -> dt.datetime:
    """The end of the quarter and of the longest grace."""
    return Quarter.parse(review.cycle.quarter).ends_at + dt.timedelta(days=grace_days(review))


def is_provisional(review: Review, now: dt.datetime) -> str | None:
    """Why the numbers may still change; None once they are frozen."""
    if review.frozen_at is not None:
        return None
    settled = settles_at(review)
    if now < settled:
        days = grace_days(review)
        return (
            f"The numbers are provisional until {moment(settled)}: the quarter ends on {date(review.cycle.ends_on)}, "
            f"and late logs are awaited for {days} {'day' if days == 1 else 'days'}."
        )
    waiting = _awaited(review, settled)
    if waiting:
        return f"The numbers are provisional: {', '.join(waiting)} has not been read to the end of the quarter yet."
    return "The numbers are provisional until they are frozen, which happens within a minute."


def _awaited(review: Review, settled: dt.datetime) -> list[str]:
    """Names of sources that must be read, or counted, before the numbers can be frozen."""
    return [source.name for source in sources_of(review) if not _is_read(source, settled, review.cycle)]


def _is_read(source: LogSource, settled: dt.datetime, cycle: Cycle) -> bool:
    imports = Import.objects.filter(source=source, kind=ImportKind.IMPORT)
    enough = Q(read_until__gte=settled)
    if not source.directory:  # its senders say up to when all is here; what came within the grace is read by now
        enough = Q(started_at__gte=settled, read_until__gte=Quarter.parse(cycle.quarter).ends_at)
    if imports.filter(enough, state=ImportState.DONE).exists():
        dirty = DirtyDay.objects.filter(source=source, day__range=(cycle.starts_on, cycle.ends_on))
        return not dirty.exists() and not remapping.is_awaited(source, cycle.starts_on, cycle.ends_on)
    return source.failures >= GIVEN_UP_AFTER and imports.filter(started_at__gte=settled).exists()


def freeze_due(now: dt.datetime | None = None) -> int:
    """Freeze every review that is due, one small write each; returns how many. Called by the tick.

    Before that, quarters that still run get the reviews of what came into scope.
    """
    now = now or timezone.now()
    for cycle in Cycle.objects.filter(ends_on__gte=now.date()):
        cycles.add_missing(cycle)
    frozen = 0
    waiting = Review.objects.filter(state=ReviewState.OPEN, frozen_at__isnull=True, cycle__ends_on__lt=now.date())
    for review in waiting.select_related("cycle"):
        settled = settles_at(review)
        if now < settled or _awaited(review, settled):
            continue
        try:
            frozen += _freeze(review.pk, now)
        except Exception:  # one review that cannot be computed must not hold up the others; it stays provisional
            logger.exception("the numbers of %s could not be frozen", review)
    return frozen


def _freeze(pk: int, now: dt.datetime) -> bool:
    with small_write():
        review = hold(pk)
        if review.frozen_at is not None or review.state != ReviewState.OPEN:
            return False
        review.frozen = _pinned(review, now)
        review.frozen_at = now
        review.save(update_fields=["frozen", "frozen_at"])
        trail.log(None, "review.frozen", review, after={"frozen_at": now.isoformat()})
        return True


def _pinned(review: Review, now: dt.datetime) -> dict[str, Any]:
    """Numbers (with the silences in them) and check results of the same moment."""
    return {
        "numbers": inputs.review_numbers(review, now),
        "checks": {
            item: [dataclasses.asdict(result) for result in results]
            for item, results in inputs.check_results(review, now).items()
        },
    }
