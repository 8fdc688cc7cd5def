"""Similarities cut into ordered levels, the alphabet that evidence is counted in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tk_link.comparing.features import Features

EDGES = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.88, 0.94, 0.9999])
"""Upper ends of the levels; finer near 1, where one slip and none differ most."""
MISSING = 0
COUNT = len(EDGES) + 2
"""Levels a feature: `MISSING`, then 1 (least alike) to ``COUNT - 1`` (equal)."""


def cut(features: Features) -> NDArray[np.int8]:
    """Return the level of every similarity, ``(pairs, features)``, 0 where missing."""
    levels = np.searchsorted(EDGES, np.nan_to_num(features.values), side="right") + 1
    levels[np.isnan(features.values)] = MISSING
    return levels.astype(np.int8)
