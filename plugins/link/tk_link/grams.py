"""N-gram vectors whose weights do not depend on the table at hand.

`tk_link.ngrams.vectorise` counts documents over the two columns that it is given. Where a table is
worked on in shards every shard would count differently; here documents are counted once, on a
sample, and a pair of texts has one cosine wherever it is computed. Columns are hashed, so that a
gram that the sample lacks has one as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from tk_link.ngrams import VectorPair, alphabet_of, count_grams, unit_rows

_N = 3
_BITS = 20
"""Columns as a power of two: some 50,000 grams occur in text of one alphabet."""
_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Grams:
    """Document counts of a sample.

    Attributes:
        alphabet: The rank of every code point; one that the sample lacks counts as a space.
        documents: Texts of the sample that hold each hashed gram.
        texts: Texts in the sample.
    """

    alphabet: NDArray[np.int32]
    documents: NDArray[np.int32]
    texts: int

    @classmethod
    def count(cls, texts: pl.Series) -> Grams:
        """Count the grams of a sample."""
        alphabet = alphabet_of(texts)
        counts = count_grams(texts.fill_null(""), alphabet, _N, 1)
        rows = np.repeat(np.arange(len(texts)), np.diff(counts.indptr))
        held = np.unique(rows.astype(np.int64) << _BITS | _hashed(counts.indices))
        documents = np.bincount(held & ((1 << _BITS) - 1), minlength=1 << _BITS)
        return cls(alphabet, documents.astype(np.int32), len(texts))

    def vectors(self, texts: pl.Series, *, threads: int = 1) -> sparse.csr_matrix:
        """Return ``(texts, columns)`` TF-IDF vectors, unit rows (empty text: zero row)."""
        counts = count_grams(texts.fill_null(""), self.alphabet, _N, threads)
        columns = _hashed(counts.indices)
        idf = np.log((1 + self.texts) / (1 + self.documents[columns])) + 1
        counts.data = ((1 + np.log(counts.data)) * idf).astype(np.float32)
        unit_rows(counts)
        shape = (len(texts), 1 << _BITS)
        return sparse.csr_matrix((counts.data, columns.astype(np.int32), counts.indptr), shape)

    def pair(self, left: pl.Series, right: pl.Series, *, threads: int = 1) -> VectorPair:
        """Return the vectors of two columns; of one, where both are the same."""
        first = self.vectors(left, threads=threads)
        return VectorPair(first, first if right is left else self.vectors(right, threads=threads))

    def rare(self, queries: sparse.csr_matrix, products: float) -> sparse.csr_matrix:
        """Return vectors with as many of their rarest grams as the products with a row allow.

        Args:
            queries: Vectors.
            products: Multiplications for each row that they will be compared with.
        """
        costs = np.bincount(queries.indices, minlength=1 << _BITS).astype(np.float64)
        costs *= self.documents / max(self.texts, 1)
        order = np.argsort(costs, kind="stable")
        chosen = np.zeros(len(costs), dtype=bool)
        chosen[order[: np.searchsorted(np.cumsum(costs[order]), products, side="right")]] = True
        kept = queries.copy()
        kept.data[~chosen[kept.indices]] = 0.0
        kept.eliminate_zeros()
        return kept


def _hashed(grams: NDArray[np.int32] | NDArray[np.int64]) -> NDArray[np.int64]:
    mixed = grams.astype(np.uint64) * _ODD  # wraps
    return np.asarray((mixed >> np.uint64(64 - _BITS)).astype(np.int64))
