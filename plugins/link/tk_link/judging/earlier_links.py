"""Links that keep what earlier runs decided: those between earlier rows stay, and none is added.

New rows link to earlier ones and to each other around that, as far as the cardinality leaves them
open, and never so that two earlier clusters become one: of the links that would, the likeliest
stays. Judgements alone overrule. Probabilities are those of a free run, so a link that stays
although something else is likelier says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from tk_link.candidates import Pairs
from tk_link.judging.judged import Rows
from tk_link.judging.links import Bound, closed, held
from tk_link.linkage import Cardinality


@dataclass(frozen=True)
class EarlierLinks:
    """What the last run decided.

    Attributes:
        links: Left and right row of each accepted pair, ``(n, 2)``.
        left: Whether each left row took part.
        right: Likewise for the right rows.
    """

    links: Rows
    left: NDArray[np.bool_]
    right: NDArray[np.bool_]

    def bind(self, pairs: Pairs, bound: Bound, how: Cardinality) -> Bound:
        """Return what earlier decisions make of pairs beside what judgements do.

        Where a judged pair leaves a row no other partner, its earlier link goes.
        """
        both = self.left[pairs.left] & self.right[pairs.right]
        free = ~(bound.is_same | bound.is_different | bound.is_closed)
        is_kept = held(pairs, self.links) & free
        is_fixed = bound.is_same | is_kept
        is_closed = bound.is_closed | both | closed(pairs, is_fixed, how)
        return replace(bound, is_kept=is_kept, is_closed=is_closed & ~is_fixed)

    def bridges(
        self, pairs: Pairs, bound: Bound, accepted: Rows, order: NDArray[np.float64]
    ) -> Rows:
        """Return the accepted pairs, by position, that would make one of two earlier clusters.

        Args:
            pairs: Candidate pairs.
            bound: What `bind` returned.
            accepted: Positions of accepted pairs.
            order: What says which of two links is likelier, one value a pair.
        """
        fixed = np.flatnonzero(bound.is_fixed)
        cluster = _components(pairs, fixed)
        owner = np.unique(cluster[np.concatenate([self.left, self.right])])
        whole = _components(pairs, np.union1d(fixed, accepted))
        several, count = np.unique(whole[owner], return_counts=True)
        new = np.setdiff1d(accepted, fixed)
        new = new[np.isin(whole[pairs.left[new]], several[count > 1])]
        new = new[np.argsort(-order[new], kind="stable")]
        ends = cluster[pairs.left[new]], cluster[pairs.right[new] + pairs.rows[0]]
        return np.sort(new[~_joining(*ends, {*owner.tolist()})])


def _components(pairs: Pairs, among: Rows) -> Rows:
    """Return a row of its component for each left row, then each right one."""
    height = sum(pairs.rows)
    left, right = pairs.left[among], pairs.right[among].astype(np.int64) + pairs.rows[0]
    edges = sparse.coo_matrix((np.ones(len(among), dtype=bool), (left, right)), (height, height))
    label = connected_components(edges, directed=False)[1]
    _, first, of = np.unique(label, return_index=True, return_inverse=True)
    return np.asarray(first[of], dtype=np.int64)


def _joining(left: Rows, right: Rows, owners: set[int]) -> NDArray[np.bool_]:
    """Tell which edges, first come first served, join components without joining two owners."""
    root: dict[int, int] = {}

    def find(node: int) -> int:
        while (above := root.get(node, node)) != node:
            root[node] = root.get(above, above)
            node = above
        return node

    out = np.zeros(len(left), dtype=bool)
    # pairs around which new rows would bridge clusters: none of 1:1, few of others
    for at, ends in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        one, other = sorted(map(find, ends), key=owners.__contains__)
        out[at] = one == other or one not in owners
        if out[at]:
            root[one] = other
    return out
