"""How well formats read events whose expected fields third parties published.

    python -m tests.engine.formats.score [STREAM…] [--differences]

prints, for each stream and field, matched / expected. The material lies beside the project (shared/data/conformance,
see its README) and is read, never copied. What counts as a match:

    time     the same instant; where the record carries no zone, the same date and time on the clock; never the year,
             where the record has none, since the publisher's is the year in which its test ran
    action   only where the record itself holds the expected name: the action read holds it too
    outcome  the same word, success, failure or unknown
    user     the actor holds one of user.name, user.id, user.email, client.user.email
    address  the same address
"""

import datetime as dt
import ipaddress
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reviews.engine.catalogue import load_actions
from reviews.engine.formats import all_formats, get_format
from reviews.engine.reading import Context, Spans, normalise, split
from reviews.engine.reading.spans import no_rejects, positions

CONFORMANCE = Path(__file__).resolve().parents[4] / "shared" / "data" / "conformance"
FIELDS = ("time", "action", "outcome", "user", "address")
# Streams are named after their publisher's package; where our format has another id, it stands here.
FORMATS = {
    "apache_access": "web_access",
    "nginx_access": "web_access",
    "atlassian_bitbucket": "atlassian_audit",
    "atlassian_confluence": "atlassian_audit",
    "atlassian_jira": "atlassian_audit",
    "iis_access": "iis",
    "o365": "microsoft_365",
    "kibana_audit": "elasticsearch_audit",
    "syslog_auth": "syslog",
    "windows_forwarded": "windows_event",
}
# Where the publisher's machine stood, when its test says so (event.timezone): the zone that a source would be given.
ZONES = {"beats-elasticsearch_audit": "Etc/GMT+2"}
USER_KEYS = ("user.name", "user.id", "user.email", "client.user.email")
MODIFIED = dt.datetime(2026, 7, 2, tzinfo=dt.UTC)
APART = b"\n"


@dataclass
class Score:
    """What was met of what was asked, by field, and what was not."""

    records: int = 0
    read: int = 0
    met: Counter = field(default_factory=Counter)
    asked: Counter = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def add(self, other: "Score") -> None:
        self.records += other.records
        self.read += other.read
        self.met += other.met
        self.asked += other.asked

    def row(self, name: str) -> str:
        cells = [f"{self.met[what]}/{self.asked[what]}" if self.asked[what] else "-" for what in FIELDS]
        return f"{name:28}{self.read:>5}/{self.records:<6}" + "".join(f"{cell:>11}" for cell in cells)


def format_of(stream: str) -> str:
    name = stream.removeprefix("beats-")
    return FORMATS.get(name, name)


def streams(folder: Path = CONFORMANCE) -> list[str]:
    """The streams whose format there is."""
    return [path.stem for path in sorted(folder.glob("*.jsonl")) if format_of(path.stem) in all_formats()]


def score(stream: str, folder: Path = CONFORMANCE) -> Score:
    """Read one stream and compare."""
    text = (folder / f"{stream}.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    found = Score(records=len(rows))
    events = first_events(format_of(stream), [row["raw"] for row in rows], ZONES.get(stream, "UTC"))
    for row, event in zip(rows, events, strict=True):
        found.read += event is not None
        for what, wanted, got, fits in compared(event, row["expect"], row["raw"]):
            found.asked[what] += 1
            found.met[what] += fits
            if not fits:
                found.differences.append(
                    f"{stream} {what}: expected {wanted!r}, read {got!r} from {row['raw'][:160]!r}"
                )
    return found


def first_events(format_id: str, raws: list[str], zone: str = "UTC") -> list[dict | None]:
    """What is read of the first record of each; all in one go, as files one after the other."""
    fmt, buffer, files, offsets, lengths = get_format(format_id), bytearray(), [], [], []
    for raw in raws:
        data = raw.encode()
        spans = split(fmt, data, final=True, record_bytes=1 << 24)
        files.append(len(buffer))
        offsets.extend(len(buffer) + spans.offsets)
        lengths.extend(spans.lengths)
        buffer += data + APART
    taken = Spans(positions(offsets), positions(lengths), len(buffer), no_rejects())
    context = Context(zone, MODIFIED, catalogue=load_actions())
    events = normalise(fmt, bytes(buffer), taken, context, file_starts=positions(files)).events.to_pylist()
    first: dict[int, dict] = {}
    for event in reversed(events):
        first[int(positions(files).searchsorted(event["offset"], side="right")) - 1] = event
    return [first.get(index) for index in range(len(raws))]


def compared(event: dict | None, expected: dict, raw: str) -> Iterator[tuple[str, object, object, bool]]:
    """Field, what is expected, what is read, whether it fits. What is not read at all fits nothing."""
    got = event or {}
    if "@timestamp" in expected:
        yield "time", expected["@timestamp"], got.get("occurred_at"), bool(event) and same_time(got, expected)
    action = one(expected.get("event.action"))
    if action and action.casefold() in raw.casefold():
        yield "action", action, got.get("action"), action.casefold() in (got.get("action") or "").casefold()
    outcome = one(expected.get("event.outcome"))
    if outcome in ("success", "failure", "unknown"):
        yield "outcome", outcome, got.get("outcome"), got.get("outcome") == outcome
    users = [str(one(expected[key])) for key in USER_KEYS if one(expected.get(key)) not in (None, "", "-")]
    if users:
        actor = (got.get("actor") or "").casefold()
        yield "user", users, got.get("actor"), any(user.casefold() in actor for user in users)
    if expected.get("source.ip"):
        given = got.get("source_ip") and ipaddress.ip_address(got["source_ip"])
        yield (
            "address",
            expected["source.ip"],
            got.get("source_ip"),
            given == ipaddress.ip_address(expected["source.ip"]),
        )


def one(value: object) -> object:
    """The first of several."""
    return (value[0] if value else None) if isinstance(value, list) else value


def same_time(event: dict, expected: dict) -> bool:
    """To the millisecond, as far as publishers give it."""
    wanted = dt.datetime.fromisoformat(str(one(expected["@timestamp"])))
    instant = wanted.astimezone(dt.UTC).replace(tzinfo=None)
    found: dt.datetime = event["occurred_at"]
    if abs(found - instant) < dt.timedelta(milliseconds=2):
        return True
    if event["time_basis"] == "explicit":
        return False
    shown = "%m-%d %H:%M:%S"
    return found.strftime(shown) in (wanted.strftime(shown), instant.strftime(shown))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main(arguments: list[str]) -> None:
    chosen = [name for name in arguments if not name.startswith("-")] or streams()
    total = Score()
    say(f"{'stream':28}{'read':>8}    " + "".join(f"{what:>11}" for what in FIELDS))
    for name in chosen:
        found = score(name)
        total.add(found)
        say(found.row(name))
        if "--differences" in arguments:
            for line in found.differences:
                say(f"    {line}")
    say(total.row("all"))
    shares = [f"{what} {total.met[what] / total.asked[what]:.1%}" for what in FIELDS if total.asked[what]]
    say("; ".join(shares))


if __name__ == "__main__":
    main(sys.argv[1:])
