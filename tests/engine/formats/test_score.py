"""What third parties expect of the fields of events, and how much of it is met: as docs/benchmarks.md says it."""

from pathlib import Path

import pytest

from tests.engine.formats.score import CONFORMANCE, score, streams

pytestmark = pytest.mark.data

DOCS = Path(__file__).resolve().parents[3] / "docs" / "benchmarks.md"
STREAMS = streams() if CONFORMANCE.exists() else []


@pytest.mark.parametrize("stream", STREAMS)
def test_the_table_in_the_documentation_says_what_is_measured(real_data: Path, stream: str):
    found = score(stream)
    assert found.row(stream).rstrip() in DOCS.read_text(encoding="utf-8").splitlines(), found.differences
