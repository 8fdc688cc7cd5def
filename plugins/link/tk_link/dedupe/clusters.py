"""Rows grouped into entities, from the probabilities of their pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.cluster import hierarchy
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from tk_link.candidates import Pairs
from tk_link.dedupe import blocks
from tk_link.dedupe.config import Method

Score = Callable[[Pairs], NDArray[np.float64]]

_LARGEST = 1_000
"""Rows up to which a component's pairs are all compared. A larger one is first cut at higher
probabilities, and left whole where that does not divide it, so that memory stays bounded."""
_STEPS = (0.7, 0.9, 0.97, 0.99, 0.999)
_NEVER = 1e9
"""Distance of rows that must not meet: no mean over `_LARGEST`² pairs outweighs it."""


def group(
    pairs: Pairs,
    probability: NDArray[np.float64],
    score: Score,
    *,
    method: Method = "average",
    cut: float = 0.5,
    apart: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.int64], sparse.csr_matrix]:
    """Return each row's cluster, named by its first row, and the matrix of known probabilities.

    Args:
        pairs: Candidate pairs inside a table.
        probability: Their probabilities, 0..1.
        score: Gives the probability of pairs that were no candidates; asked for those inside a
            connected component, so that averages are over all pairs.
        method: ``cc`` joins whatever is connected; ``average`` joins the parts of a component that
            are one entity with at least that probability by the evidence of all pairs between them
            (`tk_link.dedupe.blocks`); ``complete`` asks it of every pair; ``single-best`` joins
            each row to its best partner alone.
        cut: Probability from which rows belong together.
        apart: A group number a row; rows of one group never share a cluster. With ``cc`` and
            ``single-best``, components that break this are split by average linkage.
    """
    if apart is not None:
        may_meet = apart[pairs.left] != apart[pairs.right]
        pairs, probability = pairs.only(may_meet), probability[may_meet]
    known = matrix_of(pairs, probability)
    keep = probability >= cut
    if method == "single-best":
        keep &= _is_best(pairs, probability)
    component = _components(pairs, keep)
    is_open = np.ones(len(component), dtype=bool)
    if method in ("cc", "single-best"):
        is_open = _has_clash(component, apart)
        method = "average"
    if not is_open.any():
        return component, known
    rest = np.where(is_open, component, np.arange(len(component)))
    rest = _bounded(pairs, probability, rest, cut)
    missing = missing_pairs(rest, pairs, apart)
    known = known + matrix_of(missing, score(missing))
    if method == "average":
        split, known = _by_evidence(rest, known, cut, apart)
    else:
        split = _split(rest, known, method, cut, apart)
    return np.where(is_open, split, component), known


def inside_components(pairs: Pairs, probability: NDArray[np.float64], cut: float = 0.5) -> Pairs:
    """Return the pairs that `group` would ask for: in one component, and no candidates."""
    component = _bounded(pairs, probability, _components(pairs, probability >= cut), cut)
    return missing_pairs(component, pairs, None)


def matrix_of(pairs: Pairs, probability: NDArray[np.float64]) -> sparse.csr_matrix:
    """Return the symmetric matrix of pairs' probabilities."""
    shape = (pairs.rows[0], pairs.rows[0])
    half = sparse.csr_matrix((probability, (pairs.left, pairs.right)), shape=shape)
    return half + half.T


def _is_best(pairs: Pairs, probability: NDArray[np.float64]) -> NDArray[np.bool_]:
    best = np.zeros(pairs.rows[0])
    np.maximum.at(best, pairs.left, probability)
    np.maximum.at(best, pairs.right, probability)
    return np.asarray((probability >= best[pairs.left]) | (probability >= best[pairs.right]))


def _components(pairs: Pairs, keep: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the first row of each row's component."""
    height = pairs.rows[0]
    edges = (np.ones(int(keep.sum()), dtype=bool), (pairs.left[keep], pairs.right[keep]))
    label = connected_components(sparse.coo_matrix(edges, (height, height)), directed=False)[1]
    _, first, member = np.unique(label, return_index=True, return_inverse=True)
    return np.asarray(first[member], dtype=np.int64)


def _has_clash(component: NDArray[np.int64], apart: NDArray[np.int64] | None) -> NDArray[np.bool_]:
    """Tell for each row whether its component holds two rows of one group."""
    if apart is None:
        return np.zeros(len(component), dtype=bool)
    both, count = np.unique(np.stack([component, apart]), axis=1, return_counts=True)
    return np.asarray(np.isin(component, both[0][count > 1]))


def _bounded(
    pairs: Pairs, probability: NDArray[np.float64], component: NDArray[np.int64], cut: float
) -> NDArray[np.int64]:
    """Cut components of more than `_LARGEST` rows at rising probabilities."""
    for step in _STEPS:
        is_large = np.bincount(component)[component] > _LARGEST
        if not is_large.any():
            break
        same = component[pairs.left] == component[pairs.right]
        least = np.where(is_large[pairs.left], max(step, cut), cut)
        component = _components(pairs, same & (probability >= least))
    return component


def missing_pairs(
    component: NDArray[np.int64], pairs: Pairs, apart: NDArray[np.int64] | None = None
) -> Pairs:
    """Return the pairs inside components that were no candidates and may be joined."""
    height = pairs.rows[0]
    keys = [np.zeros(0, dtype=np.int64)]
    for members in members_of(component):  # components of two rows or more
        if len(members) <= _LARGEST:
            first, second = np.triu_indices(len(members), 1)
            keys.append(members[first] * height + members[second])
    known = pairs.left.astype(np.int64) * height + pairs.right
    missing = np.setdiff1d(np.concatenate(keys), known)
    left, right = (missing // height).astype(np.int32), (missing % height).astype(np.int32)
    found = Pairs(left, right, pairs.rows, is_within=True)
    return found if apart is None else found.only(apart[left] != apart[right])


def members_of(component: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the ascending rows of each component of two or more."""
    order = np.argsort(component, kind="stable")
    order = order[np.bincount(component)[component[order]] > 1]
    parts = np.split(order, np.flatnonzero(np.diff(component[order])) + 1)
    return [part for part in parts if len(part)]


def _split(
    component: NDArray[np.int64],
    known: sparse.csr_matrix,
    method: Method,
    cut: float,
    apart: NDArray[np.int64] | None,
) -> NDArray[np.int64]:
    out = component.copy()
    out[_is_clique(component, known, cut)] = -1  # needs no tree
    for members in members_of(np.where(out < 0, np.arange(len(out)), out)):
        groups = None if apart is None else apart[members]
        if len(members) > _LARGEST:
            parts = np.zeros(len(members)) if groups is None else _occurrence(groups)
        else:
            distance = 1.0 - known[members][:, members].toarray()
            if groups is not None:
                distance[groups[:, None] == groups] = _NEVER
            np.fill_diagonal(distance, 0.0)
            condensed = squareform(np.maximum(distance, 0.0), checks=False)
            parts = hierarchy.fcluster(hierarchy.linkage(condensed, method), 1.0 - cut, "distance")
        out[members] = _first(members, parts)
    return np.where(out < 0, component, out)


def _by_evidence(
    component: NDArray[np.int64],
    known: sparse.csr_matrix,
    cut: float,
    apart: NDArray[np.int64] | None,
) -> tuple[NDArray[np.int64], sparse.csr_matrix]:
    """Divide components by what their blocks say of each other, and state that of their pairs."""
    links = sparse.triu(known, 1).tocoo()
    base = blocks.base_rate(links.data[component[links.row] == component[links.col]])
    out = component.copy()
    changes = [(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))]
    is_pair = np.bincount(component)[component] == 2  # most are, and say all they can
    for members in members_of(np.where(is_pair, np.arange(len(component)), component)):
        if len(members) > _LARGEST:
            if apart is not None:
                out[members] = _first(members, _occurrence(apart[members]))
            continue
        chances = known[members][:, members].toarray()
        forbidden = None if apart is None else apart[members][:, None] == apart[members]
        parts, joint = blocks.join(chances, base, cut, forbidden)
        out[members] = _first(members, parts)
        row, column = np.nonzero(joint != chances)
        changes.append((members[row], members[column], (joint - chances)[row, column]))
    rows, columns, by = (np.concatenate(part) for part in zip(*changes, strict=True))
    return out, known + sparse.csr_matrix((by, (rows, columns)), shape=known.shape)


def _first(members: NDArray[np.int64], parts: NDArray[Any]) -> NDArray[np.int64]:
    """Return the first member of each member's part."""
    _, first, part = np.unique(parts, return_index=True, return_inverse=True)
    return np.asarray(members[first[part]])


def _is_clique(
    component: NDArray[np.int64], known: sparse.csr_matrix, cut: float
) -> NDArray[np.bool_]:
    """Tell for each row whether all pairs of its component reach the cut."""
    links = sparse.triu(known, 1).tocoo()
    inside = (component[links.row] == component[links.col]) & (links.data >= cut)
    size = np.bincount(component)
    joined = np.bincount(component[links.row[inside]], minlength=len(size))
    return np.asarray((joined == size * (size - 1) // 2)[component])


def _occurrence(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each row's place, from 0, among those of its group."""
    order = np.argsort(groups, kind="stable")
    start = np.flatnonzero(np.diff(groups[order], prepend=groups[order][0] - 1))
    sizes = np.diff(np.append(start, len(groups)))
    counted = np.empty(len(groups), dtype=np.int64)
    counted[order] = np.arange(len(groups)) - np.repeat(start, sizes)
    return counted
