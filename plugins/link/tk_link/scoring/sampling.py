"""Plausible link sets: draws from a distribution whose marginals are the stated probabilities.

Where one side's rows may share partners, rows are independent: each left row (m:1) draws its
partner, or none, by the probabilities; many-to-many pairs are drawn one by one.

For one-to-one the distribution over link sets M is ``P(M) ∝ Π w_e`` over the pairs in M, a
monomer-dimer model. The weights are those at which its Bethe approximation has the stated
probabilities p as marginals: ``w_e = p_e (1 − p_e) / ((1 − P_l)(1 − P_r))``, with P_l and P_r the
sums of p over the pairs of its left and of its right row; on trees that is exact [Yedidia, Freeman
& Weiss 2005]. Draws are independent Markov chains of that model that add, remove and slide pairs
[Jerrum & Sinclair 1989], each started from its own perturbed best assignment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from tk_link.candidates import Pairs
from tk_link.linkage import Cardinality
from tk_link.scoring.matching import assign

_LEAST = 1e-3
"""Probability below which a pair is in no draw of a one-to-one linkage: thousands of them together
are worth a handful of links, and they would tie everything into one component."""
_MOST = 0.9995
"""Sum of a row's probabilities, at most: at 1 a chain could never let go of a pair."""
_SWEEPS, _MOST_STEPS = 40, 100_000
"""Proposals for each pair of a component, and for a component."""


def draw_links(
    pairs: Pairs, probability: NDArray[np.float64], how: Cardinality, *, draws: int, seed: int
) -> list[NDArray[np.int64]]:
    """Return the positions of the linked pairs, ascending, for each draw.

    Args:
        pairs: Candidate pairs.
        probability: Probability of each, 0..1; of a row's pairs they add up to 1 or less where
            the row has one partner.
        how: Cardinality that every draw obeys.
        draws: Number of link sets.
        seed: Seed of the draws.
    """
    rng = np.random.default_rng(seed)
    if how == "m:m":
        return [np.flatnonzero(rng.random(len(pairs)) < probability) for _ in range(draws)]
    if how == "1:1":
        return _one_to_one(pairs, probability, draws, rng)
    side, height = (pairs.left, pairs.rows[0]) if how == "m:1" else (pairs.right, pairs.rows[1])
    return [_one_each(side, height, probability, rng) for _ in range(draws)]


def _one_each(
    side: NDArray[np.int32], height: int, probability: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw a pair or none for each row: the greatest of log p with Gumbel noise wins."""
    with np.errstate(divide="ignore"):
        key = np.log(probability) + rng.gumbel(size=len(side))
        none = np.log(np.maximum(1.0 - np.bincount(side, probability, minlength=height), 0.0))
    best = none + rng.gumbel(size=height)
    np.maximum.at(best, side, key)
    return np.flatnonzero(key == best[side])


def _one_to_one(
    pairs: Pairs, probability: NDArray[np.float64], draws: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    positions = np.flatnonzero(probability >= _LEAST)
    few, chance = pairs.only(probability >= _LEAST), probability[probability >= _LEAST]
    weight = _weights(few, chance)
    start = np.stack([_perturbed(few, weight, rng) for _ in range(draws)])
    linked = _Chains(few, weight, start).run(rng)
    return [positions[row] for row in linked]


def _weights(pairs: Pairs, chance: NDArray[np.float64]) -> NDArray[np.float64]:
    left = np.minimum(np.bincount(pairs.left, chance, minlength=pairs.rows[0]), _MOST)
    right = np.minimum(np.bincount(pairs.right, chance, minlength=pairs.rows[1]), _MOST)
    chance = np.minimum(chance, _MOST)
    return np.asarray(
        chance * (1.0 - chance) / ((1.0 - left[pairs.left]) * (1.0 - right[pairs.right]))
    )


def _perturbed(
    pairs: Pairs, weight: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return the best assignment after logistic noise; a lone pair is in it as often as stated."""
    noisy = np.log(weight) + rng.logistic(size=len(weight))
    out = np.zeros(len(weight), dtype=bool)
    out[assign(pairs, noisy, "1:1", noisy > 0)] = True
    return out


@dataclass
class _Chains:
    """One chain for each draw, all stepped at once; components are independent of each other.

    Attributes:
        pairs: The pairs.
        weight: Weight of each.
        linked: ``(draws, pairs)``, the state.
    """

    pairs: Pairs
    weight: NDArray[np.float64]
    linked: NDArray[np.bool_]

    def run(self, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Step every component in proportion to its size; return the last state."""
        order, starts, sizes = self._components()
        partner = (self._partners(self.pairs.left, 0), self._partners(self.pairs.right, 1))
        steps = np.minimum(_SWEEPS * sizes, _MOST_STEPS)  # falling, as sizes do
        steps[sizes == 1] = 0  # these start as they should
        each = np.arange(len(self.linked))[:, None]
        for step in range(int(steps.max(initial=0))):
            open_ = int(np.searchsorted(-steps, -step))  # components with steps left
            draw = rng.random((2, len(each), open_))
            at = order[starts[:open_] + (draw[0] * sizes[:open_]).astype(np.int64)]
            self._propose(each, at, draw[1], partner)
        return self.linked

    def _propose(
        self,
        each: NDArray[np.int64],
        at: NDArray[np.int64],
        luck: NDArray[np.float64],
        partner: tuple[NDArray[np.int64], NDArray[np.int64]],
    ) -> None:
        """Add, remove or slide one pair in each draw and component."""
        by_left, by_right = partner
        left, right = self.pairs.left[at], self.pairs.right[at]
        held = by_left[each, left], by_right[each, right]  # pairs that hold its rows, or -1
        weight = self.weight[at]
        removes = held[0] == at
        stuck = (held[0] >= 0) & (held[1] >= 0) & ~removes
        rival = np.maximum(*held)  # the one that holds a row, where one does
        against = np.where((rival >= 0) & ~removes, self.weight[rival], 1.0)
        chance = np.where(removes, 1.0 / (1.0 + weight), weight / (weight + against))
        moves = (luck < chance) & ~stuck
        gone = moves & (rival >= 0)
        rows, columns = np.nonzero(gone)
        old = rival[rows, columns]
        by_left[rows, self.pairs.left[old]] = -1
        by_right[rows, self.pairs.right[old]] = -1
        self.linked[rows, old] = False
        rows, columns = np.nonzero(moves & ~removes)
        new = at[rows, columns]
        by_left[rows, self.pairs.left[new]] = new
        by_right[rows, self.pairs.right[new]] = new
        self.linked[rows, new] = True

    def _partners(self, side: NDArray[np.int32], which: int) -> NDArray[np.int64]:
        """Return the pair that holds each row of one side in each draw, or -1."""
        out = np.full((len(self.linked), self.pairs.rows[which]), -1, dtype=np.int64)
        draw, pair = np.nonzero(self.linked)
        out[draw, side[pair]] = pair
        return out

    def _components(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return pairs in order of their component, largest first, its starts and sizes."""
        height, width = self.pairs.rows
        edges = (np.ones(len(self.pairs)), (self.pairs.left, self.pairs.right + np.int64(height)))
        graph = sparse.coo_matrix(edges, (height + width, height + width))
        label = connected_components(graph, directed=False)[1][self.pairs.left]
        size = np.bincount(label, minlength=1)[label]
        order = np.lexsort((label, -size))
        starts = np.flatnonzero(np.diff(label[order], prepend=-1))
        return order, starts, np.diff(np.append(starts, len(order)))
