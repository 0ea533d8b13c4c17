"""One S3 server for all tests here (tests/workers.py keeps them together), and a bucket for each."""

import secrets
from collections.abc import Iterator

import pytest

from tests.object_storage import Line, S3Server, TestBucket, running_server
from tests.workflows.importing import Importer
from tests.world import World, make_source


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with running_server() as server:
        yield server


@pytest.fixture(autouse=True)
def _no_other_credentials(monkeypatch, tmp_path) -> None:
    """Nothing of the machine's own setup: neither keys nor the address that clouds give roles at."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))


@pytest.fixture
def bucket(s3: S3Server) -> TestBucket:
    """A bucket that keeps no versions."""
    return TestBucket(s3, f"plain-{secrets.token_hex(4)}", versions=False)


@pytest.fixture
def versioned(s3: S3Server) -> TestBucket:
    return TestBucket(s3, f"versions-{secrets.token_hex(4)}", versions=True)


@pytest.fixture
def line(s3: S3Server) -> Iterator[Line]:
    made = Line(s3.endpoint)
    yield made
    made.close()


@pytest.fixture
def reached(settings, s3: S3Server) -> S3Server:
    """The portal reads every bucket of the server."""
    settings.S3_ENDPOINT, settings.S3_REGION = s3.endpoint, "us-east-1"
    settings.S3_ACCESS_KEY_ID, settings.S3_SECRET_ACCESS_KEY = "reader", s3.access().secret
    settings.S3_ATTEMPTS = 2
    return s3


@pytest.fixture
def importer(settings, world: World, places, reached: S3Server):
    """A function that makes a source of a bucket, and imports it."""

    def of(bucket: TestBucket, prefix: str = "", **fields: object) -> Importer:
        settings.LOG_BUCKETS = [*settings.LOG_BUCKETS, f"s3://{bucket.name}/"]
        fields = {"format": "web_access", "name": f"Objects of {bucket.name}", **fields}
        return Importer(make_source(world, f"s3://{bucket.name}/{prefix}", **fields), places)

    return of
