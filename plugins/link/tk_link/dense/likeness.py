"""How alike two rows are in meaning, on one scale for all encoders.

A cosine says little by itself: two unrelated texts have 0.1 in one model and 0.8 in another, and
some texts are near to everything. So each cosine is first compared with the crowd around both of
its texts, ``2 cos(x, y) - r(x) - r(y)`` with ``r`` the mean cosine of the nearest on the other side
(CSLS, Conneau et al. 2018, arXiv:1710.04087, section 2.3), then put on a scale on which two rows
drawn at random have 0 and the closest pairs of these tables 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tk_link.dense.view import DenseView, Neighbours, Side

_CLOSEST = 0.95
"""Quantile of the rows' best scores that counts as 1: the very best may be a fluke."""
_LEAST_SPAN = 1e-6


@dataclass(frozen=True)
class Meaning:
    """Two tables by the meaning of their texts, and the scale on which pairs are compared.

    Attributes:
        view: Vectors and neighbours.
        crowds: Mean cosine of each row's nearest rows, ``(left rows,)`` and ``(right rows,)``.
        unrelated: Mean score of two rows drawn at random.
        closest: Score of the closest pairs.
    """

    view: DenseView
    crowds: tuple[NDArray[np.float64], NDArray[np.float64]]
    unrelated: float
    closest: float

    def likeness(self, left: NDArray[np.int32], right: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the likeness of each pair, 0..1; NaN where a text is missing."""
        score = 2 * self.view.cosine(left, right) - self.crowds[0][left] - self.crowds[1][right]
        span = max(self.closest - self.unrelated, _LEAST_SPAN)
        out = np.clip((score - self.unrelated) / span, 0.0, 1.0).astype(np.float32)
        out[(self.view.left.text[left] < 0) | (self.view.right.text[right] < 0)] = np.nan
        return out


def measure(view: DenseView) -> Meaning:
    """Find the scale of two tables."""
    is_within = view.of_left is view.of_right
    near_left = _others(view.of_left, is_within=is_within)
    near_right = near_left if is_within else _others(view.of_right, is_within=False)
    random = float(_mean(view.left) @ _mean(view.right))  # the mean of all products
    crowds = _crowd(near_left, random), _crowd(near_right, random)
    unrelated = 2 * random - float(crowds[0].mean()) - float(crowds[1].mean())
    there = np.maximum(view.of_left.rows, 0)
    scores = 2 * near_left - crowds[0][:, None] - crowds[1][there]
    best = np.where(np.isfinite(scores), scores, -np.inf).max(axis=1, initial=-np.inf)
    best = best[np.isfinite(best)]
    closest = float(np.quantile(best, _CLOSEST)) if len(best) else unrelated
    return Meaning(view, crowds, unrelated, closest)


def _others(near: Neighbours, *, is_within: bool) -> NDArray[np.float64]:
    """Return the neighbours' cosines, NaN where there is none or it is the row itself."""
    out = np.where(near.rows >= 0, near.cosine, np.nan).astype(np.float64)
    if is_within:
        out[near.rows == np.arange(len(near.rows))[:, None]] = np.nan
    return out


def _mean(side: Side) -> NDArray[np.float64]:
    used = side.vectors[side.text[side.text >= 0]]
    return np.asarray(used.mean(axis=0, dtype=np.float64) if len(used) else np.zeros(used.shape[1]))


def _crowd(near: NDArray[np.float64], otherwise: float) -> NDArray[np.float64]:
    known = np.isfinite(near)
    count = known.sum(axis=1)
    total = np.where(known, near, 0.0).sum(axis=1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), otherwise))
