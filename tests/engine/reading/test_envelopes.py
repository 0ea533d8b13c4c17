# ruff: noqa: DTZ001 - times of events are UTC and carry no zone
"""Records within what collectors, queues and clouds put around them."""

import base64
import datetime as dt
import gzip
import json
from pathlib import Path

import pytest

from reviews.engine.formats import Pattern, TextRecords, Time
from reviews.engine.reading import Context, detect, normalise, split
from reviews.engine.reading.envelopes import ENVELOPES
from reviews.engine.reading.held import BOMB, DAMAGED, NO_BASE64, PARTS, TOO_MUCH, Budget
from reviews.engine.reading.peeling import DEEPEST, NO_RECORD
from reviews.engine.reading.statements import TOO_MANY
from tests.engine.reading.test_attempts import JSON, a_format, read, rows

DOCS = Path(__file__).resolve().parents[3] / "docs" / "formats.md"
LINES = a_format(TextRecords((Pattern("line", r"^(?P<at>20[^ ]+) (?P<who>[^ ]+) (?P<what>[^ ]+)$"),)))
OBJECTS = a_format(JSON)
RECEIVED = 1_782_900_060_000  # 2026-07-01T10:01:00Z in milliseconds
AT = "2026-07-01T10:01:00Z"


def line(number: int) -> str:
    return f"2026-07-01T10:00:{number:02} ines step{number}"


def an_object(number: int) -> dict[str, str]:
    return {"at": f"2026-07-01T10:00:{number:02}Z", "who": "ines", "what": f"step{number}"}


def packed(*numbers: int) -> str:
    return base64.b64encode("\n".join(map(line, numbers)).encode()).decode()


ONE, TWO = line(1), line(2)
# By the title of the envelope: an example, and when it was received.
EXAMPLES: dict[str, tuple[object, bool]] = {
    "CloudWatch Logs": (
        {
            "messageType": "DATA_MESSAGE",
            "owner": "210987654321",
            "logGroup": "audit",
            "logStream": "gate",
            "subscriptionFilters": ["all"],
            "logEvents": [{"id": "1", "timestamp": RECEIVED, "message": one} for one in (ONE, TWO)],
        },
        True,
    ),
    "an answer of CloudWatch Logs": (
        {"events": [{"timestamp": 1, "message": one, "ingestionTime": RECEIVED} for one in (ONE, TWO)]},
        True,
    ),
    "an event of CloudWatch Logs": ({"timestamp": 1, "message": ONE, "ingestionTime": RECEIVED}, True),
    "CloudWatch Logs for Lambda": ({"awslogs": {"data": packed(1, 2)}}, False),
    "a Firehose request": (
        {"requestId": "r", "timestamp": RECEIVED, "records": [{"data": packed(1)}, {"data": packed(2)}]},
        True,
    ),
    "Kinesis records": (
        {"Records": [{"kinesis": {"data": packed(1, 2), "approximateArrivalTimestamp": RECEIVED / 1000}}]},
        True,
    ),
    "EventBridge": (
        {"version": "0", "detail-type": "Step", "source": "example", "time": AT, "detail": {"log": ONE}},
        True,
    ),
    "a Pub/Sub message": (
        {"message": {"data": packed(1, 2), "messageId": "1", "publishTime": AT}, "subscription": "projects/x/y"},
        True,
    ),
    "a Pub/Sub answer": (
        {"receivedMessages": [{"ackId": "a", "message": {"data": packed(1, 2), "publishTime": AT}}]},
        True,
    ),
    "Cloud Logging": (
        {"insertId": "1", "logName": "projects/x/logs/y", "textPayload": ONE, "receiveTimestamp": AT},
        True,
    ),
    "Docker": ({"log": ONE + "\n", "stream": "stdout", "time": "2026-07-01T10:01:00.000000001Z"}, True),
    "Fluent Bit": ({"date": RECEIVED / 1000, "log": ONE + "\n", "kubernetes": {"pod_name": "gate"}}, True),
    "Vector": ({"file": "/var/log/gate", "message": ONE, "source_type": "file", "timestamp": AT}, True),
    "Filebeat, Elastic Agent or Logstash": (
        {"@timestamp": AT, "agent": {"type": "filebeat"}, "event": {"original": ONE}, "message": "step1"},
        True,
    ),
    "an Elasticsearch hit": ({"_index": "logs", "_id": "1", "_source": {"message": ONE, "timestamp": AT}}, True),
    "an Elasticsearch answer": (
        {"took": 1, "hits": {"total": 2, "hits": [{"_source": {"message": one}} for one in (ONE, TWO)]}},
        False,
    ),
    "Splunk HEC": ({"time": RECEIVED / 1000, "host": "gate", "sourcetype": "steps", "event": ONE}, True),
    "the systemd journal": ({"__REALTIME_TIMESTAMP": str(RECEIVED * 1000), "MESSAGE": ONE, "_PID": "1"}, True),
    "an array “Records”": ({"Records": [ONE, TWO]}, False),
    "an array “records”": ({"time": AT, "records": [{"message": ONE}, {"message": TWO}]}, True),
    "an array “value”": ({"@odata.context": "x", "value": [ONE, TWO]}, False),
    "an array “items”": ({"kind": "list", "items": [ONE, TWO]}, False),
    "a JSON array": ([ONE, TWO], False),
    "a JSON text": (ONE, False),
    "a field “message”": ({"message": ONE, "time": AT}, True),
    "a field “log”": ({"log": ONE, "timestamp": AT}, True),
    "Kubernetes (CRI)": (f"2026-07-01T10:01:00.000000001Z stdout F {ONE}", True),
    "syslog (RFC 5424)": (f'<14>1 {AT} gate app 1 - [a@1 b="c]\\"d"][e] \ufeff{ONE}', True),
    "syslog (RFC 3164)": (f"<14>Jul  1 10:01:00 gate app[1]: {ONE}", False),
    "JSON objects without line ends": (
        json.dumps({"message": ONE, "time": AT}) + json.dumps({"message": TWO, "time": AT}),
        True,
    ),
}
TEXTS = {one.title for one in ENVELOPES if one.regex}


def wrapped(title: str) -> bytes:
    example = EXAMPLES[title][0]
    return (str(example) if title in TEXTS else json.dumps(example, ensure_ascii=False)).encode()


def test_every_envelope_has_an_example():
    assert set(EXAMPLES) == {one.title for one in ENVELOPES}


@pytest.mark.parametrize("title", EXAMPLES)
def test_records_are_taken_out_of_their_envelope(title: str):
    text = wrapped(title)
    found = read(LINES, text + b"\n" + line(3).encode() + b"\nnonsense")
    events = found.events.to_pylist()
    count = 2 if any(mark.encode() in text for mark in ("step2", packed(1, 2), packed(2))) else 1
    assert [event["action"] for event in events] == [*["step1", "step2"][:count], "step3"]
    assert [event["element"] for event in events[:count]] == list(range(count))
    assert {(event["offset"], event["length"]) for event in events[:count]} == {(0, len(text))}
    received = dt.datetime(2026, 7, 1, 10, 1)
    assert {event["observed_at"] for event in events[:count]} == {received if EXAMPLES[title][1] else None}
    assert (events[-1]["offset"], events[-1]["observed_at"]) == (len(text) + 1, None)
    assert found.rejects["reason"].to_pylist() == [LINES.unlike]
    assert title in next(iter(found.within))


@pytest.mark.parametrize("as_text", [True, False])
def test_records_of_json_may_be_held_as_text_or_as_objects(as_text: bool):
    held = json.dumps(an_object(1)) if as_text else an_object(1)
    for outer in ({"message": held}, {"records": [held]}, [held], {"log": held, "date": AT}):
        found = read(OBJECTS, b"{}\n" + json.dumps(outer).encode())
        assert rows(found, "actor", "action", "element") == [("ines", "step1", 0)]


def nested(depth: int) -> bytes:
    text = line(1)
    for _ in range(depth):
        text = json.dumps({"message": text})
    return text.encode()


def test_envelopes_lie_within_one_another_to_a_depth():
    found = read(LINES, nested(DEEPEST))
    assert found.within == {" within ".join(["a field “message”"] * DEEPEST): 1}
    assert read(LINES, nested(DEEPEST + 1)).rejects["reason"].to_pylist() == [LINES.unlike]


def test_elements_are_numbered_through_all_envelopes():
    firehose = {"requestId": "r", "records": [{"data": packed(1, 2)}, {"data": packed(3)}]}
    found = read(LINES, json.dumps({"records": [json.dumps(firehose), line(4)]}).encode())
    assert rows(found, "action", "element") == [(f"step{number}", number - 1) for number in range(1, 5)]
    assert found.records.tolist() == [4]
    assert found.within == {"a Firehose request within an array “records”": 3, "an array “records”": 1}


class TestWhatHoldsNoRecord:
    def reasons(self, outer: object) -> list[str]:
        found = read(LINES, json.dumps(outer).encode() + b"\n" + line(1).encode())
        assert found.events.num_rows == 1
        assert found.ignored == 0
        return list(found.rejects["reason"].to_pylist())

    def test_a_certain_envelope_says_where_the_record_was_found(self):
        outer = {"log": "nonsense\n", "stream": "stdout", "time": AT}
        assert self.reasons(outer) == [f"Within Docker: {LINES.unlike}"]

    def test_what_only_looks_like_an_envelope_keeps_its_reason(self):
        assert self.reasons({"message": "nonsense", "items": []}) == [LINES.unlike]
        assert self.reasons({"items": ["nonsense", "more of it"]}) == [LINES.unlike]

    def test_one_of_several_is_refused_alone(self):
        found = read(LINES, json.dumps({"value": [line(1), "nonsense", None, line(2)]}).encode())
        assert rows(found, "action", "element") == [("step1", 0), ("step2", 3)]
        assert found.rejects["reason"].to_pylist() == [
            f"Within an array “value”: {LINES.unlike}",
            NO_RECORD.format(title="an array “value”"),
        ]

    def test_too_many(self):
        assert self.reasons({"records": ["x"] * 50_001}) == [LINES.unlike]
        assert self.reasons(EXAMPLES["CloudWatch Logs"][0] | {"logEvents": [{}] * 50_001}) == [TOO_MANY]

    def test_all_that_is_packed_together_has_a_limit(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(Budget, "__init__", lambda budget: vars(budget).update(bytes=100, records=3))
        outer = {"Records": [{"kinesis": {"data": packed(*numbers)}} for numbers in ((1, 2), (3,), (4,), (5, 6))]}
        found = read(LINES, json.dumps(outer).encode())
        assert rows(found, "action") == [("step1",), ("step2",), ("step3",)]
        assert found.rejects["reason"].to_pylist() == [TOO_MUCH.format(title="Kinesis records")] * 2

    def test_records_without_line_ends_count_too(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(Budget, "__init__", lambda budget: vars(budget).update(bytes=1000, records=3))
        data = base64.b64encode(gzip.compress(b"[{},{},{},{}]")).decode()
        found = read(OBJECTS, json.dumps({"Records": [{"kinesis": {"data": data}}]}).encode())
        assert found.rejects["reason"].to_pylist() == [TOO_MUCH.format(title="Kinesis records")]

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            ("***", NO_BASE64),
            (base64.b64encode(gzip.compress(b"x" * 1000)[:-9]).decode(), DAMAGED),
            (base64.b64encode(b"\x1f\x8b\x08" + b"\xff" * 20).decode(), DAMAGED),
            (base64.b64encode(gzip.compress(b"x\n" * (9 << 20), 1)).decode(), BOMB),
        ],
        ids=["base64", "short", "damaged", "bomb"],
    )
    def test_what_cannot_be_unpacked(self, data: str, reason: str):
        outer = {"message": {"data": data}}
        assert self.reasons(outer) == [reason.format(title="a Pub/Sub message")]

    def test_bytes_that_are_no_text_cost_only_themselves(self):
        data = base64.b64encode(b"\xff\xfe\n" + line(1).encode()).decode()
        found = read(LINES, json.dumps({"message": {"data": data}}).encode())
        assert rows(found, "action", "element") == [("step1", 1)]
        assert found.rejects["reason"].to_pylist() == ["The record is not UTF-8."]

    @pytest.mark.parametrize(
        "outer",
        [
            {"messageType": "CONTROL_MESSAGE", "logGroup": "", "logEvents": [{"id": "", "message": "checking"}]},
            EXAMPLES["CloudWatch Logs"][0] | {"logEvents": []},
            {"log": "\n", "stream": "stdout", "time": AT},
            {"message": {"data": ""}},
        ],
    )
    def test_what_holds_nothing_is_ignored(self, outer: object):
        found = read(LINES, json.dumps(outer).encode() + b"\n" + line(1).encode())
        assert (found.events.num_rows, found.ignored, found.records.tolist()) == (1, 1, [1, 1])


class TestLinesInParts:
    def cri(self, part: str, text: str, stream: str = "stdout") -> str:
        return f"2026-07-01T10:01:00Z {stream} {part} {text}"

    def test_parts_become_one_record_in_the_place_of_the_first(self):
        text = "\n".join(
            [
                self.cri("P", ONE[:12]),
                self.cri("F", TWO, "stderr"),
                self.cri("P", ONE[12:20]),
                self.cri("F", ONE[20:]),
                self.cri("F", line(3)),
            ]
        ).encode()
        found = read(LINES, text)
        assert rows(found, "action", "offset") == [
            ("step1", 0),
            ("step2", text.index(b"\n") + 1),
            ("step3", text.rindex(b"\n") + 1),
        ]
        assert found.records.tolist() == [1, 1, 0, 0, 1]

    def test_a_line_without_its_end_is_refused(self):
        found = read(LINES, f"{self.cri('F', TWO)}\n{self.cri('P', ONE)}\n{self.cri('P', ONE)}".encode())
        assert found.records.tolist() == [1, 1, 0]
        assert found.rejects["reason"].to_pylist() == [PARTS.format(title="Kubernetes (CRI)")]

    def test_a_part_does_not_go_on_in_another_file(self):
        text = f"{self.cri('P', ONE[:9])}\n{self.cri('F', ONE[9:])}".encode()
        spans = split(LINES, text, final=True, record_bytes=1000)
        times = [dt.datetime(2026, 7, 2, tzinfo=dt.UTC)] * 2
        found = normalise(LINES, text, spans, Context("UTC", times[0]), spans.offsets, times)
        assert (found.events.num_rows, found.rejects.num_rows) == (0, 2)

    def test_docker_cuts_long_lines_and_only_those(self):
        def entry(text: str) -> str:
            return json.dumps({"log": text, "stream": "stdout", "time": AT})

        whole = f"2026-07-01T10:00:01 ines {'x' * 20_000}"
        found = read(
            LINES, "\n".join([entry(whole[:16384]), entry(whole[16384:] + "\n"), entry(ONE), entry(TWO)]).encode()
        )
        assert [len(action) for (action,) in rows(found, "action")] == [200, 5, 5]
        assert found.records.tolist() == [1, 0, 1, 1]
        found = read(LINES, "\n".join([entry(whole + "\n"), entry(ONE), entry(TWO)]).encode())
        assert [len(action) for (action,) in rows(found, "action")] == [200, 5, 5]
        assert found.records.tolist() == [1, 1, 1]


class TestDocuments:
    OUTER = EXAMPLES["CloudWatch Logs"][0]

    @pytest.mark.parametrize("fmt", [LINES, OBJECTS], ids=["text", "JSON"])
    @pytest.mark.parametrize("indent", [None, 1, 4])
    def test_a_file_that_is_one_envelope(self, fmt: object, indent: int | None):
        held = [line(1), line(2)] if fmt is LINES else [json.dumps(an_object(1)), json.dumps(an_object(2))]
        outer = {"logEvents": [{"message": one} for one in held], "messageType": "DATA_MESSAGE", "logGroup": "x"}
        for text in (json.dumps(outer, indent=indent), json.dumps([outer], indent=indent)):
            found = read(fmt, text.encode())
            assert rows(found, "action") == [("step1",), ("step2",)]
            (span,) = {(event["offset"], event["length"]) for event in found.events.to_pylist()}
            assert json.loads(text.encode()[span[0] : sum(span)]) == outer

    @pytest.mark.parametrize("separator", ["", " ", "\n"])
    def test_objects_without_line_ends_are_records_of_their_own(self, separator: str):
        text = separator.join(json.dumps(an_object(number)) for number in range(3)).encode()
        found = read(OBJECTS, text)
        assert rows(found, "action") == [("step0",), ("step1",), ("step2",)]
        places = rows(found, "offset", "length")
        assert [json.loads(text[start : start + length]) for start, length in places] == list(map(an_object, range(3)))

    def test_long_objects_without_line_ends(self):
        text = "".join(json.dumps(an_object(number) | {"pad": "x" * 70_000}) for number in range(3)).encode()
        assert len(split(OBJECTS, text, final=False, record_bytes=1 << 20)) == 3

    def test_objects_without_line_ends_in_a_later_line(self):
        text = json.dumps(an_object(1)) + "\n" + json.dumps(an_object(2)) + json.dumps(an_object(3))
        assert rows(read(OBJECTS, text.encode()), "action", "element") == [("step1", 0), ("step2", 0), ("step3", 1)]

    @pytest.mark.parametrize("begin", ['{\n "a": 1}\n', '{"a": 1}{"b": 2}\n', '[{"a": 1}]\n'])
    def test_json_among_lines_makes_no_document_of_them(self, begin: str):
        found = read(LINES, (begin + "\n".join(map(line, range(9)))).encode())
        assert found.events.num_rows == 9


def test_plain_logs_are_not_looked_at_as_envelopes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("reviews.engine.reading.attempts.peel", None)
    assert read(LINES, "\n".join(map(line, range(9))).encode()).events.num_rows == 9
    with pytest.raises(TypeError):
        read(LINES, nested(1))


def test_years_are_found_by_the_file_around_the_envelope():
    fmt = a_format(
        TextRecords((Pattern("line", r"^(?P<at>[A-Z][a-z]{2} \d\d) (?P<who>\w+) (?P<what>\w+)$"),)),
        time=Time(yearless="try_strptime(\"at\" || ' 2000', '%b %d %Y')"),
    )
    text = "\n".join(json.dumps({"message": one}) for one in ("Dec 31 ines x", "Jan 01 ines y", "Mar 01 ines z"))
    spans = split(fmt, text.encode(), final=True, record_bytes=1000)
    times = [dt.datetime(2026, 1, 2, tzinfo=dt.UTC), dt.datetime(2025, 6, 1, tzinfo=dt.UTC)]
    found = normalise(fmt, text.encode(), spans, Context("UTC", times[0]), spans.offsets[[0, 2]], times)
    assert rows(found, "occurred_at") == [
        (dt.datetime(2025, 12, 31),),
        (dt.datetime(2026, 1, 1),),
        (dt.datetime(2025, 3, 1),),
    ]


@pytest.mark.parametrize(
    ("name", "wrap"),
    [
        ("cloudtrail/many.json", "CloudWatch Logs"),
        ("web_access/many.log", "Docker"),
        ("syslog/many.log", "a Firehose request"),
    ],
)
def test_a_format_is_recognised_within_envelopes(name: str, wrap: str):
    text = (DOCS.parents[1] / "tests" / "samples" / name).read_text(encoding="utf-8")
    if wrap == "CloudWatch Logs":
        lines = [json.dumps(one) for one in json.loads(text)["Records"]]
        outer = [EXAMPLES[wrap][0] | {"logEvents": [{"message": one} for one in lines]}]
    elif wrap == "Docker":
        outer = [{"log": one, "stream": "stdout", "time": AT} for one in text.splitlines()]
    else:
        outer = [{"requestId": "r", "records": [{"data": base64.b64encode(text.encode()).decode()}]}]
    (first, *_) = detect("\n".join(map(json.dumps, outer)).encode())
    assert (first.format, first.share, first.within) == (name.partition("/")[0], 1.0, wrap)
    assert first.why.endswith(f" within {wrap}.")


def test_the_documentation_names_every_envelope():
    section = DOCS.read_text(encoding="utf-8").split("\n## Envelopes\n")[1].split("\n## ")[0]
    table = [[cell.strip() for cell in row.split(" | ")] for row in section.splitlines() if row.startswith("| ")][1:]
    assert [row[0].removeprefix("| ") for row in table] == [one.title for one in ENVELOPES]
    for row, one in zip(table, ENVELOPES, strict=True):
        assert [path for path in (*one.needs, one.each) if path and f"`{path}`" not in row[1]] == []
        assert [path for path in one.holds if f"`{path}`" not in row[2]] == []
        assert [path for path in one.times if f"`{path}`" not in row[3]] == []
