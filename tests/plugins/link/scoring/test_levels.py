import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tk_link.comparing.features import Features
from tk_link.scoring import levels


def cut(*values):
    column = np.array(values, dtype=np.float32)[:, None]
    return levels.cut(Features(("x",), column, np.ones(1)))[:, 0].tolist()


def test_missing_least_alike_and_equal_are_the_ends_of_the_ladder():
    assert cut(np.nan, 0.0, 1.0) == [levels.MISSING, 1, levels.COUNT - 1]


def test_nearly_equal_is_not_equal_but_rounding_is():
    assert cut(0.99) < cut(1.0) == cut(0.99999)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1, width=32), min_size=1))
def test_levels_rise_with_similarity_and_are_never_missing(values):
    found = cut(*sorted(values))
    assert found == sorted(found)
    assert min(found) > levels.MISSING
    assert max(found) < levels.COUNT
