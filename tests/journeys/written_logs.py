"""Log files that a journey lays down before it begins: sign-in logs of hosts over a quarter, with one silent day."""

import datetime as dt
import gzip
import random
from collections.abc import Iterator
from pathlib import Path

from reviews.engine.analysis.quarters import Quarter
from tests.logs import put

HOUR = dt.timedelta(hours=1)
_PEOPLE = ("dhollis", "msorensen", "apetrov", "roduya")
_MESSAGES = (
    ("sshd", "Accepted publickey for {who} from 198.51.100.{n} port 5{n}1 ssh2: ED25519 SHA256:k{n}Zs0Q7pXv"),
    ("sshd", "pam_unix(sshd:session): session opened for user {who}(uid=10{n}) by (uid=0)"),
    ("sshd", "Disconnected from user {who} 198.51.100.{n} port 5{n}1"),
    ("sshd", "Failed password for {who} from 198.51.100.{n} port 5{n}1 ssh2"),
    ("sudo", " {who} : TTY=pts/1 ; PWD=/home/{who} ; USER=root ; COMMAND=/usr/bin/journalctl -u app@{n}"),
    ("useradd", "new user: name=worker{n}, UID=1{n}, GID=100, home=/home/worker{n}, shell=/bin/bash"),
)
BROKEN = "a line that no syslog daemon wrote\n"


def last_quarter(today: dt.date) -> Quarter:
    return Quarter.of(today).previous


def silent_day(quarter: Quarter) -> dt.date:
    """The Wednesday after the first 40 days: well inside, and a day like any other."""
    day = quarter.starts_on + dt.timedelta(days=40)
    return day + dt.timedelta(days=(2 - day.weekday()) % 7)


def write_bastion_logs(folder: Path, quarter: Quarter, today: dt.date) -> int:
    """RFC 5424 files up to yesterday, one a month, the older ones packed. The number of their records."""
    silent, written = silent_day(quarter), 0
    months: dict[str, list[str]] = {}
    for hour in _hours(quarter.starts_on, today):
        if hour.date() != silent:
            months.setdefault(f"{hour:%Y-%m}", []).extend(_lines(hour))
    newest = max(months)
    months[newest].append(BROKEN)
    for month, lines in months.items():
        written += len(lines)
        text = "".join(lines).encode()
        if month == newest:
            put(folder / f"auth-{month}.log", text)
        else:
            put(folder / f"auth-{month}.log.gz", gzip.compress(text, mtime=0))
    return written


def _hours(first: dt.date, end: dt.date) -> Iterator[dt.datetime]:
    hour = dt.datetime.combine(first, dt.time(), dt.UTC)
    until = dt.datetime.combine(end, dt.time(), dt.UTC)
    while hour < until:
        yield hour
        hour += HOUR


def _lines(hour: dt.datetime) -> list[str]:
    drawn = random.Random(hour.isoformat())
    moments = sorted(drawn.randrange(3600) for _ in range(drawn.randint(4, 8)))
    lines = []
    for moment in moments:
        program, text = drawn.choice(_MESSAGES)
        at = hour + dt.timedelta(seconds=moment)
        said = text.format(who=drawn.choice(_PEOPLE), n=drawn.randint(10, 99))
        lines.append(f"<86>1 {at:%Y-%m-%dT%H:%M:%SZ} bastion1 {program} {drawn.randint(300, 9000)} - - {said}\n")
    return lines
