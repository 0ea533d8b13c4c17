"""`manage.py check --deploy` refuses what is unsafe in production, with the reason."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from auditportal.checks import safe_in_production

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "DEMO": "0",
    "PUBLIC_URL": "https://portal.example.org",
    "TRUSTED_PROXIES": "127.0.0.1",
    "LOG_ROOTS": "/var/log",
    "DATABASE_URL": "postgres://portal@db.example.org/portal",
    "REDIS_URL": "rediss://cache.example.org/0",
}


@pytest.fixture
def production(settings, tmp_path):
    """Settings that pass, for one at a time to be made wrong."""
    data = tmp_path / "data"
    (data / "keys").mkdir(parents=True, mode=0o700)
    data.chmod(0o700)
    settings.DEMO = False
    settings.HTTPS = True
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    settings.ALLOWED_HOSTS = ["portal.example.org"]
    settings.SECRET_KEY = "9f2c" * 15 + "k3ys"
    settings.DATA_DIR, settings.KEYS_DIR = data, data / "keys"
    settings.SIGNING_KEY = data / "keys" / "signing.key"
    settings.REDIS_URL = "rediss://cache.example.org/0"
    settings.LOG_ROOTS = [Path("/var/log")]
    settings.DATABASE_URL = "postgres://portal@db.example.org/portal"
    return settings


def found() -> list[str]:
    return [message.id.removeprefix("auditportal.") for message in safe_in_production()]


def test_safe_settings_pass(production):
    assert found() == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("S3_ENDPOINT", "http://s3.example.org", "E012"),
        ("DEMO", True, "E001"),
        ("HTTPS", False, "E002"),
        ("TRUSTED_PROXIES", [], "E003"),
        ("ALLOWED_HOSTS", ["*"], "E004"),
        ("TRUSTED_PROXIES", ["*"], "E005"),
        ("SECRET_KEY", "short", "E006"),
        ("SECRET_KEY", "x" * 60, "E006"),
        ("REDIS_URL", "redis://cache.example.org:6379/0", "E008"),
        ("LOG_ROOTS", [], "E009"),
    ],
)
def test_each_unsafe_setting_is_refused(production, name, value, expected):
    setattr(production, name, value)
    assert found() == [expected]


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:6379/0", "redis://:secret@cache.example.org", "unix:///run/redis.sock", ""]
)
def test_a_redis_that_nobody_else_reaches_is_fine(production, url):
    production.REDIS_URL = url
    assert found() == []


def test_a_key_that_others_can_read_is_refused(production):
    production.SIGNING_KEY.write_text("key")
    production.SIGNING_KEY.chmod(0o640)
    assert found() == ["E007"]
    production.SIGNING_KEY.chmod(0o600)
    assert found() == []


def test_logs_and_the_portals_own_folder_are_kept_apart(production):
    for root in (production.DATA_DIR, production.DATA_DIR.parent, production.KEYS_DIR):
        production.LOG_ROOTS = [root]
        assert found() == ["E010"]


def test_a_folder_open_to_everybody_is_refused(production):
    production.DATA_DIR.chmod(0o755)
    assert found() == ["E011"]


def test_sqlite_is_only_warned_of(production):
    production.DATABASE_URL = ""
    assert found() == ["W001"]


def deploy_check(place: Path, **changed: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={**kept, **PRODUCTION, "VAR_DIR": str(place / "var"), **changed},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_command_passes_and_refuses(tmp_path):
    passed = deploy_check(tmp_path)
    assert (passed.returncode, passed.stderr) == (0, "")
    refused = deploy_check(tmp_path, PUBLIC_URL="http://portal.example.org", LOG_ROOTS="")
    assert refused.returncode == 1
    assert "auditportal.E002" in refused.stderr
    assert "in the clear" in refused.stderr
    assert "auditportal.E009" in refused.stderr
