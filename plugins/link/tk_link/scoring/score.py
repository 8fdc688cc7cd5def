"""From similarities to calibrated probabilities, for one cardinality."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tk_link.candidates import Pairs
from tk_link.comparing.features import Features
from tk_link.linkage import Cardinality
from tk_link.lookalikes import Lookalikes
from tk_link.scoring import distinct, knockout, levels, mixture, thumb
from tk_link.scoring.additive import Additive, Refit
from tk_link.scoring.curve import Curve, fitted
from tk_link.scoring.matching import assign, marginals
from tk_link.scoring.model import Model

_ROUNDS, _SETTLED = 5, 0.01
"""Refit, calibrate, refit on the calibrated labels, until they move by less than this share. Most
data sets are done after two rounds; with candidates from passes the mixture starts further off."""
_FEW = 30.0
"""Expected matches below which calibrated labels are too few to refit on."""
_FEWEST = 6
"""Rows of the smaller table, and sure matches, below which nothing can be learnt."""
_FEW_ORPHANS = 100
"""Sure matches below which the null has gaps that hold false pairs: the labels are an upper bound
then. With 30 matches of 400 rows the accepted pairs are right at 0.97 with it and 0.5 without."""
_FEW_MATCHED = 0.5
"""Share of the smaller table's rows with an accepted partner below which look-alikes are asked:
only then can the accepted pairs be false for the most part, without most rows having a look-alike
in the other table."""
_MOST_LEARNT, _MOST_ORPHANS = 100_000, 5_000
"""Pairs that a model is learnt from, and matches that it is calibrated on, at most: more change no
probability by as much as its error."""
_MOST_LOG_ODDS = 30.0


@dataclass(frozen=True)
class Scores:
    """Every candidate pair, scored.

    Attributes:
        probability: Calibrated probability of a match among its rivals, 0..1.
        alone: The same if the pair had no rivals, 0..1.
        log_odds: Sum of prior and evidence in nats; 0 is an even chance without rivals.
        levels: ``(pairs, features)`` levels.
        model: What was learnt: the additive model behind ``log_odds`` and its calibration.
        similarity: Whole-record similarity, which decides between pairs of equal score.
    """

    probability: NDArray[np.float64]
    alone: NDArray[np.float64]
    log_odds: NDArray[np.float64]
    levels: NDArray[np.int8]
    model: Model
    similarity: NDArray[np.float32]

    def order(self) -> NDArray[np.float64]:
        """Return the number pairs are ranked by: probability, then score, then similarity."""
        return self.probability + 1e-9 * self.log_odds + 1e-10 * self.similarity

    def weighed(
        self,
        bits: NDArray[np.float64],
        pairs: Pairs,
        how: Cardinality,
        among: NDArray[np.bool_],
    ) -> Scores:
        """Return the scores with evidence added that the model did not see, in bits a pair.

        Only the pairs in ``among`` are rivals of each other.
        """
        if not bits.any():
            return self
        log_odds = self.log_odds + bits * np.log(2)
        odds = np.exp(np.clip(log_odds, -_MOST_LOG_ODDS, _MOST_LOG_ODDS))
        alone = self.alone * 2.0**bits
        alone = alone / (alone + 1.0 - self.alone)
        share = np.ones(len(pairs))
        part = odds[among]
        share[among] = marginals(pairs.only(among), part, how) * (1.0 + part) / part
        return replace(self, probability=alone * share, alone=alone, log_odds=log_odds)


Ask = Callable[[Scores], tuple[Lookalikes, Lookalikes] | None]
"""Given scores that know of no look-alikes, finds those of both tables; None where they would say
nothing about pairs of two tables."""


def score(
    features: Features,
    pairs: Pairs,
    how: Cardinality,
    *,
    seed: int,
    model: Model | None = None,
    lookalikes: Ask | None = None,
) -> Scores:
    """Score candidate pairs without labels, or with a model learnt before.

    Args:
        features: Their similarities.
        pairs: The pairs.
        how: Cardinality.
        seed: Seed of everything random.
        model: What was learnt before.
        lookalikes: Finds the look-alikes inside each table, where few rows seem to have a match.
    """
    problem = _Problem(levels.cut(features), features, pairs, how, seed)
    weights = features.weights
    if model is not None:
        return problem.scores(model.arranged(features.names), model.curve)
    if min(pairs.rows) < _FEWEST or not len(pairs):
        return problem.by_thumb(weights)
    chosen = problem.sample()
    some = pairs.only(chosen)
    similarity = features.values[chosen, 0]
    labels = mixture.fit(problem.levels[chosen], weights, some, similarity, how).probability
    scores = problem.learnt(chosen, labels, weights)
    if lookalikes is not None and how == "1:1" and scores is not None and problem.is_sparse(scores):
        sides = lookalikes(scores)
        if sides is not None:
            known = distinct.known(sides, features)
            scores = replace(problem, known=known).learnt(chosen, labels, weights) or scores
    return problem.by_thumb(weights) if scores is None else scores


@dataclass(frozen=True)
class _Problem:
    """What stays the same from round to round."""

    levels: NDArray[np.int8]
    features: Features
    pairs: Pairs
    how: Cardinality
    seed: int
    known: distinct.Known | None = None

    def learnt(
        self,
        chosen: NDArray[np.bool_],
        labels: NDArray[np.float64],
        weights: NDArray[np.float64],
    ) -> Scores | None:
        """Refit and calibrate in turns, from the labels of the chosen pairs.

        None where too few are sure.
        """
        known = self.known
        against = None if known is None else (np.concatenate(known.levels), known.times())
        refit = Refit(self.levels[chosen], weights, against)
        first = refit.fit(labels)
        if not chosen.all():
            labels = self.expected(first)
        scores = self.calibrated(first, labels)
        if scores is None:
            return None
        for _ in range(_ROUNDS - 1):
            before, labels = labels, self.labels(scores)
            if labels.sum() < _FEW or np.abs(labels - before).sum() < _SETTLED * labels.sum():
                break
            scores = self.calibrated(refit.fit(labels[chosen]), labels) or scores
        return scores

    def is_sparse(self, scores: Scores) -> bool:
        """Tell whether few rows have an accepted partner."""
        accepted = (self.labels(scores) >= 0.5).sum()
        return bool(accepted < _FEW_MATCHED * min(self.pairs.rows))

    def calibrated(self, model: Additive, labels: NDArray[np.float64]) -> Scores | None:
        """Calibrate a model's scores on the assigned pairs that ``labels`` are confident of.

        None where these are too few.
        """
        log_odds = model.log_odds(self.levels)
        rule: Cardinality = "m:1" if self.how == "m:m" else self.how  # null of each row's best
        kept = assign(self.pairs, log_odds, rule)
        confident = kept[labels[kept] > 0.5]
        if len(confident) < _FEWEST:
            return None
        orphans = self._orphans(confident)
        folds = -(-knockout.FOLDS * len(orphans) // len(confident))
        null = knockout.knock_out(self.pairs, log_odds, orphans, rule, folds=folds, seed=self.seed)
        if self.known is not None:
            scored = log_odds[kept], log_odds[orphans]
            matches = float(labels[kept].sum())
            curve = distinct.calibrate(*scored, null, self.known, model, matches=matches)
        else:
            curve = knockout.calibrate(
                log_odds[kept],
                log_odds[orphans],
                null,
                labels[orphans],
                rows=self.pairs.rows,
                how=rule,
            )
        if self.how == "m:m":  # many pairs are nobody's best, and the null is of each row's best
            curve = curve.at_most(fitted(log_odds, labels))
        elif len(confident) < _FEW_ORPHANS:
            curve = curve.at_most(fitted(log_odds[kept], labels[kept]))
        return self.scores(model, curve)

    def _orphans(self, confident: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return confident pairs to orphan: all, or as many drawn at random as say enough."""
        if len(confident) <= _MOST_ORPHANS:
            return confident
        rng = np.random.default_rng(self.seed)
        return np.sort(rng.choice(confident, _MOST_ORPHANS, replace=False))

    def sample(self) -> NDArray[np.bool_]:
        """Tell which pairs to learn from: all, or where they are very many, those of some rows."""
        if len(self.pairs) <= _MOST_LEARNT:
            return np.ones(len(self.pairs), dtype=bool)
        rng = np.random.default_rng(self.seed)
        rows = rng.random(self.pairs.rows[0]) < _MOST_LEARNT / len(self.pairs)
        return np.asarray(rows[self.pairs.left])

    def expected(self, model: Additive) -> NDArray[np.float64]:
        """Return the probability of every pair among its rivals, before calibration."""
        log_odds = np.clip(model.log_odds(self.levels), -_MOST_LOG_ODDS, _MOST_LOG_ODDS)
        return marginals(self.pairs, np.exp(log_odds), self.how)

    def by_thumb(self, weights: NDArray[np.float64]) -> Scores:
        """Score by the fixed rule for tables too small to learn from."""
        return self.scores(thumb.model(weights, self.pairs.rows), thumb.curve())

    def labels(self, scores: Scores) -> NDArray[np.float64]:
        """Return the probability of assigned pairs, 0 for all others."""
        out = np.zeros(len(self.pairs))
        kept = assign(self.pairs, scores.order(), self.how)
        out[kept] = scores.probability[kept]
        return out

    def scores(self, additive: Additive, curve: Curve) -> Scores:
        """Score every pair with a model and its calibration.

        Scores are moved so that an even chance scores 0; what the model ranks stays as it was.
        """
        even = curve.even()
        additive, curve = additive.moved(-even), curve.moved(-even)
        log_odds = additive.log_odds(self.levels)
        alone = curve(log_odds)
        odds = np.exp(np.clip(log_odds, -_MOST_LOG_ODDS, _MOST_LOG_ODDS))
        share = marginals(self.pairs, odds, self.how) * (1.0 + odds) / odds  # what rivals leave
        model = Model(self.features.names, additive, curve)
        similarity = self.features.values[:, 0]
        return Scores(alone * share, alone, log_odds, self.levels, model, similarity)


def score_again(
    before: Scores,
    without: NDArray[np.bool_],
    features: Features,
    pairs: Pairs,
    how: Cardinality,
    *,
    seed: int,
    lookalikes: Ask | None = None,
    model: Model | None = None,
) -> Scores:
    """Score without some pairs, which are no matches: what is learnt then is not learnt from them.

    They get the score and probability that they would have if they had no rivals. With ``model``
    nothing is learnt.
    """
    rest = ~without
    among = Features(features.names, features.values[rest], features.weights)
    learnt = score(among, pairs.only(rest), how, seed=seed, model=model, lookalikes=lookalikes)
    log_odds = learnt.model.additive.log_odds(before.levels)
    alone = learnt.model.curve(log_odds)
    probability = alone.copy()
    probability[rest] = learnt.probability
    return replace(
        before, probability=probability, alone=alone, log_odds=log_odds, model=learnt.model
    )
