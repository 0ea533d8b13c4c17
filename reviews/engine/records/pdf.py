"""The record as PDF/A-3a (tagged, PDF/UA-1) by typst, with record.json attached as its source.

Only the fonts inside typst, a fixed date, no packages and no network. The bytes are signed as they are and never
rendered again in order to verify them.
"""

import datetime as dt
import json
from pathlib import Path
from typing import Final

import typst

from reviews.engine.records.content import RecordContent
from reviews.engine.records.view import view_of
from reviews.errors import RecordError

TEMPLATE: Final = Path(__file__).with_name("record.typ")
STANDARDS: "Final[list[typst.PDFStandard]]" = ["a-3a", "ua-1"]


def render(content: RecordContent, record_json: bytes, fingerprint: str) -> bytes:
    """The PDF of this content. `record_json` is content/record.json, byte for byte."""
    inputs = {"view": json.dumps(view_of(content, record_json, fingerprint)), "record": record_json.decode()}
    try:
        found: object = typst.compile(
            TEMPLATE.read_bytes() + _ATTACHMENT,
            ignore_system_fonts=True,
            sys_inputs=inputs,
            pdf_standards=STANDARDS,
            timestamp=content.made_at.astimezone(dt.UTC).replace(microsecond=0),
        )
    except typst.TypstError as problem:
        raise RecordError(f"The PDF of the record could not be made: {problem.message}.") from None
    if not isinstance(found, bytes):
        raise RecordError("The PDF of the record could not be made.")
    return found


_ATTACHMENT: Final = b"""
#pdf.attach("record.json", bytes(sys.inputs.record), relationship: "source", mime-type: "application/json",
  description: "The same content for programs")
"""
