"""Files that lose what was imported of them are noticed; rotation is not taken for it."""

import datetime as dt
import gzip
import shutil

import pytest

from reviews.models import FileProblem, Import
from reviews.queries import sources as queries
from tests.logs import LONG_AGO, access_log, put
from tests.workflows.importing import Importer

LATER = LONG_AGO + dt.timedelta(hours=1)


def lost(run: Import) -> list[tuple[str, str]]:
    return list(FileProblem.objects.filter(run=run, kind=FileProblem.Kind.CHANGED).values_list("name", "problem"))


@pytest.fixture
def log(access: Importer):
    path = put(access.directory / "access.log", access_log(0, 50))
    access.run()
    return path


def test_a_file_that_was_cut_is_named_once_and_stays_on_the_page(access: Importer, log) -> None:
    put(log, access_log(0, 20), LATER)
    run = access.run()
    whole, left = len(access_log(0, 50)), len(access_log(0, 20))
    ((name, problem),) = lost(run)
    assert name == "access.log"
    assert f"{whole:,} bytes of it had been imported, and it holds the first {left:,} of them." in problem
    assert (run.records, run.problem, run.read_until) == (0, "", run.started_at)
    assert lost(access.run()) == []
    told = [one.sentence for one in queries.problems(queries.row(access.source, access.now), access.now)]
    assert any("1 file no longer holds what was imported" in sentence for sentence in told)
    assert access.counted() == 50


def test_a_file_that_was_emptied_is_named(access: Importer, log) -> None:
    put(log, b"", LATER)
    ((_, problem),) = lost(access.run())
    assert problem.startswith("The file was emptied: ")


def test_a_file_that_was_written_anew_in_place_is_named_once_however_it_grows(access: Importer, log) -> None:
    put(log, access_log(60, 65), LATER)
    run = access.run()
    ((_, problem),) = lost(run)
    assert problem.startswith("The file was written anew: ")
    assert run.events == 5
    put(log, access_log(60, 70), LATER + dt.timedelta(hours=1))
    again = access.run()
    assert (again.events, lost(again)) == (5, [])


@pytest.mark.parametrize("packed", [False, True])
def test_rotation_by_copying_and_cutting_is_no_loss(access: Importer, log, packed: bool) -> None:
    if packed:
        put(access.directory / "access.log.1.gz", gzip.compress(log.read_bytes()))
    else:
        shutil.copy2(log, access.directory / "access.log.1")
    put(log, access_log(50, 55), LATER)
    run = access.run()
    assert (run.events, lost(run)) == (5, [])


def test_rotation_by_renaming_is_no_loss_also_where_the_old_file_is_out_of_sight(access: Importer, log) -> None:
    log.rename(access.directory.parent / "moved.log")
    put(log, access_log(50, 55), LATER)
    run = access.run()
    assert (run.events, lost(run)) == (5, [])


def test_files_that_were_asked_for_by_name_do_not_tell_of_others(access: Importer, log) -> None:
    put(log, access_log(60, 65), LATER)
    assert lost(access.run(log)) == []
