"""Fixtures that many tests share."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from tests.workers import SharedPortals
from tests.world import World, make_world

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> SharedPortals:
    return SharedPortals(config, log)


@pytest.fixture(autouse=True)
def _emptied_despite_locks(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test with real transactions the database is emptied, which its locks refuse: they are made anew.

    There is no switch in the product that lifts a lock; a test lifts them as a migration would.
    """
    marker = request.node.get_closest_marker("django_db")
    real = bool(marker and marker.kwargs.get("transaction")) or bool(
        {"transactional_db", "live_server", "django_db_reset_sequences"} & set(request.fixturenames)
    )
    if real:
        request.getfixturevalue("transactional_db")
    yield
    if real:
        locks = import_module("reviews.migrations.0002_locks")
        editor = connection.schema_editor(atomic=False)
        locks.unlock(None, editor)
        call_command("flush", verbosity=0, interactive=False, reset_sequences=False, inhibit_post_migrate=False)
        locks.lock(None, editor)


@pytest.fixture
def world(db: None) -> World:
    """Northmoor with its people and roles (tests/world.py)."""
    return make_world()


@pytest.fixture
def places(settings, tmp_path: Path) -> Path:
    """An archive, an event store and keys of the test's own; returns a directory for log files."""
    settings.DATA_DIR = tmp_path / "data"
    settings.KEYS_DIR = tmp_path / "data" / "keys"
    settings.SIGNING_KEY = settings.KEYS_DIR / "signing.key"
    settings.SIGNING_CERT = settings.KEYS_DIR / "signing.crt"
    settings.ARCHIVE_URL = f"file://{tmp_path / 'data' / 'archive'}"
    settings.EVENTS_URL = f"file://{tmp_path / 'data' / 'events'}"
    settings.SPOOL_DIR = tmp_path / "data" / "spool"
    logs = tmp_path / "logs"
    logs.mkdir()
    return logs


@pytest.fixture
def signed_in(client: Client, world: World):
    """A function that signs the test client in as somebody."""

    def sign_in(person) -> Client:
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real logs and third-party expectations, where they lie beside the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real logs are not beside the project ({SHARED_DATA.name} not found)")
    return SHARED_DATA
