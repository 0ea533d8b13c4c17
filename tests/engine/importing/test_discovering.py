"""Which files an import reads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reviews.engine.importing.candidates import Trouble
from reviews.engine.importing.discovering import Found, discover, discover_paths
from reviews.engine.importing.showing import LONGEST_NAME, printable, shown_name
from reviews.engine.importing.streams import Stream
from reviews.errors import ReadingError


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    directory = tmp_path / "logs"
    for name in (
        "b.log",
        "a.log",
        "2026/10/x.json.gz",
        "2026/y.json",
        "2026/10/deep/z.log",
        ".hidden.log",
        "[odd].log",
    ):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(b"x")
    return directory


def names(found: list[Found | Trouble]) -> list[str]:
    return [one.name for one in found if isinstance(one, Found)]


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("*.log", [".hidden.log", "[odd].log", "a.log", "b.log"]),
        ("**/*.log", [".hidden.log", "2026/10/deep/z.log", "[odd].log", "a.log", "b.log"]),
        ("2026/*.json", ["2026/y.json"]),
        ("**/*.json*", ["2026/10/x.json.gz", "2026/y.json"]),
        ("2026/**", ["2026/10/deep/z.log", "2026/10/x.json.gz", "2026/y.json"]),
        ("?.log", ["a.log", "b.log"]),
        ("[ab].log", ["a.log", "b.log"]),
        ("[!a].log", ["b.log"]),
        ("[[]odd].log", ["[odd].log"]),
        ("2026/*/deep/*", ["2026/10/deep/z.log"]),
        ("nothing", []),
    ],
)
def test_globs(logs: Path, glob: str, expected: list[str]) -> None:
    assert names(discover(logs, glob)) == expected


def test_what_is_found_tells_how_it_looks_on_disk(logs: Path) -> None:
    os.utime(logs / "a.log", ns=(5, 1_760_000_000_123_456_789))
    [found] = discover(logs, "a.log")
    assert isinstance(found, Found)
    assert (found.size, found.modified_ns, found.path) == (1, 1_760_000_000_123_456_789, logs / "a.log")


def test_links_out_of_the_directory_are_said_and_not_followed(logs: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.log").write_bytes(b"secret")
    (logs / "file.log").symlink_to(tmp_path / "elsewhere" / "secret.log")
    (logs / "directory").symlink_to(tmp_path / "elsewhere")
    (logs / "other.txt").symlink_to(tmp_path / "elsewhere" / "secret.log")  # the glob does not want it
    (logs / "up.log").symlink_to("../elsewhere/secret.log")
    found = discover(logs, "*.log")
    said = {one.name: one for one in found if isinstance(one, Trouble)}
    assert set(said) == {"file.log", "directory", "up.log"}
    assert all("leads out of the source's directory" in one.problem and not one.blocks for one in said.values())
    assert "secret" not in " ".join(names(found))


def test_links_inside_the_directory_are_files_and_directories_are_read_once(logs: Path) -> None:
    (logs / "current.log").symlink_to(logs / "a.log")
    (logs / "loop").symlink_to(logs)
    found = discover(logs, "**/*.log")
    assert names(found) == [".hidden.log", "2026/10/deep/z.log", "[odd].log", "a.log", "b.log", "current.log"]
    assert not [one for one in found if isinstance(one, Trouble)]


def test_what_is_no_regular_file_is_said(logs: Path) -> None:
    os.mkfifo(logs / "pipe.log")
    (logs / "nowhere.log").symlink_to(logs / "gone")
    said = {one.name: one.problem for one in discover(logs, "*.log") if isinstance(one, Trouble)}
    assert said["pipe.log"].startswith("This is no regular file")
    assert said["nowhere.log"] == "The file cannot be seen: No such file or directory."


def test_a_directory_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="is not there"):
        discover(tmp_path / "gone", "*")


def test_paths_that_were_asked_for(logs: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.log"
    outside.write_bytes(b"x")
    found = discover_paths([logs / "2026", logs / "a.log", outside, logs / "gone"], logs)
    assert names(found) == ["2026/10/deep/z.log", "2026/10/x.json.gz", "2026/y.json", "a.log", str(outside)]
    assert [(one.name, one.blocks) for one in found if isinstance(one, Trouble)] == [("gone", True)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a plain user")
def test_a_file_that_the_portal_may_not_read_is_said(logs: Path) -> None:
    for parent in logs.parents:
        if parent not in {Path("/"), Path("/tmp")}:
            parent.chmod(parent.stat().st_mode | 0o055)
    (logs / "a.log").chmod(0o600)
    (logs / "2026").chmod(0o700)
    program = (
        "import os, sys; from pathlib import Path\n"
        "from reviews.engine.importing.discovering import discover\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "for one in discover(Path(sys.argv[1]), '**/*'): print(one.name, getattr(one, 'problem', 'read'))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(logs)], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert any(line.startswith("a.log The portal may not read this file.") for line in lines)
    assert "2026 The directory cannot be listed: Permission denied." in lines
    assert "b.log read" in lines


def test_names_are_fit_for_pages_and_databases(tmp_path: Path) -> None:
    assert printable(b"a\x00\x1b[31m\xff\tb") == "a\\x00\\x1b[31m\\xff\\x09b"
    assert shown_name(tmp_path / os.fsdecode(b"caf\xc3\xa9-\xff"), tmp_path) == "café-\\xff"
    long = shown_name(tmp_path / "/".join(["d" * 100] * 9) / "end.log", tmp_path)
    assert len(long) == LONGEST_NAME
    assert long.startswith("ddd")
    assert long.endswith("/end.log")


@pytest.mark.parametrize("swapped", ["2026/10/x.json.gz", "2026/10", "2026"])
def test_a_link_that_takes_a_files_place_after_it_was_found_is_not_followed(logs: Path, swapped: str) -> None:
    [found] = discover(logs, "2026/10/*.gz")
    assert isinstance(found, Found)
    with found.open() as file:
        assert file.read() == b"x"
    elsewhere = logs.parent / "elsewhere"
    (logs / swapped).rename(elsewhere)
    (logs / swapped).symlink_to(elsewhere)
    assert found.path.read_bytes() == b"x"  # whoever follows links gets there
    with pytest.raises(ReadingError, match="cannot be opened"), Stream(found.path, found.open):
        pass


def test_a_link_that_takes_the_directorys_place_is_not_followed(logs: Path) -> None:
    real = logs.resolve()
    logs.rename(logs.parent / "elsewhere")
    logs.symlink_to(logs.parent / "elsewhere")
    [found] = discover(logs, "a.log", real)
    assert isinstance(found, Found)
    with pytest.raises(OSError, match="Not a directory"):
        found.open()


@pytest.mark.timeout(10)
def test_a_pipe_that_takes_a_files_place_holds_nobody_up(logs: Path) -> None:
    [found] = discover(logs, "a.log")
    assert isinstance(found, Found)
    (logs / "a.log").unlink()
    os.mkfifo(logs / "a.log")
    with pytest.raises(ReadingError, match="no regular file any more"), Stream(found.path, found.open):
        pass


def test_a_link_inside_the_directory_opens_the_file_it_led_to(logs: Path) -> None:
    (logs / "current.log").symlink_to(logs / "a.log")
    [found] = discover(logs, "current.log")
    assert isinstance(found, Found)
    assert (found.path.name, found.real.name) == ("current.log", "a.log")
    with found.open() as file:
        assert file.read() == b"x"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a plain user")
def test_a_link_into_a_directory_that_may_not_be_seen_stops_nobody(logs: Path) -> None:
    for parent in logs.parents:
        if parent not in {Path("/"), Path("/tmp")}:
            parent.chmod(parent.stat().st_mode | 0o055)
    shut = logs.parent / "shut"
    (shut / "in").mkdir(parents=True)
    shut.chmod(0o700)
    (logs / "way").symlink_to(shut / "in")
    program = (
        "import os, sys; from pathlib import Path\n"
        "from reviews.engine.importing.discovering import discover\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "for one in discover(Path(sys.argv[1]), '*.log'): print(one.name)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(logs)], capture_output=True, text=True, check=True)
    assert "a.log" in done.stdout.splitlines()


def test_directories_as_deep_as_a_path_can_be_hide_nothing(tmp_path: Path) -> None:
    made = [str(tmp_path / "logs")]
    made += [made[0] + "/d" * depth for depth in range(1, 1200)]
    for directory in made:
        os.mkdir(directory)
    file = f"{made[-1]}/a.log"
    Path(file).write_text("x\n")
    try:
        (found,) = discover(tmp_path / "logs", "**/*.log")
        assert (str(found.path), found.size) == (file, 2)
    finally:  # as deep as this, shutil and pytest cannot remove them
        os.unlink(file)
        for directory in reversed(made):
            os.rmdir(directory)
