"""Character n-grams as sparse TF-IDF vectors, counted with array operations only.

A text is padded with one space on each side and cut into overlapping windows of ``n`` characters.
Windows are numbered from the alphabet seen in the data, so any script works and no vocabulary of
Python strings is ever built. Weights are ``(1 + log tf) · idf`` with
``idf = log((1 + rows) / (1 + df)) + 1`` and unit-length rows: the dot product of two rows is
their cosine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse


@dataclass(frozen=True)
class VectorPair:
    """The same view of both tables in one n-gram space.

    Attributes:
        left: ``(rows of the left table, grams)`` CSR, float32, unit rows (empty text: zero row).
        right: Likewise for the right table, same columns.
    """

    left: sparse.csr_matrix
    right: sparse.csr_matrix

    def cosine(self, left: NDArray[np.int32], right: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the cosine of each pair ``(left[i], right[i])``, in 0..1."""
        out = np.empty(len(left), dtype=np.float32)
        for start in range(0, len(left), _CHUNK):  # bounds the memory of the gathered rows
            stop = start + _CHUNK
            product = self.left[left[start:stop]].multiply(self.right[right[start:stop]])
            out[start:stop] = np.asarray(product.sum(axis=1)).ravel()
        return np.clip(out, 0.0, 1.0)


_CHUNK = 200_000


def vectorise(left: pl.Series, right: pl.Series, *, n: int = 3) -> VectorPair:
    """Return TF-IDF vectors of two text columns; null and empty texts become zero rows.

    Document frequencies are counted over both columns together.
    """
    rows, grams, size = _windows(pl.concat([left, right]).fill_null(""), n)
    counts = _count(rows, grams, len(left) + len(right), size)
    documents = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log((1 + counts.shape[0]) / (1 + documents)) + 1
    counts.data = ((1 + np.log(counts.data)) * idf[counts.indices]).astype(np.float32)
    _unit_rows(counts)
    return VectorPair(counts[: len(left)], counts[len(left) :])


def _windows(texts: pl.Series, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return row number and gram number of every window, and the number of gram numbers."""
    lengths = texts.str.len_chars().to_numpy().astype(np.int64)
    joined = " " + "  ".join(texts.to_list()) + " "
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    alphabet, symbols = _ranks(points)
    padded = lengths + 2
    starts = np.concatenate([[0], np.cumsum(padded)[:-1]])
    windows = np.where(lengths > 0, np.maximum(padded - n + 1, 1), 0)
    rows = np.repeat(np.arange(len(texts)), windows)
    first = np.repeat(starts - np.concatenate([[0], np.cumsum(windows)[:-1]]), windows)
    positions = first + np.arange(len(rows))
    grams = np.zeros(len(rows), dtype=np.int64)
    for offset in range(n):
        grams = grams * alphabet + symbols[np.minimum(positions + offset, len(symbols) - 1)]
    return rows, grams, alphabet**n


def _ranks(points: NDArray[np.uint32]) -> tuple[int, NDArray[np.int64]]:
    seen = np.zeros(int(points.max()) + 1, dtype=bool)
    seen[points] = True
    rank = np.cumsum(seen) - 1
    return int(seen.sum()), rank[points]


def _count(
    rows: NDArray[np.int64], grams: NDArray[np.int64], height: int, size: int
) -> sparse.csr_matrix:
    if size <= 1 << 25:  # a table over all possible grams is cheaper than sorting
        present = np.zeros(size, dtype=bool)
        present[grams] = True
        columns = (np.cumsum(present) - 1)[grams]
        width = int(present.sum())
    else:
        known, columns = np.unique(grams, return_inverse=True)
        width = len(known)
    ones = np.ones(len(rows), dtype=np.float32)
    matrix = sparse.csr_matrix((ones, (rows, columns)), shape=(height, max(width, 1)))
    matrix.sum_duplicates()
    return matrix


def _unit_rows(matrix: sparse.csr_matrix) -> None:
    squares = np.add.reduceat(
        np.append(matrix.data.astype(np.float64) ** 2, 0.0), matrix.indptr[:-1]
    )
    squares[np.diff(matrix.indptr) == 0] = 1.0
    matrix.data /= np.repeat(np.sqrt(squares), np.diff(matrix.indptr)).astype(np.float32)
