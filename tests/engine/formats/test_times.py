"""The SQL for times that declarations of formats share."""

import pytest

from reviews.engine.formats._times import (
    epoch,
    epoch_any,
    iso,
    iso_local,
    iso_named,
    month_first,
    month_first_yearless,
    month_first_zoned,
)
from reviews.engine.reading.normalising import connect


@pytest.mark.parametrize(
    ("expression", "text", "expected"),
    [
        (iso("f"), "2026-01-02T03:04:05Z", "2026-01-02 03:04:05+00"),
        (iso("f"), "2026-01-02T03:04:05.123456789Z", "2026-01-02 03:04:05.123456+00"),
        (iso("f"), "2026-01-02 03:04:05,123+0200", "2026-01-02 01:04:05.123+00"),
        (iso("f"), "2026-01-02T03:04:05 UTC", "2026-01-02 03:04:05+00"),
        (iso("f"), "2026-01-02T03:04:05", None),
        (iso("f"), "2026-02-30T03:04:05Z", None),
        (iso("f"), "12026-02-03T03:04:05Z", None),
        (iso_local("f"), "2026-01-02T03:04:05", "2026-01-02 03:04:05"),
        (iso_local("f"), "2026-01-02T03:04:05Z", None),
        (iso_named("f"), "2026-01-02 03:04:05.25 EDT", "2026-01-02 07:04:05.25+00"),
        (iso_named("f"), "2026-07-02 03:04:05 CEST", "2026-07-02 01:04:05+00"),
        (iso_named("f"), "2026-01-02 03:04:05 GMT", "2026-01-02 03:04:05+00"),
        (iso_named("f"), "2026-01-02 03:04:05 IST", None),
        (iso_named("f"), "2026-01-02 03:04:05", None),
        (epoch("f", "s"), "1583364251.5", "2020-03-04 23:24:11.5+00"),
        (epoch("f", "ms"), "1583364251273", "2020-03-04 23:24:11.273+00"),
        (epoch("f", "s"), "1583364251273", None),
        (epoch_any("f"), "1583364251", "2020-03-04 23:24:11+00"),
        (epoch_any("f"), "1583364251273", "2020-03-04 23:24:11.273+00"),
        (epoch_any("f"), "1583364251273123", "2020-03-04 23:24:11.273123+00"),
        (epoch_any("f"), "1583364251273123456", "2020-03-04 23:24:11.273123+00"),
        (epoch_any("f"), "-5", None),
        (epoch_any("f"), "99999999999999999999", None),
        (epoch_any("f"), "soon", None),
        (month_first("f"), "Jul  1 2026 06:15:00", "2026-07-01 06:15:00"),
        (month_first("f"), "Jul 01 2026 06:15:00.25 CEST", "2026-07-01 06:15:00.25"),
        (month_first("f"), "Feb 30 2026 06:15:00", None),
        (month_first("f"), "Jul  1 06:15:00", None),
        (month_first_yearless("f"), "Feb 29 06:15:00", "2000-02-29 06:15:00"),
        (month_first_yearless("f"), "Feb 29 2028 06:15:00", None),
        (month_first_zoned("f"), "Jul  1 2026 06:15:00 EDT", "2026-07-01 10:15:00+00"),
        (month_first_zoned("f"), "Jul  1 2026 06:15:00.5 GMT+02:00", "2026-07-01 04:15:00.5+00"),
        (month_first_zoned("f"), "Jul  1 2026 06:15:00 IST", None),
        (month_first_zoned("f"), "Jul  1 2026 06:15:00", None),
    ],
)
def test_a_time_as_logs_write_it(expression: str, text: str, expected: str | None):
    with connect() as database:
        query = f"SELECT CAST({expression} AS VARCHAR) FROM (SELECT ?::VARCHAR AS f)"  # of this table
        assert database.execute(query, [text]).fetchone() == (expected,)
