"""Figures: zero is drawn, not imported breaks the line, silences are shaded."""

import datetime as dt
import json
from pathlib import Path

import pytest

from reviews.engine.charts.sparkline import sparkline
from reviews.engine.charts.volume import Point, Shade, Volume, volume_figure

THEME = json.loads((Path(__file__).resolve().parents[3] / "static/js/plotly-theme.json").read_text(encoding="utf-8"))
BEGIN = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def volume(*values, shades=(), step="day", partial=()) -> Volume:
    points = [Point(BEGIN + i * DAY, n, i not in partial) for i, n in enumerate(values)]
    return Volume(step, BEGIN, BEGIN + len(values) * DAY, points, shades)


def figure(*values, theme="light", **kwargs):
    return volume_figure(volume(*values, **kwargs), THEME[theme])


def test_zero_is_drawn_and_not_imported_breaks_the_line():
    line = figure(5, 0, None, 7, 8)["data"][0]
    assert line["y"] == [5, 0, None, 7, 8]
    assert line["connectgaps"] is False
    assert line["x"][0] == "2026-07-01 00:00"


def test_a_part_of_a_day_is_a_mark_of_its_own_and_no_drop_of_the_line():
    line, partial = figure(5, 6, 1, partial=(2,))["data"]
    assert line["y"] == [5, 6, None]
    assert (partial["mode"], partial["y"], partial["marker"]["symbol"]) == ("markers", [1], "circle-open")


def test_a_day_between_two_that_nobody_imported_still_shows():
    _line, alone = figure(None, 6, None)["data"]
    assert alone["y"] == [6]


def test_silences_are_shaded_with_their_hours():
    shade = Shade(BEGIN + DAY, BEGIN + 2 * DAY, "Silent, 24 h")
    layout = figure(5, 0, 5, 5, shades=(shade,))["layout"]
    (shape,) = layout["shapes"]
    assert (shape["x0"], shape["x1"]) == ("2026-07-02 00:00", "2026-07-03 00:00")
    assert shape["fillcolor"] == THEME["light"]["parts"]["gap"]["fillcolor"]
    assert [label["text"] for label in layout["annotations"]] == ["Silent, 24 h"]


def test_labels_do_not_cover_each_other():
    shades = [Shade(BEGIN + i * DAY / 4, BEGIN + i * DAY / 4 + DAY / 8, f"Silent, {i}") for i in range(4)]
    layout = figure(*[5] * 90, shades=tuple(shades))["layout"]
    assert len(layout["shapes"]) == 4
    assert [label["text"] for label in layout["annotations"]] == ["Silent, 0"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_follow_the_theme_and_are_json(theme):
    made = figure(1, 2, theme=theme)
    json.dumps(made, allow_nan=False)
    assert made["layout"]["template"]["layout"]["font"] == THEME[theme]["layout"]["font"]
    assert made["data"][0]["line"] == THEME[theme]["parts"]["line"]["line"]
    assert made["layout"]["template"]["layout"]["yaxis"]["rangemode"] == "tozero"


def test_sparkline_breaks_where_nothing_was_imported():
    spark = sparkline([4, 2, None, 0, 4])
    assert spark.path == "M1.0 1.0 L32.5 14.0 M95.5 27.0 L127.0 1.0"
    assert spark.bars == ()


def test_sparkline_shades_silences_within_its_span():
    end = BEGIN + 10 * DAY
    spark = sparkline([1] * 10, [(BEGIN - DAY, BEGIN + DAY), (BEGIN + 5 * DAY, BEGIN + 5 * DAY)], BEGIN, end)
    assert [(bar.x, bar.width) for bar in spark.bars] == [("1.0", "12.6"), ("64.0", "1.5")]


def test_sparkline_of_nothing_is_empty():
    assert sparkline([]).path == ""
    assert sparkline([None, None]).path == ""
    assert sparkline([0, 0]).path == "M1.0 27.0 L127.0 27.0"
