"""One record of each release lies in tests/records/<version>/ with its fingerprint, and all verify for ever.

A release makes its own with `KEEP_RECORD=1 pytest tests/records/test_kept.py`; what lies there is never replaced.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.conf import settings

from reviews.engine.archive import archive_store
from reviews.engine.records import verify
from reviews.queries.record_content import software_version
from tests.records.signed import make_record
from tests.world import World

KEPT = Path(__file__).parent
RELEASES = sorted(path.name for path in KEPT.iterdir() if (path / "fingerprint.txt").is_file())


def kept(release: str) -> tuple[Path, str]:
    (record,) = (KEPT / release).glob("*.zip")
    return record, (KEPT / release / "fingerprint.txt").read_text(encoding="ascii").strip()


@pytest.mark.skipif(os.environ.get("KEEP_RECORD") != "1", reason="only when a release is made: KEEP_RECORD=1")
def test_keep_a_record_of_this_release(world: World, places):
    folder = KEPT / software_version()
    folder.mkdir()
    record = make_record(world)
    shutil.copyfile(archive_store(settings.ARCHIVE_URL).path("records", record.sha256), folder / f"{record.number}.zip")
    (folder / "fingerprint.txt").write_text(record.signer_fingerprint + "\n", encoding="ascii")


def test_this_release_has_kept_a_record():
    assert software_version() in RELEASES


@pytest.mark.parametrize("release", RELEASES)
def test_a_kept_record_is_valid_for_the_verifier_of_today(release):
    record, fingerprint = kept(release)
    report = verify.check(str(record), frozenset({verify.plain_fingerprint(fingerprint)}))
    assert report.code == verify.VALID, report.lines()


@pytest.mark.parametrize("release", RELEASES)
def test_a_kept_record_is_valid_for_the_verifier_it_carries(release, tmp_path):
    record, fingerprint = kept(release)
    with zipfile.ZipFile(record) as archive:
        program = archive.extract("verify.py", tmp_path)
    command = [sys.executable, "-I", program, "--fingerprint", fingerprint, str(record)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (verify.VALID, "VALID")


@pytest.mark.parametrize("release", RELEASES)
def test_a_kept_record_with_one_other_byte_is_tampered(release, tmp_path):
    record, fingerprint = kept(release)
    data = bytearray(record.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "changed.zip").write_bytes(data)
    report = verify.check(str(tmp_path / "changed.zip"), frozenset({verify.plain_fingerprint(fingerprint)}))
    assert report.code == verify.TAMPERED
