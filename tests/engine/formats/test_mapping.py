"""Mappings of the generic formats: what is read by them, what is refused, and how they are kept."""

import datetime as dt

import pytest

from reviews.engine.archive.segments import About, Sealed, header_bytes, read_header
from reviews.engine.formats import FieldMapping, get_format, mapping_problems, read_mapping
from reviews.engine.reading import Context, normalise, split
from reviews.errors import ReadingError

NOW = dt.datetime(2026, 7, 2, tzinfo=dt.UTC)
LOG = (
    "when;login;Action;code;text\n"
    "01.07.2026 09:30:05;r.cole@example.org;delete;204;one\n"
    "01.07.2026 09:30:06;r.cole@example.org;read;403;two\n"
    "01.07.2026 09:30:07;r.cole@example.org;read;;three\n"
)
KEPT = {
    "time": "when",
    "time_format": "%d.%m.%Y %H:%M:%S",
    "action": "Action",
    "actor": "login",
    "outcome": "code",
    "success": ["2*"],
    "failure": ["4*", "5*"],
    "route": "text",
    "category": "api_usage",
    "categories": [["delete", "file_modification"]],
    "columns": ["when", "login", "Action", "code", "text"],
    "separator": ";",
}


def read(kept: dict, log: str, zone: str = "", route: str = "") -> list[dict]:
    fmt = get_format("csv", kept)
    data = log.encode()
    found = normalise(fmt, data, split(fmt, data, final=True, record_bytes=1 << 20), Context(zone, NOW, route))
    return found.events.to_pylist()


def test_rows_are_read_by_the_columns_times_and_values_of_the_mapping():
    events = read(KEPT, LOG, "Europe/Berlin", "mapped")
    assert [one["occurred_at"].hour for one in events] == [7, 7, 7]
    assert [one["outcome"] for one in events] == ["success", "failure", "unknown"]
    assert [one["category"] for one in events] == ["file_modification", "api_usage", "api_usage"]
    assert [one["route"] for one in events] == ["one", "two", "three"]
    assert {one["actor"] for one in events} == {"r.cole@example.org"}
    assert {one["time_basis"] for one in events} == {"configured"}


def test_columns_may_be_called_like_what_reading_makes_of_them_and_hold_any_letters():
    kept = {"time": "text", "action": "raw", "actor": 'it\'s "x"', "columns": ["raw", 'it\'s "x"', "text", "outcome"]}
    (event,) = read(kept, "wipe,Ö'Neil,2026-07-01T10:00:00Z,said_time\n")
    assert (event["action"], event["actor"], event["outcome"]) == ("wipe", "Ö'Neil", "unknown")


def test_a_mapping_is_kept_without_what_has_its_default_and_read_again():
    mapping = read_mapping(KEPT)
    assert mapping.as_json() == KEPT
    assert FieldMapping(time="a", action="b").as_json() == {"time": "a", "action": "b"}
    assert get_format("csv", KEPT).parameters == KEPT
    assert get_format("csv", {}).parameters == {}


def test_the_mapping_in_force_is_sealed_with_the_bytes():
    about = About(1, 2, "csv", 1, "UTC", 3, None, None, KEPT)
    raw = header_bytes(0, "0" * 64, Sealed("a" * 64, 1, "b" * 64, 1), (), about, NOW)
    assert read_header(raw).format_parameters == KEPT
    plain = header_bytes(0, "0" * 64, Sealed("a" * 64, 1, "b" * 64, 1), (), About(1, 2, "x", 1, "", 0, None, None), NOW)
    assert b"format_parameters" not in plain
    assert read_header(plain).format_parameters == {}


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"time": ""}, "time", "Name the field that says the time."),
        ({"action": "gone"}, "action", "The log has no column with this name."),
        ({"time_format": "%d.%m. %H:%M"}, "time_format", "The pattern names no year"),
        ({"time_format": "%Y-%m-%d"}, "time_format", "names no hour"),
        ({"time_format": "%Q %Y"}, "time_format", "%Q cannot be read"),
        ({"time_format": "%Y-%m-%d %H:%M %5"}, "time_format", "%5 cannot be read"),
        ({"time_format": "%Y-%m-%d %H:%M:%S%"}, "time_format", "% cannot be read"),
        ({"time_format": "%Y-%m-%d %H:%M %-"}, "time_format", "%- cannot be read"),
        ({"time_format": "%Y-%m-%d %H %\xe9"}, "time_format", "%\xe9 cannot be read"),
        ({"success": ("ok\ud800",)}, "success", "half a character"),
        ({"categories": {"a\ud800": "other"}}, "categories", "half a character"),
        ({"columns": ("when", "login", "Action", "code", "te\0xt")}, "columns", "NUL"),
        ({"success": (), "failure": ()}, "success", "Say which values mean"),
        ({"outcome": ""}, "outcome", "Name the field that holds these values."),
        ({"category": "fun"}, "category", "Choose a category"),
        ({"categories": {"a": "fun"}}, "category", "Choose a category"),
        ({"separator": "x"}, "separator", "separated by a comma"),
        ({"columns": ("when", "when", "login", "Action", "code", "text")}, "columns", "the same name"),
        ({"columns": (), "time": 'a"b'}, "time", "Write the field like user.name"),
    ],
)
def test_what_is_wrong_is_said_by_field(change: dict, field: str, said: str):
    values = {name: getattr(read_mapping(KEPT), name) for name in FieldMapping.__dataclass_fields__}
    assert said in mapping_problems(FieldMapping(**{**values, **change}))[field]


@pytest.mark.parametrize(
    "kept",
    [{"odd": 1}, {"time": 1, "action": "b"}, {"success": "ok"}, {"categories": {"a": "other"}}, {"time": "a"}],
)
def test_what_is_no_mapping_is_refused_with_a_sentence(kept: dict):
    with pytest.raises(ReadingError):
        read_mapping(kept)


def test_other_formats_take_no_mapping():
    with pytest.raises(ReadingError, match="takes no mapping"):
        get_format("syslog", {"time": "a", "action": "b"})


def test_json_objects_are_read_by_paths():
    kept = {
        "time": "meta.at",
        "action": "what",
        "actor": "who.names[0]",
        "outcome": "ok",
        "success": ["true"],
        "failure": ["*"],
        "event_id": "meta.id",
    }
    fmt = get_format("json_lines", kept)
    data = b'{"meta":{"at":1782807600,"id":7},"who":{"names":["Ada","B"]},"what":"wipe","ok":true}\n'
    data += b'{"meta":{"at":"soon","id":8},"what":"wipe"}\n{"meta":{"at":1782807601},"what":"wipe","ok":"no"}\n'
    found = normalise(fmt, data, split(fmt, data, final=True, record_bytes=1 << 20), Context("", NOW))
    first, second = found.events.to_pylist()
    assert (first["actor"], first["action"], first["outcome"], first["event_id"]) == ("Ada", "wipe", "success", "7")
    assert (second["actor"], second["outcome"], fmt.has_native_id) == (None, "failure", True)
    assert found.rejects["reason"].to_pylist() == ["The record has no time that can be read."]
