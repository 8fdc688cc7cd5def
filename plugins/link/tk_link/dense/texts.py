"""Which texts are encoded, and in which batches: each text once, equal lengths together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def distinct(items: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the distinct texts in order of appearance and, per item, the number of its text."""
    # One dictionary step per item: a second for five million, encoding takes hours for as many.
    number: dict[str, int] = {}
    positions = [number.setdefault(item, len(number)) for item in items]
    return list(number), np.asarray(positions, dtype=np.int64)


def equal_length_batches(lengths: NDArray[np.int64], *, tokens: int) -> Iterator[NDArray[np.int64]]:
    """Yield row numbers in batches whose rows all have the same length, longest first.

    Nothing is padded, so no work is wasted and a row's vector does not depend on its batch. The
    longest come first: memory that does not suffice is found out at the beginning.

    Args:
        lengths: Tokens of every row, ``(n,)``.
        tokens: Most tokens in a batch; a longer row is a batch of its own.
    """
    order = np.argsort(-lengths, kind="stable")
    edges = np.flatnonzero(np.diff(lengths[order], prepend=-1, append=-1))
    for start, stop in pairwise(edges.tolist()):
        rows = max(1, tokens // max(1, int(lengths[order[start]])))
        for first in range(start, stop, rows):
            yield order[first : min(first + rows, stop)]
