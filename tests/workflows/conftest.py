"""Sources that the tests of imports read."""

from pathlib import Path

import pytest

from tests.workflows.importing import Importer
from tests.world import World, make_source


@pytest.fixture
def access(world: World, places: Path) -> Importer:
    return Importer(make_source(world, str(places), format="web_access", name="Access log"), places)


@pytest.fixture
def trail(world: World, places: Path) -> Importer:
    return Importer(make_source(world, str(places)), places)
