"""Character n-grams as sparse TF-IDF vectors, counted with array operations only.

A text is padded with one space on each side and cut into overlapping windows of ``n`` characters.
Windows are numbered from the alphabet seen in the data, so any script works and no vocabulary of
Python strings is ever built. Weights are ``(1 + log tf) · idf`` with
``idf = log((1 + rows) / (1 + df)) + 1`` and unit-length rows: the dot product of two rows is
their cosine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

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

    def products(self) -> float:
        """Return how many multiplications all cosines of left with right rows would take."""
        left, right = (
            np.bincount(m.indices, minlength=m.shape[1]) for m in (self.left, self.right)
        )
        return float(left.astype(np.float64) @ right)

    def cheapest(self, products: float) -> VectorPair:
        """Return the vectors with rare grams alone, as many as fit into so many multiplications."""
        left, right = (
            np.bincount(m.indices, minlength=m.shape[1]) for m in (self.left, self.right)
        )
        costs = left.astype(np.float64) * right
        order = np.argsort(costs, kind="stable")
        chosen = np.sort(order[: np.searchsorted(np.cumsum(costs[order]), products, side="right")])
        return VectorPair(self.left[:, chosen], self.right[:, chosen])

    def cosine(
        self, left: NDArray[np.int32], right: NDArray[np.int32], threads: int = 1
    ) -> NDArray[np.float32]:
        """Return the cosine of each pair ``(left[i], right[i])``, in 0..1."""
        out = np.empty(len(left), dtype=np.float32)

        def fill(start: int) -> None:
            stop = start + _PAIRS_CHUNK
            product = self.left[left[start:stop]].multiply(self.right[right[start:stop]])
            out[start:stop] = np.asarray(product.sum(axis=1)).ravel()

        in_threads(fill, range(0, len(left), _PAIRS_CHUNK), threads)
        return np.clip(out, 0.0, 1.0)


def in_threads(
    work: Callable[[int], _Result], pieces: Iterable[int], threads: int
) -> list[_Result]:
    """Do one piece of work after another, several at a time; scipy and numpy release the lock."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, pieces))


_Result = TypeVar("_Result")


_CHUNK = 200_000
_PAIRS_CHUNK = 100_000
"""Texts and pairs handled at a time, which bounds the memory of what is in between."""
_LARGEST_TABLE = 1 << 25
"""Possible grams up to which a table over all of them is cheaper than sorting those seen."""


def vectorise(left: pl.Series, right: pl.Series, *, n: int = 3, threads: int = 1) -> VectorPair:
    """Return TF-IDF vectors of two text columns; null and empty texts become zero rows.

    Document frequencies are counted over both columns together.
    """
    alphabet = alphabet_of(left, right)
    counts = [count_grams(side.fill_null(""), alphabet, n, threads) for side in (left, right)]
    width = _number_columns(counts, int(alphabet.max(initial=0)) + 1, n)
    documents = sum(np.bincount(side.indices, minlength=width) for side in counts)
    idf = np.log((1 + len(left) + len(right)) / (1 + documents)) + 1
    for side in counts:
        side.data = (1 + np.log(side.data)) * idf.astype(np.float32)[side.indices]
        unit_rows(side)
    return VectorPair(*(_csr(side, width) for side in counts))


@dataclass
class Counts:
    """The parts of a CSR matrix, before columns are numbered."""

    data: NDArray[np.float32]
    indices: NDArray[np.int64] | NDArray[np.int32]
    indptr: NDArray[np.int64]


def alphabet_of(*columns: pl.Series) -> NDArray[np.int32]:
    """Return the rank of every code point among those that occur (a table by code point)."""
    seen = np.zeros(0x110000, dtype=bool)
    seen[ord(" ")] = True
    for side in columns:
        for start in range(0, len(side), _CHUNK):
            seen[_points(side.slice(start, _CHUNK).fill_null(""))] = True
    return np.where(seen, np.cumsum(seen) - 1, 0).astype(np.int32)


def _points(texts: pl.Series) -> NDArray[np.uint32]:
    """Return the code points of all texts, a space before and after each."""
    joined = " " + "  ".join(texts.to_list()) + " "
    return np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def count_grams(texts: pl.Series, alphabet: NDArray[np.int32], n: int, threads: int) -> Counts:
    """Count the windows of each text, chunk by chunk, so that memory holds one chunk's windows."""
    base = int(alphabet.max(initial=0)) + 1
    small = base**n < 2**31

    def count(start: int) -> Counts:
        return _count_chunk(texts.slice(start, _CHUNK), alphabet, base, n, small=small)

    parts = in_threads(count, range(0, len(texts), _CHUNK), threads)
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Counts(none.astype(np.float32), none, np.zeros(1, dtype=np.int64))
    sizes = np.concatenate([np.diff(part.indptr) for part in parts])
    return Counts(
        np.concatenate([part.data for part in parts]),
        np.concatenate([part.indices for part in parts]),
        np.concatenate([[0], np.cumsum(sizes)]),
    )


def _count_chunk(
    texts: pl.Series, alphabet: NDArray[np.int32], base: int, n: int, *, small: bool
) -> Counts:
    kind: type[np.int32] | type[np.int64] = np.int32 if small else np.int64
    symbols: NDArray[np.int64] = alphabet[_points(texts)].astype(kind)
    grams = np.zeros(len(symbols) - n + 1, dtype=kind)
    for offset in range(n):
        grams = grams * base + symbols[offset : offset + len(grams)]
    lengths = texts.str.len_chars().to_numpy().astype(np.int64)
    padded = lengths + 2
    inside = np.ones(len(symbols), dtype=bool)  # windows that end within their text
    ends = np.cumsum(padded)
    for back in range(1, n):
        inside[ends - back] = False
    windows = np.where(lengths > 0, np.maximum(padded - n + 1, 0), 0)
    blank = ends[lengths == 0]
    inside[blank - 2] = False
    indptr = np.concatenate([[0], np.cumsum(windows)])
    shape = (len(texts), base**n if small else 2**62)
    ones = np.ones(int(indptr[-1]), dtype=np.float32)
    matrix = sparse.csr_matrix((ones, grams[inside[: len(grams)]], indptr), shape=shape)
    matrix.sum_duplicates()
    return Counts(matrix.data, matrix.indices, matrix.indptr.astype(np.int64))


def _number_columns(sides: list[Counts], base: int, n: int) -> int:
    """Renumber the grams that occur from 0, in place, and return how many there are."""
    if base**n <= _LARGEST_TABLE:
        present = np.zeros(base**n, dtype=bool)
        for side in sides:
            present[side.indices] = True
        number = (np.cumsum(present) - 1).astype(np.int32)
        for side in sides:
            side.indices = number[side.indices]
        return max(int(present.sum()), 1)
    known = np.unique(np.concatenate([np.unique(side.indices) for side in sides]))
    for side in sides:
        side.indices = np.searchsorted(known, side.indices).astype(np.int32)
    return max(len(known), 1)


def _csr(side: Counts, width: int) -> sparse.csr_matrix:
    return sparse.csr_matrix(
        (side.data, side.indices, side.indptr), shape=(len(side.indptr) - 1, width)
    )


def unit_rows(side: Counts) -> None:
    """Scale every row to length 1, in place."""
    sizes = np.diff(side.indptr)
    squares = np.add.reduceat(np.append(side.data.astype(np.float64) ** 2, 0.0), side.indptr[:-1])
    squares[sizes == 0] = 1.0
    side.data /= np.repeat(np.sqrt(squares), sizes).astype(np.float32)
