"""Matches told from non-matches without labels: Fellegi-Sunter by EM, under a cardinality.

Every feature is a ladder of levels; ``m`` and ``u`` are the level frequencies among matches and
non-matches (Fellegi & Sunter 1969). Unlike the textbook, ``u`` is counted on candidate pairs, so
that evidence says what separates a match from the look-alikes that retrieval brings up, the log
ratio of ``m`` to ``u`` may never fall as similarity rises, and the E-step is the probability of a
pair among its rivals (`tk_link.scoring.matching.marginals`), not alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tk_link.candidates import Pairs
from tk_link.linkage import Cardinality
from tk_link.scoring.isotonic import increasing
from tk_link.scoring.levels import COUNT
from tk_link.scoring.matching import marginals

_ROUNDS, _SETTLED = 40, 1e-3
_PRIOR_PAIRS = 5.0
"""Pseudo-pairs added to each of ``m`` and ``u``, spread as all pairs are."""
_MOST_LOG_ODDS = 40.0
_SURE, _LIKELY, _UNLIKELY = 0.9, 0.3, 0.01


@dataclass(frozen=True)
class Mixture:
    """A fitted mixture.

    Attributes:
        probability: Probability of each pair among its rivals, 0..1.
        log_odds: Natural log odds of each pair when alone, prior included.
    """

    probability: NDArray[np.float64]
    log_odds: NDArray[np.float64]


def fit(
    levels: NDArray[np.int8],
    weights: NDArray[np.float64],
    pairs: Pairs,
    similarity: NDArray[np.float32],
    how: Cardinality,
) -> Mixture:
    """Fit by EM from the start that mutually nearest records are likely matches.

    Args:
        levels: ``(pairs, features)`` levels from `tk_link.scoring.levels.cut`.
        weights: Multiplier on each feature's evidence.
        pairs: The candidate pairs.
        similarity: Whole-record similarity, used only for the start.
        how: Cardinality of the E-step.
    """
    probability = _start(pairs, similarity)
    log_odds = np.zeros(len(pairs))
    for _ in range(_ROUNDS):
        matches = probability.sum()
        log_odds = np.full(len(pairs), np.log(matches / max(len(pairs) - matches, 1.0)))
        for column, weight in zip(levels.T, weights, strict=True):
            log_odds += weight * _evidence(column, probability)[column]
        odds = np.exp(np.clip(log_odds, -_MOST_LOG_ODDS, _MOST_LOG_ODDS))
        updated = marginals(pairs, odds, how)
        moved = float(np.abs(updated - probability).max(initial=0.0))
        probability = updated
        if moved < _SETTLED:
            break
    return Mixture(probability, log_odds)


def _start(pairs: Pairs, similarity: NDArray[np.float32]) -> NDArray[np.float64]:
    best_left = np.zeros(pairs.rows[0], dtype=np.float32)
    best_right = np.zeros(pairs.rows[1], dtype=np.float32)
    np.maximum.at(best_left, pairs.left, similarity)
    np.maximum.at(best_right, pairs.right, similarity)
    if pairs.is_within:
        best_left = best_right = np.maximum(best_left, best_right)
    mutual = (similarity >= best_left[pairs.left]) & (similarity >= best_right[pairs.right])
    middle = np.median(similarity[mutual]) if mutual.any() else 1.0
    return np.where(mutual, np.where(similarity >= middle, _SURE, _LIKELY), _UNLIKELY)


def _evidence(column: NDArray[np.int8], probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log(m/u) by level: 0 when missing, never falling as similarity rises."""
    match = np.bincount(column, probability, COUNT)[1:]
    other = np.bincount(column, 1.0 - probability, COUNT)[1:]
    total = match + other
    out = np.zeros(COUNT)
    if not total.sum():
        return out
    spread = _PRIOR_PAIRS * total / total.sum()
    m = (match + spread) / (match.sum() + _PRIOR_PAIRS)
    u = (other + spread) / (other.sum() + _PRIOR_PAIRS)
    seen = total > 0
    ratio = np.zeros(COUNT - 1)
    ratio[seen] = np.log(np.maximum(m[seen], 1e-12) / np.maximum(u[seen], 1e-12))
    levels = np.flatnonzero(seen)
    ratio[levels] = increasing(ratio[levels], total[levels].astype(np.float64))
    # a level nobody reached borrows from the nearest below it, or the lowest seen
    nearest = np.maximum(np.searchsorted(levels, np.arange(COUNT - 1), side="right") - 1, 0)
    out[1:] = ratio[levels[nearest]]
    return out
