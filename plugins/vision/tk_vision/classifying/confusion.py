"""The confusion matrix as a picture: true classes in rows, predicted ones in columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tk_vision.drawing import INK, MUTED, Sheet, shortened

_NAMED = 60
"""Classes up to which names are written; more would not be legible."""
_COUNTED = 25
"""Classes up to which every cell's pictures are written."""
_WIDEST = 900
_DARK = 0.55
_DEEP = np.array([12, 74, 150])
_LIGHT = np.array([241, 245, 251])


def draw_confusion(confusion: NDArray[np.int64], classes: Sequence[str]) -> bytes:
    """Return a PNG; a cell is as dark as its share of the true class."""
    count = len(classes)
    names = [shortened(name) for name in classes] if count <= _NAMED else []
    cell = float(np.clip(_WIDEST / count, 1, 44))
    probe = Sheet(1, 1)
    margin = 34 + max((probe.wide(name) for name in names), default=0.0)
    side = cell * count
    sheet = Sheet(max(margin + side + 16, 420), margin + side + 52)
    right = int(np.trace(confusion))
    total = int(confusion.sum())
    sheet.text(12, 22, f"{right} of {total} right ({right / max(total, 1):.1%})", INK)
    top = 32 + margin
    share = confusion / np.maximum(confusion.sum(1, keepdims=True), 1)
    for (row, column), part in np.ndenumerate(share):  # classes squared, at most a million boxes
        x, y = margin + column * cell, top + row * cell
        gap = 1 if cell > 6 else 0
        sheet.box(x, y, x + cell - gap, y + cell - gap, _colour(part))
        if count <= _COUNTED and confusion[row, column]:
            ink = "#ffffff" if part > _DARK else INK
            sheet.text(x + cell / 2, y + cell / 2, str(confusion[row, column]), ink, anchor="mm")
    for number, name in enumerate(names):
        centre = (number + 0.5) * cell
        sheet.text(margin - 6, top + centre, name, MUTED, anchor="rm")
        sheet.upright(margin + centre, top - 6, name)
    sheet.upright(14, top + side, "true class", INK)
    sheet.text(margin + side, 22, "predicted class", INK, anchor="rs")
    return sheet.png()


def _colour(share: float) -> str:
    red, green, blue = (_LIGHT + (_DEEP - _LIGHT) * share).round().astype(int).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"
