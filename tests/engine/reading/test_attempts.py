"""Records with several shapes, several events in a record, and fields that are derived."""

import datetime as dt
import json

import pytest

from reviews.engine.formats import Format, JsonRecords, Pattern, Rule, TextRecords, Time
from reviews.engine.formats._declare import Expression
from reviews.engine.reading import Context, Normalised, attempts, normalise, split
from reviews.engine.reading.statements import TOO_MANY, statement

CONTEXT = Context("UTC", dt.datetime(2026, 7, 2, tzinfo=dt.UTC))
TIME = Time(instant='try_cast("at" AS TIMESTAMPTZ)')


def a_format(layout: JsonRecords | TextRecords, **more: object) -> Format:
    given = {
        "title": "Invented",
        "version": 1,
        "layout": layout,
        "time": TIME,
        "action": '"what"',
        "outcome": "'unknown'",
        "category": "'other'",
        "columns": {"actor": '"who"'},
        "routes": {},
        "route_columns": {},
        "match_fields": {"what": Expression('"what"')},
        "looks_like": '"at" IS NOT NULL',
        "unlike": "This is no invented record.",
    }
    return Format(**(given | more)).named("invented")


JSON = JsonRecords({"at": "$.at", "what": "$.what", "who": "$.who"})
LINES = TextRecords((Pattern("line", r"^(?P<at>20[^ ]+) (?P<who>[^ ]+) (?P<what>[^ ]+)$"),))
OLD = TextRecords((Pattern("old", r"^old (?P<at>20[^ ]+) (?P<what>[^ ]+)$"),), derived={"who": "'nobody'"})


def read(fmt: Format, buffer: bytes) -> Normalised:
    spans = split(fmt, buffer, final=True, record_bytes=1 << 22)
    found = normalise(fmt, buffer, spans, CONTEXT)
    assert len(found.records) == len(spans)
    assert found.records.sum() == found.events.num_rows + found.rejects.num_rows + found.ignored
    return found


def rows(found: Normalised, *names: str) -> list[tuple[object, ...]]:
    return [tuple(row[name] for name in names) for row in found.events.to_pylist()]


class TestOtherShapes:
    FORMAT = a_format(LINES, others=(a_format(OLD, unlike="old"), a_format(JSON, unlike="json")))
    TEXT = (
        b"2026-07-01T10:00:00Z ines read\n"
        b'{"at": "2026-07-01T10:00:01Z", "who": "omar", "what": "write"}\n'
        b"nonsense\n"
        b"old 2026-07-01T10:00:02Z delete\n"
        b'{"no": "record"}\n'
        b"2026-07-01T10:00:03Z ines stop\n"
    )

    def test_each_record_is_read_as_the_first_shape_that_it_looks_like(self):
        assert rows(read(self.FORMAT, self.TEXT), "actor", "action") == [
            ("ines", "read"),
            ("omar", "write"),
            ("nobody", "delete"),
            ("ines", "stop"),
        ]

    def test_a_document_of_any_json_shape_is_split_as_one(self):
        text = b'[{"at": "2026-07-01T10:00:01Z",\n"who": "omar", "what": "write"},\n{"at": "x"}]'
        found = read(self.FORMAT, text)
        assert rows(found, "actor", "action") == [("omar", "write")]
        assert found.rejects.num_rows == 1

    def test_records_keep_their_own_place(self):
        for event in read(self.FORMAT, self.TEXT).events.to_pylist():
            record = self.TEXT[event["offset"] : event["offset"] + event["length"]].decode()
            assert event["action"] in record
            assert "\n" not in record

    def test_what_no_shape_takes_keeps_the_reason_of_the_first(self):
        rejects = read(self.FORMAT, self.TEXT).rejects.to_pylist()
        assert [row["reason"] for row in rejects] == ["This is no invented record."] * 2
        assert [self.TEXT[row["offset"]] for row in rejects] == [ord("n"), ord("{")]

    def test_a_record_that_the_first_shape_knows_is_not_tried_as_another(self):
        fmt = a_format(JSON, others=(a_format(JSON, time=Time(instant="TIMESTAMPTZ '2026-01-01 00:00:00Z'")),))
        (reject,) = read(fmt, b'{"at": "nonsense", "what": "x"}').rejects.to_pylist()
        assert reject["reason"] == "The record has no time that can be read."

    def test_invalid_bytes_cost_only_their_record(self):
        found = read(self.FORMAT, b"\xff\xfe\n" + self.TEXT)
        assert found.rejects.num_rows == 3
        assert found.rejects[2][0].as_py() == "The record is not UTF-8."


class TestSeveralEventsInARecord:
    FORMAT = a_format(
        JsonRecords(
            {"at": "$.id.at", "who": "$.actor", "id": "$.id.unique"},
            each="$.events",
            each_paths={"what": "$.name"},
        ),
        columns={"actor": '"who"', "event_id": '"id"'},
        has_native_id=True,
    )

    @staticmethod
    def line(events: object, unique: str = "a") -> bytes:
        return json.dumps(
            {"id": {"at": "2026-07-01T10:00:00Z", "unique": unique}, "actor": "ines", "events": events}
        ).encode()

    def test_each_element_is_an_event(self):
        found = read(self.FORMAT, self.line([{"name": "x"}, {"name": "y"}]) + b"\n" + self.line([{"name": "z"}], "b"))
        assert rows(found, "actor", "action", "element", "event_id") == [
            ("ines", "x", 0, "a"),
            ("ines", "y", 1, "a#1"),
            ("ines", "z", 0, "b"),
        ]
        assert found.records.tolist() == [2, 1]
        assert len({row["offset"] for row in found.events.to_pylist()}) == 2

    def test_an_object_in_place_of_the_array_is_its_only_element(self):
        assert rows(read(self.FORMAT, self.line({"name": "x"})), "action", "event_id") == [("x", "a")]

    @pytest.mark.parametrize("events", [[], None, "text", 7])
    def test_without_elements_the_record_stays_one(self, events: object):
        found = read(self.FORMAT, self.line(events))
        assert found.records.tolist() == [1]
        assert [row["reason"] for row in found.rejects.to_pylist()] == ["The record does not say what was done."]

    def test_one_element_may_be_rejected_beside_its_neighbours(self):
        found = read(self.FORMAT, self.line([{"name": "x"}, {}, {"name": "z"}]))
        assert rows(found, "action", "element") == [("x", 0), ("z", 2)]
        assert found.rejects.num_rows == 1

    @pytest.mark.parametrize(
        ("element", "count"),
        [("{}", 1001), ('{"name": "x"}', 1001), ("7", 50_001), (f'{{"name": "{"x" * 20}"}}', 50_001)],
    )
    def test_a_record_with_too_many_elements_is_one_reject(self, element: str, count: int):
        text = self.line("HERE").replace(b'"HERE"', b"[" + b",".join([element.encode()] * count) + b"]")
        found = read(self.FORMAT, text + b"\n" + self.line([{"name": "x"}]))
        assert found.records.tolist() == [1, 1]
        assert [row["reason"] for row in found.rejects.to_pylist()] == [TOO_MANY]
        assert found.events.num_rows == 1

    def test_many_elements_are_events(self):
        assert read(self.FORMAT, self.line([{"name": "x" * 20}] * 1001)).events.num_rows == 1001

    def test_broken_records_are_rejected_once(self):
        found = read(self.FORMAT, b"nonsense\n" + self.line([{"name": "x"}] * 3) + b"\n7\n\xff")
        assert found.records.tolist() == [1, 3, 1, 1]


def test_a_record_of_which_the_format_says_nothing_is_no_ignored_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attempts, "statement", lambda *given: f"SELECT * FROM ({statement(*given)}) LIMIT 1")
    with pytest.raises(AssertionError, match="does not say of each record what it is"):
        read(a_format(JSON), b'{"at": "2026-07-01T10:00:00Z", "what": "x"}\n' * 2)


class TestDerivedFieldsOfJson:
    FORMAT = a_format(
        JsonRecords(
            {"at": "$.at", "message": "$.text", "raw_what": "$.what"},
            derived={"what": 'upper("raw_what")', "who": 'lower("what")'},
            rules=(Rule("signed in", """starts_with("message", 'hello ')""", r"^hello (?P<actor>\w+)", "success"),),
        ),
        action='coalesce("rule_action", "what")',
        outcome='"rule_outcome"',
        columns={"actor": 'coalesce("rule_actor", "who")'},
    )

    def test_fields_are_derived_and_rules_search_the_message(self):
        text = (
            b'{"at": "2026-07-01T10:00:00Z", "text": "hello omar", "what": "x"}\n'
            b'{"at": "2026-07-01T10:00:00Z", "what": "Up"}'
        )
        assert rows(read(self.FORMAT, text), "actor", "action", "outcome") == [
            ("omar", "signed in", "success"),
            ("up", "UP", "unknown"),
        ]
