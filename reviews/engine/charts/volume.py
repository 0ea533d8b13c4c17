"""Events over time as a Plotly figure. Imported and empty is zero; not imported breaks the line."""

import copy
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Step = Literal["day", "hour"]
NAMES: Final = {"day": "Events a day", "hour": "Events an hour"}


@dataclass(frozen=True)
class Point:
    """One day or hour. `n` None: nobody has imported it. `whole` False: only a part of it has been."""

    at: dt.datetime
    n: int | None
    whole: bool = True


@dataclass(frozen=True)
class Shade:
    """A silence, drawn as a shaded span with its hours. A silent category has its name as well."""

    begin: dt.datetime
    end: dt.datetime
    label: str


@dataclass(frozen=True)
class Volume:
    """What the chart shows."""

    step: Step
    begin: dt.datetime
    end: dt.datetime
    points: Sequence[Point]
    shades: Sequence[Shade]


def volume_figure(volume: Volume, theme: Mapping[str, Any]) -> dict[str, Any]:
    """The figure as Plotly's JSON, in one theme (`light` or `dark` of the theme file)."""
    parts = theme["parts"]
    return {
        "data": [_line(volume, parts), *_markers(volume, parts)],
        "layout": {
            "template": {"layout": theme["layout"], "data": theme["data"]},
            "height": 300,
            "xaxis": {"type": "date", "range": [_at(volume.begin), _at(volume.end)], "tickformat": _ticks(volume)},
            "yaxis": {"title": {"text": ""}},
            "shapes": [
                {**copy.deepcopy(parts["gap"]), "x0": _at(shade.begin), "x1": _at(shade.end)} for shade in volume.shades
            ],
            "annotations": _labels(volume, parts),
        },
    }


def _at(moment: dt.datetime) -> str:
    """As Plotly takes it without shifting zones: UTC without an offset."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M")


def _ticks(volume: Volume) -> str:
    return "%-d %b" if volume.end - volume.begin > dt.timedelta(days=3) else "%-d %b, %H:%M"


def _line(volume: Volume, parts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": NAMES[volume.step],
        **copy.deepcopy(parts["line"]),
        "x": [_at(point.at) for point in volume.points],
        "y": [point.n if point.whole else None for point in volume.points],
        "hovertemplate": "%{y:,}<extra></extra>",
    }


def _markers(volume: Volume, parts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Points that a line cannot show: parts of a day, and whole ones without neighbours."""
    colour = parts["line"]["line"]["color"]
    points = volume.points
    partial = [point for point in points if not point.whole and point.n is not None]
    drawn = [point.whole and point.n is not None for point in points]
    alone = [
        point
        for index, point in enumerate(points)
        if drawn[index] and not any(drawn[max(index - 1, 0) : index] + drawn[index + 1 : index + 2])
    ]
    found = []
    for rows, symbol, words in ((partial, "circle-open", "so far"), (alone, "circle", "")):
        if rows:
            found.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": words or NAMES[volume.step],
                    "x": [_at(point.at) for point in rows],
                    "y": [point.n for point in rows],
                    "marker": {"symbol": symbol, "size": 7, "color": colour},
                    "hovertemplate": f"%{{y:,}} {words}<extra></extra>",
                }
            )
    return found


def _labels(volume: Volume, parts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A label over each silence; where two would overlap, only the first has one. The list below names them all."""
    room = (volume.end - volume.begin) / 10
    labels: list[dict[str, Any]] = []
    taken: dt.datetime | None = None
    for shade in sorted(volume.shades, key=lambda shade: shade.begin):
        middle = max(shade.begin, volume.begin)
        middle += (min(shade.end, volume.end) - middle) / 2
        if taken is None or middle - taken > room:
            labels.append(
                {**copy.deepcopy(parts["gap_label"]), "x": _at(middle), "text": shade.label, **_side(volume, middle)}
            )
            taken = middle
    return labels


def _side(volume: Volume, middle: dt.datetime) -> dict[str, str]:
    """Labels near an edge lean inwards."""
    share = (middle - volume.begin) / (volume.end - volume.begin)
    return {"xanchor": "left" if share < 0.06 else "right" if share > 0.94 else "center"}
