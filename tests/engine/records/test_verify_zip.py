"""The verifier and hostile ZIP files: refused whole, within limits, never a traceback."""

import io
import random
import stat
import struct
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviews.engine.records import verify
from tests.engine.records import altered


def entry(name: str, **fields: object) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def with_entry(path: Path, files: altered.Files, info: zipfile.ZipInfo, data: bytes) -> Path:
    altered.write_zip(path, files)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, data)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../outside.txt",
        "content/../../outside.txt",
        "/etc/outside",
        "content\\outside.txt",
        "..\\outside.txt",
        "C:/outside.txt",
        "content//record.txt",
        "./content/record.txt",
        "content/.hidden",
        "content/dot.",
        "content/with space",
        "content/zugänge.txt",
        "content/new\nline",
        "content/" + "a" * 250,
        "content/record.json/below",
    ],
)
def test_a_name_that_leads_elsewhere_refuses_the_whole(name, files, paper, tmp_path):
    report = verify.check(str(with_entry(tmp_path / "r.zip", files, entry(name), b"x")), paper)
    assert report.code == verify.TAMPERED
    assert len(report.tampered) == 1
    assert not report.good


def test_a_nul_in_a_name_is_seen_before_it_is_cut_off(files, paper, tmp_path):
    path = with_entry(tmp_path / "r.zip", files, entry("content/a.txtX.exe"), b"x")
    path.write_bytes(path.read_bytes().replace(b"a.txtX.exe", b"a.txt\x00.exe"))
    report = verify.check(str(path), paper)
    assert report.code == verify.TAMPERED
    assert "not allowed" in report.tampered[0]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["content/record.json", "content/Record.JSON", "CONTENT/record.json"])
def test_a_name_that_stands_twice_is_refused(name, files, paper, tmp_path):
    report = verify.check(str(with_entry(tmp_path / "r.zip", files, entry(name), b"{}")), paper)
    assert report.code == verify.TAMPERED
    assert "stands twice" in report.tampered[0]


def test_links_and_devices_are_refused_in_zip_and_folder(files, paper, tmp_path):
    for kind in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR):
        info = entry("content/link", external_attr=(kind | 0o777) << 16)
        report = verify.check(str(with_entry(tmp_path / "r.zip", files, info, b"/etc/passwd")), paper)
        assert report.tampered == ["content/link: this is a link or a device, not a file"]
    folder = altered.write_folder(tmp_path / "unpacked", files)
    (folder / "content" / "link").symlink_to("/etc/passwd")
    assert verify.check(str(folder), paper).tampered == ["content/link: this is a link or a device, not a file"]
    (folder / "content" / "link").unlink()
    (folder / "content" / "elsewhere").symlink_to(tmp_path)
    assert verify.check(str(folder), paper).code == verify.TAMPERED


def test_a_link_in_place_of_a_file_with_the_right_content_is_refused(files, paper, tmp_path):
    folder = altered.write_folder(tmp_path / "unpacked", files)
    target = tmp_path / "elsewhere.json"
    (folder / "content" / "record.json").rename(target)
    (folder / "content" / "record.json").symlink_to(target)
    assert verify.check(str(folder), paper).code == verify.TAMPERED


def test_a_zip_bomb_is_refused_before_it_is_unpacked(files, paper, tmp_path):
    path = altered.write_zip(tmp_path / "r.zip", files)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(entry("content/bomb.txt", compress_type=zipfile.ZIP_DEFLATED), bytes(50_000_000))
    started = time.process_time()
    report = verify.check(str(path), paper)
    assert report.tampered == ["content/bomb.txt: a few bytes that unpack to 50000000 (a ZIP bomb)"]
    assert time.process_time() - started < 1


def test_a_bomb_that_lies_about_its_size_is_cut_off(files, paper, tmp_path):
    path = altered.write_zip(tmp_path / "r.zip", files)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(entry("content/bomb.txt", compress_type=zipfile.ZIP_DEFLATED), bytes(50_000_000))
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 50_000_000), struct.pack("<I", 100_000)))
    started = time.process_time()
    report = verify.check(str(path), paper)
    assert report.code == verify.TAMPERED
    assert any("content/bomb.txt" in line for line in report.tampered)
    assert time.process_time() - started < 1


def test_a_size_that_is_too_large_is_found(files, paper, tmp_path):
    path, size = tmp_path / "r.zip", len(files["content/record.json"])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    assert verify.check(str(path), paper).code == verify.VALID
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", size), struct.pack("<I", size + 1)))
    report = verify.check(str(path), paper)
    assert report.tampered == ["content/record.json: the ZIP lies about its size"]


def test_too_many_entries_are_refused(paper, tmp_path):
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(verify.MAX_FILES + 1):
            archive.writestr(entry(f"content/{number}"), b"")
    assert "more than a record can have" in verify.check(str(path), paper).tampered[0]


def test_a_file_of_terabytes_is_refused_by_what_it_claims(monkeypatch, record, paper):
    monkeypatch.setattr(verify, "MAX_TOTAL", 10_000)
    assert "larger than a record can be" in verify.check(str(record), paper).tampered[0]


def test_bytes_that_belong_to_no_file_are_refused(record, paper, tmp_path):
    """A reader that looks for files from the front, or at the end, must not find others."""
    data, path = record.read_bytes(), tmp_path / "r.zip"
    hidden = io.BytesIO()
    with zipfile.ZipFile(hidden, "w") as archive:
        archive.writestr("content/record.json", b"{}")
    start = int.from_bytes(data[-6:-2], "little")
    moved = data[-22:-6] + struct.pack("<IH", start + len(hidden.getvalue()), 0)
    for altered_bytes in (
        hidden.getvalue() + data,
        data + hidden.getvalue(),
        data + b"x",
        data[:-2] + struct.pack("<H", 1) + b"x",
        data[:start] + hidden.getvalue() + data[start:-22] + moved,
    ):
        path.write_bytes(altered_bytes)
        report = verify.check(str(path), paper)
        assert report.code == verify.TAMPERED, report.lines()


@pytest.mark.parametrize("left", [0, 1, 21, 1_000, -1, -22, -23, -500])
def test_a_cut_zip_is_tampered(left, record, paper, tmp_path):
    path = tmp_path / "cut.zip"
    path.write_bytes(record.read_bytes()[:left])
    assert verify.check(str(path), paper).code == verify.TAMPERED


def test_an_encrypted_entry_is_refused(record, paper, tmp_path):
    data = bytearray(record.read_bytes())
    start = int.from_bytes(data[-6:-2], "little")
    data[start + 8] |= 1
    (tmp_path / "r.zip").write_bytes(data)
    assert "encrypted" in verify.check(str(tmp_path / "r.zip"), paper).tampered[0]


def test_a_record_packed_anew_by_ordinary_tools_is_still_valid(files, paper, tmp_path):
    """Compressed, in another order, with entries for folders, sizes after the data: the same files, the same answer."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

        def tell(self) -> int:
            raise io.UnsupportedOperation

    path = tmp_path / "again.zip"
    names = random.Random(7).sample(sorted(files), len(files))
    for target in (path, Pipe()):
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.mkdir("content") if hasattr(archive, "mkdir") else None
            for name in names:
                archive.writestr(name, files[name])
        if isinstance(target, Pipe):
            path.write_bytes(target.getvalue())
        report = verify.check(str(path), paper)
        assert report.code == verify.VALID, report.lines()


# --- Fuzz -------------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.integers(0, 2),
)
def test_a_zip_with_any_bytes_changed_is_never_valid_with_other_content(changes, cut, record, paper, tmp_path):
    data = bytearray(record.read_bytes())
    for at, value in changes:
        # Most of a ZIP is content; two of three hits go to its directory, where the structure is.
        at = at % len(data) if cut == 0 else len(data) - 1 - at % 1_200
        data[at] = value
    path = tmp_path / "fuzzed.zip"
    path.write_bytes(data)
    report = verify.check(str(path), paper)
    assert report.code in (verify.VALID, verify.TAMPERED, verify.UNKNOWN)
    if report.code == verify.VALID:
        assert altered.read(path) == altered.read(record)  # only a time or an attribute that nobody reads


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400))
def test_any_bytes_are_an_answer(data, paper, tmp_path):
    (tmp_path / "any.zip").write_bytes(data)
    assert verify.check(str(tmp_path / "any.zip"), paper).code == verify.TAMPERED
    (tmp_path / "any.zip").write_bytes(b"PK\x05\x06" + data[:18].ljust(18, b"\x00"))
    assert verify.check(str(tmp_path / "any.zip"), paper).code == verify.TAMPERED


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["MANIFEST.sha256", "MANIFEST.p7s", "trust/signer.pem", "content/record.json"]),
    data=st.binary(max_size=300),
    at=st.integers(0, 3_000),
)
def test_any_bytes_inside_a_file_are_an_answer(name, data, at, record, paper, monkeypatch):
    """In memory, past ZIP and hashes: the parsers alone, as if the right key had signed it."""
    monkeypatch.setattr(verify.shutil, "which", lambda _: None)
    files = altered.read(record)
    changed = {**files, name: files[name][:at] + data + files[name][at + len(data) :]}
    read = {one: verify.File(len(content), "", content) for one, content in changed.items()}
    report = verify.Report()
    verify.check_manifest(changed[verify.MANIFEST], read, report)
    verify.check_record(read, report)
    verify.check_signature(read, paper, report)
    assert report.code in (verify.TAMPERED, verify.UNKNOWN)
    assert all(line.isascii() for line in report.lines())
