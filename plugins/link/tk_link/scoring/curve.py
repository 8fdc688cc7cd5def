"""A calibration: the probability of a match at each score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Curve:
    """A non-decreasing curve through points, level beyond its ends.

    Attributes:
        points: Rising scores (natural log odds).
        chances: Probability at each, 0..1.
    """

    points: NDArray[np.float64]
    chances: NDArray[np.float64]

    def __call__(self, score: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability at each score."""
        return np.asarray(np.interp(score, self.points, self.chances))
