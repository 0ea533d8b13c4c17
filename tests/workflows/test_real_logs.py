"""Real logs, where they lie beside the project: every record is accounted for."""

from pathlib import Path

import pytest

from reviews.engine.archive import archive_store
from reviews.engine.archive.verifying import verify
from reviews.models import ImportedPart
from reviews.queries.archive import segment_rows
from tests.workflows.importing import Importer
from tests.world import World, make_source


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "form", "expected"),
    [
        # folder, format, events and rejected records of each file that has any rejected
        ("cloudtrail", "cloudtrail", (2900, {"LICENSE": 17})),
        ("cloudtrail_stratus", "cloudtrail", (310, {"LICENSE": 169})),
        ("apache", "web_access", (10_000, {"LICENSE": 169})),
        # An Apache error log is no syslog: each of its lines is rejected, with the reason.
        ("syslog", "syslog", (4000, {"LICENSE-loghub": 8, "Apache_2k.log": 2000})),
    ],
)
def test_every_record_of_real_logs_is_accounted_for(
    world: World, places: Path, real_data: Path, settings, folder: str, form: str, expected: tuple[int, dict[str, int]]
) -> None:
    importer = Importer(make_source(world, str(real_data / "logs" / folder), format=form), places)
    run = importer.run()  # checks that the ledger balances, and is the sum of its parts
    rejected = dict(ImportedPart.objects.filter(rejected__gt=0).values_list("name", "rejected"))
    assert (run.events, rejected) == expected
    assert run.records == run.events + sum(rejected.values())
    assert importer.counted() == run.events == len(importer.events())
    assert verify(archive_store(settings.ARCHIVE_URL), segment_rows(), {}, {}).code == 0
    assert importer.run().records == 0
