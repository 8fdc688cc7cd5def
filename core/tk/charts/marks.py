"""What a chart shows, as data: marks over two axes, and the words that stand for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from tk.charts.axis import Axis

Tone = Literal[1, 2, 3, 4]
"""One of four colours that differ in the light and the dark theme, and for the colour-blind."""


@dataclass(frozen=True)
class Line:
    """A line through points."""

    x: Sequence[float]
    y: Sequence[float]
    name: str = ""
    tone: Tone = 1
    is_dashed: bool = False


@dataclass(frozen=True)
class Step:
    """A line that keeps its height until the next point."""

    x: Sequence[float]
    y: Sequence[float]
    name: str = ""
    tone: Tone = 1


@dataclass(frozen=True)
class Bars:
    """Bars between `edges`, one edge more than `heights`; they stand on the axis' low end."""

    edges: Sequence[float]
    heights: Sequence[float]
    name: str = ""
    tone: Tone = 1


@dataclass(frozen=True)
class Points:
    """Dots; with `low` and `high` each has a vertical interval."""

    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    name: str = ""
    tone: Tone = 1


@dataclass(frozen=True)
class Band:
    """The area between two lines; `opacity` from 0 to 1."""

    x: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    name: str = ""
    tone: Tone = 1
    opacity: float = 0.22


@dataclass(frozen=True)
class Rule:
    """A straight line across the chart, at a value of one axis."""

    at: float
    axis: Literal["x", "y"] = "x"
    name: str = ""


Mark = Line | Step | Bars | Points | Band | Rule


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes:
        title: What it shows.
        x: Horizontal axis.
        y: Vertical axis.
        marks: Drawn in this order, later over earlier; those with a name stand in the legend.
        description: What a person should see in it, for those who cannot.
    """

    title: str
    x: Axis
    y: Axis
    marks: Sequence[Mark] = field(default=())
    description: str = ""


def columns(mark: Mark) -> dict[str, Sequence[float]]:
    """Return the numbers of a mark by name, all of one length, for a table of them."""
    match mark:
        case Line(x, y) | Step(x, y):
            return {"x": x, "y": y}
        case Points(x, y, low, high):
            return {"x": x, "y": y} | ({"low": low, "high": high} if len(low) else {})
        case Bars(edges, heights):
            return {"from": edges[:-1], "to": edges[1:], "height": heights}
        case Band(x, low, high):
            return {"x": x, "low": low, "high": high}
        case Rule(at, axis):
            return {axis: (at,)}
