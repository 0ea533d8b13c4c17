"""VERIFY.txt: how to check a record by hand, with the exact lines and what they must print."""

from typing import Final

from reviews.engine.records.charset import one_line
from reviews.engine.records.content import RecordContent

# The two lines that the tests run exactly as printed, inside the unpacked folder.
SUMS: Final = "sha256sum -c --strict --quiet MANIFEST.sha256 && echo all sums match"
SIGNATURE: Final = (
    "openssl cms -verify -binary -inform DER -in MANIFEST.p7s -content MANIFEST.sha256"
    " -nointern -certfile trust/signer.pem -CAfile trust/signer.pem{issued} -signer ../signed-by.pem -out /dev/null"
)
FINGERPRINT: Final = "openssl x509 -in ../signed-by.pem -noout -fingerprint -sha256"
LISTING: Final = (
    "{ cut -c67- MANIFEST.sha256; echo MANIFEST.p7s; echo MANIFEST.sha256; echo trust/signer.pem; }"
    " | LC_ALL=C sort > ../expected.txt",
    "find . ! -type d | cut -c3- | LC_ALL=C sort | diff ../expected.txt - && echo no file too many",
)
PROGRAM: Final = "python3 verify.py --fingerprint FINGERPRINT ."

_TEXT: Final = """\
How to check this record
========================

Record    {number}
Subject   {subject}, {quarter}
Signed    {signed}
{demo}
You need the fingerprint of the portal's certificate, and you need it from
outside of this file: from the paper that the portal's people handed over
before. Everything in this file, these instructions and verify.py included,
comes from the party whose record you check.

Unpack the ZIP into a new folder, go into the folder that holds this text, and
type the lines below. None of them needs a network.


1. The signature over the list of files

   {signature}

   It must print:  CMS Verification successful
   (openssl before 3.0 prints: Verification successful)

2. Who signed

   {fingerprint}

   It prints the fingerprint of the certificate that signed. Compare every
   digit with your paper. If one differs, the record is not from this portal.

3. The files

   {sums}

   It must print:  all sums match

4. Nothing added

   {listing_1}
   {listing_2}

   It must print:  no file too many


The same in one step, with Python 3.11 or later
-----------------------------------------------

   {program}

   Put the fingerprint of your paper in place of FINGERPRINT. The last line
   says VALID, TAMPERED or UNKNOWN; the exit code is 0, 1 or 2 (3: wrong usage).
   Without the openssl command or without a fingerprint the answer is never
   VALID. The program also takes the ZIP as it is.


What this proves, and what not
------------------------------

It proves that the holder of the portal's key sealed exactly these files. The
time of signing is that of the portal's own clock. It does not prove that every
event was logged, nor that people answered rightly: the first page of
content/record.pdf says what could not be told.
"""


def signature_line(self_issued: bool) -> str:
    """The openssl line. A certificate of an authority is trusted itself, without its issuers."""
    return SIGNATURE.format(issued="" if self_issued else " -partial_chain")


def verify_text(content: RecordContent, self_issued: bool) -> bytes:
    """VERIFY.txt of one record."""
    text = _TEXT.format(
        number=content.number,
        subject=one_line(content.subject.name),
        quarter=content.period.quarter,
        signed=f"{content.signing.signed_at:%Y-%m-%d %H:%M} UTC by {one_line(content.signing.signed_by.name)}",
        demo="\nDEMO: an invented organisation. This record proves nothing.\n" if content.demo else "",
        signature=signature_line(self_issued),
        fingerprint=FINGERPRINT,
        sums=SUMS,
        listing_1=LISTING[0],
        listing_2=LISTING[1],
        program=PROGRAM,
    )
    return text.encode("utf-8", "backslashreplace")
