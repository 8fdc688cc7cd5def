from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from tk_link.candidates import Pairs

Opposite = Callable[..., tuple[pl.Series, pl.Series, Pairs]]


@pytest.fixture
def opposite() -> Opposite:
    """Make two columns of (left, right) values and the pairs of what stands opposite."""

    def make(*rows: tuple[str | None, str | None]) -> tuple[pl.Series, pl.Series, Pairs]:
        left = pl.Series([a for a, _ in rows], dtype=pl.String)
        right = pl.Series([b for _, b in rows], dtype=pl.String)
        row = np.arange(len(rows), dtype=np.int32)
        return left, right, Pairs(row, row, (len(rows), len(rows)))

    return make
