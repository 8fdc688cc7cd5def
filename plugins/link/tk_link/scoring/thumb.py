"""A fixed rule for tables too small to learn from: likeness adds, unlikeness subtracts.

Below a handful of sure matches there is nothing to calibrate on. Every feature then adds
``6 · (similarity - 0.6)`` to the log odds, which start at -1: a pair that agrees on two fields of
two comes out near 0.95, one that agrees on one of two near 0.1. In tables of more than twenty rows
the start falls with their size, as chance agreements become more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from tk_link.scoring.additive import Additive
from tk_link.scoring.curve import Curve
from tk_link.scoring.levels import COUNT, EDGES

_PRIOR, _SLOPE, _EVEN = -1.0, 6.0, 0.6
_CROWD = 20.0
_MOST, _FAR = 0.99, 20.0


def model(weights: NDArray[np.float64], rows: tuple[int, int]) -> Additive:
    """Return the rule as an additive model of ``len(weights)`` features for tables of this size."""
    edges = np.concatenate([[0.0], EDGES, [1.0]])
    middles = 0.5 * (edges[1:] + edges[:-1])
    evidence = np.zeros((len(weights), COUNT))
    evidence[:, 1:] = weights[:, None] * _SLOPE * (middles - _EVEN)
    crowd = max(max(rows) / _CROWD, 1.0)
    return Additive(_PRIOR - float(np.log(crowd)), evidence)


def curve() -> Curve:
    """Return what the rule believes of a pair without rivals: never more than 0.99."""
    points = np.linspace(-_FAR, _FAR, 401)
    return Curve(points, np.minimum(expit(points), _MOST))
