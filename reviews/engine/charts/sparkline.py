"""A line of events per day, small enough for a table row. Breaks where nothing was imported; silences are shaded."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 128.0
HEIGHT: Final = 28.0
_MARGIN: Final = 1.0
_NARROWEST: Final = 1.5


@dataclass(frozen=True)
class Bar:
    """A shaded span, as attributes of an SVG rect."""

    x: str
    width: str


@dataclass(frozen=True)
class Sparkline:
    """Attributes of the SVG: no text, no style."""

    path: str
    bars: tuple[Bar, ...]


def sparkline(
    values: Sequence[int | None],
    silences: Sequence[tuple[dt.datetime, dt.datetime]] = (),
    begin: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> Sparkline:
    """Values of equal steps from `begin` to `end`; None where nobody imported."""
    top = max((value for value in values if value is not None), default=0) or 1
    step = (WIDTH - 2 * _MARGIN) / max(len(values) - 1, 1)
    parts: list[str] = []
    joined = False
    for index, value in enumerate(values):
        if value is None:
            joined = False
            continue
        x = _MARGIN + index * step
        y = HEIGHT - _MARGIN - value / top * (HEIGHT - 2 * _MARGIN)
        parts.append(f"{'L' if joined else 'M'}{x:.1f} {y:.1f}")
        if not joined and (index + 1 == len(values) or values[index + 1] is None):
            parts.append("h.8")  # a single point shows as a dash
        joined = True
    bars = tuple(_bar(first, last, begin, end) for first, last in silences) if begin and end else ()
    return Sparkline(" ".join(parts), bars)


def _bar(first: dt.datetime, last: dt.datetime, begin: dt.datetime, end: dt.datetime) -> Bar:
    def place(moment: dt.datetime) -> float:
        share = (moment - begin) / (end - begin)
        return _MARGIN + min(max(share, 0.0), 1.0) * (WIDTH - 2 * _MARGIN)

    width = max(place(last) - place(first), _NARROWEST)
    return Bar(f"{place(first):.1f}", f"{width:.1f}")
