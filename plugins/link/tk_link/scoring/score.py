"""From similarities to calibrated probabilities, for one cardinality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tk_link.candidates import Pairs
from tk_link.comparing.features import Features
from tk_link.linkage import Cardinality
from tk_link.scoring import knockout, levels, mixture
from tk_link.scoring.additive import Additive, Refit
from tk_link.scoring.matching import assign, marginals

_ROUNDS = 2
"""Refit, calibrate, refit on the calibrated labels. A third round gains nothing on any data set."""
_FEW = 10.0
"""Expected matches below which calibrated labels are too few to refit on."""
_MOST_LOG_ODDS = 30.0


@dataclass(frozen=True)
class Scores:
    """Every candidate pair, scored.

    Attributes:
        probability: Calibrated probability of a match among its rivals, 0..1.
        alone: The same if the pair had no rivals, 0..1.
        log_odds: Natural log odds of the additive model, prior included.
        levels: ``(pairs, features)`` levels.
        model: The additive model behind ``log_odds``.
        similarity: Whole-record similarity, which decides between pairs of equal score.
    """

    probability: NDArray[np.float64]
    alone: NDArray[np.float64]
    log_odds: NDArray[np.float64]
    levels: NDArray[np.int8]
    model: Additive
    similarity: NDArray[np.float32]

    def order(self) -> NDArray[np.float64]:
        """Return the number pairs are ranked by: probability, then score, then similarity."""
        return self.probability + 1e-9 * self.log_odds + 1e-10 * self.similarity


def score(features: Features, pairs: Pairs, how: Cardinality, *, seed: int) -> Scores:
    """Score candidate pairs without labels."""
    cut = levels.cut(features)
    similarity = features.values[:, 0]
    labels = mixture.fit(cut, features.weights, pairs, similarity, how).probability
    refit = Refit(cut, features.weights)
    scores = _calibrated(
        refit.fit(labels), cut, similarity, pairs, labels=labels, how=how, seed=seed
    )
    for _ in range(_ROUNDS - 1):
        labels = _labels(scores, pairs, how)
        if labels.sum() < _FEW:
            break
        scores = _calibrated(
            refit.fit(labels), cut, similarity, pairs, labels=labels, how=how, seed=seed
        )
    return scores


def _calibrated(
    model: Additive,
    cut: NDArray[np.int8],
    similarity: NDArray[np.float32],
    pairs: Pairs,
    *,
    labels: NDArray[np.float64],
    how: Cardinality,
    seed: int,
) -> Scores:
    """Calibrate a model's scores; ``labels`` say which assigned pairs are confident."""
    log_odds = model.log_odds(cut)
    rule: Cardinality = "m:1" if how == "m:m" else how  # the null is of each row's best
    kept = assign(pairs, log_odds, rule)
    confident = kept[labels[kept] > 0.5]
    null = knockout.knock_out(pairs, log_odds, confident, rule, seed=seed)
    curve = knockout.calibrate(
        log_odds[kept], log_odds[confident], null, labels[confident], pairs.rows
    )
    alone = curve(log_odds)
    share = _share(pairs, log_odds, how)
    return Scores(alone * share, alone, log_odds, cut, model, similarity)


def _share(pairs: Pairs, log_odds: NDArray[np.float64], how: Cardinality) -> NDArray[np.float64]:
    """Return what rivals leave of each pair's probability, 0..1."""
    odds = np.exp(np.clip(log_odds, -_MOST_LOG_ODDS, _MOST_LOG_ODDS))
    return np.asarray(marginals(pairs, odds, how) * (1.0 + odds) / odds)


def _labels(scores: Scores, pairs: Pairs, how: Cardinality) -> NDArray[np.float64]:
    labels = np.zeros(len(pairs))
    kept = assign(pairs, scores.order(), how)
    labels[kept] = scores.probability[kept]
    return labels
