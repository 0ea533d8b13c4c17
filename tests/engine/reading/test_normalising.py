# ruff: noqa: DTZ001 - times of events are UTC and carry no zone
"""Normalising: columns of events, times, routes, and what is refused why."""

import datetime as dt
import json
import multiprocessing
import os

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.engine.catalogue import load_actions
from reviews.engine.events import READ_SCHEMA
from reviews.engine.formats import get_format
from reviews.engine.reading import Context, normalise, split
from reviews.engine.reading.normalising import connect
from reviews.engine.reading.spans import positions, record_views
from reviews.engine.reading.statements import ADDRESS, PAST
from reviews.errors import ReadingError

NOW = dt.datetime(2026, 7, 2, tzinfo=dt.UTC)
SYSLOG = get_format("syslog")
TRAIL = get_format("cloudtrail")


def read(fmt, buffer: bytes, **options):
    options = {"time_zone": "UTC", "reference_time": NOW, "catalogue": load_actions()} | options
    spans = split(fmt, buffer, final=True, record_bytes=1 << 24)
    return normalise(fmt, buffer, spans, Context(**options))


def only(fmt, buffer: bytes, **options) -> dict:
    (event,) = read(fmt, buffer, **options).events.to_pylist()
    return event


def trail(**changes) -> bytes:
    event = {
        "eventVersion": "1.09",
        "eventTime": "2026-07-01T10:00:00Z",
        "eventSource": "iam.amazonaws.com",
        "eventName": "ListUsers",
        "userIdentity": {"type": "IAMUser", "userName": "ines", "accountId": "210987654321"},
        "sourceIPAddress": "192.0.2.10",
        "eventID": "00000000-0000-4000-8000-000000000001",
    } | changes
    return json.dumps({key: value for key, value in event.items() if value is not None}).encode()


def test_no_records_give_empty_tables():
    found = read(TRAIL, b"")
    assert found.events.schema == READ_SCHEMA
    assert (found.events.num_rows, found.rejects.num_rows, found.ignored) == (0, 0, 0)


class TestTimes:
    LINE = b"Jul  1 02:30:00 gate sshd[1]: Connection from 192.0.2.4 port 1"

    def test_in_the_zone_of_the_source(self):
        event = only(SYSLOG, self.LINE, time_zone="America/New_York")
        assert (event["occurred_at"], event["time_basis"]) == (dt.datetime(2026, 7, 1, 6, 30), "configured")

    def test_without_a_zone_utc_is_assumed_and_said(self):
        event = only(SYSLOG, self.LINE, time_zone="")
        assert (event["occurred_at"], event["time_basis"]) == (dt.datetime(2026, 7, 1, 2, 30), "assumed")

    def test_winter_and_summer(self):
        lines = b"Mar 29 01:59:59 g a: x\nMar 29 03:00:00 g a: x\n"
        found = read(SYSLOG, lines, time_zone="Europe/Berlin").events["occurred_at"].to_pylist()
        assert found == [dt.datetime(2026, 3, 29, 0, 59, 59), dt.datetime(2026, 3, 29, 1, 0, 0)]

    def test_an_unknown_zone_is_refused_with_a_sentence(self):
        with pytest.raises(ReadingError, match="no time zone 'Berlin'"):
            read(SYSLOG, self.LINE, time_zone="Berlin")

    @pytest.mark.parametrize("zone", ["../../etc/passwd", "'; DROP TABLE records; --"])
    def test_a_zone_is_never_sql_or_a_path(self, zone: str):
        with pytest.raises(ReadingError):
            read(SYSLOG, self.LINE, time_zone=zone)

    def test_microseconds_and_offsets(self):
        event = only(TRAIL, trail(eventTime="2026-07-01T10:00:00.123456+02:00"))
        assert event["occurred_at"] == dt.datetime(2026, 7, 1, 8, 0, 0, 123456)

    @pytest.mark.parametrize("text", ["yesterday", "infinity", "2026-07-01T10:00:00", "2026-02-30T00:00:00Z", "1"])
    def test_a_time_that_cannot_be_read_is_rejected(self, text: str):
        assert read(TRAIL, trail(eventTime=text)).rejects["reason"].to_pylist() == [
            "The record has no time that can be read."
        ]

    def test_the_future_is_rejected_when_the_present_is_known(self):
        late = trail(eventTime="2026-07-03T00:00:01Z")
        assert read(TRAIL, late).events.num_rows == 1
        assert read(TRAIL, late, now=NOW).rejects["reason"].to_pylist() == [
            "The time of the record lies more than a day in the future."
        ]

    @pytest.mark.parametrize("time", ["1989-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"])
    def test_a_time_before_logs_were_kept_is_rejected(self, time: str):
        assert read(TRAIL, trail(eventTime=time)).rejects["reason"].to_pylist() == [PAST]
        assert read(TRAIL, trail(eventTime="1990-01-01T00:00:00Z")).events.num_rows == 1


class TestCloudTrail:
    @pytest.mark.parametrize(
        ("identity", "expected"),
        [
            ({"arn": "arn:x", "sessionContext": {"sessionIssuer": {"userName": "deploy"}}}, "deploy"),
            ({"arn": "arn:x", "sessionContext": {"sessionIssuer": {}}}, "arn:x"),
            ({"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}, "lambda.amazonaws.com"),
            ({"type": "AWSAccount", "principalId": "AIDA", "accountId": "1"}, "AIDA"),
            (None, None),
        ],
    )
    def test_who(self, identity: dict | None, expected: str | None):
        assert only(TRAIL, trail(userIdentity=identity))["actor"] == expected

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("192.0.2.10", "192.0.2.10"),
            ("2001:db8::1", "2001:db8::1"),
            ("lambda.amazonaws.com", None),
            ("AWS Internal", None),
            ("256.1.1.1", None),
            ("00:11:22:33:44:55", None),
        ],
    )
    def test_where_from(self, given: str, kept: str | None):
        assert only(TRAIL, trail(sourceIPAddress=given))["source_ip"] == kept

    def test_a_refused_change_counts_as_a_refused_call(self):
        event = only(TRAIL, trail(eventName="CreateUser", errorCode="EntityAlreadyExists"))
        assert (event["outcome"], event["category"]) == ("failure", "api_usage")
        assert event["critical_actions"] == ["ADM-cloudtrail-01"]

    def test_what_depends_on_the_inventory_does_not_decide_the_category(self):
        event = only(TRAIL, trail(eventName="DeleteBucketPolicy"))
        assert (event["critical_actions"], event["category"]) == (["TAM-cloudtrail-16"], "api_usage")

    def test_a_nul_in_a_text_does_not_reach_the_store(self):
        event = only(TRAIL, trail(userIdentity={"userName": "a\0b"}))
        assert event["actor"] == "a\N{REPLACEMENT CHARACTER}b"

    def test_half_a_character_in_a_text_is_rejected_alone(self):
        broken = trail(eventName="MARK").replace(b"MARK", b"\\ud800")
        found = read(TRAIL, trail() + b"\n" + broken + b"\n" + trail())
        assert found.events.num_rows == 2
        assert found.rejects["reason"].to_pylist() == ["The record is no valid JSON."]

    def test_long_texts_are_cut_and_ids_are_not(self):
        event = only(TRAIL, trail(eventID="e" * 500, userIdentity={"userName": "u" * 5000}))
        assert len(event["actor"]) == 300
        assert len(event["event_id"]) == 64
        other = only(TRAIL, trail(eventID="e" * 499 + "f"))
        assert other["event_id"] != event["event_id"]

    def test_what_is_no_object(self):
        found = read(TRAIL, b'{"a":1}\n7\n"x"\n{"a":\n')
        assert found.rejects["reason"].to_pylist() == [
            "This is no CloudTrail record: eventTime, eventName or eventSource is missing.",
            "The record is no JSON object.",
            "The record is no JSON object.",
            "The record is no valid JSON.",
        ]


def test_a_route_is_the_value_of_the_routing_field():
    assert only(TRAIL, trail(), routing_field="account")["route"] == "210987654321"
    assert only(TRAIL, trail())["route"] is None
    with pytest.raises(ReadingError, match=r"has no routing field 'colour'\. It has: account, region"):
        read(TRAIL, trail(), routing_field="colour")


def test_without_a_catalogue_nothing_is_critical():
    event = only(TRAIL, trail(eventName="StopLogging"), catalogue=None)
    assert (event["critical_actions"], event["category"]) == ([], "api_usage")


def test_the_sequence_of_a_sender_is_kept():
    line = b'<14>1 2026-07-01T00:00:00Z gate app 1 - [meta sequenceId="41"] x'
    event = only(SYSLOG, line)
    assert (event["sequence_stream"], event["sequence_number"]) == ("gate/app", 41)


def test_one_invalid_byte_costs_one_record():
    lines = [b"Jul  1 00:00:%02d gate sshd[1]: Connection from 192.0.2.4 port 1" % second for second in range(50)]
    lines[20] = lines[20].replace(b"gate", b"g\xe4te")
    found = read(SYSLOG, b"\n".join(lines))
    assert (found.events.num_rows, found.rejects.num_rows) == (49, 1)
    assert found.events["occurred_at"].to_pylist() == sorted(found.events["occurred_at"].to_pylist())


def test_order_is_kept_over_many_records():
    buffer = b"\n".join(trail(eventID=str(number)) for number in range(50_000))
    ids = read(TRAIL, buffer).events["event_id"].to_pylist()
    assert ids == [str(number) for number in range(50_000)]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=20))
def test_record_views_are_the_bytes(pieces: list[bytes]):
    buffer = b"".join(pieces)
    ends = np.cumsum([len(piece) for piece in pieces])
    lengths = positions([len(piece) for piece in pieces])
    array = record_views(buffer, positions(ends) - lengths, lengths)
    array.validate(full=True)
    assert array.cast(pa.binary()).to_pylist() == pieces


@settings(deadline=None)
@given(st.ip_addresses().map(str))
def test_every_address_is_recognised(address: str):
    connection = connect()
    try:
        assert connection.execute("SELECT regexp_matches(?, ?)", [address, ADDRESS]).fetchone() == (True,)
    finally:
        connection.close()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_reads_too():
    """Workers are forked: a connection of the parent would hang there, one of their own does not."""
    buffer = b"\n".join(trail(eventID=str(number)) for number in range(5000))
    assert read(TRAIL, buffer).events.num_rows == 5000

    def child() -> None:
        os._exit(0 if read(TRAIL, buffer).events.num_rows == 5000 else 1)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(60)
    assert process.exitcode == 0
