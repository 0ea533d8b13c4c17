"""The counts of third parties' logs that docs/formats.md states."""

from pathlib import Path

import pytest

from tests.engine.reading.third_party_logs import FORMATS, LOGS, row

pytestmark = pytest.mark.data

DOCS = Path(__file__).resolve().parents[3] / "docs" / "formats.md"
WITHOUT_A_FORMAT = {"plaso/aws_elb_access.log", "plaso/dpkg.log", "syslog/Apache_2k.log"}


@pytest.mark.parametrize("name", FORMATS)
def test_the_documentation_says_how_many_events_there_are(real_data: Path, name: str):
    assert row(name) in DOCS.read_text(encoding="utf-8").splitlines()


def test_every_log_is_counted(real_data: Path):
    logs = {str(path.relative_to(LOGS)) for path in LOGS.rglob("*") if path.is_file() and "LICENSE" not in path.name}
    counted = {log for log in logs if log in FORMATS or log.rpartition("/")[0] in FORMATS}
    assert logs - counted == WITHOUT_A_FORMAT
