"""import_logs, verify_archive and rebuild, as an operator sees them."""

import io
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from reviews.engine.archive import archive_store
from reviews.models import Import, ImportedPart, Segment
from reviews.workflows import imports
from tests.logs import access_log, put, trail_lines
from tests.world import World, make_source


@pytest.fixture
def source(world: World, places: Path):
    return make_source(world, str(places), format="web_access", name="Access log")


def command(*args: str, code: int = 0) -> str:
    """What the command printed; for verify_archive the exit code is checked as well."""
    out = io.StringIO()
    if args[0] == "verify_archive":
        with pytest.raises(SystemExit) as ended:
            call_command(*args, stdout=out, stderr=out)
        assert ended.value.code == code, out.getvalue()
    else:
        call_command(*args, stdout=out, stderr=out)
    return out.getvalue()


def test_import_logs_prints_a_ledger_for_each_path(source, places: Path, tmp_path: Path) -> None:
    put(tmp_path / "one" / "a.log", access_log(0, 10) + b"rubbish\n")
    put(tmp_path / "two.log", access_log(20, 25))
    put(tmp_path / "one" / "empty.log", b"")
    told = command("import_logs", "access LOG", str(tmp_path / "one"), str(tmp_path / "two.log"))
    lines = told.splitlines()
    ledger = "0 duplicates + 0 ignored + 1 rejected (balanced)"
    assert f"{tmp_path / 'one'}: 1 files, 11 records = 10 events + {ledger}" in lines
    assert f"{tmp_path / 'two.log'}: 1 files, 5 records = 5 events + {ledger.replace('1', '0')}" in lines
    assert f"Access log (import {Import.objects.get().pk}): 2 files, 16 records = 15 events + {ledger}" in lines
    assert re.search(r"2 of 3 files had something new; [\d,]+ bytes in \d+\.\d s", told)
    assert "Rejected, 1 listed: This is no line of an access log in common or combined form." in lines
    assert f"{tmp_path / 'one' / 'empty.log'}: The file is empty." in lines


def test_import_logs_without_paths_reads_the_source_by_its_id(source, places: Path) -> None:
    put(places / "a.log", access_log(0, 10))
    assert "10 records = 10 events" in command("import_logs", str(source.pk), "--quiet")
    assert "0 of 1 files had something new" in command("import_logs", str(source.pk), "--quiet")


def test_import_logs_says_what_is_wrong(source, places: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"no log source 'nothing'.*Access log"):
        command("import_logs", "nothing")
    with pytest.raises(CommandError, match="is not there"):
        command("import_logs", "Access log", str(tmp_path / "gone"))
    imports.ask(None, source)
    with pytest.raises(CommandError, match="is under way"):
        command("import_logs", "Access log")
    Import.objects.all().delete()
    source.format = "none"
    source.save(update_fields=["format"])
    with pytest.raises(CommandError, match="no log format"):
        command("import_logs", "Access log")


def test_import_logs_never_reads_the_portals_own_files(source, settings) -> None:
    own = put(Path(settings.DATA_DIR) / "archive" / "x.log", access_log(0, 3))
    for path in (own, own.parent, Path(settings.DATA_DIR).parent):
        with pytest.raises(CommandError, match="portal"):
            command("import_logs", "Access log", str(path))


def test_verify_archive_tells_valid_changed_and_unknown(source, places: Path, settings) -> None:
    assert "Nothing is sealed yet" in command("verify_archive", code=0)
    put(places / "a.log", access_log(0, 10))
    command("import_logs", "Access log")
    told = command("verify_archive", code=0)
    assert "Checked 1 segments, 0 evidence files and 0 records" in told
    assert "The archive is as it was sealed." in told
    archive = archive_store(settings.ARCHIVE_URL)
    header = archive.header_path(0)
    header.unlink()
    assert "UNKNOWN log/segments/0.json: The header file is missing." in command("verify_archive", code=2)
    put(places / "b.log", access_log(10, 11))
    command("import_logs", "Access log")
    assert header.exists(), "the next import writes what is missing"
    path = archive.path("segments", Segment.objects.get(seq=0).stored_sha256)
    path.chmod(0o640)
    path.write_bytes(path.read_bytes()[:-1])
    assert "CHANGED Segment 0: Its sealed bytes were changed" in command("verify_archive", "--quiet", code=1)
    archive.root.rename(archive.root.with_name("unmounted"))
    assert "The archive is not there." in command("verify_archive", code=2)


def test_verify_archive_finds_a_part_that_was_edited_in_the_database(source, places: Path) -> None:
    put(places / "a.log", access_log(0, 10))
    command("import_logs", "Access log")
    ImportedPart.objects.update(file_offset=7)
    told = command("verify_archive", code=1)
    assert "CHANGED Segment 0: The parts in the database contradict the members of the sealed header." in told


def test_verify_archive_refuses_wrong_usage_with_3(db) -> None:
    from reviews.management.commands.verify_archive import Command

    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "verify_archive", "--no-such-option"])
    assert ended.value.code == 3


def test_rebuild_tells_what_it_did_and_what_it_could_not(world: World, source, places: Path) -> None:
    put(places / "a.log", access_log(0, 10))
    command("import_logs", "Access log")
    trail = make_source(world, str(places / "trail"), name="Trail")
    put(places / "trail" / "a.json", trail_lines(1, 2, 3))
    command("import_logs", "Trail")
    told = command("rebuild")
    assert re.search(r"Access log: 1 segments, 10 events, 1 days counted in \d+\.\d s\.", told)
    assert re.search(r"Trail: 1 segments, 3 events, 1 days counted", told)
    assert "Trail" not in command("rebuild", "access log")
    imports.ask(None, trail)
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 of 2 sources could not be made anew"):
        call_command("rebuild", stdout=out, stderr=out)
    assert "Trail: An import of Trail is under way. Try again when it is done." in out.getvalue()
    assert Import.objects.filter(source=source).count() == 1
