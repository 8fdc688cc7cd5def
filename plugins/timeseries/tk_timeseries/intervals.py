"""Intervals around forecasts from the errors of rolling backtests (split conformal prediction).

Vovk et al. 2005, Lei et al. 2018. Each error is measured in units of its step's usual error, so
that all steps of a horizon tell of one quantile; the interval is that quantile times the unit.
Errors of one series follow each other, so coverage holds on average over time and not by theorem:
`measured_coverage` says what it was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def half_widths(errors: Floats, levels: Sequence[float]) -> Floats:
    """Return half the width of each interval, ``(levels, C, H)``.

    Args:
        errors: Truth minus forecast, ``(N, C, H)`` of N origins.
        levels: Shares of values that intervals should hold, 0..1.
    """
    unit = np.sqrt(np.square(errors).mean(axis=0))
    unit = np.where(unit > 0, unit, 1e-12)
    scores = np.sort(np.abs(errors / unit).swapaxes(0, 1).reshape(errors.shape[1], -1), axis=1)
    count = scores.shape[1]
    ranks = [min(math.ceil((count + 1) * level), count) - 1 for level in levels]
    return np.stack([scores[:, rank, None] * unit for rank in ranks])


def measured_coverage(errors: Floats, levels: Sequence[float], *, stride: int) -> list[float]:
    """Return the share of later errors that intervals made from earlier ones hold, by level.

    The first half of the origins gives the intervals, the second half is counted; origins whose
    horizon reaches into the second half are used by neither. NaN where fewer than two are left.

    Args:
        errors: ``(N, C, H)``, oldest origin first.
        levels: As in `half_widths`.
        stride: Steps between origins.
    """
    middle = len(errors) // 2
    known = middle - math.ceil(errors.shape[2] / stride) + 1
    if known < 2:
        return [math.nan] * len(levels)
    widths = half_widths(errors[:known], levels)
    return [float((np.abs(errors[middle:]) <= width).mean()) for width in widths]
