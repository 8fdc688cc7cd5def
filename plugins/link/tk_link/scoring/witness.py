"""Probabilities tested by witnesses: does what one field says bear out what the others say?

A model that learns from its own labels cannot see that it is over-confident. But each field can be
asked about the rest. Among the pairs that the other fields score alike, a field agrees as often as
among matches where they are right, and as often as among non-matches where they are wrong; what
lies between says how many are matches (a mixing proportion, with both ends known). Two papers of
one title and its authors score high, and year and pages, asked alone, deny half of them.

A witness that depends on the others given a non-match swears too much, one that depends on them
given a match too little (a mover's town and street). So all are heard, each with the weight of how
much it tells (a linear opinion pool, Stone 1961), and the pool may lower the model's probability,
never raise it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from tk_link.scoring.additive import Additive
from tk_link.scoring.curve import Curve
from tk_link.scoring.isotonic import increasing
from tk_link.scoring.levels import COUNT, MISSING

_BINS = 30
_PRIOR_PAIRS = 5.0
"""Pseudo-pairs added to each level's frequencies, spread as all pairs are."""
_ROUNDS = 50
_LEAST, _MOST = 1e-4, 1.0 - 1e-4
_FEW = 20.0
"""Expected matches that know a field, below which it is no witness."""


def calibrate(levels: NDArray[np.int8], additive: Additive, labels: NDArray[np.float64]) -> Curve:
    """Return the probability of a match at each score, as far as the witnesses bear it out.

    Args:
        levels: ``(pairs, features)`` levels; the first feature is the whole record, no witness.
        additive: The model that scores them.
        labels: What is believed of each pair so far, 0..1.
    """
    log_odds = additive.log_odds(levels)
    believed = np.minimum(expit(log_odds), _MOST)
    heard = _pooled(levels, additive, labels, log_odds)
    heard = np.where(np.isnan(heard), believed, heard)
    place, middles, counts = _binned(log_odds, labels)
    mean = np.bincount(place, heard, len(counts)) / counts
    pool = Curve(middles, increasing(mean, counts))
    points = np.union1d(np.linspace(-10.0, 20.0, 121), middles)
    return Curve(points, np.clip(np.minimum(pool(points), expit(points)), _LEAST, _MOST))


def _pooled(
    levels: NDArray[np.int8],
    additive: Additive,
    labels: NDArray[np.float64],
    log_odds: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the weighted mean of what the witnesses say of each pair; nan where none speaks."""
    total, weights = np.zeros(len(levels)), np.zeros(len(levels))
    for column, evidence in zip(levels.T[1:], additive.evidence[1:], strict=True):
        known = np.flatnonzero(column != MISSING)
        if labels[known].sum() < _FEW or (1.0 - labels[known]).sum() < _FEW:
            continue
        level = column[known]
        ratio, weight = _ratio(level, labels[known])
        others = log_odds[known] - evidence[level]
        total[known] += weight * _testimony(others, ratio[level], labels[known])
        weights[known] += weight
    unheard = np.full(len(levels), np.nan)
    return np.asarray(np.divide(total, weights, out=unheard, where=weights > 0))


def _ratio(
    level: NDArray[np.int8], labels: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Return m/u by level, non-decreasing, and the witness's weight.

    The weight is what one pair says of the share of matches (Fisher information at an even share):
    estimates are weighted with the inverse of their variance.
    """
    spread = np.bincount(level, minlength=COUNT) / len(level)
    matches = np.bincount(level, labels, COUNT) + _PRIOR_PAIRS * spread
    others = np.bincount(level, 1.0 - labels, COUNT) + _PRIOR_PAIRS * spread
    m, u = matches / matches.sum(), others / others.sum()
    seen = spread > 0
    ratio = np.ones(COUNT)
    ratio[seen] = np.exp(increasing(np.log(m[seen] / u[seen]), spread[seen]))
    return ratio, float(((m - u)[seen] ** 2 / (0.5 * (m + u)[seen])).sum())


def _testimony(
    others: NDArray[np.float64], ratio: NDArray[np.float64], labels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a witness's probability of each pair, from the others' score and its own ratio.

    The share of matches in a bin of the others' score is the mixing proportion of greatest
    likelihood, found by EM.
    """
    place, _, counts = _binned(others, labels)
    share = np.bincount(place, labels, len(counts)) / counts
    for _ in range(_ROUNDS):
        share = np.bincount(place, _posterior(share[place], ratio), len(counts)) / counts
    return _posterior(increasing(share, counts)[place], ratio)


def _posterior(share: NDArray[np.float64], ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = share * ratio
    return np.asarray(odds / np.maximum(odds + 1.0 - share, 1e-12))


def _binned(
    score: NDArray[np.float64], labels: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return each pair's bin, the bins' mean scores and their sizes.

    Bins hold equal shares of the matches and the others together, so that there are as many where
    matches are as elsewhere, though they are few.
    """
    matches = max(float(labels.sum()), 1.0)
    mass = labels / matches + 1.0 / len(labels)
    order = np.argsort(score, kind="stable")
    reached = np.cumsum(mass[order])
    place = np.empty(len(score), dtype=np.int64)
    place[order] = np.minimum(reached / reached[-1] * _BINS, _BINS - 1).astype(np.int64)
    place = np.unique(place, return_inverse=True)[1]
    counts = np.bincount(place).astype(np.float64)
    return place, np.bincount(place, score) / counts, counts
