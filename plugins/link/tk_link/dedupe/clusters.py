"""Rows grouped into entities, from the probabilities of their pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.cluster import hierarchy
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from tk_link.candidates import Pairs

Method = Literal["average", "cc", "complete", "single-best"]

_LARGEST = 1_000
"""Rows up to which a component's pairs are all compared; a larger one is first cut at a higher
probability, so that memory stays bounded."""
_STEPS = (0.7, 0.9, 0.97, 0.99, 0.999)


def group(
    pairs: Pairs,
    probability: NDArray[np.float64],
    score: Callable[[Pairs], NDArray[np.float64]],
    *,
    method: Method = "average",
    cut: float = 0.5,
) -> tuple[NDArray[np.int64], sparse.csr_matrix]:
    """Return a cluster number for each row, and the symmetric matrix of known probabilities.

    Args:
        pairs: Candidate pairs inside a table.
        probability: Their probabilities, 0..1.
        score: Gives the probability of pairs that were no candidates; asked for those inside a
            connected component, so that averages are over all pairs.
        method: ``cc`` joins whatever is connected; ``average`` splits a component so that the mean
            probability between parts joined is at least ``cut`` (average linkage); ``complete``
            asks that of every pair; ``single-best`` joins each row to its best partner alone.
        cut: Probability from which rows belong together.
    """
    height = pairs.rows[0]
    known = _matrix(pairs, probability)
    keep = probability >= cut
    if method == "single-best":
        keep &= _is_best(pairs, probability)
    component = _components(pairs.left[keep], pairs.right[keep], height)
    if method in ("cc", "single-best"):
        return component, known
    component = _bounded(pairs, probability, component)
    missing = _missing_pairs(component, pairs)
    known = known + _matrix(missing, score(missing))
    return _split(component, known, method, cut), known


def _matrix(pairs: Pairs, probability: NDArray[np.float64]) -> sparse.csr_matrix:
    shape = (pairs.rows[0], pairs.rows[0])
    half = sparse.csr_matrix((probability, (pairs.left, pairs.right)), shape=shape)
    return half + half.T


def _is_best(pairs: Pairs, probability: NDArray[np.float64]) -> NDArray[np.bool_]:
    best = np.zeros(pairs.rows[0])
    np.maximum.at(best, pairs.left, probability)
    np.maximum.at(best, pairs.right, probability)
    return np.asarray((probability >= best[pairs.left]) | (probability >= best[pairs.right]))


def _components(
    left: NDArray[np.int32], right: NDArray[np.int32], height: int
) -> NDArray[np.int64]:
    edges = sparse.coo_matrix((np.ones(len(left), dtype=bool), (left, right)), (height, height))
    return np.asarray(connected_components(edges, directed=False)[1], dtype=np.int64)


def _bounded(
    pairs: Pairs, probability: NDArray[np.float64], component: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Cut components of more than `_LARGEST` rows at rising probabilities."""
    for step in _STEPS:
        is_large = np.bincount(component)[component] > _LARGEST
        if not is_large.any():
            break
        same = component[pairs.left] == component[pairs.right]
        keep = same & (probability >= np.where(is_large[pairs.left], step, 0.5))
        component = _components(pairs.left[keep], pairs.right[keep], pairs.rows[0])
    return component


def _missing_pairs(component: NDArray[np.int64], pairs: Pairs) -> Pairs:
    """Return the pairs inside components that were no candidates."""
    height = pairs.rows[0]
    keys = [np.zeros(0, dtype=np.int64)]
    for members in _members(component):  # components of two rows or more
        first, second = np.triu_indices(len(members), 1)
        keys.append(members[first] * height + members[second])
    known = pairs.left.astype(np.int64) * height + pairs.right
    missing = np.setdiff1d(np.concatenate(keys), known)
    left, right = (missing // height).astype(np.int32), (missing % height).astype(np.int32)
    return Pairs(left, right, pairs.rows, is_within=True)


def _members(component: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the ascending rows of each component of two or more."""
    order = np.argsort(component, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(component[order])) + 1)
    return [part for part in parts if len(part) > 1]


def _split(
    component: NDArray[np.int64], known: sparse.csr_matrix, method: Method, cut: float
) -> NDArray[np.int64]:
    out = np.arange(len(component), dtype=np.int64)  # a row's cluster is named by its first row
    for members in _members(component):
        if len(members) == 2:
            out[members] = members[0]
            continue
        distance = 1.0 - known[members][:, members].toarray()
        np.fill_diagonal(distance, 0.0)
        condensed = squareform(np.clip(distance, 0.0, 1.0), checks=False)
        tree = hierarchy.linkage(condensed, method)
        parts = hierarchy.fcluster(tree, 1.0 - cut, "distance")
        for part in np.unique(parts):
            rows = members[parts == part]
            out[rows] = rows[0]
    return out
