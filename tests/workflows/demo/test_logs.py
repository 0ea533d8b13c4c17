"""The files that the demo writes hold what the plan says, and look like the real thing."""

import datetime as dt
import gzip
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from reviews.workflows.demo import cast, cloudtrail, logs, syslog, web
from reviews.workflows.demo.days import BURST_EVENTS, entries
from reviews.workflows.demo.plan import DAY, Plan, make_plan

GROWN = make_plan(dt.date(2026, 11, 24))
CLOCK_CHANGE = make_plan(dt.date(2026, 10, 25))
LEAP_DAY = make_plan(dt.date(2028, 2, 29))
FIRST_DAY = make_plan(dt.date(2026, 10, 1), dt.datetime(2026, 10, 1, 9, 0, tzinfo=dt.UTC))


def write_day(plan: Plan, source: str, day: dt.date, place: Path) -> list[Path]:
    for file in logs.files_of(plan, source, day):
        logs.write(place, file)
    return sorted(path for path in place.rglob("*") if path.is_file())


def content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def events(path: Path) -> list[dict]:
    return json.loads(content(path))["Records"]


@pytest.mark.parametrize("plan", [GROWN, CLOCK_CHANGE, LEAP_DAY, FIRST_DAY], ids=lambda plan: str(plan.until))
@pytest.mark.parametrize("source", [source.key for source in cast.SOURCES])
def test_every_source_has_files_up_to_the_end(plan: Plan, source: str, tmp_path: Path):
    last = plan.until.date()
    while source == "exchange" and last.weekday() != 3:
        last -= DAY
    for path in write_day(plan, source, last, tmp_path):
        assert path.stat().st_mtime <= plan.until.timestamp()
        assert content(path).endswith((b"\n", b"]}"))
    assert list(tmp_path.rglob("*"))


def test_a_day_comes_out_the_same_whenever_it_is_made():
    day = dt.date(2026, 11, 10)
    for source in cast.SOURCES:
        first, again = (list(logs.files_of(make_plan(GROWN.today), source.key, day)) for _ in range(2))
        assert first == again


def test_cloudtrail_files_lie_and_look_as_aws_delivers_them(tmp_path: Path):
    day = dt.date(2026, 11, 10)
    paths = write_day(GROWN, "trail", day, tmp_path)
    assert len(paths) == 4
    for path in paths:
        where = path.relative_to(tmp_path / "logs/trail").as_posix()
        assert re.fullmatch(
            r"AWSLogs/o-northmoor01/(\d{12})/CloudTrail/eu-west-1/2026/11/10/\1_CloudTrail_eu-west-1_\d{8}T\d{4}Z_[0-9a-f]{16}"
            r"\.json\.gz",
            where,
        ), where
        for event in events(path):
            assert event["eventTime"][:10] == "2026-11-10"
            assert event["recipientAccountId"] in where
            assert event["userIdentity"]["accountId"] == event["recipientAccountId"]


def test_event_ids_never_repeat():
    ids = Counter(
        json.loads(text)["eventID"]
        for day in (dt.date(2026, 11, 9), dt.date(2026, 11, 10))
        for found in entries(GROWN, "trail", day).values()
        for _, text in found
    )
    assert max(ids.values()) == 1
    assert len(ids) > 1000


def test_the_silence_of_19_hours_holds_no_request():
    silence = GROWN.incident("silence")
    moments = [
        moment / 1e6
        for n in range(-1, 3)
        for moment, _ in entries(GROWN, "portal", silence.starts_at.date() + n * DAY)["portal"]
    ]
    start, end = silence.starts_at.timestamp(), silence.ends_at.timestamp()
    assert not [moment for moment in moments if start <= moment < end]
    assert [moment for moment in moments if start - 3600 <= moment < start]
    assert [moment for moment in moments if end <= moment < end + 3600]


def test_the_dead_collector_takes_both_services_with_it():
    day = GROWN.incident("collector").starts_at.date() + DAY
    assert not any(entries(GROWN, "collector", day).values())
    assert all(entries(GROWN, "collector", day - 7 * DAY).values())


def test_exports_stop_and_the_rest_flows():
    warehouse = cast.ACCOUNTS["warehouse"]
    exports = {call.name for call in cloudtrail.MIXES["exports"]}
    day = GROWN.incident("stopped").starts_at.date()

    def names(when: dt.date) -> set[str]:
        return {json.loads(text)["eventName"] for _, text in entries(GROWN, "trail", when)[warehouse]}

    assert exports & names(day - DAY)
    for n in range(1, 8):
        assert not exports & names(day + n * DAY)
        assert names(day + n * DAY)


def test_nothing_follows_stop_logging_until_logging_starts_again():
    planted = GROWN.incident("stop_logging")
    found = entries(GROWN, "trail", planted.starts_at.date())
    start, end = (int(moment.timestamp() * 1e6) for moment in (planted.starts_at, planted.ends_at))
    inside = [text for held in found.values() for moment, text in held if start < moment < end]
    calls = {json.loads(text)["eventName"]: json.loads(text) for _, text in found[cast.ACCOUNTS["cloud"]]}
    assert inside == []
    assert calls["StopLogging"]["userIdentity"]["userName"] == "d.hollis"
    assert calls["StartLogging"]["eventTime"] == planted.ends_at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_burst_comes_from_one_address():
    planted = GROWN.incident("burst")
    found = entries(GROWN, "bastion", planted.starts_at.date())["dub-bastion-01"]
    burst = [text for _, text in found if syslog.BURST_FROM in text]
    assert len(burst) == BURST_EVENTS
    assert all("Failed password for root" in text for text in burst)


def test_the_late_day_is_held_back_and_delivered_once(tmp_path: Path):
    day = GROWN.incident("late").starts_at.date()
    (held,) = write_day(GROWN, "portal", day, tmp_path)
    assert held.relative_to(tmp_path).parts[0] == logs.HELD
    now = dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC)
    (delivered,) = logs.deliver_late(tmp_path, now)
    assert delivered == tmp_path / "logs/portal" / f"access.log-{day + DAY:%Y%m%d}.gz"
    assert delivered.stat().st_mtime == now.timestamp()
    assert logs.deliver_late(tmp_path, now) == []


def test_the_copied_file_has_the_same_bytes(tmp_path: Path):
    paths = write_day(GROWN, "bastion", GROWN.incident("copied_file").starts_at.date(), tmp_path)
    by_name = {path.relative_to(tmp_path / "logs/bastion").parts[0]: path for path in paths}
    copy, original = by_name["restored"], by_name["dub-bastion-01"]
    assert content(copy) == content(original)
    assert copy.suffix != ".gz"


def test_repeated_events_are_in_two_files_of_one_account(tmp_path: Path):
    day = GROWN.incident("repeated_events").starts_at.date()
    paths = [p for p in write_day(GROWN, "trail", day, tmp_path) if cast.ACCOUNTS["cloud"] in p.name]
    assert len(paths) == 2
    smaller, larger = sorted(({event["eventID"] for event in events(path)} for path in paths), key=len)
    assert smaller < larger
    assert len(smaller) > 100


def test_broken_lines_are_broken_and_all_others_whole(tmp_path: Path):
    (path,) = write_day(GROWN, "portal", GROWN.incident("broken").starts_at.date(), tmp_path)
    whole = re.compile(rb'\S+ - \S+ \[[^\]]+\] "[A-Z]+ \S+ HTTP/1.1" \d{3} \S+ "[^"]*" "[^"]*"')
    broken = [line for line in content(path).splitlines() if not whole.fullmatch(line)]
    assert len(broken) == web.BROKEN_LINES
    assert any(b"\x00" in line for line in broken)


def test_the_host_in_frankfurt_writes_the_time_of_its_own_wall():
    """UTC+2 before the clock change of 25 Oct 2026, UTC+1 after it."""
    for day, hours in ((dt.date(2026, 10, 22), 2), (dt.date(2026, 10, 27), 1)):
        for moment, text in entries(GROWN, "frankfurt", day)["fra-bastion-01"]:
            shown = dt.datetime.fromtimestamp(moment // 10**6, dt.UTC) + dt.timedelta(hours=hours)
            assert text.startswith(f"{shown:%b} {shown.day:2d} {shown:%H:%M:%S} fra-bastion-01 ")


def test_collector_lines_are_rfc_5424(tmp_path: Path):
    (path,) = write_day(GROWN, "collector", dt.date(2026, 11, 10), tmp_path)
    shape = re.compile(
        r"<\d+>1 2026-11-10T\d\d:\d\d:\d\d\.\d{6}Z (pay|pol)-(app|db)-0\d \S+ \d+ - \[timeQuality .+\] \S.*"
    )
    lines = content(path).decode().splitlines()
    assert len(lines) > 300
    assert all(shape.fullmatch(line) for line in lines)
    assert lines == sorted(lines, key=lambda line: line.split(" ", 2)[1])


def test_addresses_are_those_for_documentation_or_private():
    texts = [
        text
        for source in cast.SOURCES
        for found in entries(GROWN, source.key, dt.date(2026, 11, 12)).values()
        for _, text in found
    ]
    found = {address for text in texts for address in re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", text)}
    allowed = ("192.0.2.", "198.51.100.", "203.0.113.", "10.40.", "142.0.0.", "141.0.0.")  # the last two: browsers
    assert found
    assert [address for address in found if not address.startswith(allowed)] == []


def test_all_files_of_two_quarters(tmp_path: Path):
    """Once in full: about 400,000 records, soon written."""
    written = logs.write_logs(GROWN, tmp_path)
    assert written.lines == pytest.approx(400_000, rel=0.03)
    assert 800 < written.files < 2_000
    assert written.bytes < 40 * 1024 * 1024
    assert written.seconds < 30  # 4 s on a quiet core
    assert len(list((tmp_path / logs.HELD).rglob("access.log*"))) == 1
