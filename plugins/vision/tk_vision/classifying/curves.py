"""What happened in training as a picture: losses, accuracy, learning rate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tk.charts import Axis, Chart, Line, around, to_png

_WIDTH, _HEIGHT = 760.0, 240.0
_PANELS = (
    ("Loss (training's is with changed pictures)", {"training": "loss", "validation": "eval_loss"}),
    ("Accuracy", {"validation": "eval_accuracy"}),
    ("Learning rate", {"learning rate": "learning_rate"}),
)
"""Titles, and by the name of a line what `tk.fit` logs it as."""


def draw_curves(history: Iterable[Mapping[str, float]]) -> bytes:
    """Return a PNG of what `tk.fit` logged, by epoch."""
    rows = list(history)
    panels = [_panel(title, named, rows) for title, named in _PANELS]
    return to_png(
        *(panel for panel in panels if panel.marks), columns=1, width=_WIDTH, height=_HEIGHT
    )


def _panel(title: str, named: Mapping[str, str], rows: Sequence[Mapping[str, float]]) -> Chart:
    lines = []
    for name, key in named.items():
        points = [(float(row["epoch"]), float(row[key])) for row in rows if key in row]
        if points:
            x, y = zip(*points, strict=True)
            lines.append(Line(x, y, name, 2 if name == "validation" else 1))
    end = max((float(row["epoch"]) for row in rows), default=1.0)
    values = around("", [value for line in lines for value in line.y])
    return Chart(title, Axis("epoch", 0.0, max(end, 1e-9)), values, lines)
