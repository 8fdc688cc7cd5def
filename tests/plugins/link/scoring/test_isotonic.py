from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tk_link.scoring.isotonic import increasing

VALUES = st.lists(
    st.tuples(st.floats(-100, 100, width=32), st.integers(1, 9)), min_size=1, max_size=7
)


def best_by_trying_all(values, weights):
    """Try every way to cut the sequence into runs of equal height."""
    least, best = np.inf, values
    for count in range(len(values)):
        for cuts in combinations(range(1, len(values)), count):
            runs = np.split(np.arange(len(values)), cuts)
            means = [np.average(values[run], weights=weights[run]) for run in runs]
            fit = np.repeat(means, [len(run) for run in runs])
            loss = float((weights * (fit - values) ** 2).sum())
            if np.all(np.diff(means) >= 0) and loss < least:
                least, best = loss, fit
    return least, best


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_the_fit_never_falls_and_none_is_nearer(points):
    values, weights = np.array(points, dtype=np.float64).T
    fit = increasing(values, weights)
    assert fit.shape == values.shape
    assert np.all(np.diff(fit) >= -1e-9)
    least, best = best_by_trying_all(values, weights)
    np.testing.assert_allclose((weights * (fit - values) ** 2).sum(), least, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(fit, best, atol=1e-4)


def test_a_rising_sequence_stays_as_it_is_and_nothing_stays_nothing():
    rising = np.array([1.0, 2.0, 2.0, 5.0])
    assert increasing(rising, np.ones(4)).tolist() == rising.tolist()
    assert increasing(np.zeros(0), np.zeros(0)).tolist() == []
