"""formats, detect and parse: what people see of reading, on the command line."""

import gzip
import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from reviews.engine.events import READ_SCHEMA
from reviews.engine.formats import all_formats

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def run(*arguments: object, **options: object) -> tuple[list[str], list[str]]:
    out, err = StringIO(), StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=err, **options)
    return out.getvalue().splitlines(), err.getvalue().splitlines()


def parsed(*arguments: object) -> tuple[list[dict], list[dict]]:
    out, err = run("parse", *arguments)
    return [json.loads(line) for line in out], [json.loads(line) for line in err]


def test_formats_are_listed():
    lines, _ = run("formats")
    assert [line.split()[0] for line in lines] == sorted(all_formats())


def test_formats_are_listed_for_programs():
    lines, _ = run("formats", "--json")
    rows = json.loads("\n".join(lines))
    assert {row["id"]: row["routes"] for row in rows}["cloudtrail"] == {"account": "Account", "region": "Region"}


def test_the_format_of_a_packed_file_is_guessed(tmp_path: Path):
    path = tmp_path / "access"
    good = (SAMPLES / "web_access" / "many.log").read_bytes()
    path.write_bytes(gzip.compress(good))
    count = len(good.splitlines())
    lines, _ = run("detect", path)
    assert lines[0].startswith(f"web_access  100%  {count} of the first {count} records")
    assert lines[1] == "No other format reads anything of it."


def test_a_file_in_no_known_format(tmp_path: Path):
    path = tmp_path / "letter"
    path.write_text("Dear auditor,\n", encoding="utf-8")
    with pytest.raises(CommandError, match="letter is in no format that the portal reads"):
        run("detect", path)
    with pytest.raises(CommandError, match="Name it with --format"):
        run("parse", path)
    path.write_text("Date,User,Operation\n2026-07-01,Ada,wipe\n", encoding="utf-8")
    with pytest.raises(CommandError, match="It can be mapped by hand: choose csv in a log source"):
        run("detect", path)


def test_parse_shows_events_with_their_lines_and_rejects_apart():
    events, rejects = parsed(SAMPLES / "web_access" / "broken.log", "--format", "web_access")
    assert set(events[0]) == {*READ_SCHEMA.names, "line"}
    assert (events[0]["occurred_at"], events[0]["line"]) == ("2026-07-01T04:15:00.000000Z", 1)
    assert [reject["line"] for reject in rejects] == [2, 3, 4, 5, 6, 7]
    assert set(rejects[0]) == {"line", "reason"}


def test_parse_counts_lines_of_a_document():
    events, _ = parsed(SAMPLES / "cloudtrail" / "pretty.json")
    lines = (SAMPLES / "cloudtrail" / "pretty.json").read_text(encoding="utf-8").splitlines()
    assert [lines[event["line"] - 1].strip() for event in events] == ["{"] * 3
    assert [event["action"] for event in events] == ["TerminateInstances", "GetObject", "AssumeRole"]


def test_parse_takes_zone_and_year(tmp_path: Path):
    path = tmp_path / "auth.log"
    path.write_text("Dec 31 23:30:00 gate a: x\nJan  1 00:30:00 gate a: x\n", encoding="utf-8")
    events, _ = parsed(path, "--format", "syslog", "--timezone", "America/New_York", "--year", "2019")
    assert [event["occurred_at"] for event in events] == ["2020-01-01T04:30:00.000000Z", "2020-01-01T05:30:00.000000Z"]
    assert {event["time_basis"] for event in events} == {"configured"}
    events, _ = parsed(path, "--format", "syslog", "--year", "2019")
    assert {event["time_basis"] for event in events} == {"assumed"}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--format", "morse"], "There is no log format 'morse'. Choose one of: "),
        (["--format", "syslog", "--timezone", "Mars/Olympus"], "There is no time zone 'Mars/Olympus'"),
        (["--format", "syslog", "--year", "20"], "20 is no year of a log file."),
    ],
)
def test_parse_refuses_with_a_sentence(arguments: list[str], reason: str):
    with pytest.raises(CommandError) as refused:
        run("parse", SAMPLES / "syslog" / "one.log", *arguments)
    assert str(refused.value).startswith(reason)


def test_parse_refuses_what_is_no_file(tmp_path: Path):
    with pytest.raises(CommandError, match="is a directory"):
        run("parse", tmp_path, "--format", "syslog")
    with pytest.raises(CommandError, match="No such file"):
        run("parse", tmp_path / "gone", "--format", "syslog")


def test_parse_ends_quietly_when_nobody_reads_on(tmp_path: Path):
    line = '203.0.113.5 - ines [01/Jul/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5\n'
    path = tmp_path / "access.log"
    path.write_text(line * 5000, encoding="utf-8")
    command = [sys.executable, "manage.py", "parse", str(path), "--format", "web_access"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert json.loads(run.stdout.readline())["actor"] == "ines"
        run.stdout.close()
        assert run.stderr.read() == b""
