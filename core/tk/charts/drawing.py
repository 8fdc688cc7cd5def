"""Charts laid out as shapes in pixels, which any back end can draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from tk.charts.marks import Band, Bars, Chart, Line, Mark, Points, Rule, Step

Role = Literal["paper", "ink", "muted", "grid", "rule", "tone1", "tone2", "tone3", "tone4"]
"""What a shape is for; the theme gives it its colour."""

Point = tuple[float, float]

THEMES: dict[str, dict[Role, str]] = {
    "light": {
        "paper": "#ffffff", "ink": "#1c2330", "muted": "#5b6472", "grid": "#e3e7ed",
        "rule": "#8a93a1", "tone1": "#1f6fd1", "tone2": "#c2570c", "tone3": "#1d8a5a",
        "tone4": "#7d48c4",
    },
    "dark": {
        "paper": "#14181f", "ink": "#e8ebf0", "muted": "#a3acba", "grid": "#2c333e",
        "rule": "#7a8494", "tone1": "#6aa9f5", "tone2": "#f0995a", "tone3": "#63c795",
        "tone4": "#bd98f0",
    },
}  # fmt: skip

_GAP, _TITLE, _LEGEND, _FOOT = 14, 30, 20, 44
_SMALL, _LETTER = 12, 6.6
"""Size of small text, and the width that one of its letters takes at most, in pixels."""


@dataclass(frozen=True)
class Path:
    """A line through points; an area where it is filled."""

    points: tuple[Point, ...]
    role: Role
    width: float = 1.0
    is_dashed: bool = False
    is_filled: bool = False
    opacity: float = 1.0


@dataclass(frozen=True)
class Dot:
    """A filled circle."""

    x: float
    y: float
    role: Role
    radius: float = 3.5


@dataclass(frozen=True)
class Words:
    """A line of text; `x` is its start, middle or end, `y` its baseline."""

    x: float
    y: float
    text: str
    role: Role = "ink"
    anchor: Literal["start", "middle", "end"] = "start"
    size: float = _SMALL
    is_bold: bool = False
    is_upright: bool = False


Shape = Path | Dot | Words


@dataclass(frozen=True)
class Drawing:
    """Shapes on a sheet of `width` by `height` pixels."""

    width: float
    height: float
    shapes: tuple[Shape, ...]


def draw(
    charts: Sequence[Chart], *, width: float = 520, height: float = 360, columns: int = 2
) -> Drawing:
    """Lay charts out in rows of `columns`, each `width` by `height` pixels."""
    across = min(columns, len(charts)) or 1
    down = -(-len(charts) // across) or 1
    shapes: list[Shape] = []
    for number, chart in enumerate(charts):
        row, column = divmod(number, across)
        shapes += _Frame.of(chart, column * width, row * height, width, height).shapes()
    return Drawing(across * width, down * height, tuple(shapes))


@dataclass(frozen=True)
class _Frame:
    """One chart and the rectangle inside its axes."""

    chart: Chart
    left: float
    top: float
    right: float
    bottom: float
    origin: Point

    @classmethod
    def of(cls, chart: Chart, x: float, y: float, width: float, height: float) -> _Frame:
        letters = max(len(chart.y.text(tick)) for tick in chart.y.ticks() or [0.0])
        named = any(mark.name for mark in chart.marks)
        return cls(
            chart,
            left=x + _GAP + 22 + letters * _LETTER,
            top=y + _TITLE + (_LEGEND if named else 0) + _GAP / 2,
            right=x + width - _GAP - 8,
            bottom=y + height - _FOOT,
            origin=(x, y),
        )

    def shapes(self) -> Iterator[Shape]:
        x, y = self.origin
        yield Words(x + _GAP, y + 22, self.chart.title, size=14, is_bold=True)
        yield from self._legend()
        yield from self._axes()
        for mark in self.chart.marks:
            yield from self._mark(mark)

    def at(self, x: float, y: float) -> Point:
        """Return the pixel of a value of both axes."""
        return (
            self.left + self.chart.x.share(x) * (self.right - self.left),
            self.bottom - self.chart.y.share(y) * (self.bottom - self.top),
        )

    def _axes(self) -> Iterator[Shape]:
        x, y = self.chart.x, self.chart.y
        for tick in y.ticks():
            _, level = self.at(x.low, tick)
            yield Path(((self.left, level), (self.right, level)), "grid")
            yield Words(self.left - 6, level + 4, y.text(tick), "muted", "end")
        for tick in x.ticks():
            across, _ = self.at(tick, y.low)
            yield Path(((across, self.bottom), (across, self.bottom + 4)), "rule")
            yield self._below(across, x.text(tick))
        yield Path(((self.left, self.bottom), (self.right, self.bottom)), "rule")
        yield Words((self.left + self.right) / 2, self.bottom + 36, x.label, "muted", "middle")
        middle = (self.top + self.bottom) / 2
        yield Words(self.origin[0] + _GAP + 8, middle, y.label, "muted", "middle", is_upright=True)

    def _below(self, across: float, text: str) -> Words:
        """Return a tick's text, ending at the edge of the sheet where it would go beyond."""
        edge = self.right + _GAP
        if across + len(text) * _LETTER / 2 > edge:
            return Words(edge, self.bottom + 17, text, "muted", "end")
        return Words(across, self.bottom + 17, text, "muted", "middle")

    def _legend(self) -> Iterator[Shape]:
        across, level = self.origin[0] + _GAP, self.origin[1] + _TITLE + 10
        for mark in self.chart.marks:
            if not mark.name:
                continue
            role, is_dashed = _role(mark), isinstance(mark, Rule) or _is_dashed(mark)
            if isinstance(mark, Points):
                yield Dot(across + 9, level - 4, role)
            elif isinstance(mark, Bars | Band):
                corners = (across + 2, level - 9), (across + 16, level + 1)
                yield _box(*corners, role, _opacity(mark))
            else:
                ends = ((across, level - 4), (across + 18, level - 4))
                yield Path(ends, role, 2.0, is_dashed=is_dashed)
            yield Words(across + 24, level, mark.name, "muted")
            across += 24 + len(mark.name) * _LETTER + 14

    def _mark(self, mark: Mark) -> Iterator[Shape]:
        role = _role(mark)
        match mark:
            case Line(x, y):
                yield Path(self._pixels(x, y), role, 2.0, is_dashed=mark.is_dashed)
            case Step(x, y):
                yield Path(self._pixels(*_stepped(x, y)), role, 2.0)
            case Bars(edges, heights):
                for (start, end), height in zip(pairwise(edges), heights, strict=True):
                    (low_x, low_y) = self.at(start, self.chart.y.low)
                    (high_x, high_y) = self.at(end, height)
                    inset = min(1.0, (high_x - low_x) / 8)
                    corners = (low_x + inset, high_y), (high_x - inset, low_y)
                    yield _box(*corners, role, _opacity(mark))
            case Band(x, low, high):
                there, back = self._pixels(x, high), self._pixels(x, low)[::-1]
                yield Path((*there, *back), role, is_filled=True, opacity=_opacity(mark))
            case Points(x, y, low, high):
                for at_x, bottom, top in zip(x, low, high, strict=False):
                    yield Path((self.at(at_x, bottom), self.at(at_x, top)), role, 1.5)
                for at_x, at_y in zip(x, y, strict=True):
                    yield Dot(*self.at(at_x, at_y), role)
            case Rule(value, "x"):
                ends = self.at(value, self.chart.y.low), self.at(value, self.chart.y.high)
                yield Path(ends, role, 1.5, is_dashed=True)
            case Rule(value):
                ends = self.at(self.chart.x.low, value), self.at(self.chart.x.high, value)
                yield Path(ends, role, 1.5, is_dashed=True)

    def _pixels(self, x: Sequence[float], y: Sequence[float]) -> tuple[Point, ...]:
        return tuple(self.at(a, b) for a, b in zip(x, y, strict=True))


def _stepped(x: Sequence[float], y: Sequence[float]) -> tuple[list[float], list[float]]:
    across = [value for value in x for _ in (0, 1)][1:]
    return across, [value for value in y for _ in (0, 1)][:-1]


def _role(mark: Mark) -> Role:
    if isinstance(mark, Rule):
        return "rule"
    tones: dict[int, Role] = {1: "tone1", 2: "tone2", 3: "tone3", 4: "tone4"}
    return tones[mark.tone]


def _is_dashed(mark: Mark) -> bool:
    return isinstance(mark, Line) and mark.is_dashed


def _opacity(mark: Mark) -> float:
    return mark.opacity if isinstance(mark, Band) else 0.75


def _box(corner: Point, opposite: Point, role: Role, opacity: float) -> Path:
    (left, top), (right, bottom) = corner, opposite
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Path(corners, role, is_filled=True, opacity=opacity)
