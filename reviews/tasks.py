"""Tasks are thin doors: ids in, one call. The database's leases decide who works; messages only wake."""

from celery import shared_task


@shared_task(name="reviews.tick")
def tick() -> None:
    """Find what is due and queue it."""
