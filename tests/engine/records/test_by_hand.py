"""What VERIFY.txt prints is typed here exactly as printed, and verify.py is run as an auditor runs it."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reviews.engine.records import verify
from tests.engine.records import altered

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="the openssl command is not here")

# Interpreters an auditor may have; those that are not on this machine are skipped.
PYTHONS = [sys.executable, "python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14"]


@pytest.fixture
def unpacked(record: Path, tmp_path: Path) -> Path:
    """As `unzip` does it."""
    with zipfile.ZipFile(record) as archive:
        archive.extractall(tmp_path / "unpacked")  # our own record
    return tmp_path / "unpacked"


def printed_lines(folder: Path) -> list[str]:
    text = (folder / "VERIFY.txt").read_text(encoding="utf-8")
    return re.findall(r"^   (openssl .*|sha256sum .*|\{ cut .*|find .*|python3 .*)$", text, re.MULTILINE)


def type_in(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["/bin/sh", "-c", line], cwd=folder, capture_output=True, text=True, check=False)


def test_every_line_of_the_instructions_does_what_they_say(unpacked, portal):
    signature, fingerprint, sums, listing, compare, program = printed_lines(unpacked)
    assert "CMS Verification successful" in type_in(signature, unpacked).stderr
    assert type_in(fingerprint, unpacked).stdout.strip().endswith(f"Fingerprint={portal.fingerprint}")
    assert type_in(sums, unpacked).stdout == "all sums match\n"
    assert type_in(listing, unpacked).returncode == 0
    assert type_in(compare, unpacked).stdout == "no file too many\n"
    done = type_in(program.replace("FINGERPRINT", portal.fingerprint), unpacked)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "VALID")


def test_the_lines_find_what_was_altered(unpacked, stranger):
    signature, fingerprint, sums, listing, compare, _ = printed_lines(unpacked)
    (unpacked / "content" / "record.pdf").write_bytes(b"another")
    (unpacked / "content" / "extra.txt").write_bytes(b"more")
    assert "all sums match" not in type_in(sums, unpacked).stdout
    type_in(listing, unpacked)
    assert "no file too many" not in type_in(compare, unpacked).stdout
    (unpacked / "MANIFEST.sha256").write_bytes(b"")
    assert type_in(signature, unpacked).returncode == 4
    altered.write_folder(unpacked, altered.signed_again({"VERIFY.txt": b"forged"}, stranger))
    assert type_in(signature, unpacked).returncode == 0  # consistent in itself,
    assert stranger.fingerprint in type_in(fingerprint, unpacked).stdout  # but not the fingerprint of the paper


def run(python: str, *arguments: str, env: dict[str, str] | None = None, cwd: Path | None = None):
    return subprocess.run(
        [python, "-W", "error", *arguments], capture_output=True, text=True, env=env, cwd=cwd, check=False
    )


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    "env",
    [
        {"LANG": "C", "LC_ALL": "C", "TZ": "Pacific/Kiritimati"},
        {"LANG": "C.UTF-8", "TZ": "America/St_Johns", "PYTHONUTF8": "0"},
        {},
    ],
)
def test_the_copy_in_the_record_runs_everywhere(python, env, unpacked, record, portal, tmp_path):
    program = shutil.which(python)
    if program is None or subprocess.run([program, "-V"], capture_output=True, check=False).returncode:
        pytest.skip(f"{python} is not on this machine")
    env = {"PATH": os.environ["PATH"], **env}
    copy = str(shutil.copy(unpacked / "verify.py", tmp_path / "verify.py"))
    for what in (record, unpacked):
        done = run(program, copy, "--fingerprint", portal.fingerprint, str(what), env=env, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (verify.VALID, ""), done
        assert run(program, copy, str(what), env=env).returncode == verify.UNKNOWN
    (unpacked / "content" / "extra ü.txt").write_bytes(b"more")
    done = run(program, copy, "--fingerprint", portal.fingerprint, str(unpacked), env=env)
    assert (done.returncode, done.stderr) == (verify.TAMPERED, "")
    assert "extra" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--fingerprint", "abc", "RECORD"],
        ["nowhere.zip"],
        ["--wrong", "RECORD"],
        ["RECORD", "RECORD"],
        ["/dev/null"],
    ],
)
def test_wrong_usage_is_3(arguments, record, unpacked):
    typed = [str(record) if argument == "RECORD" else argument for argument in arguments]
    done = run(sys.executable, str(unpacked / "verify.py"), *typed)
    assert done.returncode == verify.USAGE
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_may_not_be_read_is_unknown(unpacked, portal, monkeypatch, capsys):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "content/record.pdf")

    monkeypatch.setattr(verify, "read_folder", refuse)
    assert verify.main(["--fingerprint", portal.fingerprint, str(unpacked)]) == verify.UNKNOWN
    assert capsys.readouterr().out.endswith("UNKNOWN\n")


def test_it_needs_no_network_and_no_package(unpacked):
    """Only modules of the standard library, and none that speaks to a network."""
    source = (unpacked / "verify.py").read_text(encoding="utf-8")
    imported = set(re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE))
    assert imported <= set(sys.stdlib_module_names)
    assert not imported & {"socket", "urllib", "http", "ssl"}
