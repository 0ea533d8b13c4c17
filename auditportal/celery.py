"""The Celery application. The database's leases are the truth; messages only wake workers."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "auditportal.settings.base")

from django.conf import settings

app = Celery("auditportal")
app.conf.update(
    broker_url=settings.REDIS_URL or "memory://",
    task_ignore_result=True,
    task_acks_late=False,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_max_tasks_per_child=200,
    broker_connection_retry_on_startup=True,
    beat_scheduler="auditportal.beat:MemoryScheduler",
    beat_schedule={"tick": {"task": "reviews.tick", "schedule": float(settings.TICK_SECONDS)}},
    timezone="UTC",
)
app.autodiscover_tasks()
