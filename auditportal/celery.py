"""The Celery application. The database's leases are the truth; messages only wake workers."""

import os
import warnings
from typing import Any
from urllib.parse import parse_qs, urlsplit

from celery import Celery
from celery.platforms import SecurityWarning  # type: ignore[attr-defined] # the stubs do not know it
from celery.signals import setup_logging, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "auditportal.settings.base")

from django.conf import settings

from auditportal.supervision.children import die_with


def broker_url(redis_url: str) -> str:
    """REDIS_URL as Celery spells it: a unix socket has a scheme of its own, and its database is an option."""
    if not redis_url:
        return "memory://"
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    number = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={number}"


# Celery warns root of messages that run code. Ours are JSON, and in a container there is often nobody else.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("auditportal")
app.conf.update(
    broker_url=broker_url(settings.REDIS_URL),
    broker_transport_options={"global_keyprefix": settings.REDIS_PREFIX},
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_ignore_result=True,
    result_expires=None,
    task_acks_late=False,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=200,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    beat_scheduler="auditportal.beat:MemoryScheduler",
    beat_schedule={
        "tick": {
            "task": "reviews.tick",
            "schedule": float(settings.TICK_SECONDS),
            # Ticks that nobody took are worth nothing: the next one finds the same.
            "options": {"expires": float(settings.TICK_SECONDS)},
        }
    },
    timezone="UTC",
)
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_details: Any) -> None:
    """Connecting is enough: Celery then leaves the loggers as settings.LOGGING made them."""


@worker_process_init.connect
def end_with_the_worker(**_details: Any) -> None:
    """A process of the pool is killed when the worker dies.

    Left to find its closed pipe, it lived for over 5 s on a busy machine.
    """
    die_with(os.getppid())
