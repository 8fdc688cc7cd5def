"""How far a figure would move with other entities of the same kind: the bootstrap by component.

Pairs of one entity are right or wrong together, so that pairs cannot be resampled one by one. What
is drawn again are connected components of prediction and truth taken together, which share no row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_REPLICATES = 1_000
_CHUNK = 50
"""Replicates drawn at once: 50 weights for each component stay small in memory."""
_LEVELS = (0.05, 0.95)

Figures = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""From sums of counts ``(replicates, counts)`` to figures ``(replicates, figures)``."""


@dataclass(frozen=True)
class Measure:
    """A figure in 0..1 and its 90% interval; NaN where it is not defined."""

    value: float
    low: float
    high: float


def measure(counts: NDArray[np.float64], figures: Figures, *, seed: int) -> list[Measure]:
    """Return each figure with its interval.

    Args:
        counts: ``(components, counts)``, summed over the components that are drawn.
        figures: What the sums mean.
        seed: Seed of the draws.
    """
    rng = np.random.default_rng(seed)
    values = figures(counts.sum(axis=0)[None])[0]
    size = len(counts)
    # Components of equal counts are interchangeable: there are few kinds, however many rows.
    kinds, number = np.unique(counts, axis=0, return_counts=True)
    drawn = [
        rng.multinomial(size, number / size, _CHUNK) @ kinds
        for _ in range(_REPLICATES // _CHUNK if size else 0)
    ]
    if not drawn:
        return [Measure(float(value), float("nan"), float("nan")) for value in values]
    replicates = figures(np.concatenate(drawn))
    out = []
    for value, column in zip(values, replicates.T, strict=True):
        known = column[np.isfinite(column)]
        low, high = np.quantile(known, _LEVELS) if len(known) else (np.nan, np.nan)
        out.append(Measure(float(value), float(low), float(high)))
    return out


def ratio(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide; NaN where there is nothing to divide by."""
    out = np.full(len(top), np.nan)
    np.divide(top, bottom, out=out, where=bottom > 0)
    return out
