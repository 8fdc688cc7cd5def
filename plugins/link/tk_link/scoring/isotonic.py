"""Least-squares monotone fit, by pooling adjacent violators."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def increasing(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the non-decreasing sequence nearest to ``values`` in weighted squares.

    Weights must be positive. (Barlow et al. 1972, pool-adjacent-violators.)
    """
    pools: list[tuple[float, float, int]] = []  # mean, weight, length; tens of values at most
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        pool = (value, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            mean, mass, length = pools.pop()
            total = mass + pool[1]
            pool = ((mean * mass + pool[0] * pool[1]) / total, total, length + pool[2])
        pools.append(pool)
    return np.repeat([p[0] for p in pools], [p[2] for p in pools])
