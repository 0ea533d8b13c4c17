# ruff: noqa: S608 - the statements are made of declarations, and every value in them goes through quote()
"""Records that are XML elements: where they lie in a buffer, and their fields in SQL.

Facts: Extensible Markup Language (XML) 1.0, 2.4 (in a text, < and & are always escaped) and 2.5 to 2.8 (what may stand
before the first element).
"""

import re
from typing import Final

import pyarrow as pa

from reviews.engine.catalogue.matching import quote
from reviews.engine.formats import XmlRecords
from reviews.engine.reading.documents import BETWEEN, CUT
from reviews.engine.reading.lines import BOM, too_long
from reviews.engine.reading.spans import Buffer, Spans, no_rejects, positions, rejects

CONTINUES: Final = "element"
UNENDED: Final = "This element has no end."
_QUOTE: Final = "[\"']"
# As XML writes them; & comes last, so that what it frees is not read a second time.
_ENTITIES: Final = (
    ("&lt;", "'<'"), ("&gt;", "'>'"), ("&quot;", "'\"'"), ("&apos;", "''''"), ("&#13;", "chr(13)"),
    ("&#xD;", "chr(13)"), ("&#10;", "chr(10)"), ("&#xA;", "chr(10)"), ("&#9;", "chr(9)"), ("&#x9;", "chr(9)"),
    ("&amp;", "'&'"),
)  # fmt: skip


def is_element(layout: XmlRecords, head: bytes) -> bool:
    """Whether a buffer that begins with `head` holds elements, or ends those around them."""
    name = re.escape(layout.element.encode())
    return bool(re.match(rb"(?=\s*<)" + _frame(layout) + rb"(?:<" + name + rb"[\s/>]|\Z)", head.removeprefix(BOM)))


def _frame(layout: XmlRecords) -> bytes:
    """What may stand between records: white space, declarations, comments, and the tags of elements around them."""
    around = rb"</?(?:" + b"|".join(re.escape(name.encode()) for name in layout.around) + rb")(?:\s[^<>]*)?>"
    return rb"(?:\s|<\?[^>]*>|<!--(?s:.*?)-->|" + around + rb")*+"


def split_elements(
    layout: XmlRecords, buffer: Buffer, *, final: bool, record_bytes: int, continues: bool = False
) -> Spans:
    """The elements of a buffer, from the first byte of each tag to the last of its end."""
    scan = _Scan(layout, buffer)
    if continues and not scan.skip():
        return Spans(positions(), positions(), len(buffer), no_rejects(), "" if final else CONTINUES)
    scan.run()
    consumed, unfinished = scan.rest, ""
    left = len(buffer) - consumed
    if final or left > record_bytes:
        if scan.opened >= 0:
            scan.refuse(scan.opened, len(buffer), too_long(record_bytes) if left > record_bytes else CUT)
        else:
            scan.between(len(buffer))
        consumed, unfinished = len(buffer), "" if final else CONTINUES
    spans = positions(scan.spans).reshape(-1, 2)
    offsets, lengths = spans[:, 0], spans[:, 1] - spans[:, 0]
    long = lengths > record_bytes
    tables = [rejects(offsets[long], lengths[long], too_long(record_bytes))]
    tables += [rejects(positions([at]), positions([length]), reason) for at, length, reason in scan.refused]
    return Spans(offsets[~long], lengths[~long], consumed, pa.concat_tables(tables).sort_by("offset"), unfinished)


class _Scan:
    """Goes from tag to tag: elements of this name never lie within each other."""

    def __init__(self, layout: XmlRecords, buffer: Buffer) -> None:
        name = re.escape(layout.element.encode())
        self._buffer = buffer
        empty = rb"<" + name + rb"(?:\s[^<>\"']*(?:\"[^\"<]*\"|'[^'<]*'))*\s*/>"
        self._tags = re.finditer(
            rb"(?P<whole>" + empty + rb")|<" + name + rb"(?=[\s/>])|(?P<end></)" + name + rb"\s*>", buffer
        )
        self._frame = re.compile(_frame(layout))
        self.spans: list[tuple[int, int]] = []
        self.refused: list[tuple[int, int, str]] = []
        self.opened = -1  # where the element begins that has no end yet
        self.closed = len(BOM) if bytes(memoryview(buffer)[: len(BOM)]) == BOM else 0

    @property
    def rest(self) -> int:
        """The first byte that is not told yet."""
        return self.opened if self.opened >= 0 else self.closed

    def skip(self) -> bool:
        """Pass over the rest of an element that was rejected already; False when all of the buffer belongs to it."""
        tag = next(self._tags, None)
        if tag is None:
            return False
        if tag["whole"]:
            self.spans.append(tag.span())
        if tag["whole"] or tag["end"]:
            self.closed = tag.end()
        else:
            self.opened = tag.start()
        return True

    def run(self) -> None:
        for tag in self._tags:
            if tag["end"] and self.opened >= 0:
                self.spans.append((self.opened, tag.end()))
                self.opened, self.closed = -1, tag.end()
            elif tag["end"]:
                self.refuse(self.closed, tag.end(), BETWEEN)
                self.closed = tag.end()
            else:
                if self.opened >= 0:
                    self.refuse(self.opened, tag.start(), UNENDED)
                else:
                    self.between(tag.start())
                self._open(tag)

    def _open(self, tag: re.Match[bytes]) -> None:
        """A tag that is all of its element ends there; any other leaves it open."""
        if tag["whole"]:
            self.spans.append(tag.span())
            self.opened, self.closed = -1, tag.end()
        else:
            self.opened = tag.start()

    def refuse(self, start: int, end: int, reason: str) -> None:
        """A reject, without white space around it."""
        text = bytes(memoryview(self._buffer)[start:end])
        start += len(text) - len(text.lstrip())
        self.refused.append((start, len(text.strip()), reason))

    def between(self, end: int) -> None:
        """Refuse what stands behind the last element and is no frame."""
        text = bytes(memoryview(self._buffer)[self.closed : end])
        if text.strip() and not self._frame.fullmatch(text):
            self.refuse(self.closed, end, BETWEEN)


# --- Fields, in SQL ---------------------------------------------------------------------------------------------


def element_fields(layout: XmlRecords) -> list[str]:
    """Common table expressions, the last of them `cut`, that add the fields to those of `decoded`."""
    keyed = f"(?:{layout.keyed[0]}\\s+{layout.keyed[1]}={_QUOTE})?" if layout.keyed else ""
    leaf = quote(f"<{keyed}([A-Za-z_][A-Za-z0-9_.:-]*){_QUOTE}?(?:\\s[^<>]*)?>([^<]*)</")
    freed = "one"
    for written, letter in _ENTITIES:
        freed = f"replace({freed}, {quote(written)}, {letter})"
    found = f'regexp_extract_all("text", {leaf}, 2)'
    values = f"CASE WHEN contains(\"text\", '&') THEN list_transform({found}, lambda one: {freed}) ELSE {found} END"
    named = ", ".join(f"nullif({_value(path)}, '') AS \"{name}\"" for name, path in layout.paths.items())
    names = f'regexp_extract_all("text", {leaf}, 1)'
    return [
        f"leaves AS (SELECT *, {names} AS leaf_names, {values} AS leaf_values FROM decoded)",
        f"cut AS (SELECT *, {named} FROM leaves)",
    ]


def _value(path: str) -> str:
    element, _, inner = path.partition("/")
    if inner.startswith("@"):
        pattern = f"<{element}\\s[^<>]*?\\b{inner[1:]}={_QUOTE}([^\"'<>]*)"
    elif inner:
        pattern = f"(?s)<{element}[\\s>].*?<{inner}(?:\\s[^<>]*)?>([^<]*)</"
    else:
        return f"leaf_values[list_position(leaf_names, {quote(element)})]"
    return f'regexp_extract("text", {quote(pattern)}, 1)'
