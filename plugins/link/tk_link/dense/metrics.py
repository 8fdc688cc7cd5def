"""The three metrics as one: a dot product or a Euclidean distance of prepared vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tk.errors import InputError
from tk.protocols import Metric

Vectors = NDArray[np.float32]


def prepared(vectors: Vectors, metric: Metric, *, dim: int | None = None) -> Vectors:
    """Return contiguous float32 ``(n, dim)``, of unit length for the cosine; zero rows stay zero.

    Raises:
        InputError: Not a matrix, of another dimension than the index, or with values that are no
            finite numbers.
    """
    found = np.ascontiguousarray(vectors, dtype=np.float32)
    if found.ndim != 2:
        raise InputError(f"vectors have the shape {found.shape}; it must be (rows, dim)")
    if dim is not None and found.shape[1] != dim:
        raise InputError(f"queries have {found.shape[1]} dimensions, the index has {dim}")
    if not np.isfinite(found).all():
        raise InputError("vectors hold values that are no finite numbers")
    if metric != "cosine":
        return found
    norms = np.sqrt(np.einsum("ij,ij->i", found, found))[:, None]
    return np.asarray(found / np.where(norms > 0, norms, 1), dtype=np.float32)


def padded(
    scores: NDArray[np.float32], rows: NDArray[np.int64], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return both with `k` columns: what is missing is row -1 with score -inf."""
    scores = np.where(rows >= 0, scores, -np.inf).astype(np.float32)
    if (missing := k - rows.shape[1]) <= 0:
        return scores, rows
    wide = ((0, 0), (0, missing))
    return (
        np.pad(scores, wide, constant_values=-np.inf),
        np.pad(rows, wide, constant_values=-1),
    )
