"""Conditions as SQL: the same answer as the words, for every operator, and nothing that breaks out of a literal."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.engine.catalogue.matching import All, Any, Expression, FieldTest, condition_sql, read_condition
from reviews.engine.catalogue.source import read_table
from reviews.engine.reading.normalising import connect
from reviews.errors import CatalogueError


def holds(condition, **values) -> bool:
    """What DuckDB says of one entry with these fields."""
    fields = {name: Expression(f'"{name}"', many=isinstance(value, list)) for name, value in values.items()}
    connection = connect()
    try:
        types = {list: "VARCHAR[]"}
        columns = ", ".join(
            f'CAST(? AS {types.get(type(value), "VARCHAR")}) AS "{name}"' for name, value in values.items()
        )
        sql = f"SELECT coalesce({condition_sql(condition, fields)}, false) FROM (SELECT {columns})"
        return connection.execute(sql, list(values.values())).fetchone()[0]
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("op", "values", "yes", "no"),
    [
        ("eq", ("403",), "403", "404"),
        ("ieq", ("Administrators",), "ADMINISTRATORS", "Administrator"),
        ("in", ("GET", "HEAD"), "HEAD", "POST"),
        ("prefix", ("Update",), "UpdateTrail", "LateUpdate"),
        ("contains", ("100%_'",), "at 100%_' now", "at 100 now"),
        ("regex", ("^[23]\\d",), "204", "404"),
        ("exists", (), "", None),
        ("absent", (), None, ""),
    ],
)
def test_operators(op: str, values: tuple[str, ...], yes: str | None, no: str | None):
    assert holds(FieldTest("f", op, values), f=yes)
    assert not holds(FieldTest("f", op, values), f=no)


def test_a_field_with_many_values_matches_when_any_does():
    assert holds(FieldTest("f", "eq", ("b",)), f=["a", None, "b"])
    assert not holds(FieldTest("f", "eq", ("c",)), f=["a", None, "b"])
    assert holds(FieldTest("f", "exists", ()), f=["a"])
    assert holds(FieldTest("f", "absent", ()), f=[])


def test_all_and_any_nest():
    one, two = FieldTest("a", "eq", ("1",)), FieldTest("b", "eq", ("2",))
    assert holds(All((one, Any((two, one)))), a="1", b="3")
    assert not holds(All((one, two)), a="1", b="3")
    assert not holds(All((one, two)), a="1", b=None)


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_value_never_breaks_out(text: str):
    assert holds(FieldTest("f", "eq", (text,)), f=text)
    assert not holds(FieldTest("f", "eq", (text + "x",)), f=text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{field: f, op: eq}", "a value must be"),
        ("{field: f, op: in, value: []}", "'in' needs a list"),
        ("{field: f, op: regex, value: '('}", "is no regular expression"),
        ("{field: f, op: regex, value: 'a(?=b)'}", "is not supported"),
        ("{field: f, op: regex, value: ''}", "not empty"),
        ("{field: f, op: exists, value: x}", "takes no value"),
        ("{all: []}", "'all' is empty"),
        ("{any: [x]}", "'any' must be a list of mappings"),
        ("{field: f, op: eq, value: x, extra: y}", "'extra' is not known here"),
    ],
)
def test_a_condition_that_means_nothing_is_refused(tmp_path: Path, text: str, reason: str):
    path = tmp_path / "x.yaml"
    path.write_text(f"match: {text}\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"x\.yaml, line 1: .*" + reason.replace("(", r"\(")):
        read_condition(read_table(path).table("match"), {})
