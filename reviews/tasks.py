"""Tasks are thin doors: ids in, one call. The database's leases decide who works; messages only wake."""

import logging
from collections.abc import Callable
from typing import Final

from celery import shared_task
from django.utils import timezone

from reviews.models import LogSource
from reviews.workflows import analysis, counting, freezing, imports, records
from reviews.workflows.background import wake
from reviews.workflows.demo.story import continue_demo
from reviews.workflows.leases import worker_name

logger = logging.getLogger(__name__)

COUNT: Final = "reviews.count"


@shared_task(name="reviews.tick")
def tick() -> None:
    """Find what is due and queue it. What fails in one step does not keep the others from being done."""
    now = timezone.now()
    steps: tuple[Callable[[], object], ...] = (
        lambda: imports.requeue_expired(now),
        lambda: imports.queue_again(now),
        lambda: imports.queue_due(now),
        _wake_counting,
        lambda: analysis.refresh_due(now),
        lambda: freezing.freeze_due(now),
        lambda: records.requeue(now),
        lambda: continue_demo(now),
    )
    for step in steps:
        try:
            step()
        except Exception:  # the next tick tries again; the log keeps why
            logger.exception("a step of the tick failed")


@shared_task(name=imports.TASK)
def import_source(import_id: int) -> None:
    """Do one import."""
    imports.run(import_id, worker_name())


@shared_task(name=COUNT)
def count_source(source_id: int) -> None:
    """Count the days of a source that changed without an import."""
    source = LogSource.objects.filter(pk=source_id).first()
    if source is not None:
        counting.recount(source)


@shared_task(name=records.TASK)
def make_record(record_id: int) -> None:
    """Make one record."""
    records.make(record_id, worker_name())


def _wake_counting() -> None:
    for source_id in counting.waiting():
        wake(COUNT, source_id)
