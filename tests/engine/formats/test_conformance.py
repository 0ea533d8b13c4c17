"""One suite over every format: its samples, what is read from them, and its row in the documentation.

Each format has samples empty, one, many and broken, and may have more. Beside each lies NAME.expected.json with the
events and rejects that must come of it. After a wanted change, write them anew and read the difference:

    python -m tests.engine.formats.write_expected
"""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from reviews.engine.events import CATEGORIES, OUTCOMES, READ_SCHEMA, REJECT_SCHEMA
from reviews.engine.formats import all_formats
from tests.engine.formats.samples import SAMPLES, read_sample, sample_files

FORMATS = sorted(all_formats())
DOCS = Path(__file__).resolve().parents[3] / "docs" / "formats.md"
FILES = [pytest.param(name, path, id=f"{name}-{path.name}") for name in FORMATS for path in sample_files(name)]


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_its_samples(name: str):
    found = {path.stem for path in sample_files(name)}
    assert {"empty", "one", "many", "broken"} <= found


@pytest.mark.parametrize(("name", "path"), FILES)
def test_a_sample_reads_as_expected(name: str, path: Path):
    expected = json.loads(path.with_name(path.name + ".expected.json").read_text(encoding="utf-8"))
    assert read_sample(name, path).shown() == expected


@pytest.mark.parametrize(("name", "path"), FILES)
def test_every_record_is_accounted_for_and_leads_back_to_its_bytes(name: str, path: Path):
    sample = read_sample(name, path)
    records = int(sample.found.records.sum()) + sample.spans.rejects.num_rows
    assert records == sample.found.events.num_rows + sample.all_rejects().num_rows + sample.found.ignored
    assert sample.found.events.schema == READ_SCHEMA
    assert sample.found.rejects.schema == REJECT_SCHEMA
    rows = sample.found.events.to_pylist() + sample.all_rejects().to_pylist()
    taken = sorted({(row["offset"], row["length"]) for row in rows})  # several events may lie in the same bytes
    assert all(start + length <= after for (start, length), (after, _) in pairwise(taken))
    for start, length in taken:
        record = sample.buffer[start : start + length]
        assert record == record.strip(b"\r\n")
        assert record


@pytest.mark.parametrize(("name", "path"), FILES)
def test_events_keep_to_the_vocabulary(name: str, path: Path):
    for event in read_sample(name, path).found.events.to_pylist():
        assert event["category"] in CATEGORIES
        assert event["outcome"] in OUTCOMES
        assert event["action"]
        assert all(event[field] != "" for field in ("actor", "target", "source_ip", "event_id", "route"))


@pytest.mark.parametrize("name", FORMATS)
def test_samples_hold_what_their_names_say(name: str):
    samples = {path.stem: read_sample(name, path) for path in sample_files(name)}
    assert (samples["empty"].found.events.num_rows, samples["empty"].all_rejects().num_rows) == (0, 0)
    assert (samples["one"].found.events.num_rows, samples["one"].all_rejects().num_rows) == (1, 0)
    assert samples["many"].found.events.num_rows > 5
    assert samples["many"].all_rejects().num_rows == 0
    assert samples["broken"].all_rejects().num_rows > 0
    assert samples["broken"].found.events.num_rows > 0


@pytest.mark.parametrize("name", FORMATS)
def test_the_format_is_guessed_from_its_samples(name: str):
    from reviews.engine.reading import detect

    guess = detect((next(path for path in sample_files(name) if path.stem == "many")).read_bytes())[0]
    assert (guess.format, guess.share) == (name, 1.0)


@pytest.mark.parametrize("name", FORMATS)
def test_the_format_has_a_row_in_the_documentation(name: str):
    rows = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{name}` |")]
    assert len(rows) == 1
    assert all_formats()[name].title in rows[0]


@pytest.mark.parametrize("name", FORMATS)
def test_no_field_takes_the_name_of_a_column_that_reading_makes(name: str):
    """Of two columns of one name the statement would read the wrong one; SQL tells no capitals apart."""
    made = {"raw", "text", "year", "found", "instant", "local", "dated", "occurred_at", "action", "outcome", "record"}
    made |= {"element", "elements", "one", "shape", "leaf_names", "leaf_values"}
    for shape in all_formats()[name].shapes:
        layout = shape.layout
        groups = [*getattr(layout, "paths", ()), *getattr(layout, "columns", ()), *layout.derived]
        groups += {group for pattern in getattr(layout, "patterns", ()) for group in pattern.groups}
        fields = [field.lower() for field in groups if field]
        assert made.isdisjoint(fields)
        assert len(fields) == len(set(fields))


def test_no_samples_lie_around_without_a_format():
    assert {path.name for path in SAMPLES.iterdir() if path.is_dir()} <= set(FORMATS)
