"""What a cardinality does to pairs: who wins, and how likely each pair is among its rivals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tk_link.candidates import Pairs
from tk_link.linkage import Cardinality

_ROUNDS = 20
_MOST_ODDS = 1e12


def marginals(pairs: Pairs, odds: NDArray[np.float64], how: Cardinality) -> NDArray[np.float64]:
    """Return the probability of each pair under a cardinality, given its odds when alone.

    For one-to-one these are the belief-propagation marginals of a weighted bipartite matching in
    which "no partner" weighs 1 (Williams & Lau 2014, eq. 30-32; the iteration always converges);
    with one free side they are exact, with two the pairs are independent.
    """
    odds = np.minimum(odds, _MOST_ODDS)
    if how == "m:m":
        return np.asarray(odds / (1.0 + odds))
    if how == "m:1":
        return np.asarray(odds / (1.0 + _sums(pairs.left, odds, pairs.rows[0])[pairs.left]))
    if how == "1:m":
        return np.asarray(odds / (1.0 + _sums(pairs.right, odds, pairs.rows[1])[pairs.right]))
    back = np.ones(len(odds))
    for _ in range(_ROUNDS):
        offer = odds * back
        rivals = _sums(pairs.left, offer, pairs.rows[0])[pairs.left] - offer
        forth = odds / (1.0 + np.maximum(rivals, 0.0))
        rivals = _sums(pairs.right, forth, pairs.rows[1])[pairs.right] - forth
        back = 1.0 / (1.0 + np.maximum(rivals, 0.0))
    offer = odds * back
    return np.asarray(offer / (1.0 + _sums(pairs.left, offer, pairs.rows[0])[pairs.left]))


def ranks(score: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the place of each score, best first; of equal scores the earlier goes first."""
    rank = np.empty(len(score), dtype=np.int64)
    rank[np.argsort(-score, kind="stable")] = np.arange(len(score))
    return rank


def assign(
    pairs: Pairs,
    score: NDArray[np.float64],
    how: Cardinality,
    among: NDArray[np.bool_] | None = None,
    rank: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Return the pairs kept when the best go first, as ascending positions.

    For one-to-one this is greedy unique mapping, computed in rounds: every pair that is the best
    of both its rows is kept and its rows leave. Equal scores are settled by position, earlier
    first. ``among`` restricts the pairs that may be kept; ``rank`` is `ranks` of the score, where
    that is known already.
    """
    alive = np.arange(len(score)) if among is None else np.flatnonzero(among)
    if how == "m:m":
        return alive
    rank = ranks(score) if rank is None else rank
    if how != "1:1":
        side, rows = (pairs.left, pairs.rows[0]) if how == "m:1" else (pairs.right, pairs.rows[1])
        best = _least(side[alive], rank[alive], rows)
        return np.asarray(alive[rank[alive] == best[side[alive]]])
    kept = []
    while len(alive):
        left, right, order = pairs.left[alive], pairs.right[alive], rank[alive]
        is_best = (order == _least(left, order, pairs.rows[0])[left]) & (
            order == _least(right, order, pairs.rows[1])[right]
        )
        winners = alive[is_best]
        kept.append(winners)
        gone_left = np.zeros(pairs.rows[0], dtype=bool)
        gone_right = np.zeros(pairs.rows[1], dtype=bool)
        gone_left[pairs.left[winners]] = True
        gone_right[pairs.right[winners]] = True
        alive = alive[~(gone_left[left] | gone_right[right])]
    return np.sort(np.concatenate(kept)) if kept else np.zeros(0, dtype=np.int64)


def _sums(groups: NDArray[np.int32], values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    return np.bincount(groups, values, minlength=size).astype(np.float64)


def _least(groups: NDArray[np.int32], values: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    out = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(out, groups, values)
    return out
