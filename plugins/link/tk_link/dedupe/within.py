"""Pairs inside one table, scored by the stages that link two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from tk_link import candidates
from tk_link.candidates import Candidates, Pairs
from tk_link.comparing.features import Features, compare
from tk_link.dedupe import paired
from tk_link.dedupe.clusters import group, inside_components
from tk_link.dense import Meaning
from tk_link.fields import Field
from tk_link.scoring import levels, mixture, thumb, witness
from tk_link.scoring.additive import Additive, Refit
from tk_link.scoring.curve import Curve
from tk_link.tables import Table
from tk_link.views import Views

_FEWEST = 6
"""Rows, and expected matches, below which nothing can be learnt."""
_ROUNDS, _SETTLED = 5, 0.01
"""Calibrations at most, and the share by which labels may still move in the last."""
_SEED = 0


@dataclass(frozen=True)
class Within:
    """A table's candidate pairs with their probabilities, and the means to score others.

    Attributes:
        pairs: Candidate pairs, each once, smaller row number left.
        probability: Probability that they are one entity, 0..1.
        features: What they were compared on.
        log_odds: Their scores in nats.
        model: What each level of similarity adds.
    """

    pairs: Pairs
    probability: NDArray[np.float64]
    features: Features
    log_odds: NDArray[np.float64]
    model: Additive
    _table: Table
    _fields: tuple[Field, ...]
    _views: Views
    _candidates: Candidates
    _curve: Curve

    def score(self, pairs: Pairs) -> NDArray[np.float64]:
        """Return the probability of any pairs of rows, 0..1."""
        if not len(pairs):
            return np.zeros(0)
        found = replace(self._candidates, pairs=pairs)
        features = compare(self._table, self._table, self._fields, self._views, found)
        return self._curve(self.model.log_odds(levels.cut(features)))


def score_within(
    table: Table,
    fields: Sequence[Field],
    views: Views,
    *,
    k: int = candidates.K,
    threads: int = 2,
    meaning: Meaning | None = None,
    by_letters: bool = True,
    allowed: NDArray[np.int64] | None = None,
) -> Within:
    """Find and score candidate pairs inside a table.

    Where entities have two rows, the table is linked with itself one-to-one (`dedupe.paired`).
    Where they have more, pairs are judged one by one, and their probabilities are calibrated by
    witnesses (`scoring.witness`) over the candidates and all other pairs of their components.

    Args:
        table: The table.
        fields: Compared columns, each against itself.
        views: Texts to search by.
        k: Nearest rows that each row proposes.
        threads: Threads of the sparse products.
        meaning: Where given, each row proposes its nearest rows by meaning as well.
        by_letters: Propose by letters at all.
        allowed: A group number a row; only pairs of different groups are candidates.
    """
    found = candidates.find(
        table,
        table,
        fields,
        views,
        k=k + 1,  # a row is nearest to itself
        threads=threads,
        meaning=meaning,
        by_letters=by_letters,
    )
    found = replace(found, pairs=_between(_once(found.pairs), allowed))

    def compared(pairs: Pairs) -> Features:
        return compare(table, table, fields, views, replace(found, pairs=pairs), threads=threads)

    pairs, features = found.pairs, compared(found.pairs)
    model, curve, is_settled = learn(features, pairs)
    if not is_settled:
        chances = expit(model.log_odds(levels.cut(features)))
        others = _between(inside_components(pairs, chances), allowed)
        pairs, features = _joined((pairs, features), (others, compared(others)))
        curve = calibrated(pairs, levels.cut(features), model)
    log_odds = model.log_odds(levels.cut(features))
    chances = curve(log_odds)
    return Within(
        pairs, chances, features, log_odds, model, table, tuple(fields), views, found, curve
    )


def _between(pairs: Pairs, groups: NDArray[np.int64] | None) -> Pairs:
    """Return the pairs whose rows are of different groups, all where there are none."""
    return pairs if groups is None else pairs.only(groups[pairs.left] != groups[pairs.right])


def _once(pairs: Pairs) -> Pairs:
    """Return pairs of different rows, each once, smaller row number left."""
    height = pairs.rows[0]
    low = np.minimum(pairs.left, pairs.right).astype(np.int64)
    high = np.maximum(pairs.left, pairs.right).astype(np.int64)
    keys = np.unique(low[low < high] * height + high[low < high])
    left, right = (keys // height).astype(np.int32), (keys % height).astype(np.int32)
    return Pairs(left, right, pairs.rows, is_within=True)


def learn(features: Features, pairs: Pairs) -> tuple[Additive, Curve, bool]:
    """Return what candidate pairs teach without labels: a model, its curve, and whether it is sure.

    Where it is not, the curve is to be `calibrated`.
    """
    model = _learn(features, pairs)
    if model is None:
        return thumb.model(features.weights, pairs.rows), thumb.curve(), True
    if one := paired.fit(pairs, features, model.log_odds(levels.cut(features)), seed=_SEED):
        return one.additive, one.curve, True
    return model, thumb.curve(), False


def _joined(*parts: tuple[Pairs, Features]) -> tuple[Pairs, Features]:
    """Return pairs from two searches as one, sorted by left then right row."""
    left = np.concatenate([pairs.left for pairs, _ in parts])
    right = np.concatenate([pairs.right for pairs, _ in parts])
    order = np.lexsort((right, left))
    values = np.concatenate([features.values for _, features in parts])[order]
    pairs, features = parts[0]
    return replace(pairs, left=left[order], right=right[order]), replace(features, values=values)


def _learn(features: Features, pairs: Pairs) -> Additive | None:
    """Return a model learnt from the pairs, None where they are too few."""
    cut = levels.cut(features)
    if pairs.rows[0] < _FEWEST or not len(pairs):
        return None
    mixed = mixture.fit(cut, features.weights, pairs, features.values[:, 0], "m:m")
    if mixed.probability.sum() < _FEWEST:
        return None
    return Refit(cut, features.weights).fit(mixed.probability)


def calibrated(pairs: Pairs, cut: NDArray[np.int8], model: Additive) -> Curve:
    """Ask the witnesses, cluster, and ask them again of what the clusters say of every pair.

    Until the answers settle: two rounds, seldom more.
    """
    log_odds = model.log_odds(cut)
    labels = np.asarray(expit(log_odds))
    curve = witness.calibrate(cut, model, labels)
    for _ in range(_ROUNDS - 1):
        _, known = group(pairs, curve(log_odds), _impossible)
        before, labels = labels, np.asarray(known[pairs.left, pairs.right]).ravel()
        curve = witness.calibrate(cut, model, labels)
        if np.abs(labels - before).sum() < _SETTLED * labels.sum():
            break
    return curve


def _impossible(pairs: Pairs) -> NDArray[np.float64]:
    """Score pairs that may not be joined: all others of a component are known."""
    return np.zeros(len(pairs))
