"""What happened in training as a picture: losses, accuracy, learning rate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tk_vision.drawing import GRID, INK, TONES, Sheet

_WIDTH, _HEIGHT = 760.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 70.0, 16.0, 34.0, 30.0

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class _Panel:
    title: str
    lines: Mapping[str, Points]


def draw_curves(history: Iterable[Mapping[str, float]]) -> bytes:
    """Return a PNG of what `tk.fit` logged, by epoch."""
    rows = list(history)
    panels = [
        _Panel(
            "loss (training's is with changed pictures)",
            {"training": _points(rows, "loss"), "validation": _points(rows, "eval_loss")},
        ),
        _Panel("accuracy", {"validation": _points(rows, "eval_accuracy")}),
        _Panel("learning rate", {"learning rate": _points(rows, "learning_rate")}),
    ]
    shown = [panel for panel in panels if any(panel.lines.values())]
    sheet = Sheet(_WIDTH, _HEIGHT * max(len(shown), 1))
    for number, panel in enumerate(shown):
        _draw(sheet, panel, number * _HEIGHT)
    return sheet.png()


def _points(rows: Sequence[Mapping[str, float]], name: str) -> Points:
    return [(float(row["epoch"]), float(row[name])) for row in rows if name in row]


def _draw(sheet: Sheet, panel: _Panel, top: float) -> None:
    every = [point for line in panel.lines.values() for point in line]
    end = max(x for x, _ in every)
    ticks = round_values([y for _, y in every])
    low, high = ticks[0], ticks[-1]

    def at(x: float, y: float) -> tuple[float, float]:
        across = x / end if end else 0.0
        up = (y - low) / (high - low)
        left, right = _LEFT, _WIDTH - _RIGHT
        return left + across * (right - left), top + _HEIGHT - _BOTTOM - up * (
            _HEIGHT - _TOP - _BOTTOM
        )

    sheet.text(_LEFT, top + 20, panel.title, INK)
    for tick in ticks:
        sheet.line([at(0, tick), at(end, tick)], GRID)
        x, y = at(0, tick)
        sheet.text(x - 6, y, f"{tick:.6g}", anchor="rm")
    for x in (0.0, end):
        sheet.text(*_below(at(x, low)), f"epoch {x:.3g}", anchor="ls" if x == 0 else "rs")
    place = _WIDTH - _RIGHT
    for name, line in panel.lines.items():
        if not line:
            continue
        tone = TONES[name == "validation"]
        sheet.line([at(*point) for point in line], tone, 1.8)
        if len(panel.lines) > 1:
            sheet.text(place, top + 20, name, tone, anchor="rs")
            place -= sheet.wide(name) + 16


def _below(point: tuple[float, float]) -> tuple[float, float]:
    return point[0], point[1] + 18


def round_values(values: Sequence[float], most: int = 5) -> list[float]:
    """Return round numbers that enclose `values`, at least two."""
    low, high = min(values), max(values)
    if high - low < 1e-12:
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / (most - 1)
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= rough * (1 - 1e-9))
    first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
    return [float(n * step) for n in range(int(first), int(last) + 1)]
