"""Clusters that obey judgements: pairs judged the same are joined, pairs judged different are not.

Rows are clustered without the pairs judged different. Then clusters that hold a pair judged the
same are joined, and clusters that hold rows which must not meet are divided by average linkage in
which what is judged the same begins as one part and parts that must not meet never join. So a
judgement also speaks for the rows around it, and none is ever outvoted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tk_link.candidates import Pairs
from tk_link.dedupe.clusters import group
from tk_link.dedupe.config import Method
from tk_link.judging.judged import Judged, Rows

Score = Callable[[Pairs], NDArray[np.float64]]

_LARGEST = 1_000
"""Parts up to which a cluster is divided by all its pairs; in a larger one, an entity that must not
meet another is set apart alone."""


def group_judged(
    pairs: Pairs,
    probability: NDArray[np.float64],
    score: Score,
    judged: Judged,
    *,
    method: Method,
    cut: float,
    apart: Rows | None = None,
) -> tuple[Rows, sparse.csr_matrix]:
    """Return clusters and known probabilities as `tk_link.dedupe.clusters.group` does.

    A pair judged the same is joined even where `apart` would forbid it.
    """
    keep, score = ~judged.is_different(pairs), knowing(score, judged)
    cluster, known = group(
        pairs.only(keep),
        probability[keep],
        score,
        method=method,
        cut=cut,
        apart=apart,
    )
    entity = judged.entities(len(cluster))
    cluster = _joined(cluster, judged)
    for members in _clashing(cluster, entity, judged, apart):  # at most one a judgement
        cluster[members] = divide(members, entity, known, score, judged, cut=cut, apart=apart)
    return cluster, certain(known, judged)


def knowing(score: Score, judged: Judged) -> Score:
    """Return `score` with no chance for pairs judged different."""

    def scored(pairs: Pairs) -> NDArray[np.float64]:
        return np.where(judged.is_different(pairs), 0.0, score(pairs))

    return scored


def certain(known: sparse.csr_matrix, judged: Judged) -> sparse.csr_matrix:
    """Return `known` with the pairs judged the same at 1."""
    one, other = judged.same.T
    pairs = sparse.coo_matrix((np.ones(len(one)), (one, other)), known.shape).tocsr()
    pairs.data[:] = 1.0  # a pair that was judged by two names
    return known.maximum(pairs).maximum(pairs.T)


def _joined(cluster: Rows, judged: Judged) -> Rows:
    """Join the clusters of rows that are judged the same; each is called by its first row."""
    between = Judged(cluster[judged.same], judged.different)
    return between.entities(len(cluster))[cluster]


def _clashing(cluster: Rows, entity: Rows, judged: Judged, apart: Rows | None) -> list[Rows]:
    """Return the rows of each cluster that holds rows which must not meet."""
    one, other = cluster[judged.different].T
    bad = [one[one == other]]
    if apart is not None:
        for name in np.unique(cluster[judged.same]):  # only what was joined can clash
            members = np.flatnonzero(cluster == name)
            groups = np.unique(np.stack([apart[members], entity[members]]), axis=1)[0]
            bad.append(np.array([name] if len(np.unique(groups)) < len(groups) else [], dtype=int))
    return [np.flatnonzero(cluster == name) for name in np.unique(np.concatenate(bad))]


def divide(
    members: Rows,
    entity: Rows,
    known: sparse.csr_matrix,
    score: Score,
    judged: Judged,
    *,
    cut: float,
    apart: Rows | None,
    owner: Rows | None = None,
) -> Rows:
    """Divide a cluster whose rows must not all meet; return the first row of each member's part.

    Args:
        members: Its rows, ascending.
        entity: What begins as one part, a number for each row of the table.
        known: Symmetric matrix of probabilities; those that it lacks are scored.
        score: Gives them.
        judged: Pairs that must not meet.
        cut: Mean probability from which two parts are joined.
        apart: A group number a row; parts with rows of one group never meet.
        owner: A number a row, below 0 for those that have none; parts of two owners never meet.
    """
    _, part = np.unique(entity[members], return_inverse=True)
    count = int(part.max()) + 1
    inside = np.isin(judged.different, members).all(axis=1)
    one, other = part[np.searchsorted(members, judged.different[inside])].T
    if count > _LARGEST:
        alone = np.unique(np.concatenate([np.maximum(one, other), _later(part, apart, members)]))
        label = np.where(np.isin(part, alone), part + 1, 0)
    else:
        forbidden = np.zeros((count, count), dtype=bool)
        forbidden[one, other] = forbidden[other, one] = True
        if apart is not None:
            forbidden |= _meeting(part, apart[members], count)
        if owner is not None:
            own = np.full(count, -1)
            np.maximum.at(own, part, owner[members])
            has_two = (own[:, None] >= 0) & (own >= 0)
            forbidden |= has_two & (own[:, None] != own)
        label = _average(_chances(members, known, score), part, forbidden, cut)[part]
    _, first, of = np.unique(label, return_index=True, return_inverse=True)
    return np.asarray(members[first[of]])


def _meeting(part: Rows, groups: Rows, count: int) -> NDArray[np.bool_]:
    """Tell which parts have rows of one group, ``(count, count)``."""
    _, group = np.unique(groups, return_inverse=True)
    holds = np.zeros((count, int(group.max()) + 1), dtype=np.int32)
    holds[part, group] = 1
    found = (holds @ holds.T) > 0
    np.fill_diagonal(found, val=False)
    return np.asarray(found)


def _later(part: Rows, apart: Rows | None, members: Rows) -> Rows:
    """Return the parts that have a row of a group of which an earlier part has one too."""
    if apart is None:
        return part[:0]
    order = np.argsort(part, kind="stable")
    _, first, group = np.unique(apart[members][order], return_index=True, return_inverse=True)
    part = part[order]
    return np.asarray(part[part != part[first[group]]])


def _chances(members: Rows, known: sparse.csr_matrix, score: Score) -> NDArray[np.float64]:
    """Return the probabilities of all pairs of members, scoring those not known."""
    height = known.shape[0]
    matrix = known[members][:, members].toarray()
    one, other = np.nonzero(np.triu(matrix == 0.0, 1))
    pairs = Pairs(
        members[one].astype(np.int32),
        members[other].astype(np.int32),
        (height, height),
        is_within=True,
    )
    matrix[one, other] = matrix[other, one] = score(pairs)
    return np.asarray(matrix, dtype=np.float64)


def _average(
    chances: NDArray[np.float64], part: Rows, forbidden: NDArray[np.bool_], cut: float
) -> Rows:
    """Join parts while the best mean probability between two that may meet reaches the cut."""
    count = len(forbidden)
    of = np.zeros((len(part), count))
    of[np.arange(len(part)), part] = 1.0
    total, size, label = of.T @ chances @ of, of.sum(axis=0), np.arange(count)
    is_shut = forbidden | np.eye(count, dtype=bool)
    while True:
        mean = np.where(is_shut, -1.0, total / np.outer(size, size))
        one, other = sorted(np.unravel_index(int(mean.argmax()), mean.shape))
        if mean[one, other] < cut:
            return label
        total[one] += total[other]
        total[:, one] += total[:, other]
        size[one] += size[other]
        is_shut[one] |= is_shut[other]
        is_shut[:, one] |= is_shut[:, other]
        is_shut[other] = is_shut[:, other] = True
        label[label == other] = one
