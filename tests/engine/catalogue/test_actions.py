# ruff: noqa: E501 - a row of a table reads best as a row
"""The critical actions: what is loaded, what is refused and where, and what an entry shows."""

from pathlib import Path

import pytest

from reviews.engine.catalogue import CATALOGUE_DIR, load_actions
from reviews.engine.catalogue.actions import read_actions
from reviews.engine.catalogue.matching import fields_of
from reviews.engine.catalogue.source import read_table
from reviews.engine.events import CATEGORIES
from reviews.engine.formats import all_formats
from reviews.engine.reading.matches import expressions
from reviews.engine.reading.normalising import connect
from reviews.errors import CatalogueError

TEXT = (CATALOGUE_DIR / "critical-actions.yaml").read_text(encoding="utf-8")


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """A directory with the catalogue in which the first `old` is `new`."""
    assert old in TEXT
    (tmp_path / "critical-actions.yaml").write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    return tmp_path


def line_of(text: str) -> int:
    return TEXT[: TEXT.index(text)].count("\n") + 1


class TestWhatIsLoaded:
    def test_everything_is_there(self):
        catalogue = load_actions()
        assert (len(catalogue.kinds), len(catalogue.formats), len(catalogue.actions)) == (39, 38, 1018)
        assert catalogue.version == "2026.7"
        assert {kind.category for kind in catalogue.kinds.values()} <= set(CATEGORIES)

    def test_aliases_are_left_out_and_borrowed_actions_come_in(self):
        catalogue = load_actions()
        assert all(action.alias_of is None for name in catalogue.formats for action in catalogue.actions_of(name))
        assert (
            sum(len(catalogue.actions_of(name)) for name in catalogue.formats if not catalogue.formats[name].actions_as)
            < 1018
        )
        assert {action.format for action in catalogue.actions_of("journald")} == {"journald", "syslog"}
        assert catalogue.actions_of("haproxy") == catalogue.actions_of("web_access")
        assert catalogue.actions_of("no such format") == ()

    def test_expected_kinds_are_the_required_ones(self):
        kinds = load_actions().kinds_expected_of("payment_application")
        assert "payment_refused" in {kind.id for kind in kinds}
        assert all(kind.required and "payment_application" in kind.expected_of for kind in kinds)

    def test_what_a_format_cannot_show_has_a_reason(self):
        notes = load_actions().formats["cloudtrail"]
        assert notes.cannot_show["session_ended"] == "CloudTrail writes no sign-out."
        assert "file_changed" in notes.needs_setting

    def test_a_kind_of_label_words_is_widened(self):
        match = load_actions().by_id["ADM-auditd-09"].match
        (test,) = match.parts
        assert (test.op, test.values) == ("in", ("actions", "scope", "sudoers"))

    def test_every_regular_expression_runs(self):
        connection = connect()
        try:
            for action in load_actions().actions:
                for test in _tests(action.match):
                    if test.op == "regex":
                        connection.execute("SELECT regexp_matches('', ?)", [test.values[0]]).fetchall()
        finally:
            connection.close()

    @pytest.mark.parametrize("name", sorted(all_formats()))
    def test_every_field_that_actions_test_is_one_the_format_has(self, name: str):
        catalogue = load_actions()
        tested = {field for action in catalogue.actions_of(name) for field in fields_of(action.match)}
        assert set(expressions(all_formats()[name], catalogue)) == tested


def _tests(condition):
    if hasattr(condition, "parts"):
        for part in condition.parts:
            yield from _tests(part)
    else:
        yield condition


class TestWhatAnEntryShows:
    @pytest.mark.parametrize(
        ("action", "outcome", "kinds"),
        [
            ("ADM-cloudtrail-01", "success", ("account_created",)),
            ("ADM-cloudtrail-01", "unknown", ("account_created",)),
            ("ADM-cloudtrail-01", "failure", ("api_call_refused",)),
            ("AUT-cloudtrail-01", "failure", ("sign_in_refused",)),
            ("TAM-cloudtrail-01", "failure", ("logging_disabled",)),
            ("FIL-cloudtrail-01", "success", ("file_changed", "file_transferred")),
            ("AUT-syslog-03", "success", ()),
        ],
    )
    def test_kinds(self, action: str, outcome: str, kinds: tuple[str, ...]):
        catalogue = load_actions()
        assert catalogue.kinds_shown(catalogue.by_id[action], outcome) == kinds

    def test_what_does_not_count_proves_no_kind(self):
        kinds = load_actions().kinds_of_format("web_access")
        assert {"api_call_read", "api_call_write", "api_call_refused", "file_transferred"} <= kinds
        assert "sign_in_succeeded" not in kinds


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("old", "new", "at", "reason"),
        [
            ("schema_version: 2", "schema_version: 3", "schema_version", "schema_version must be 2"),
            ("kind: account_created", "kind: acount_created", "kind: account_created", "'acount_created' is no known kind"),
            ("format: cloudtrail", "format: cloudtrial", "format: cloudtrail", "'cloudtrial' is no known format"),
            ("op: eq, value", "op: equals, value", "op: eq, value", "'equals' is no known operator"),
            ("category: administrative_change", "category: admin", "category: administrative_change", "'admin' is no known category"),
            ("default: required", "default: requird", "default: required", "'requird' is no known default"),
            ("alias_of: FIL-vault_audit-01", "alias_of: FIL-gone-01", "alias_of: FIL-vault_audit-01", "'FIL-gone-01' is no known action"),
            ("narrow_to: log_store", "narrow_to: log_shop", "narrow_to: log_store", "'log_shop' is no known list of targets"),
            ("verified: true", "verified: maybe", "verified: true", "'verified' must be true or false"),
            ("  outcomes: success", "  outcome: success", "  outcomes: success", "'outcome' is not known here"),
        ],
    )  # fmt: skip
    def test_with_file_line_and_reason(self, tmp_path: Path, old: str, new: str, at: str, reason: str):
        with pytest.raises(CatalogueError) as refused:
            load_actions(changed(tmp_path, old, new))
        assert str(refused.value).startswith(f"critical-actions.yaml, line {line_of(at)}: ")
        assert reason in str(refused.value)

    def test_a_key_given_twice(self, tmp_path: Path):
        with pytest.raises(CatalogueError, match=r"line 4: 'title' is given twice, first in line 3\."):
            read_actions(self._table(tmp_path, "schema_version: 2\ncatalogue_version: x\ntitle: a\ntitle: b\n"))

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("a: [1, 2", r"line 1: this is no valid YAML|line 2: this is no valid YAML"),
            ("- a\n- b\n", "line 1: the file must hold a mapping"),
            ("a: &x [1]\nb: *x\n", "aliases"),
            ("a: !!python/object:os.system x\n", "line 1: this value cannot be read"),
            ("[1]: x\n", "line 1: a key must be a plain text"),
            ("a: 2026-99-99\n", "line 1: this value cannot be read"),
        ],
    )
    def test_what_is_no_plain_yaml(self, tmp_path: Path, text: str, reason: str):
        with pytest.raises(CatalogueError, match=reason):
            self._table(tmp_path, text)

    def test_what_is_no_file(self, tmp_path: Path):
        with pytest.raises(CatalogueError, match=r"critical-actions\.yaml cannot be read: No such file"):
            load_actions(tmp_path)
        (tmp_path / "critical-actions.yaml").write_bytes(b"\xff")
        with pytest.raises(CatalogueError, match="is not UTF-8"):
            load_actions(tmp_path)

    @staticmethod
    def _table(tmp_path: Path, text: str):
        path = tmp_path / "critical-actions.yaml"
        path.write_text(text, encoding="utf-8")
        return read_table(path)
