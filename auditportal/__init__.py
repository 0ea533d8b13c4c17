"""The site: wiring and identity, nothing else."""

from auditportal.celery import app as celery_app

__all__ = ["celery_app"]
