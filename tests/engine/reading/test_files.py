# ruff: noqa: DTZ001 - times of events are UTC and carry no zone
"""Reading a whole file, in parts: nothing changes at the border of two parts."""

import datetime as dt
from pathlib import Path

import pytest

from reviews.engine.formats import get_format
from reviews.engine.reading import Context, read_file

CONTEXT = Context("UTC", dt.datetime(2026, 7, 2, tzinfo=dt.UTC))
SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def read(path: Path, name: str, chunk: int, context: Context = CONTEXT) -> tuple[list[dict], list[dict]]:
    parts = list(read_file(path, get_format(name), context, chunk))
    return (
        [row for part in parts for row in part.events.to_pylist()],
        [row for part in parts for row in part.rejects.to_pylist()],
    )


@pytest.mark.parametrize("chunk", [100, 1500, 5000])
@pytest.mark.parametrize("sample", ["many.json", "pretty.json", "lines.jsonl", "lookup.json"])
def test_parts_make_no_difference(sample: str, chunk: int):
    path = SAMPLES / "cloudtrail" / sample
    assert read(path, "cloudtrail", chunk) == read(path, "cloudtrail", 1 << 20)


def test_offsets_and_lines_count_from_the_beginning_of_the_file():
    path = SAMPLES / "web_access" / "broken.log"
    events, rejects = read(path, "web_access", 120)
    lines = path.read_bytes().split(b"\n")
    whole = path.read_bytes()
    for row in events + rejects:
        assert whole[row["offset"] : row["offset"] + row["length"]] == lines[row["line"] - 1]


def test_the_year_goes_on_from_part_to_part(tmp_path: Path):
    path = tmp_path / "auth.log"
    months = ["Nov", "Dec", "Jan", "May", "Nov", "Jan", "Feb"]
    path.write_text("".join(f"{month} 10 00:00:00 gate a: x\n" for month in months), encoding="utf-8")
    start = Context("UTC", CONTEXT.reference_time, after=dt.datetime(2019, 1, 1))
    events, _ = read(path, "syslog", 50, start)
    assert [event["occurred_at"].year for event in events] == [2019, 2019, 2020, 2020, 2020, 2021, 2021]
