"""Log lines: time, level, logger, message; one line each, to standard error, without secrets."""

import logging
import re
import time
from typing import Any, Final

# What must never reach a log: one-time links, and values that are named like a secret.
_SECRETS: Final = (
    (re.compile(r"(/join/)[^/\s\"']+"), r"\1…"),
    (
        re.compile(r"(?i)\b((?:password|secret|token|signature|sessionid|csrf\w*)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;]+"),
        r"\1…",
    ),
    (re.compile(r"(\w+://[^:/\s@]+:)[^@\s/]+@"), r"\1…@"),
)


def without_secrets(text: str) -> str:
    """The text with one-time links and named secrets cut out."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class PlainFormatter(logging.Formatter):
    """`2026-10-14T08:55:02Z WARNING reviews.workflows.imports message`; tracebacks follow, indented."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record)).replace("\n", "\n    ")


def configuration(level: str) -> dict[str, Any]:
    """What settings.LOGGING holds."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"()": "auditportal.logging.PlainFormatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            # Celery says once a second what it sends; what matters is said by the tasks themselves.
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
        },
    }
