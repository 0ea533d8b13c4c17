"""The sample in the form of a source: what it shows, what it saves, and that nothing of it is kept or run."""

import datetime as dt
import gzip
import html
import json
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from reviews.models import LogSource, TrailEntry, UnmappedAction
from tests.engine.reading.evtx_builder import build
from tests.logs import put
from tests.web.test_source_form import form_for
from tests.world import World, make_source

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


def test_of_a_sample_without_lines_only_the_first_records_are_read(signed_in, world: World, places: Path):
    sample = "<Events>" + "<Event/>" * 5_001 + "</Events>"
    text = look(signed_in(world.tomas), world, places, sample=sample, format="windows_event")
    assert "<dt>Rejected</dt><dd>5,000</dd>" in text
    sample = json.dumps([{"ts": "2026-07-01 10:00:00", "operation": "wipe", "result": "ok"}] * 5_001)
    text = look(signed_in(world.tomas), world, places, sample=sample, **MAP)
    assert "<dt>Rows read</dt><dd>5,000</dd>" in text
    assert "; the sample is longer" in text


def test_a_sample_within_an_envelope_is_read_and_says_so(signed_in, world: World, places: Path):
    good = (SAMPLES / "web_access" / "many.log").read_text().splitlines()
    sample = json.dumps(
        {
            "messageType": "DATA_MESSAGE",
            "logGroup": "g",
            "logEvents": [{"timestamp": 1, "message": one} for one in good],
        }
    )
    text = look(signed_in(world.tomas), world, places, sample=sample)
    assert '<option value="web_access" selected>' in text
    assert (
        f"{len(good)} of the first {len(good)} records read as Web access log (nginx, Apache) within CloudWatch Logs"
        in text
    )
    assert f"<dt>Rows read</dt><dd>{len(good)}</dd>" in text


def test_a_packed_file_is_looked_at_and_comes_back_as_no_file(signed_in, world: World, places: Path):
    good = (SAMPLES / "web_access" / "many.log").read_bytes()
    file = SimpleUploadedFile("a.gz", gzip.compress(good))
    text = look(signed_in(world.tomas), world, places, file=file)
    assert "a.gz was looked at." in text
    assert f"<dt>Rows read</dt><dd>{len(good.splitlines())}</dd>" in text
    assert "All times in this sample carry a zone." in text


def test_an_event_log_file_is_looked_at_and_comes_back_as_no_text(signed_in, world: World, places: Path):
    events = re.findall(
        r"<Event .*?</Event>", (SAMPLES / "windows_event" / "many.xml").read_bytes().decode(), re.DOTALL
    )
    text = look(signed_in(world.tomas), world, places, file=SimpleUploadedFile("a.evtx", build([events])))
    assert '<option value="windows_event" selected>' in text
    assert "a.evtx was looked at." in text
    assert "<dt>Rows read</dt><dd>30</dd>" in text
    # Bytes that are text by chance, but for their zeros, would not come back as they are.
    text = look(signed_in(world.tomas), world, places, file=SimpleUploadedFile("b.log", b"a \0 b\n"))
    assert "\0" not in text


def test_a_plain_file_comes_back_as_text_so_that_no_script_is_needed(signed_in, world: World, places: Path):
    text = look(signed_in(world.tomas), world, places, file=SimpleUploadedFile("a.log", OWN.encode()))
    assert "ada@example.org&quot;,&quot;operation" in text


def test_what_no_format_reads_is_mapped_by_hand_and_saved(signed_in, world: World, places: Path):
    client = signed_in(world.tomas)
    text = look(client, world, places, sample=OWN)
    assert "Not recognised: map its fields" in text
    assert 'name="map-time" value="ts"' in text
    assert '<option value="user">' in text
    assert "Actions are not judged" in look(client, world, places, sample=OWN, **MAP)
    known = OWN.replace("wipe", "authn_login_fail")
    assert "Actions are not judged" not in look(client, world, places, sample=known, **MAP)
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


def change(client, source: LogSource, world: World, places: Path, **fields: object):
    return client.post(reverse("source_change", args=[source.pk]), {**form_for(world, places), **MAP, **fields})


def typed_lines(text: str) -> dict[str, str]:
    """The hidden and chosen values of the lines of categories, as a browser would send them."""
    found = {}
    for number, token in re.findall(r'name="map-action-(\d+)" value="([^"]*)"', text):
        found[f"map-action-{number}"] = html.unescape(token)
        select = re.search(rf'name="map-category-{number}".*?</select>', text, re.S)[0]
        chosen = re.search(r'value="(\w*)" selected', select)
        found[f"map-category-{number}"] = chosen[1] if chosen else ""
    return found


def test_categories_of_single_actions_stay_when_the_source_is_changed(signed_in, world: World, places: Path):
    odd = "drop\r\ntable \u202e"
    mapping = {"time": "ts", "action": "operation", "categories": [["wipe", "data_export"], [odd, "other"]]}
    source = make_source(world, str(places), format="json_lines", mapping=mapping)
    UnmappedAction.objects.create(source=source, day="2026-07-01", action="login", n=7)
    UnmappedAction.objects.create(source=source, day="2026-07-01", action="(further actions)", n=7)
    client = signed_in(world.tomas)
    text = client.get(reverse("source_change", args=[source.pk])).content.decode()
    lines = typed_lines(text)
    assert json.loads(lines["map-action-1"]) == odd
    assert [lines[f"map-category-{n}"] for n in range(3)] == ["data_export", "other", ""]
    assert json.loads(lines["map-action-2"]) == "login"
    assert "map-action-3" not in lines
    assert change(client, source, world, places, **lines).status_code == 302
    source.refresh_from_db()
    assert source.mapping["categories"] == [["wipe", "data_export"], [odd, "other"]]
    lines |= {"map-category-0": "", "map-category-2": "authentication"}
    assert change(client, source, world, places, **lines).status_code == 302
    source.refresh_from_db()
    assert source.mapping["categories"] == [[odd, "other"], ["login", "authentication"]]


def test_a_sample_offers_its_actions_for_categories(signed_in, world: World, places: Path):
    client = signed_in(world.tomas)
    text = look(client, world, places, sample=OWN, **MAP)
    lines = typed_lines(text)
    assert lines == {"map-action-0": '"wipe"', "map-category-0": ""}
    text = look(client, world, places, sample=OWN, **MAP, **{**lines, "map-category-0": "data_export"})
    assert typed_lines(text)["map-category-0"] == "data_export"


def test_more_categories_than_a_mapping_takes_are_refused_and_not_cut(signed_in, world: World, places: Path):
    lines = {f"map-action-{n}": json.dumps(f"a{n}") for n in range(301)}
    lines |= {f"map-category-{n}": "other" for n in range(301)}
    page = signed_in(world.tomas).post(reverse("source_add"), {**form_for(world, places), **MAP, **lines})
    assert "Give at most 300 actions a category of their own." in page.content.decode()
    assert not LogSource.objects.exists()


def test_the_columns_of_a_mapping_are_those_of_the_sample_at_hand(signed_in, world: World, places: Path):
    client = signed_in(world.tomas)
    first = "when,who,what\n2026-07-01T10:00:00Z,ada,wipe\n"
    second = "who;when;what;where\nada;2026-07-01T10:00:00Z;wipe;192.0.2.7\n"
    typed = {"format": "csv", "map-time": "when", "map-action": "what", "map-actor": "who"}
    typed |= {"map-columns": '["when", "who", "what"]', "map-separator": ","}
    assert "those of the sample" not in look(client, world, places, sample=first, **typed)
    text = look(client, world, places, sample=second, **typed)
    assert "The 4 columns are those of the sample’s first line now." in text
    assert html.escape('["who", "when", "what", "where"]') in text
    assert "<dt>Rows read</dt><dd>1</dd>" in text
    rows = second.splitlines()[1] + "\n"
    text = look(client, world, places, sample=rows * 3, **typed)  # no header: the columns stay
    assert html.escape('["when", "who", "what"]') in text


def test_a_zone_is_suggested_by_the_files_of_the_place_and_only_taken_by_hand(signed_in, world: World, places: Path):
    world.cloud.time_zone = "Europe/Madrid"
    world.cloud.save(update_fields=["time_zone"])
    written = dt.datetime(2026, 7, 1, 10, 0, 5, tzinfo=dt.UTC)
    put(
        places / "a.log",
        b"Jul  1 11:59:58 host sshd[1]: Accepted password for ines from 192.0.2.7 port 9 ssh2\n",
        written,
    )
    client = signed_in(world.tomas)
    typed = form_for(world, places, format="syslog")
    text = client.post(reverse("source_add"), {**typed, "check": "1"}).content.decode()
    assert "if times without a zone are UTC+02:00. The chosen UTC does not fit" in text
    assert 'name="take_zone" value="Europe/Madrid"' in text
    assert '<option value="UTC" selected>' in text
    text = client.post(reverse("source_add"), {**typed, "take_zone": "Europe/Madrid"}).content.decode()
    assert '<option value="Europe/Madrid" selected>' in text
    typed["time_zone"] = "Europe/Madrid"
    assert "Europe/Madrid fits." in client.post(reverse("source_add"), {**typed, "check": "1"}).content.decode()
    assert not LogSource.objects.exists()


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
        ({"sample": OWN, "format": "csv"}, "Map the columns of the log."),
        ({"file": SimpleUploadedFile("x.gz", b"\x1f\x8b\x08\x00" + b"x" * 40)}, "is a damaged gzip file"),
        ({"file": SimpleUploadedFile("big.log", b"x" * 5_000_001)}, "It is larger than 5 MB"),
    ],
)
def test_what_cannot_be_read_is_said(signed_in, world: World, places: Path, fields: dict, said: str):
    assert said in look(signed_in(world.tomas), world, places, **fields)
