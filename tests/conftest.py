"""Fixtures that many tests share."""

from pathlib import Path

import pytest
from django.test import Client

from tests.world import World, make_world

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


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
