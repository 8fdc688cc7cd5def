"""A sample of pairs that are probably matches: what passes are learnt from and measured on.

Rows that are each other's nearest by text, and plainly near, are nearly always one thing. Nearest
alone is not enough: among a million people every one who is missing from the other table has a
namesake in the same town.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sparse_dot_topn import sp_matmul_topn

from tk_link.linkage import Recall
from tk_link.ngrams import VectorPair

SAMPLED = 1_000
PLAIN, _NEAR = 0.5, 0.2
"""Cosine of whole records from which rows count as near, and of their rarer grams alone."""
_PRODUCTS = 2e8
"""Multiplications for one direction of the search: the commonest grams are left out beyond."""
_NEAREST_OF = 8
"""Sampled rows for which one row can be the nearest."""
_Z90 = 1.645


@dataclass(frozen=True)
class Likely:
    """Pairs that are probably matches.

    Attributes:
        left: Rows of the left table, each once.
        right: Row of the right table that each probably matches.
        rows: Left rows that were looked at.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    rows: int

    def __len__(self) -> int:
        return len(self.left)


def find_likely(record: VectorPair, *, threads: int, is_within: bool, seed: int = 0) -> Likely:
    """Return mutually nearest pairs of at most `SAMPLED` left rows drawn at random.

    Args:
        record: Vectors of whole records.
        threads: Threads of the sparse products.
        is_within: Whether both sides are one table, where a row is no neighbour of itself.
        seed: Of the draw.
    """
    height = record.left.shape[0]
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(height, min(SAMPLED, height), replace=False)).astype(np.int64)
    there = _nearest(record.left, rows, record.right, threads, is_within=is_within)
    found = there >= 0
    left, right = rows[found], there[found]
    back = _nearest(record.right, right, record.left, threads, is_within=is_within)
    mutual = back == left
    left, right = left[mutual], right[mutual]
    plain = record.cosine(left.astype(np.int32), right.astype(np.int32)) >= PLAIN
    return Likely(left[plain], right[plain], len(rows))


def recall_of(likely: Likely, is_found: NDArray[np.bool_]) -> Recall | None:
    """Estimate recall from the likely pairs that were found; None where there are none.

    Wilson's interval and its centre, which says 99.8% and not 100% where 600 of 600 were found.
    Pairs that no text search would bring together are not in the sample: recall is no higher.
    """
    n = len(likely)
    if not n:
        return None
    share = float(is_found.mean())
    centre = share + _Z90**2 / (2 * n)
    half = _Z90 * float(np.sqrt(share * (1 - share) / n + _Z90**2 / (4 * n * n)))
    scale = 1 + _Z90**2 / n
    low, high = max((centre - half) / scale, 0.0), min((centre + half) / scale, 1.0)
    return Recall(centre / scale, low, high)


def _nearest(
    own: sparse.csr_matrix,
    rows: NDArray[np.int64],
    other: sparse.csr_matrix,
    threads: int,
    *,
    is_within: bool,
) -> NDArray[np.int64]:
    """Return the nearest row of ``other`` to each of these rows of ``own``, -1 where none is near.

    The few rows are transposed instead of the many: their columns meet every row of ``other``.
    """
    queries = _rarer(own[rows], other)
    near = sp_matmul_topn(
        other, queries.T.tocsr(), top_n=_NEAREST_OF, threshold=_NEAR, n_threads=threads
    ).tocoo()
    found, query = near.row.astype(np.int64), near.col
    if is_within:
        different = rows[query] != found
        found, query, cosine = found[different], query[different], near.data[different]
    else:
        cosine = near.data
    order = np.lexsort((found, -cosine, query))
    first, at = np.unique(query[order], return_index=True)
    nearest = np.full(len(rows), -1, dtype=np.int64)
    nearest[first] = found[order][at]
    return nearest


def _rarer(queries: sparse.csr_matrix, other: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return the queries with as many of the rarest grams as the products allow."""
    width = other.shape[1]
    costs = np.bincount(queries.indices, minlength=width).astype(np.float64)
    costs *= np.bincount(other.indices, minlength=width)
    order = np.argsort(costs, kind="stable")
    chosen = np.zeros(width, dtype=bool)
    chosen[order[: np.searchsorted(np.cumsum(costs[order]), _PRODUCTS, side="right")]] = True
    kept = queries.copy()
    kept.data[~chosen[kept.indices]] = 0.0
    kept.eliminate_zeros()
    return kept
