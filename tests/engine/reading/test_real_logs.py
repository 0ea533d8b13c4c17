"""Logs nobody here wrote: everything is read, and what is not has a reason. Third-party expectations give a floor."""

import collections
import datetime as dt
import ipaddress
import itertools
import json
from pathlib import Path

import pytest

from reviews.engine.catalogue import load_actions
from reviews.engine.formats import get_format
from reviews.engine.reading import Context, read_file
from reviews.engine.reading.evtx_files import DAMAGED
from tests.engine.formats.score import first_events

pytestmark = pytest.mark.data

MODIFIED = dt.datetime(2026, 7, 2, tzinfo=dt.UTC)
CONTEXT = Context("UTC", MODIFIED, catalogue=load_actions())


def counted(paths: list[Path], name: str) -> tuple[int, collections.Counter]:
    """Events, and rejects by reason."""
    events, reasons = 0, collections.Counter()
    for path in paths:
        for part in read_file(path, get_format(name), CONTEXT):
            events += part.events.num_rows + part.ignored
            reasons.update(part.rejects["reason"].to_pylist())
    return events, reasons


def files(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if "LICENSE" not in path.name)


def test_an_attack_on_logging_is_seen(real_data: Path):
    path = real_data / "logs" / "cloudtrail_stratus" / "aws.defense-evasion.cloudtrail-stop.json"
    (part,) = read_file(path, get_format("cloudtrail"), CONTEXT)
    assert part.events["category"].to_pylist() == ["logging_control"]


def test_kubernetes_audit(real_data: Path):
    events, reasons = counted(files(real_data / "logs" / "kubernetes", "*.json"), "kubernetes_audit")
    assert events == 51
    assert reasons == {"This is no Kubernetes audit event: auditID, stage or verb is missing.": 1}  # fal_01_003.json


def test_auditd(real_data: Path):
    events, reasons = counted(sorted((real_data / "logs" / "auditd").rglob("*.log")), "auditd")
    assert events == 90
    assert reasons == {"This is no record of Linux audit: it has no type and no audit(time:serial).": 1}


@pytest.mark.parametrize(
    ("name", "records", "rejected"),
    [("light.postgres.log.bz2", 630, 0), ("cloudsql.log.gz", 1343, 0), ("cnpg.log.gz", 2015, 7)],
)
def test_postgresql(real_data: Path, name: str, records: int, rejected: int):
    events, reasons = counted([real_data / "logs" / "postgresql" / name], "postgresql")
    assert (events, sum(reasons.values())) == (records, rejected)


def test_another_format_is_rejected_line_by_line(real_data: Path):
    events, reasons = counted([real_data / "logs" / "syslog" / "Apache_2k.log"], "syslog")
    assert events == 0
    assert reasons == {"This is no syslog line: it does not begin with a time and a host.": 2000}


def test_syslog_in_many_shapes(real_data: Path):
    paths = files(real_data / "logs" / "plaso" / "syslog", "*")
    events, reasons = counted([path for path in paths if "Forward" not in path.name], "syslog")
    # What is rejected: continuation lines of messages with line breaks, and a made-up month.
    assert events == 75
    assert reasons == {"This is no syslog line: it does not begin with a time and a host.": 8}


# Share of third-party expectations that are met, as measured: read, time, actor, address, outcome.
FLOORS = {
    "cloudtrail": ("cloudtrail", "17/17 17/17 16/16 16/16 16/17"),  # the outcome of an Insights event is unknown here
    "beats-cloudtrail": ("cloudtrail", "18/18 18/18 17/17 16/16 17/18"),
    # Of a new, changed or deleted account the name is the target here, not the actor.
    "syslog_auth": ("syslog", "92/92 92/92 58/63 12/12 20/20"),
    "beats-syslog_auth": ("syslog", "8/8 0/0 6/7 4/4 4/4"),
    "syslog": ("syslog", "1/2 1/1 0/0 0/0 0/0"),  # the other is dated 1986, which is refused
    "apache_access": ("web_access", "19/19 19/19 1/1 16/16 19/19"),
    "nginx_access": ("web_access", "7/7 7/7 0/0 6/7 7/7"),  # of a list of proxies the last address counts here
}


@pytest.mark.parametrize("name", FLOORS)
def test_third_party_expectations(real_data: Path, name: str):
    format_id, floor = FLOORS[name]
    text = (real_data / "conformance" / f"{name}.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    met, asked = collections.Counter(), collections.Counter()
    for row, event in zip(rows, first_events(format_id, [row["raw"] for row in rows]), strict=True):
        for what, fits in compared(event, row["expect"]):
            asked[what] += 1
            met[what] += fits
    assert " ".join(f"{met[what]}/{asked[what]}" for what in ("read", "time", "actor", "address", "outcome")) == floor


def compared(event: dict | None, expected: dict) -> list[tuple[str, bool]]:
    """What is expected of a record, and whether it is what is read."""
    found = [("read", event is not None)]
    if event is None:
        return found
    if "@timestamp" in expected:
        wanted = dt.datetime.fromisoformat(expected["@timestamp"]).astimezone(dt.UTC).replace(tzinfo=None)
        # The publisher's year is the year in which the test was run, and its fractions are milliseconds.
        shown = "%m-%d %H:%M:%S" if event["time_basis"] != "explicit" else "%Y-%m-%d %H:%M:%S"
        found.append(("time", wanted.strftime(shown) == event["occurred_at"].strftime(shown)))
    if expected.get("user.name", "-") != "-":
        found.append(("actor", event["actor"] == expected["user.name"]))
    if "source.ip" in expected:
        given = event["source_ip"] and ipaddress.ip_address(event["source_ip"])
        found.append(("address", given == ipaddress.ip_address(expected["source.ip"])))
    if expected.get("event.outcome") in ("success", "failure"):
        found.append(("outcome", event["outcome"] == expected["event.outcome"]))
    return found


# Events, and parts that are damaged, of each file; docs/formats.md says the same.
EVTX = {
    "2-vss_7-System": (1160, 0),
    "Security_short_selected": (7, 0),
    "new-user-security": (4, 0),
    "sample_with_a_bad_chunk_magic": (298, 5),
    "security": (2261, 0),
}


@pytest.mark.parametrize("name", EVTX)
def test_windows_event_logs(real_data: Path, name: str):
    events, reasons = counted([real_data / "logs" / "evtx" / f"{name}.evtx.gz"], "windows_event")
    assert (events, sum(reasons.values())) == EVTX[name]
    assert set(reasons) <= {DAMAGED}
    said = f"{name}.evtx: {events:,}" + (f" and {EVTX[name][1]} damaged parts" if EVTX[name][1] else "")
    assert said in (Path(__file__).resolve().parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")


def test_numbers_that_a_windows_log_lacks_show(real_data: Path):
    """One run of 262 records is absent: the numbers jump there and nowhere else."""
    path = real_data / "logs" / "evtx" / "2-vss_7-System.evtx.gz"
    (part,) = read_file(path, get_format("windows_event"), CONTEXT)
    numbers = part.events["sequence_number"].to_pylist()
    assert set(part.events["sequence_stream"].to_pylist()) == {"DESKTOP-1N4R894/System"}
    assert [b - a - 1 for a, b in itertools.pairwise(numbers) if b != a + 1] == [262]
