from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tk_link.candidates import Pairs

MakePairs = Callable[..., Pairs]


@pytest.fixture(scope="session")
def make_pairs() -> MakePairs:
    """Make candidate pairs of (left, right) rows."""

    def make(rows: Sequence[tuple[int, int]], heights: tuple[int, int] | None = None) -> Pairs:
        left, right = np.array(rows, dtype=np.int32).reshape(-1, 2).T
        if heights is None:
            heights = (int(left.max(initial=-1)) + 1, int(right.max(initial=-1)) + 1)
        return Pairs(left.copy(), right.copy(), heights)

    return make
