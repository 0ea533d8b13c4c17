"""find_gaps and coverage at the command line."""

import datetime as dt
import gzip
import re
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.activity import fill, read_source, show, steady
from tests.engine.analysis.synthetic import START, business, hours, utc
from tests.world import World


def run(*arguments: object) -> str:
    out = StringIO()
    call_command(*map(str, arguments), stdout=out)
    return out.getvalue()


def series(path: Path, counts, header: str = "timestamp,value\n", packed: bool = False) -> Path:
    lines = header + "".join(
        f"{START + dt.timedelta(hours=index):%Y-%m-%d %H:%M:%S},{n}\n" for index, n in enumerate(counts) if n
    )
    path.write_bytes(gzip.compress(lines.encode()) if packed else lines.encode())
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_find_gaps_says_each_silence(tmp_path: Path, packed: bool) -> None:
    counts = business(np.random.default_rng(1), 20)
    first = hours(utc(2026, 8, 19, 9))
    counts[first - 1] = counts[first + 19] = 4
    counts[first : first + 19] = 0
    text = run("find_gaps", series(tmp_path / "series.csv", counts, packed=packed), "--timezone", "Europe/Berlin")
    assert text.startswith("Nothing arrived from 19 Aug, 09:00 to 20 Aug 2026, 04:00 UTC (19 hours).")
    assert "could go unnoticed" in text


def test_find_gaps_of_a_clean_and_of_a_short_series(tmp_path: Path) -> None:
    counts = business(np.random.default_rng(1), 20)
    assert run("find_gaps", series(tmp_path / "clean.csv", counts, header="")).startswith("No silence in ")
    short = series(tmp_path / "short.csv", counts[:200])
    assert (
        run("find_gaps", short) == "Cannot tell. There are 1.2 weeks of history. Silence can be judged after 3 weeks.\n"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "holds no row"),
        ("time,count\n", "holds no row"),
        ("2026-01-01,1\nyesterday,2\n", "line 2: a time and a count are expected"),
        ("2026-01-01,1\n2026-01-02\n", "line 2"),
        ("0001-01-01,1\n2026-01-02,1\n", "more than 20 years"),
    ],
)
def test_find_gaps_refuses_what_is_no_series(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "series.csv"
    path.write_text(content)
    with pytest.raises(CommandError, match=words):
        run("find_gaps", path)


def test_find_gaps_without_file_or_zone(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run("find_gaps", tmp_path / "none.csv")
    with pytest.raises(CommandError, match="no time zone"):
        run("find_gaps", series(tmp_path / "a.csv", [1]), "--timezone", "Berlin")


def test_coverage_lists_the_required_kinds(world: World) -> None:
    source = read_source(world, world.cloud)
    fill(source, world.cloud, steady(2))
    show(source, world.cloud, "account_created", dt.date(2026, 8, 3), n=1234)
    text = run("coverage", "cloud accounts", "2026-Q3")
    assert ["Seen", "1,234", "Account created"] in [re.split(" {2,}", line) for line in text.splitlines()]
    assert text.splitlines()[-1].startswith("1 of ")


def test_coverage_refuses_unknown_names(world: World) -> None:
    with pytest.raises(CommandError, match="No service has the name"):
        run("coverage", "nothing", "2026-Q3")
    with pytest.raises(CommandError, match="is no quarter"):
        run("coverage", "Cloud accounts", "Q3")
