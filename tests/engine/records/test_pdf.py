"""The PDF (reviews/engine/records/pdf.py, view.py): what it says first, and text that is never markup."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviews.engine.records.charset import DRAWN, drawn
from reviews.engine.records.content import NotTold, RecordContent
from reviews.engine.records.pdf import render
from reviews.engine.records.view import view_of
from tests.engine.records.samples import make_content, make_item

needs_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is not here")


def pdf_of(content: RecordContent) -> bytes:
    return render(content, content.as_bytes(), "AA:BB")


def text_of(content: RecordContent, folder: Path) -> list[str]:
    """The text of each page."""
    path = folder / "record.pdf"
    path.write_bytes(pdf_of(content))
    command = ["pdftotext", "-layout", str(path), "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\f")[:-1]


@needs_poppler
def test_what_could_not_be_told_stands_before_the_good_news(tmp_path):
    first = text_of(make_content(), tmp_path)[0]
    assert "Nobody has decided on the silence from 2 Sep to 3 Sep 2026." in first
    assert first.index("What we could not tell") < first.index("What no record can tell") < first.index("Summary")
    assert "2 of 4" in first


@needs_poppler
def test_an_empty_list_is_no_all_clear(tmp_path):
    first = text_of(make_content(could_not_tell=()), tmp_path)[0]
    assert "That alone does not prove that nothing is missing." in first


@needs_poppler
def test_everything_of_the_record_is_on_paper(tmp_path):
    content = make_content()
    words = " ".join(" ".join(text_of(content, tmp_path)).split())
    for part in (
        "AP-2026-Q3-0007", "Payments API", "Jonas Weber, 13 Oct 2026, 09:30 UTC", "I have read every answer.",
        "Nothing was lost: see the ticket.", "The vendor confirmed the maintenance.", "Decided against",
        "Amara Nwosu, 10 Oct 2026, 09:30 UTC, until 31 Dec 2026", "Does not meet", "Zugänge Q3.csv",
        content.evidence[0].sha256[:8], "Time zone: Europe/Berlin", "store.own_keys is false", "400,000",
        "not signed when this review was signed",
    ):  # fmt: skip
        assert part in words, part


@needs_poppler
@pytest.mark.parametrize("demo", [True, False])
def test_a_demo_is_marked_on_every_page_and_nothing_else_is(demo, tmp_path):
    many = tuple(make_item(f"COV-{number:02}", "meets", note="x " * 200) for number in range(40))
    pages = text_of(make_content(demo=demo, items=many), tmp_path)
    assert len(pages) > 4
    assert all(("DEMO." in page) is demo for page in pages)


HOSTILE = [
    '#panic("x")',
    '#image("/etc/passwd")',
    "= Heading\n== More",
    '"] #read("/etc/passwd") [',
    "$x^2$ `raw` *b* _i_ <label> @ref // comment",
    "\\u{41} #sys.inputs",
    "]]]]}}}}))))",
    "漢字 😀 عربي \u202e\u0000\u0007\ue000\ufffe",
    "a" * 5_000,
]


@needs_poppler
@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_text_and_never_markup(text, tmp_path):
    content = make_content(
        items=(make_item("COV-01", "meets", title=text, note=text, question=text),),
        could_not_tell=(NotTold("Check", text),),
        organisation=text[:120],
        population={"sources": [{"name": text, "events": 1}], text.encode("ascii", "ignore").decode()[:40]: text},
    )
    words = "".join(" ".join(text_of(content, tmp_path)).split())
    assert "".join(drawn(text).split())[:60] in words


def test_characters_without_a_shape_are_shown_by_number():
    assert drawn("ok 漢\u202e\x00") == "ok [U+6F22][U+202E][U+0000]"
    assert drawn("e\u0301\r\nx\ty") == "é\nx    y"


def test_every_character_that_is_let_through_has_a_shape_in_every_face():
    line = "".join(sorted(DRAWN))
    reason = make_item("COV-01", "not_applicable", title=line, note=line, question=line, reason=line)
    base = make_content()
    content = make_content(
        items=(reason,),
        organisation=line,
        number=base.number,
        signing=replace(base.signing, statement=line),
        evidence=(replace(base.evidence[0], original_name=line, sha256=line),),
    )
    assert pdf_of(content).startswith(b"%PDF-1.7")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=120), values=st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_any_text_and_any_numbers_make_a_record(text, values):
    content = make_content(
        items=(make_item("COV-01", "meets", note=text, title=text),),
        population={"numbers": values, "coverage": values, "sources": values},
        gaps_not_decided=({"a": values},),
    )
    assert json.loads(content.as_bytes())["items"][0]["title"] == text
    assert pdf_of(content).startswith(b"%PDF-1.7")


def test_the_same_content_gives_the_same_bytes():
    assert pdf_of(make_content()) == pdf_of(make_content())


def test_it_is_archivable_tagged_and_carries_its_source():
    data = pdf_of(make_content())
    for part in (b"pdfaid:part", b"pdfuaid:part", b"/AFRelationship/Source", b"/StructTreeRoot"):
        assert part in data, part


def test_the_view_holds_only_text():
    def leaves(value: object) -> list[object]:
        if isinstance(value, dict):
            return [leaf for part in value.values() for leaf in leaves(part)]
        return [leaf for part in value for leaf in leaves(part)] if isinstance(value, list) else [value]

    content = make_content()
    assert all(isinstance(leaf, str) for leaf in leaves(view_of(content, content.as_bytes(), "AA")))


def test_a_long_record_is_made_in_reasonable_time():
    many = tuple(make_item(f"C-{number}", "meets", note="word " * 100) for number in range(300))
    assert pdf_of(make_content(items=many)).startswith(b"%PDF-")
