"""The demo lives on: its systems write logs for as long as the demo runs, so that a source falls silent only by plan.

Days are drawn anew and come out the same, so the new end of a file follows its old one without a seam. Hours in which
the portal was switched off are written when it comes back: the systems did not stop with it.
"""

import datetime as dt
import fcntl
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from reviews.workflows.demo import cast, logs
from reviews.workflows.demo.plan import DAY, Plan

PLAN_FILE: Final = "plan.json"
STEP: Final = dt.timedelta(minutes=10)
LONGEST: Final = dt.timedelta(days=120)  # a demo forgotten for longer has a real gap


def remember(place: Path, plan: Plan) -> None:
    """Keep how far the logs are written."""
    told = {"today": plan.today.isoformat(), "until": plan.until.isoformat()}
    new = place / f"{PLAN_FILE}.new"
    new.write_text(json.dumps(told), encoding="ascii")
    os.replace(new, place / PLAN_FILE)


def recall(place: Path) -> Plan | None:
    """The plan as it was written so far; None when there is none."""
    try:
        told = json.loads((place / PLAN_FILE).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    return Plan(dt.date.fromisoformat(told["today"]), dt.datetime.fromisoformat(told["until"]))


def grow(place: Path, now: dt.datetime) -> int:
    """Write what has happened since, at most every STEP and one process at a time. How many files were written to."""
    if not (place / PLAN_FILE).exists():
        return 0
    with (place / f"{PLAN_FILE}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        return _grow(place, now)


def _grow(place: Path, now: dt.datetime) -> int:
    plan = recall(place)
    if plan is None or not STEP <= now - plan.until <= LONGEST:
        return 0
    longer = replace(plan, until=now.replace(microsecond=0))
    touched, day = 0, plan.until.date()
    while day <= longer.until.date():
        for source in cast.SOURCES:
            touched += sum(_follow(place, file) for file in logs.files_of(longer, source.key, day, since=plan.until))
        day += DAY
    remember(place, longer)
    return touched


def _follow(place: Path, file: logs.File) -> bool:
    """Bring the file on disk to its new content: the open log grows, a rotated one takes its place."""
    if file.path != file.follows:
        logs.write(place, file)
        if file.follows is not None:
            (place / file.follows).unlink(missing_ok=True)
        return True
    path = place / file.path
    length = path.stat().st_size if path.exists() else 0
    if length == len(file.plain):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as stream:
        stream.write(file.plain[length:])
    os.utime(path, (file.modified, file.modified))
    return True
