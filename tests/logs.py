"""Log lines and files for tests of importing."""

import datetime as dt
import json
import os
from pathlib import Path

START = dt.datetime(2026, 10, 14, 8, 0, tzinfo=dt.UTC)
LONG_AGO = dt.datetime(2026, 10, 20, 0, 0, tzinfo=dt.UTC)  # of the last change of a file that nobody writes any more


def access_line(number: int, *, minutes: int = 1, path: str = "/account", status: int = 200) -> bytes:
    """One line of a web server's access log, `number` times `minutes` after START."""
    at = START + dt.timedelta(minutes=number * minutes)
    return (
        f"192.0.2.{number % 250} - ines [{at:%d/%b/%Y:%H:%M:%S +0000}] "
        f'"GET {path}?n={number} HTTP/1.1" {status} {100 + number}\n'
    ).encode()


def access_log(first: int, last: int, **fields: object) -> bytes:
    """Lines `first` to `last`, without the last."""
    return b"".join(access_line(number, **fields) for number in range(first, last))  # type: ignore[arg-type]


def trail_event(number: int, *, name: str = "CreateUser", account: str = "111111111111", **fields: object) -> dict:
    """One CloudTrail record; its id follows from the number."""
    at = START + dt.timedelta(minutes=number)
    return {
        "eventVersion": "1.08",
        "userIdentity": {"type": "IAMUser", "userName": "ines", "arn": f"arn:aws:iam::{account}:user/ines"},
        "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "iam.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.7",
        "eventID": f"00000000-0000-4000-8000-{number:012}",
        "recipientAccountId": account,
        **fields,
    }


def trail_file(*numbers: int, **fields: object) -> bytes:
    """A file as CloudTrail delivers it."""
    return json.dumps({"Records": [trail_event(number, **fields) for number in numbers]}).encode()  # type: ignore[arg-type]


def trail_lines(*numbers: int, **fields: object) -> bytes:
    return b"".join(json.dumps(trail_event(number, **fields)).encode() + b"\n" for number in numbers)  # type: ignore[arg-type]


def put(path: Path, data: bytes, changed: dt.datetime = LONG_AGO) -> Path:
    """Write a file that was last changed at this time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    touch(path, changed)
    return path


def touch(path: Path, changed: dt.datetime) -> None:
    os.utime(path, (changed.timestamp(), changed.timestamp()))
