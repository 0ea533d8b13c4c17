"""The offline verifier (reviews/engine/records/verify.py): what is altered is found, and named."""

from pathlib import Path

import pytest

from reviews.engine.archive import canonical
from reviews.engine.records import verify
from reviews.engine.records.keys import Signer
from tests.engine.records import altered
from tests.engine.records.samples import make_zip, with_number

NAMES = (
    "MANIFEST.p7s",
    "MANIFEST.sha256",
    "VERIFY.txt",
    "content/evidence/0001/Retention_settings.pdf",
    "content/evidence/0001/meta.json",
    "content/evidence/0002/Zugange_Q3.csv",
    "content/evidence/0002/meta.json",
    "content/record.json",
    "content/record.pdf",
    "trust/signer.pem",
    "verify.py",
)


def check(tmp_path: Path, files: altered.Files, paper: frozenset[str]) -> verify.Report:
    return verify.check(str(altered.write_folder(tmp_path / "unpacked", files)), paper)


def test_the_record_holds_exactly_these_files(files: altered.Files):
    assert sorted(files) == list(NAMES)
    assert list(files) == sorted(files)


def test_an_untouched_record_is_valid_as_zip_and_as_folder(record, files, paper, tmp_path):
    assert verify.check(str(record), paper).code == verify.VALID
    assert check(tmp_path, files, paper).code == verify.VALID


def test_without_a_fingerprint_it_is_never_valid(record, portal):
    report = verify.check(str(record))
    assert report.code == verify.UNKNOWN
    assert portal.fingerprint in "\n".join(report.lines())
    assert report.lines()[-1] == "UNKNOWN: consistent, signer not confirmed"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("at", [0, 7, 61, 1_000, 4_999])
def test_one_flipped_bit_is_found_and_named(name, at, files, paper, tmp_path):
    files[name] = altered.flipped(files[name], at)
    report = check(tmp_path, files, paper)
    assert report.code == verify.TAMPERED
    assert any(name in line for line in report.tampered), report.lines()


def test_no_byte_of_signature_and_certificate_is_free(files, paper, tmp_path):
    """What openssl overlooks (algorithm names, letters of the issuer, the embedded copy) is refused as well."""
    for name in (verify.SIGNATURE, verify.SIGNER):
        for at in range(len(files[name])):
            changed = {**files, name: altered.flipped(files[name], at)}
            report = verify.Report()
            read = {one: verify.File(len(data), "", data) for one, data in changed.items()}
            verify.check_signature(read, paper, report)
            assert report.code == verify.TAMPERED, (name, at)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("content/")])
def test_a_missing_file_is_named(name, files, paper, tmp_path):
    del files[name]
    report = check(tmp_path, files, paper)
    assert report.code == verify.TAMPERED
    assert any(name in line for line in report.tampered)


@pytest.mark.parametrize("name", ["content/extra.txt", "extra.txt", "trust/chain.pem", "content/evidence/0003/a.txt"])
def test_an_added_file_is_named(name, files, paper, tmp_path):
    files[name] = b"more"
    report = check(tmp_path, files, paper)
    assert report.code == verify.TAMPERED
    assert f"{name}: in the record, but not in the manifest" in report.tampered


def test_a_renamed_file_is_named_twice(files, paper, tmp_path):
    files["content/record.txt"] = files.pop("content/evidence/0002/Zugange_Q3.csv")
    report = check(tmp_path, files, paper)
    assert report.code == verify.TAMPERED
    assert sum("content/record.txt" in line or "Zugange" in line for line in report.tampered) >= 2


def test_two_files_swapped_are_both_named(files, paper, tmp_path):
    one, other = "content/evidence/0001/Retention_settings.pdf", "content/evidence/0002/Zugange_Q3.csv"
    files[one], files[other] = files[other], files[one]
    report = check(tmp_path, files, paper)
    assert all(any(name in line for line in report.tampered) for name in (one, other))


# --- Who signed ----------------------------------------------------------------------------------------------


def test_a_changed_record_signed_by_another_key_is_tampered(files, stranger, paper, tmp_path):
    record = canonical.loads(files["content/record.json"])
    record["items"][2]["answer"] = "meets"
    files["content/record.json"] = canonical.dumps(record)
    forged = altered.write_zip(tmp_path / "forged.zip", altered.signed_again(files, stranger))
    assert verify.check(str(forged), paper).code == verify.TAMPERED
    without = verify.check(str(forged))
    assert without.code == verify.UNKNOWN  # consistent in itself: only the fingerprint tells
    assert without.lines()[-1] == "UNKNOWN: consistent, signer not confirmed"


def test_the_same_change_signed_by_the_portal_would_be_valid(files, portal, paper, tmp_path):
    """So the tests here fail for the right reason: `signed_again` makes a record that verifies."""
    assert check(tmp_path, altered.signed_again(files, portal), paper).code == verify.VALID


def test_the_signature_of_another_record_is_tampered(files, portal, paper, tmp_path):
    other = altered.read(make_zip(tmp_path, portal, with_number("AP-2026-Q3-0008"))[0])
    assert other[verify.SIGNER] == files[verify.SIGNER]
    files[verify.SIGNATURE] = other[verify.SIGNATURE]
    report = check(tmp_path, files, paper)
    assert report.tampered == ["MANIFEST.p7s: no signature of the portal for MANIFEST.sha256 by trust/signer.pem"]


@pytest.mark.parametrize("name", ["content/record.pdf", "content/record.json"])
def test_the_pdf_of_one_record_with_the_json_of_another_is_tampered(name, files, portal, paper, tmp_path):
    other = altered.read(make_zip(tmp_path, portal, with_number("AP-2026-Q3-0008"))[0])
    files[name] = other[name]
    report = check(tmp_path, files, paper)
    assert report.code == verify.TAMPERED
    assert any(name in line for line in report.tampered)


def test_a_signature_by_somebody_else_under_the_portals_certificate_is_tampered(files, stranger, paper, tmp_path):
    files[verify.SIGNATURE] = stranger.sign(files[verify.MANIFEST])
    assert check(tmp_path, files, paper).code == verify.TAMPERED


@pytest.mark.parametrize("first", ["portal", "stranger"])
def test_two_certificates_are_refused(first, files, portal, stranger, paper, tmp_path):
    """One would show the fingerprint of the paper, the other would have signed."""
    pems = (portal.pem, stranger.pem) if first == "portal" else (stranger.pem, portal.pem)
    forged = {**altered.signed_again(files, stranger), verify.SIGNER: b"".join(pems)}
    report = check(tmp_path, forged, paper)
    assert report.tampered == ["trust/signer.pem: not exactly one certificate"]


def test_an_incremental_update_of_the_pdf_is_tampered(files, paper, tmp_path):
    files["content/record.pdf"] += b"\n1 0 obj\n<< >>\nendobj\n%%EOF\n"
    assert "content/record.pdf: changed" in "\n".join(check(tmp_path, files, paper).tampered)


# --- The manifest, signed by the right key but wrong ---------------------------------------------------------


def with_manifest(files: altered.Files, by: Signer, manifest: bytes) -> altered.Files:
    return {**files, verify.MANIFEST: manifest, verify.SIGNATURE: by.sign(manifest)}


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [],
        lambda lines: lines[::-1],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [*lines[:-1], lines[-1].upper()],
        lambda lines: [*lines, f"{'0' * 64}  ../outside\n"],
        lambda lines: [*lines, f"{'0' * 64} *content/binary\n"],
        lambda lines: [*lines, f"{'0' * 64}  MANIFEST.sha256\n"],
        lambda lines: [*lines[:-1], lines[-1].rstrip("\n")],
        lambda lines: [line.replace("\n", "\r\n") for line in lines],
        lambda lines: [*lines, "\\" + lines[-1]],
    ],
)
def test_a_manifest_in_any_other_form_is_refused(change, files, portal, paper, tmp_path):
    lines = files[verify.MANIFEST].decode().splitlines(keepends=True)
    forged = with_manifest(files, portal, "".join(change(lines)).encode())
    assert check(tmp_path, forged, paper).code == verify.TAMPERED


# --- The record's JSON, signed by the right key but wrong ----------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"demo":false', b'"demo":false,"demo":true'),
        (b'"demo":false', b'"demo":0.5'),
        (b'"demo":false', b'"demo":NaN'),
        (b'"demo":false', b'"demo": false'),
        (b'"demo":false', b'"demo":99999999999999999999e0'),
        (b'"demo":false', b'"demo":"\\ud800"'),
        (b'"demo":false', b'"demo":' + b"[" * 50_000 + b"]" * 50_000),
        (b'"demo":false', b'"demo":' + b"9" * 5_000),
        (b"{", b"["),
    ],
)
def test_json_that_can_be_read_in_two_ways_is_refused(old, new, files, portal, paper, tmp_path):
    assert old in files["content/record.json"]
    files["content/record.json"] = files["content/record.json"].replace(old, new, 1)
    report = check(tmp_path, altered.signed_again(files, portal), paper)
    assert report.code == verify.TAMPERED
    assert any("content/record.json" in line for line in report.tampered)


def test_a_key_that_stands_twice_is_called_so(files, portal, paper, tmp_path):
    """Even where both say the same, and the object written anew would be the same bytes but for that."""
    files["content/record.json"] = files["content/record.json"].replace(b'"demo":false', b'"demo":false,"demo":false')
    report = check(tmp_path, altered.signed_again(files, portal), paper)
    assert report.tampered == ["content/record.json: no canonical JSON (a key stands twice)"]


def test_evidence_must_be_the_file_that_record_and_meta_name(files, portal, paper, tmp_path):
    record = canonical.loads(files["content/record.json"])
    record["evidence"][0]["sha256"] = "0" * 64
    files["content/record.json"] = canonical.dumps(record)
    files["content/evidence/0001/meta.json"] = canonical.dumps(record["evidence"][0])
    report = check(tmp_path, altered.signed_again(files, portal), paper)
    name = "content/evidence/0001/Retention_settings.pdf"
    assert report.tampered == [f"{name}: not the file that content/record.json names"]


def test_a_newer_schema_is_unknown(files, portal, paper, tmp_path):
    record = canonical.loads(files["content/record.json"])
    files["content/record.json"] = canonical.dumps({**record, "schema": "auditportal.record/2"})
    assert check(tmp_path, altered.signed_again(files, portal), paper).code == verify.UNKNOWN


@pytest.mark.parametrize(
    "change",
    [
        lambda evidence: evidence.pop(),
        lambda evidence: evidence.append(evidence[0]),
        lambda evidence: evidence[0].update(sha256="0" * 64),
        lambda evidence: evidence[0].update(size=1),
        lambda evidence: evidence[0].update(path="content/record.pdf"),
        lambda evidence: evidence[0].update(path="content/evidence/0001/meta.json"),
        lambda evidence: evidence[0].update(path="content/evidence/../record.pdf"),
        lambda evidence: evidence[0].update(ref="0002"),
        lambda evidence: evidence[0].update(original_name="another.pdf"),
        lambda evidence: evidence.insert(0, "text"),
        lambda evidence: evidence.clear(),
    ],
)
def test_evidence_must_be_what_the_record_names(change, files, portal, paper, tmp_path):
    record = canonical.loads(files["content/record.json"])
    change(record["evidence"])
    files["content/record.json"] = canonical.dumps(record)
    assert check(tmp_path, altered.signed_again(files, portal), paper).code == verify.TAMPERED


# --- Fingerprints --------------------------------------------------------------------------------------------


def test_a_fingerprint_may_be_grouped_as_on_paper(portal):
    digits = portal.fingerprint.replace(":", "").lower()
    groups = " ".join(digits[at : at + 4] for at in range(0, 64, 4))
    for text in (portal.fingerprint, digits, groups, f"sha256 Fingerprint={portal.fingerprint}", f"SHA256:{digits}"):
        assert verify.plain_fingerprint(text) == digits


@pytest.mark.parametrize("text", ["", "abc", "0" * 63, "0" * 65, "g" * 64, "0" * 64 + "\n" + "0" * 64])
def test_what_is_no_fingerprint_is_refused(text):
    with pytest.raises(ValueError, match="64"):
        verify.plain_fingerprint(text)
