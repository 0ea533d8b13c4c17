"""The logs go on while the demo runs, without a seam."""

import datetime as dt
import fcntl
import gzip
import json
from pathlib import Path

from reviews.workflows.demo import cast, growth, logs
from reviews.workflows.demo.plan import Plan, make_plan

EVENING = dt.datetime(2026, 11, 19, 23, 30, tzinfo=dt.UTC)  # a Thursday: the batch has run
MORNING = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def lay_out(plan: Plan, place: Path) -> None:
    """Only the last day of each source."""
    for source in cast.SOURCES:
        for file in logs.files_of(plan, source.key, plan.until.date()):
            logs.write(place, file)
    growth.remember(place, plan)


def text(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def contents(place: Path, source: str) -> list[bytes]:
    """Each file's lines, or each CloudTrail event, of the source."""
    found = []
    for path in (place / "logs" / source).rglob("*"):
        if path.is_file():
            whole = text(path)
            found += (
                [json.dumps(e).encode() for e in json.loads(whole)["Records"]]
                if source == "trail"
                else [*whole.splitlines()]
            )
    return sorted(found)


def test_what_grows_is_what_would_have_been_written_at_once(tmp_path: Path):
    grown, fresh = tmp_path / "grown", tmp_path / "fresh"
    plan = make_plan(EVENING.date(), EVENING)
    lay_out(plan, grown)
    for now in (EVENING + dt.timedelta(minutes=15), EVENING + dt.timedelta(minutes=40), MORNING):
        assert growth.grow(grown, now) > 0
    longer = Plan(plan.today, MORNING)
    for n in range(3):
        for source in cast.SOURCES:
            for file in logs.files_of(longer, source.key, plan.today + n * dt.timedelta(days=1)):
                logs.write(fresh, file)
    for source in cast.SOURCES:
        assert contents(grown, source.key) == contents(fresh, source.key), source.key
        assert contents(grown, source.key)


def test_an_open_log_grows_and_is_rotated_at_midnight(tmp_path: Path):
    plan = make_plan(EVENING.date(), EVENING)
    lay_out(plan, tmp_path)
    opened = tmp_path / "logs/portal/access.log"
    before = opened.read_bytes()
    growth.grow(tmp_path, EVENING + dt.timedelta(minutes=20))
    after = opened.read_bytes()
    assert after.startswith(before)
    assert len(after) > len(before)
    growth.grow(tmp_path, MORNING)
    rotated = tmp_path / "logs/portal/access.log-20261120.gz"
    assert text(rotated).startswith(after)
    assert b"[21/Nov/2026" in opened.read_bytes()
    assert b"[19/Nov/2026" not in opened.read_bytes()


def test_it_grows_in_steps_and_not_without_a_plan(tmp_path: Path):
    assert growth.grow(tmp_path, MORNING) == 0
    lay_out(make_plan(EVENING.date(), EVENING), tmp_path)
    assert growth.grow(tmp_path, EVENING + dt.timedelta(minutes=9)) == 0
    assert growth.grow(tmp_path, EVENING + dt.timedelta(days=200)) == 0
    with (tmp_path / f"{growth.PLAN_FILE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert growth.grow(tmp_path, EVENING + dt.timedelta(minutes=15)) == 0, "another process is at it"
    recalled = growth.recall(tmp_path)
    assert recalled is not None
    assert recalled.until == EVENING
