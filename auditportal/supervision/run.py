"""`manage.py up`, step by step."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.conf import settings

from auditportal.supervision import broker, commands, first, places, ports
from auditportal.supervision.supervisor import Stopped, Supervisor, breaking_off, say
from reviews.errors import ConfigurationError


def run() -> None:
    """Get the place ready, then keep the portal running until somebody ends it."""
    os.umask(0o027)  # others on this machine read no file that the portal makes, whatever folder it is given
    with ExitStack() as held:
        try:
            with breaking_off():
                places.prepare(settings.DATA_DIR, settings.KEYS_DIR)
                held.enter_context(places.only_one(settings.DATA_DIR))
                port = held.enter_context(_port())
                socket_folder = _broker_folder(held)
                first.get_ready()
        except Stopped:
            say("Stopped before the portal was ready. Nothing is lost: the next start takes it up.")
            return
        _supervise(port, socket_folder)


@contextmanager
def _port() -> Iterator[ports.HeldPort]:
    port = ports.hold(settings.HOST, settings.PORT)
    try:
        yield port
    finally:
        port.socket.close()


def _broker_folder(held: ExitStack) -> Path | None:
    """A folder for the embedded broker's socket; none when REDIS_URL names a server, which then must answer."""
    if not settings.REDIS_URL:
        return held.enter_context(broker.private_folder(settings.DATA_DIR))
    import redis  # slow to import, and rarely needed here

    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=3) as server:
            server.ping()
    except (redis.RedisError, OSError, ValueError) as problem:
        raise ConfigurationError(f"The server that REDIS_URL names does not answer: {problem}") from None
    return None


def _supervise(port: ports.HeldPort, socket_folder: Path | None) -> None:
    url = settings.REDIS_URL if socket_folder is None else commands.redis_url(broker.socket_path(socket_folder))
    surroundings = commands.environment(url, port.number)
    children = [
        commands.web(port.host, port.number, surroundings),
        commands.worker(surroundings),
        commands.beat(surroundings),
    ]
    embedded = None if socket_folder is None else commands.broker(broker.command(socket_folder))

    def ready() -> None:
        for line in first.greeting(port.address()):
            say(line)

    Supervisor(children, embedded).run(
        broker_answers=lambda: socket_folder is None or broker.answers(socket_folder),
        web_answers=port.answers,
        ready=ready,
    )
