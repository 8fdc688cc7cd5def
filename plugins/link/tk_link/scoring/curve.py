"""A calibration: the probability of a match at each score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tk_link.scoring.isotonic import increasing


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

    def even(self) -> float:
        """Return the lowest score with an even chance; just above all points where none has."""
        likely = np.flatnonzero(self.chances >= 0.5)
        if not len(likely):
            return float(self.points[-1]) + 1.0
        first = int(likely[0])
        if first == 0:
            return float(self.points[0])
        low, high = self.chances[first - 1], self.chances[first]
        step = (0.5 - low) / (high - low)
        return float(self.points[first - 1] + step * (self.points[first] - self.points[first - 1]))

    def at_most(self, other: Curve) -> Curve:
        """Return the lower of two curves at the points of both."""
        points = np.union1d(self.points, other.points)
        return Curve(points, np.minimum(self(points), other(points)))

    def moved(self, by: float) -> Curve:
        """Return the curve moved along the scores."""
        return Curve(self.points + by, self.chances)


def fitted(score: NDArray[np.float64], chances: NDArray[np.float64]) -> Curve:
    """Return the non-decreasing curve nearest to the chances given at each score."""
    points, place, count = np.unique(score, return_inverse=True, return_counts=True)
    mean = np.bincount(place, chances) / count
    return Curve(points, increasing(mean, count.astype(np.float64)))
