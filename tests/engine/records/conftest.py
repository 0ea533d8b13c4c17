"""One record for all tests of the verifier; they alter copies of it."""

from pathlib import Path

import pytest

from reviews.engine.records.keys import Signer
from reviews.engine.records.verify import plain_fingerprint
from tests.engine.records import altered
from tests.engine.records.samples import make_signer, make_zip


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return make_signer(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """Somebody with a key of their own and the same name."""
    return make_signer(tmp_path_factory.mktemp("other-keys"))


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory, portal: Signer) -> Path:
    return make_zip(tmp_path_factory.mktemp("record"), portal)[0]


@pytest.fixture
def files(record: Path) -> altered.Files:
    return altered.read(record)


@pytest.fixture(scope="session")
def paper(portal: Signer) -> frozenset[str]:
    """The fingerprint an auditor holds on paper."""
    return frozenset({plain_fingerprint(portal.fingerprint)})
