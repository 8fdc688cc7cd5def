"""What rows that are surely alike say about their columns: alike, inside one another, converted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tk_link.witnesses import ENOUGH, Witnesses

Words = Sequence[frozenset[str]]

_WITHIN = 0.01
"""Logarithms of ratios this near each other are the same conversion, written with few digits."""
_LEAST_STEADY = 0.5
"""Share of the rows that can be right that must have the same ratio, beyond chance."""


@dataclass(frozen=True)
class Evidence:
    """What can be asked of rows that are surely alike."""

    rows: Witnesses

    def alike(self, left: str, right: str) -> float:
        """Return how much two columns hold the same words, 0..1, beyond chance."""
        a, b = self.rows.left.words[left], self.rows.right.words[right]
        return max(min(share_inside(a, b), share_inside(b, a)), 0.0)

    def factor(self, left: str, right: str) -> float | None:
        """Return what left numbers are multiplied with to be the right ones, if that is steady."""
        a, b = self.rows.left.numbers[left], self.rows.right.numbers[right]
        ratios = _log_ratios(a, b)
        if len(ratios) < ENOUGH:
            return None
        middle, steady = _commonest(ratios)
        least = _LEAST_STEADY * self.rows.sure
        strangers = _log_ratios(a, np.roll(b, len(b) // 2))
        chance = float((np.abs(strangers - middle) <= _WITHIN).mean()) if len(strangers) else 0.0
        return _plain(math.exp(middle)) if steady - chance >= least else None


def _commonest(ratios: NDArray[np.float64]) -> tuple[float, float]:
    """Return the ratio that most others are near, and the share of them that are."""
    ordered = np.sort(ratios)
    ends = np.searchsorted(ordered, ordered + 2 * _WITHIN, side="right")
    counts = ends - np.arange(len(ordered))
    start = int(np.argmax(counts))
    near = ordered[start : ends[start]]
    return float(np.median(near)), len(near) / len(ordered)


def share_inside(inner: Words, outer: Words) -> float:
    """Return the share of the words of `inner` cells that their `outer` cells hold, beyond chance.

    Chance is measured on rows that do not belong together; cells that are empty do not count.
    """
    found = _share(inner, outer)
    half = len(outer) // 2  # neighbours may belong together as well
    chance = _share(inner, [*outer[half:], *outer[:half]])
    return (found - chance) / (1 - chance) if chance < 1 else 0.0


def _share(inner: Words, outer: Words) -> float:
    both = [(a, b) for a, b in zip(inner, outer, strict=True) if a and b]
    if len(both) < ENOUGH:
        return 0.0
    return sum(len(a & b) / len(a) for a, b in both) / len(both)


def _log_ratios(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    usable = (a > 0) & (b > 0)
    return np.asarray(np.log(b[usable] / a[usable]))


def _plain(factor: float) -> float:
    """Return a power of ten where the factor is nearly one, else four digits of it."""
    power = 10.0 ** round(math.log10(factor))
    return power if abs(factor / power - 1) < _WITHIN / 2 else float(f"{factor:.4g}")
