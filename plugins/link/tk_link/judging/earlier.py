"""Clusters that keep what earlier runs decided, whatever this one would say.

Rows that shared a cluster still share it, rows of two clusters still do not, and judgements alone
overrule that. A new row stays with the rows among which it was found now: where these are of
several earlier clusters, with the likelier one; so it joins a cluster or opens one, and never makes
one of two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from tk_link.candidates import Pairs
from tk_link.dedupe.clusters import matrix_of, members_of, missing_pairs
from tk_link.judging.clusters import Score, certain, divide, knowing
from tk_link.judging.judged import Judged, Rows

_LARGEST = 1_000
"""Rows up to which a cluster found now is divided by all its pairs, a larger one by its best."""
_LEAST = 1e-12
"""Probability of a pair that was scored; none means that it was not."""


def keep_earlier(
    found: Rows,
    known: sparse.csr_matrix,
    earlier: Rows,
    *,
    pairs: Pairs,
    probability: NDArray[np.float64],
    score: Score,
    judged: Judged,
    apart: Rows | None = None,
) -> tuple[Rows, sparse.csr_matrix]:
    """Return clusters and known probabilities, as `tk_link.dedupe.clusters.group` does.

    Args:
        found: The clusters found now, each by its first row; they obey the judgements.
        known: Symmetric matrix of the probabilities that came with them.
        earlier: Number of each row's earlier cluster, below 0 for a new row.
        pairs: Candidate pairs.
        probability: What each says by itself, 0..1.
        score: The same for other pairs.
        judged: Judgements, which come first. An earlier cluster with rows judged different falls
            into as few parts as they need.
        apart: A group number a row; a new row shares no cluster with another of its group.
    """
    evidence = _Evidence(pairs, matrix_of(pairs, probability), knowing(score, judged), judged)
    part = _parts(earlier, judged, evidence)
    owner = np.where(np.isin(part, part[earlier >= 0]), part, -1)
    clashing = _has_several(found, owner)
    cluster = evidence.divided(found, clashing, part, owner=owner, apart=apart)
    cluster = _together(cluster, part)
    clashing = _is_forbidden(cluster, part, judged, apart)
    cluster = evidence.divided(cluster, clashing, part, apart=apart)
    return cluster, _stated(found, cluster, known, evidence)


@dataclass(frozen=True)
class _Evidence:
    """What pairs say by themselves: clusters state more, which is of no use in dividing them."""

    pairs: Pairs
    known: sparse.csr_matrix
    score: Score
    judged: Judged

    def divided(
        self,
        cluster: Rows,
        clashing: NDArray[np.bool_],
        entity: Rows,
        *,
        owner: Rows | None = None,
        apart: Rows | None = None,
    ) -> Rows:
        """Return clusters of which the clashing ones are divided, each part by its first row."""
        among = np.where(clashing, cluster, np.arange(len(cluster)))
        known = self.known + _scored(missing_pairs(among, self.pairs), self.score)
        out = cluster.copy()
        for members in members_of(among):  # clusters on which this run and earlier ones disagree
            if owner is not None and len(members) > _LARGEST:
                out[members] = _by_best_pair(members, owner, self.known)
            else:
                out[members] = divide(
                    *(members, entity, known, self.score, self.judged),
                    cut=0.0,
                    apart=apart,
                    owner=owner,
                )
        return out


def _parts(earlier: Rows, judged: Judged, evidence: _Evidence) -> Rows:
    """Return the first row of all that must stay together: earlier clusters after judgements."""
    entity, rows = judged.entities(len(earlier)), np.arange(len(earlier))
    _, first, of = np.unique(earlier, return_index=True, return_inverse=True)
    part = _together(np.where(earlier < 0, rows, first[of]), entity)
    return evidence.divided(part, _is_forbidden(part, entity, judged, None), entity)


def _together(*labels: Rows) -> Rows:
    """Return the first row of what any of these clusterings joins."""
    height = len(labels[0])
    rows = np.tile(np.arange(height), len(labels))
    edges = (np.ones(len(rows), dtype=bool), (rows, np.concatenate(labels)))
    label = connected_components(sparse.coo_matrix(edges, (height, height)), directed=False)[1]
    _, first, of = np.unique(label, return_index=True, return_inverse=True)
    return np.asarray(first[of], dtype=np.int64)


def _has_several(cluster: Rows, owner: Rows) -> NDArray[np.bool_]:
    """Tell the rows of clusters that hold rows of two owners or more."""
    has, height = owner >= 0, len(cluster)
    name = np.unique(cluster[has] * height + owner[has]) // height
    name, count = np.unique(name, return_counts=True)
    return np.isin(cluster, name[count > 1])


def _is_forbidden(
    cluster: Rows, entity: Rows, judged: Judged, apart: Rows | None
) -> NDArray[np.bool_]:
    """Tell the rows of clusters that hold two rows which must not meet."""
    one, other = cluster[judged.different].T
    bad = one[one == other]
    if apart is not None:
        held = np.unique(np.stack([cluster, apart, entity]), axis=1)[:2]
        held, count = np.unique(held, axis=1, return_counts=True)
        bad = np.concatenate([bad, held[0][count > 1]])
    return np.isin(cluster, bad)


def _by_best_pair(members: Rows, owner: Rows, known: sparse.csr_matrix) -> Rows:
    """Divide a large cluster: new rows go with the earlier one that they are likeliest with.

    Those that were compared with none open one of their own.
    """
    own = owner[members]
    is_new = own < 0
    chances = known[members[is_new]][:, members[~is_new]]
    best = np.asarray(chances.argmax(axis=1)).ravel()
    has_any = chances.max(axis=1).toarray().ravel() > 0.0
    own[is_new] = np.where(has_any, own[~is_new][best], -1)
    _, first, of = np.unique(own, return_index=True, return_inverse=True)
    return members[first[of]]


def _scored(missing: Pairs, score: Score) -> sparse.csr_matrix:
    return matrix_of(missing, np.maximum(score(missing), _LEAST))


def _stated(
    found: Rows, cluster: Rows, known: sparse.csr_matrix, evidence: _Evidence
) -> sparse.csr_matrix:
    """Return `known` with the pairs of all clusters that are others than those found now."""
    is_other = (found != cluster) | (_sizes(found) != _sizes(cluster))
    among = np.where(np.isin(cluster, cluster[is_other]), cluster, np.arange(len(cluster)))
    links = sparse.triu(known, 1).tocoo()
    there = Pairs(links.row, links.col, known.shape, is_within=True)
    missing = missing_pairs(among, there)
    return certain(known + _scored(missing, evidence.score), evidence.judged)


def _sizes(cluster: Rows) -> Rows:
    return np.bincount(cluster)[cluster]
