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
from tk_link.dense import Meaning
from tk_link.fields import Field
from tk_link.scoring import levels, mixture, thumb
from tk_link.scoring.additive import Additive, Refit
from tk_link.tables import Table
from tk_link.views import Views

_FEWEST = 6
"""Rows, and expected matches, below which nothing can be learnt."""


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

    def score(self, pairs: Pairs) -> NDArray[np.float64]:
        """Return the probability of any pairs of rows, 0..1."""
        if not len(pairs):
            return np.zeros(0)
        found = replace(self._candidates, pairs=pairs)
        features = compare(self._table, self._table, self._fields, self._views, found)
        return np.asarray(expit(self.model.log_odds(levels.cut(features))))


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

    Duplicates come in groups of any size, so pairs are judged one by one: the mixture knows no
    cardinality, and its probabilities stay as they are (the knock-out null of a linkage needs rows
    that have at most one partner).

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
    pairs = _once(found.pairs)
    if allowed is not None:
        pairs = pairs.only(allowed[pairs.left] != allowed[pairs.right])
    found = replace(found, pairs=pairs)
    features = compare(table, table, fields, views, found, threads=threads)
    model = learn(features, pairs)
    log_odds = model.log_odds(levels.cut(features))
    return Within(
        pairs, expit(log_odds), features, log_odds, model, table, tuple(fields), views, found
    )


def _once(pairs: Pairs) -> Pairs:
    """Return pairs of different rows, each once, smaller row number left."""
    height = pairs.rows[0]
    low = np.minimum(pairs.left, pairs.right).astype(np.int64)
    high = np.maximum(pairs.left, pairs.right).astype(np.int64)
    keys = np.unique(low[low < high] * height + high[low < high])
    left, right = (keys // height).astype(np.int32), (keys % height).astype(np.int32)
    return Pairs(left, right, pairs.rows, is_within=True)


def learn(features: Features, pairs: Pairs) -> Additive:
    """Return the model that candidate pairs of one table teach, without labels."""
    cut = levels.cut(features)
    if pairs.rows[0] < _FEWEST or not len(pairs):
        return thumb.model(features.weights, pairs.rows)
    mixed = mixture.fit(cut, features.weights, pairs, features.values[:, 0], "m:m")
    if mixed.probability.sum() < _FEWEST:
        return thumb.model(features.weights, pairs.rows)
    return Refit(cut, features.weights).fit(mixed.probability)
