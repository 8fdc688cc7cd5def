"""Soft labels refitted as one additive model, so that no evidence is counted twice.

Fellegi-Sunter adds up fields as if they were independent; town, postcode and street are not, and
three agreements of one house weigh like three witnesses. A logistic regression on the same levels,
with probabilities as soft labels and coefficients that may only add as similarity rises, shares
out what the fields say together. Contributions stay additive, so a pair can be explained.

Every level of every feature is a step with a coefficient of its own. A table of a thousand columns
would have twelve thousand, and one Newton step takes their square in memory and in time for each
pattern; beyond `MOST_STEPS` those stay that tell most by themselves (Rao's score test, 1948).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from threadpoolctl import threadpool_limits

from tk_link.scoring.levels import COUNT

_RIDGE, _PRESENCE_RIDGE = 1.0, 0.2
_NEWTON_STEPS, _SWEEPS = 12, 60
MOST_STEPS = 500
"""Steps in one model: forty features in full, where tables seldom have twenty columns."""
_SETTLED, _FLAT = 1e-3, 1e-4
_START = -4.0
_SHORTEST = 1e-12
"""Share of a step tried last: from where all is nearly settled Newton leaps millions too far."""


@dataclass(frozen=True)
class Additive:
    """A fitted additive model.

    Attributes:
        prior: Natural log odds before any evidence.
        evidence: ``(features, levels)`` natural log odds that each level adds; 0 when missing.
    """

    prior: float
    evidence: NDArray[np.float64]

    def log_odds(self, levels: NDArray[np.int8]) -> NDArray[np.float64]:
        """Return the natural log odds of pairs with these ``(pairs, features)`` levels."""
        out = np.full(len(levels), self.prior)
        for column, evidence in zip(levels.T, self.evidence, strict=True):
            out += evidence[column]
        return out

    def moved(self, by: float) -> Additive:
        """Return the model with its prior moved."""
        return Additive(self.prior + by, self.evidence)

    def contributions(self, levels: NDArray[np.int8]) -> NDArray[np.float64]:
        """Return ``(pairs, features)`` contributions in bits."""
        rows = [e[c] for c, e in zip(levels.T, self.evidence, strict=True)]
        return np.asarray(np.column_stack(rows) / np.log(2))


@dataclass
class Refit:
    """A design to fit soft labels on, again and again, each fit starting from the last.

    Attributes:
        levels: ``(pairs, features)`` levels.
        weights: Multiplier on each feature's evidence.
        against: Levels of known non-matches that are fitted too, and how many each stands for.
    """

    levels: NDArray[np.int8]
    weights: NDArray[np.float64]
    against: tuple[NDArray[np.int8], NDArray[np.float64]] | None = None
    _beta: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        """Collapse equal rows and lay out the step indicators."""
        levels, times = self.levels, np.ones(len(self.levels))
        if self.against is not None:
            levels = np.concatenate([levels, self.against[0]])
            times = np.concatenate([times, self.against[1]])
        radix = COUNT ** np.arange(levels.shape[1], dtype=np.uint64)  # wraps: a fine hash
        hashed = levels.astype(np.uint64) @ radix
        _, first, inverse = np.unique(hashed, return_index=True, return_inverse=True)
        self._inverse = inverse[: len(self.levels)]
        self._counts = np.bincount(inverse, times).astype(np.float64)
        self._patterns = levels[first]
        self._beta = np.zeros(0)

    def _lay_out(self, matches: NDArray[np.float64]) -> None:
        """Lay out the step indicators, by the first labels where they say which to choose."""
        self._steps = _steps(self._patterns)
        if len(self._steps) > MOST_STEPS:
            gains = _gains(self._patterns, self._counts, matches)
            told = np.array([gains[step] for step in self._steps])
            kept = np.sort(np.argsort(-told, kind="stable")[:MOST_STEPS])
            self._steps = [self._steps[n] for n in kept]
        self._design = _design(self._patterns, self._steps)
        at_first = np.array([level == 1 for _, level in self._steps], dtype=bool)
        self._ridge = np.concatenate([[0.0], np.where(at_first, _PRESENCE_RIDGE, _RIDGE)])
        self._free = np.concatenate([[True], at_first])
        self._beta = np.zeros(len(self._ridge))
        self._beta[0] = _START

    def fit(self, probability: NDArray[np.float64]) -> Additive:
        """Fit labels in 0..1, one a pair."""
        matches = np.bincount(self._inverse, probability, len(self._counts)).astype(np.float64)
        if not len(self._beta):
            self._lay_out(matches)
        # One BLAS thread: on two busy cores its threads wait for each other, 18 s instead of 2.
        with threadpool_limits(limits=1, user_api="blas"):
            for _ in range(_NEWTON_STEPS):
                if self._newton(matches) < _FLAT:
                    break
        heights = np.zeros((self.levels.shape[1], COUNT))
        for (feature, level), height in zip(self._steps, self._beta[1:], strict=True):
            heights[feature, level] = height
        evidence = np.cumsum(heights, axis=1) * self.weights[:, None]
        evidence[:, 0] = 0.0
        return Additive(float(self._beta[0]), evidence)

    def _newton(self, matches: NDArray[np.float64]) -> float:
        """Take one damped, bounded Newton step and return the loss's relative fall."""
        chance = expit(self._design @ self._beta.astype(np.float32)).astype(np.float64)
        spread = np.maximum(self._counts * chance * (1.0 - chance), 1e-9)
        weighted = self._design * spread[:, None].astype(np.float32)
        curvature = (self._design.T @ weighted).astype(np.float64) + np.diag(self._ridge + 1e-6)
        residual = (matches - self._counts * chance).astype(np.float32)
        gradient = (residual @ self._design).astype(np.float64) - self._ridge * self._beta
        step = _bounded_step(curvature, gradient, self._beta, self._free)
        before, scale = self._loss(matches, self._beta), 1.0
        after = self._loss(matches, self._beta + step)
        while after > before and scale > _SHORTEST:
            scale *= 0.5
            after = self._loss(matches, self._beta + scale * step)
        if after > before:
            return 0.0
        self._beta = self._beta + scale * step
        return (before - after) / max(abs(before), 1.0)

    def _loss(self, matches: NDArray[np.float64], beta: NDArray[np.float64]) -> float:
        z = (self._design @ beta.astype(np.float32)).astype(np.float64)
        fit = (self._counts * np.logaddexp(0.0, z) - matches * z).sum()
        return float(fit + 0.5 * (self._ridge * beta**2).sum())


def _steps(patterns: NDArray[np.int8]) -> list[tuple[int, int]]:
    """Return the feature and level of each step that some patterns reach and not all that led up.

    The first of a feature is "known at all", the others "at least level q".
    """
    steps = []
    for feature, column in enumerate(patterns.T):
        reached = _reached(np.bincount(column, minlength=COUNT))
        for level in range(1, COUNT):
            if reached[level] and (level == 1 or reached[level] != reached[level - 1]):
                steps.append((feature, level))
    return steps


def _reached(counts: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how many are at each level or above it, from how many are at each."""
    return np.asarray(np.cumsum(counts[::-1])[::-1], dtype=np.float64)


def _gains(
    patterns: NDArray[np.int8], counts: NDArray[np.float64], matches: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return ``(features, levels)`` score tests of each step added alone to the share of matches.

    A step that speaks against matches says nothing above the first level, where it may only add.
    """
    total = counts.sum()
    share = np.clip(matches.sum() / total, 1e-9, 1.0 - 1e-9)
    gains = np.zeros((patterns.shape[1], COUNT))
    for feature, column in enumerate(patterns.T):
        reached = _reached(np.bincount(column, counts, COUNT))
        excess = _reached(np.bincount(column, matches, COUNT)) - share * reached
        excess[2:] = np.maximum(excess[2:], 0.0)
        spread = share * (1.0 - share) * reached * (1.0 - reached / total)
        np.divide(excess**2, spread, out=gains[feature], where=spread > 1e-9)
    return gains


def _design(patterns: NDArray[np.int8], steps: list[tuple[int, int]]) -> NDArray[np.float32]:
    """Return the intercept and the indicators of the steps, ``(patterns, 1 + steps)``."""
    out = np.ones((len(patterns), 1 + len(steps)), dtype=np.float32)
    for number, (feature, level) in enumerate(steps, start=1):
        out[:, number] = patterns[:, feature] >= level
    return out


def _bounded_step(
    curvature: NDArray[np.float64],
    gradient: NDArray[np.float64],
    beta: NDArray[np.float64],
    free: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Minimise the quadratic model by coordinate descent, keeping bounded steps at >= 0."""
    step = np.zeros(len(beta))
    slope = -gradient.copy()
    diagonal = np.diag(curvature)
    for _ in range(_SWEEPS):
        moved = 0.0
        for j in range(len(beta)):  # `MOST_STEPS` and one at most
            change = -slope[j] / diagonal[j]
            if not free[j]:
                change = max(change, -(beta[j] + step[j]))
            if change != 0.0:
                step[j] += change
                slope += change * curvature[j]
                moved = max(moved, abs(change))
        if moved < _SETTLED:
            break
    return step
