"""What is done for speed changes nothing: threads, quicker statements that may fail, words looked for first."""

import datetime as dt
import json

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.engine.catalogue import load_actions
from reviews.engine.catalogue.matching import Expression, FieldTest, quote
from reviews.engine.formats import get_format
from reviews.engine.reading import Context, normalise, split
from reviews.engine.reading.attempts import MANY
from reviews.engine.reading.matches import _search, needed_words
from reviews.engine.reading.spans import holds
from reviews.engine.reading.statements import NOT_JSON
from tests.logs import trail_event

CONTEXT = Context("UTC", dt.datetime(2026, 11, 1, tzinfo=dt.UTC), catalogue=load_actions())


def read(name: str, buffer: bytes):
    fmt = get_format(name)
    return normalise(fmt, buffer, split(fmt, buffer, final=True, record_bytes=1 << 24), CONTEXT)


def test_many_records_keep_their_places():
    lines = [f"Oct 14 08:{n // 60 % 60:02}:{n % 60:02} host{n} sshd[1]: exiting".encode() for n in range(3000)]
    lines = [line for line in lines for _ in range(20)]
    buffer = b"\n".join(lines)
    events = read("syslog", buffer).events
    assert events.num_rows == len(lines)
    offsets = events["offset"].to_numpy()
    assert (np.diff(offsets) > 0).all()
    told = [buffer[at : at + 40].split()[3].decode() for at in offsets.tolist()]
    assert events["target"].to_pylist() == told


@pytest.fixture(scope="module")
def trail() -> list[bytes]:
    return [json.dumps(trail_event(n % 20_000)).encode() for n in range(MANY + 5)]


@pytest.mark.parametrize("broken", [b'{"eventTime": "2026', b"\xff{}", b'{"a": "\\ud800"}'])
def test_one_broken_record_among_many_is_one_reject(trail: list[bytes], broken: bytes):
    whole = read("cloudtrail", b"\n".join(trail))
    found = read("cloudtrail", b"\n".join([*trail[:-1], broken, trail[-1]]))
    assert found.rejects.num_rows == 1
    assert whole.rejects.num_rows == 0
    places = ["offset"]
    assert found.events.drop_columns(places).equals(whole.events.drop_columns(places))


def test_a_quicker_statement_gives_the_same(trail: list[bytes]):
    envelope = json.dumps({"CloudTrailEvent": trail[0].decode()}).encode()
    many = read("cloudtrail", b"\n".join([*trail, envelope]))
    assert many.events.num_rows == len(trail) + 1
    few = read("cloudtrail", b"\n".join(trail[: MANY - 1]))
    assert many.events.slice(0, MANY - 1).equals(few.events)
    assert many.events["event_id"][len(trail)].as_py() == many.events["event_id"][0].as_py()


def test_a_broken_record_says_so():
    assert read("cloudtrail", b"{").rejects["reason"].to_pylist() == [NOT_JSON]


def test_bytes_are_found_in_every_kind_of_buffer():
    for buffer in (b"a\\u0000.", bytearray(b"a\\u0000."), memoryview(b"a\\u0000.")):
        assert holds(buffer, b"\\u0000")
        assert not holds(buffer, b"\\u0001")
        assert not holds(buffer, b"aXu")


def regex_tests() -> dict[str, FieldTest]:
    found = {}
    for action in load_actions().actions:
        parts = [action.match]
        while parts:
            part = parts.pop()
            if isinstance(part, FieldTest):
                if part.op == "regex":
                    found[part.values[0]] = part
            else:
                parts += part.parts
    return found


TESTS = regex_tests()


@settings(max_examples=50)
@given(st.data())
def test_whatever_an_expression_matches_holds_the_words_that_it_needs(data):
    test = TESTS[data.draw(st.sampled_from(sorted(TESTS)))]
    text = data.draw(st.from_regex(test.values[0]))
    words = needed_words(test)
    assert not words or any(word in text for word in words)


@pytest.mark.parametrize(
    ("regex", "words"),
    [
        ("delete user", ("delete user",)),
        ("lines?(d)?: bar.*foobars", ("foobars",)),
        (r"rsync(d)?\[\d+\]: on", ("rsync",)),
        ("first|second one", ("first", "second one")),
        ("first|2nd", ()),
        ("(first|second) one", (" one",)),
        ("(a(b|c)d) word[|(]x", (" word",)),
        ("abcde{0,2}", ("abcd",)),
        ("abcd{}", ("abcd{}",)),
        ("abc?d", ()),
        ("(?i)word", ()),
        (r"\x41bcdef", ()),
        (r"\Qa|b\Ecdef", ()),
        (r"\pLetter", ()),
        ("[[:alpha:]]word", ()),
        ("[^[:space:]]word", ()),
        ("[a[:digit:]]word", ()),
        ("[]|]word", ("word",)),
    ],
)
def test_needed_words(regex: str, words: tuple[str, ...]):
    assert needed_words(FieldTest("message", "regex", (regex,))) == words


def test_a_search_by_words_finds_what_each_test_finds():
    tests = [(name, test) for name, test in zip("abcdefghijklmnop", list(TESTS.values())[:16], strict=True)]
    tests.append(("contained", FieldTest("message", "contains", ("COMMAND=",))))
    fields = {test.field: Expression("message") for _, test in tests}
    texts = [*(test.values[0] for _, test in tests), "x COMMAND=/bin/rm ", "delete user from group", "nothing", ""]
    database = duckdb.connect()
    for text in texts:
        query = f"SELECT {_search('message', tests, fields)} FROM (SELECT {quote(text)} AS message)"
        (found,) = database.execute(query).fetchone()
        each = [f"{name}:{'contains' if test.op == 'contains' else 'regexp_matches'}(message, {quote(test.values[0])})"
                for name, test in tests]  # fmt: skip
        wanted = set()
        for one in each:
            name, _, sql = one.partition(":")
            (hit,) = database.execute(f"SELECT {sql} FROM (SELECT {quote(text)} AS message)").fetchone()
            wanted |= {name} if hit else set()
        assert set((found or "").split(",")) - {""} == wanted
    database.close()
