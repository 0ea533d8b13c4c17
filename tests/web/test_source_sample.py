"""The sample in the form of a source: what it shows, what it saves, and that nothing of it is kept or run."""

import gzip
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from reviews.models import LogSource, TrailEntry
from tests.web.test_source_form import form_for
from tests.world import World

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
OWN = '{"ts":"2026-07-01 10:00:00","user":"ada@example.org","operation":"wipe","result":"denied"}\n'
MAP = {
    "format": "json_lines",
    "map-time": "ts",
    "map-action": "operation",
    "map-actor": "user",
    "map-outcome": "result",
    "map-failure": "denied",
    "map-category": "file_modification",
}


def look(client, world: World, places: Path, **fields: object) -> str:
    page = client.post(reverse("source_add"), {**form_for(world, places, format=""), "look": "1", **fields})
    assert page.status_code == 200
    assert not LogSource.objects.exists()
    return page.content.decode()


def test_a_pasted_sample_is_recognised_and_shown_as_it_will_be_read(signed_in, world: World, places: Path):
    good = (SAMPLES / "syslog" / "many.log").read_text()
    sample, count = good + "no log at all\n", len(good.splitlines())
    text = look(signed_in(world.tomas), world, places, sample=sample)
    assert '<option value="syslog" selected>' in text
    assert f"{count} of the first {count + 1} records read as syslog" in text
    assert f"<dt>Rows read</dt><dd>{count}</dd>" in text
    assert "<dt>Rejected</dt><dd>1</dd>" in text
    assert f'<th scope="row" class="num">{count + 1}</th>' in text
    assert "times carry no zone and are taken as UTC" in text


def test_a_packed_file_is_looked_at_and_comes_back_as_no_file(signed_in, world: World, places: Path):
    good = (SAMPLES / "web_access" / "many.log").read_bytes()
    file = SimpleUploadedFile("a.gz", gzip.compress(good))
    text = look(signed_in(world.tomas), world, places, file=file)
    assert "a.gz was looked at." in text
    assert f"<dt>Rows read</dt><dd>{len(good.splitlines())}</dd>" in text
    assert "All times in this sample carry a zone." in text


def test_a_plain_file_comes_back_as_text_so_that_no_script_is_needed(signed_in, world: World, places: Path):
    text = look(signed_in(world.tomas), world, places, file=SimpleUploadedFile("a.log", OWN.encode()))
    assert "ada@example.org&quot;,&quot;operation" in text


def test_what_no_format_reads_is_mapped_by_hand_and_saved(signed_in, world: World, places: Path):
    client = signed_in(world.tomas)
    text = look(client, world, places, sample=OWN)
    assert "Not recognised: map its fields" in text
    assert 'name="map-time" value="ts"' in text
    assert '<option value="user">' in text
    text = look(client, world, places, sample=OWN, **{**MAP, "map-time": "gone"})
    assert "The entry lacks gone or operation" in text
    page = client.post(reverse("source_add"), {**form_for(world, places), **MAP, "later": "1"})
    assert page.status_code == 302
    source = LogSource.objects.get()
    assert not source.enabled
    assert source.mapping == {
        "time": "ts",
        "action": "operation",
        "actor": "user",
        "outcome": "result",
        "failure": ["denied"],
        "category": "file_modification",
    }
    assert TrailEntry.objects.get(action="source.added").after["mapping"] == source.mapping
    text = client.get(reverse("source_change", args=[source.pk])).content.decode()
    assert 'name="map-actor" value="user"' in text


def test_a_wrong_mapping_is_said_under_its_field_and_nothing_is_saved(signed_in, world: World, places: Path):
    wrong = {**MAP, "map-time": ""}
    page = signed_in(world.tomas).post(reverse("source_add"), {**form_for(world, places), **wrong})
    assert "Name the field that says the time." in page.content.decode()
    assert not LogSource.objects.exists()


def test_a_hostile_sample_is_data(signed_in, world: World, places: Path):
    line = (SAMPLES / "cloudtrail" / "lines.jsonl").read_text().splitlines()[0]
    hostile = line.replace('"userName":"', '"userName":"<script>\\u001b[31m\\u202e=1+1 ', 1)
    text = look(signed_in(world.tomas), world, places, sample=f"{hostile}\n\x1b]0;x\x07<img src=x>\n")
    assert "<script>\\x1b" not in text
    assert "<img src=x>" not in text
    assert "\\x1b]0;x\\x07&lt;img src=x&gt;" in text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"sample": "Dear auditor,\n"}, "No format of the portal reads this sample."),
        ({"sample": OWN, "format": "csv"}, "The quotes of this row do not pair up"),
        ({"file": SimpleUploadedFile("x.gz", b"\x1f\x8b\x08\x00" + b"x" * 40)}, "is a damaged gzip file"),
        ({"file": SimpleUploadedFile("big.log", b"x" * 5_000_001)}, "It is larger than 5 MB"),
    ],
)
def test_what_cannot_be_read_is_said(signed_in, world: World, places: Path, fields: dict, said: str):
    assert said in look(signed_in(world.tomas), world, places, **fields)
