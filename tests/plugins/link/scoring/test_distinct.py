import numpy as np

from tk_link.candidates import Pairs
from tk_link.lookalikes import Lookalikes
from tk_link.scoring import distinct
from tk_link.scoring.additive import Additive
from tk_link.scoring.knockout import Null
from tk_link.scoring.levels import COUNT, EDGES

ROWS, SISTERS = 1000, 250
ADDITIVE = Additive(0.0, np.arange(COUNT, dtype=np.float64)[None, :])


def table(rng, sisters: int) -> Lookalikes:
    """Row 2n and 2n + 1 are a pair; the first ``sisters`` rows are alike."""
    first = np.arange(0, ROWS, 2, dtype=np.int32)
    alike = np.where(first < sisters, 0.97, rng.uniform(0.0, 0.5, len(first)))
    pairs = Pairs(first, first + 1, (ROWS, ROWS), is_within=True)
    return Lookalikes(
        pairs, alike[:, None].astype(np.float32), np.arange(ROWS), ROWS, np.arange(ROWS)
    )


def calibrated(sisters: int, matches: int, false: int) -> tuple[float, float]:
    """Return stated and true precision; matches and false pairs score alike."""
    rng = np.random.default_rng(0)
    sides = table(rng, sisters), table(rng, sisters)
    known = distinct.Known(sides, tuple(levels_of(side) for side in sides))
    high = np.full(matches + false, 11.0)
    assigned = np.concatenate([high, far(rng, ROWS - len(high))])
    nothing = far(rng, len(high))
    orphans = Null(nothing, nothing)
    curve = distinct.calibrate(assigned, high, orphans, known, ADDITIVE, matches=len(high))
    return float(curve(high).mean()), matches / len(high)


def far(rng, count: int) -> np.ndarray:
    """Return scores of rows that resemble nothing."""
    alike = rng.uniform(0.0, 0.5, count)
    return (np.searchsorted(EDGES, alike, side="right") + 1).astype(np.float64)


def levels_of(side: Lookalikes) -> np.ndarray:
    return (np.searchsorted(EDGES, side.values, side="right") + 1).astype(np.int8)


def test_pairs_as_alike_as_rows_of_one_table_are_not_believed():
    stated, _ = calibrated(SISTERS, 0, SISTERS)
    assert stated < 0.1


def test_pairs_more_alike_than_any_rows_of_one_table_are_believed():
    stated, _ = calibrated(0, 200, 0)
    assert stated > 0.95


def test_a_larger_table_holds_more_lookalikes():
    rng = np.random.default_rng(0)
    side = table(rng, SISTERS)
    known = distinct.Known((side, side), (levels_of(side), levels_of(side)))
    few, many = (distinct._doubled(known, 0, ADDITIVE, free) for free in (100.0, 5000.0))
    share = [sample.weights[sample.scores >= 10.0].sum() for sample in (few, many)]
    assert share[0] < 0.1
    assert share[1] > 0.5
    assert np.allclose([few.weights.sum(), many.weights.sum()], 1.0)
