"""Assert that an encoder keeps the promises of `tk.protocols.Encoder`."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from tk.protocols import Encoder

T = TypeVar("T")

_BATCH_TOLERANCE = 1e-5
"""Relative to the largest value: room for another summation order, not for another result."""


def assert_encoder(encoder: Encoder[T], items: Sequence[T]) -> None:
    """Check shape, type, determinism, order and independence of the batch.

    Args:
        encoder: What is tested.
        items: Three or more that it should tell apart.
    """
    assert len(items) >= 3, "give three or more items"
    assert encoder.dim > 0, f"dim is {encoder.dim}"
    vectors = encoder.encode(items)
    assert vectors.shape == (len(items), encoder.dim), f"shape {vectors.shape}"
    assert vectors.dtype == np.float32, f"dtype {vectors.dtype}"
    assert np.isfinite(vectors).all(), "vectors are not finite"
    assert len(np.unique(vectors, axis=0)) > 1, "all items have the same vector"
    assert np.array_equal(vectors, encoder.encode(items)), "a second call differs"

    tolerance = _BATCH_TOLERANCE * float(np.abs(vectors).max())
    single = encoder.encode(items, batch_size=1)
    assert np.allclose(vectors, single, rtol=0, atol=tolerance), "batch_size changes vectors"
    backwards = encoder.encode(items[::-1])[::-1]
    assert np.allclose(vectors, backwards, rtol=0, atol=tolerance), "order changes vectors"

    empty = encoder.encode(items[:0])
    assert empty.shape == (0, encoder.dim), f"no items give shape {empty.shape}"
    assert empty.dtype == np.float32, f"no items give dtype {empty.dtype}"
