"""Two tables by the meaning of their texts: vectors, neighbours, and the cosine of any pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CHUNK_VALUES = 1 << 24
"""Vector values gathered at a time for the cosines of pairs: 64 MB a side."""


@dataclass(frozen=True)
class Side:
    """One table's texts as vectors; rows that share a text share a vector.

    Attributes:
        vectors: ``(distinct texts, dim)`` of length 1.
        text: Per row the number of its vector, ``(rows,)``; -1 where it has no text.
    """

    vectors: NDArray[np.float32]
    text: NDArray[np.int32]


@dataclass(frozen=True)
class Neighbours:
    """The nearest rows of the other table, best first.

    Attributes:
        rows: Row numbers, ``(rows, k)``; -1 where there are no more, or the row has no text.
        cosine: Their cosines, -1..1; -inf where there is no row.
    """

    rows: NDArray[np.int32]
    cosine: NDArray[np.float32]


@dataclass(frozen=True)
class DenseView:
    """Two tables by the meaning of their texts.

    Attributes:
        left: The left table.
        right: The right table.
        of_left: For each left row the nearest right rows.
        of_right: For each right row the nearest left rows.
        notes: How the neighbours were found, for whoever asks.
    """

    left: Side
    right: Side
    of_left: Neighbours
    of_right: Neighbours
    notes: tuple[str, ...] = ()

    def cosine(self, left: NDArray[np.int32], right: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the cosine of each pair ``(left[i], right[i])``, -1..1; 0 where a text is missing.

        Memory stays bounded whatever the number of pairs.
        """
        out = np.zeros(len(left), dtype=np.float32)
        a, b = self.left.text[left], self.right.text[right]
        known = np.flatnonzero((a >= 0) & (b >= 0))
        step = max(1, _CHUNK_VALUES // max(1, self.left.vectors.shape[1]))
        for start in range(0, len(known), step):
            some = known[start : start + step]
            out[some] = np.einsum(
                "ij,ij->i", self.left.vectors[a[some]], self.right.vectors[b[some]]
            )
        return np.clip(out, -1.0, 1.0)

    def keys(self, k: int | None = None) -> NDArray[np.int64]:
        """Return the proposed pairs as sorted keys ``left · rows of the right table + right``.

        Args:
            k: Right rows taken for each left row, half as many left ones for each right row; None
                takes all that were found.
        """
        width = len(self.right.text)
        best = self.of_left.rows[:, :k]
        back = self.of_right.rows[:, : None if k is None else max(k // 2, 1)]
        left, n = np.nonzero(best >= 0)
        right, m = np.nonzero(back >= 0)
        forward = left * width + best[left, n]
        backward = back[right, m].astype(np.int64) * width + right
        return np.unique(np.concatenate([forward, backward]))

    def keys_within(self, k: int | None = None) -> NDArray[np.int64]:
        """Return `keys` where both sides are one table: the smaller row first, none with itself."""
        width = len(self.right.text)
        a, b = np.divmod(self.keys(None if k is None else k + 1), width)  # each row finds itself
        pairs = np.minimum(a, b) * width + np.maximum(a, b)
        return np.unique(pairs[a != b])
