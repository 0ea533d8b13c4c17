# ruff: noqa: E501 - a row of a table reads best as a row
"""The review templates: which questions are asked of what, and what is refused."""

from pathlib import Path

import pytest

from reviews.engine.catalogue import CATALOGUE_DIR, load_templates
from reviews.errors import CatalogueError, Invalid

TEXT = (CATALOGUE_DIR / "review-template.yaml").read_text(encoding="utf-8")
ROWS = ["COV-04", "COV-05", "COV-06", "COV-07", "COV-08"]


def ids(template: str, scope: str, facts: dict | None = None) -> list[str]:
    return [item.id for item in load_templates().questions(template, scope, facts or {}).items]


class TestWhatIsAsked:
    def test_the_essential_template(self):
        assert load_templates().default.id == "essential"
        assert ids("essential", "cycle") == ["COV-02", "COV-14", "COV-16", "ACC-10"]
        assert ids("essential", "service") == [*ROWS, "COV-12"]
        assert ids("essential", "log_store") == ["ACC-03", "ACC-04", "STO-01", "STO-03", "STO-05", "STO-07"]

    def test_the_full_template(self):
        assert [len(ids("full", scope)) for scope in ("cycle", "service", "log_store")] == [8, 13, 21]

    def test_rows_of_a_group_know_it(self):
        items = load_templates().questions("essential", "service", {}).items
        assert {item.id for item in items if item.group == "COV-ROWS"} == set(ROWS)

    def test_questions_carry_what_a_page_shows(self):
        (item,) = [one for one in load_templates().questions("full", "cycle", {}).items if one.id == "COV-01"]
        assert item.step == "coverage"
        assert item.guidance[0] == "Open the current version."
        assert set(item.criteria) == {"meets", "does_not_meet", "not_applicable"}
        assert item.controls["nist_800_53"] == ("AU-1", "AU-2")
        assert item.automated_checks == ("evidence.hash",)
        assert not item.not_applicable_allowed

    def test_a_tag_adds_questions_where_it_is(self):
        pci = {"service.tags": ["pci"]}
        assert set(ids("essential", "service", pci)) - set(ids("essential", "service")) == {"COV-10", "COV-11"}
        assert set(ids("essential", "cycle", pci)) - set(ids("essential", "cycle")) == {"COV-09"}
        stores = ids("essential", "log_store", {"store.tags": ("pci", "dora")})
        assert set(stores) - set(ids("essential", "log_store")) == {"STO-04", "STO-10"}
        assert ids("essential", "service", {"service.tags": ["hipaa"]}) == ids("essential", "service")

    def test_an_unknown_template(self):
        with pytest.raises(Invalid, match="Choose one of: essential, full"):
            load_templates().questions("gone", "cycle", {})


class TestWhatTheInventoryExcludes:
    def test_with_the_fact(self):
        found = load_templates().questions("essential", "service", {"service.own_sign_in": False})
        assert [(one.item, one.fact) for one in found.excluded] == [("COV-05", "service.own_sign_in is false")]
        assert "COV-05" not in {item.id for item in found.items}

    @pytest.mark.parametrize("unknown", [{}, {"service.own_sign_in": None}, {"service.own_sign_in": ""}])
    def test_what_is_not_filled_in_never_excludes(self, unknown: dict):
        found = load_templates().questions("full", "service", unknown)
        assert found.excluded == ()

    def test_any_needs_all_its_parts_to_be_false(self):
        def excluded(facts: dict) -> list[str]:
            return [one.fact for one in load_templates().questions("essential", "service", facts).excluded]

        assert excluded({"service.data_class": "none"}) == []  # the tags are not known
        assert excluded({"service.data_class": "none", "service.tags": []}) == [
            "service.data_class is none; service.tags is empty"
        ]
        assert excluded({"service.data_class": "none", "service.tags": ["pci"]}) == []

    def test_all_is_false_when_one_part_is(self):
        found = load_templates().questions("full", "log_store", {"store.kind": "vendor"})
        assert "store.kind is vendor" in {one.fact for one in found.excluded}


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("old", "new", "reason"),
        [
            ("automated_checks: [evidence.hash]", "automated_checks: [evidence.hush]", "'evidence.hush' is no known check"),
            ("accepted_kinds: [logging_policy, document]", "accepted_kinds: [policy]", "'policy' is no known kind of evidence"),
            ("fact: service.own_sign_in, op: eq", "fact: service.sign_in, op: eq", "'service.sign_in' is no known fact"),
            ("fact: service.own_sign_in, op: eq", "fact: service.own_sign_in, op: is", "'is' is no known operator"),
            ("{fact: service.own_sign_in, op: eq, value: true}", "{fact: service.own_sign_in, op: eq, value: yes please}", "is true or false"),
            ("{fact: service.kind, op: ne, value: directory}", "{fact: service.kind, op: ne, value: telephone}", "service.kind is never 'telephone'"),
            ("cycle: [COV-02,", "cycle: [COV-99,", "'COV-99' is no known item or group"),
            ("cycle: [COV-02,", "cycle: [COV-12,", "COV-12 is answered per service, not per cycle"),
            ("rows: [COV-04,", "rows: [COV-44,", "'COV-44' is no known item"),
            ("related_categories: [authentication]", "related_categories: [authn]", "'authn' is no known category"),
            ("default_severity: medium", "default_severity: mid", "'mid' is no known severity"),
            ("nist_800_53: [AU-1, AU-2]", "nist_800_53: [AU-1, XX-2]", "'XX-2' is no known control"),
            ("  default: false", "  default: true", "exactly one template must be the default"),
            ("  - id: COV-02", "  - id: COV-01", "the item 'COV-01' is given twice"),
            ("      meets: Approved", "      meet: Approved", "'meet' is not known here"),
        ],
    )  # fmt: skip
    def test_with_file_line_and_reason(self, tmp_path: Path, old: str, new: str, reason: str):
        assert old in TEXT
        (tmp_path / "review-template.yaml").write_text(TEXT.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(CatalogueError, match=r"review-template\.yaml, line \d+: ") as refused:
            load_templates(tmp_path)
        assert reason in str(refused.value)

    def test_another_text_is_another_template(self, tmp_path: Path):
        (tmp_path / "review-template.yaml").write_text(
            TEXT.replace("Is there an approved logging standard", "Is there a logging standard"), encoding="utf-8"
        )
        changed = load_templates(tmp_path)
        assert changed.get("full").sha256 != load_templates().get("full").sha256
        assert changed.get("essential").sha256 == load_templates().get("essential").sha256
