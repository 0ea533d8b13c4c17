"""How each child is started."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from auditportal.supervision.children import Child


def environment(redis_url: str, port: int) -> dict[str, str]:
    """The supervisor's own, with what it decided written in. Paths are absolute."""
    path = os.pathsep.join(part for part in (str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")) if part)
    decided = {
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
        "VAR_DIR": str(settings.VAR_DIR),
        "PORT": str(port),
        "PORTAL_SUPERVISED": "1",
    }
    if redis_url:
        decided["REDIS_URL"] = redis_url
    return {**os.environ, **decided}


def web(host: str, port: int, surroundings: Mapping[str, str]) -> Child:
    """Granian: each of its processes loads the portal itself (no preload, so no DuckDB connection crosses a fork),
    and its own threads read requests, so that a slow client holds none of ours."""
    options = {
        "interface": "wsgi",
        "host": host,
        "port": str(port),
        "http": "1",
        "workers": str(settings.WEB_WORKERS),
        "blocking-threads": str(settings.WEB_THREADS),
        "log-level": "error",
        "workers-kill-timeout": "2",
    }
    return Child("web", _python("granian", options, "--no-ws", "auditportal.wsgi:application"), surroundings)


def worker(surroundings: Mapping[str, str]) -> Child:
    """Celery, one process a task: native code that fails takes one task with it, and two cores do two tasks."""
    options = {"pool": "prefork", "concurrency": str(settings.WORKERS), "loglevel": "WARNING"}
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return Child("worker", _celery("worker", options, *quiet), surroundings)


def beat(surroundings: Mapping[str, str]) -> Child:
    return Child("beat", _celery("beat", {"loglevel": "WARNING", "pidfile": ""}), surroundings)


def broker(command: list[str]) -> Child:
    return Child("broker", command, {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"})


def _celery(what: str, options: Mapping[str, str], *flags: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--app", "auditportal.celery", "--quiet", what, *_written(options), *flags]


def _python(module: str, options: Mapping[str, str], *rest: str) -> list[str]:
    return [sys.executable, "-m", module, *_written(options), *rest]


def _written(options: Mapping[str, str]) -> list[str]:
    return [f"--{name}={value}" for name, value in options.items()]


def redis_url(socket: Path) -> str:
    """REDIS_URL of the embedded broker."""
    return f"unix://{socket}"
