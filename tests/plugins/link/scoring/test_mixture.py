import numpy as np
import pytest

from tk_link.candidates import Pairs
from tk_link.scoring import mixture
from tk_link.scoring.levels import COUNT, MISSING


def simulated(rows, matched, seed):
    """Draw three candidates a row, its match among them for the first ``matched`` rows."""
    rng = np.random.default_rng(seed)
    left = np.repeat(np.arange(rows), 3)
    right = (left + np.tile([0, 1, 2], rows)) % rows
    truth = (left == right) & (left < matched)
    high, low = rng.integers(8, COUNT, (3 * rows, 3)), rng.integers(1, 8, (3 * rows, 3))
    slips = rng.random((3 * rows, 3)) < 0.05
    levels = np.where(truth[:, None] ^ slips, high, low).astype(np.int8)
    levels[rng.random(levels.shape) < 0.05] = MISSING
    order = np.lexsort((right, left))
    pairs = Pairs(left[order].astype(np.int32), right[order].astype(np.int32), (rows, rows))
    return levels[order], pairs, truth[order]


def similarity(levels):
    return (levels.mean(axis=1) / COUNT).astype(np.float32)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.15])
def test_matches_are_told_from_look_alikes_without_labels(share):
    levels, pairs, truth = simulated(400, int(400 * share), seed=1)
    found = mixture.fit(levels, np.ones(3), pairs, similarity(levels), "1:1").probability
    assert ((found > 0.5) == truth).mean() > 0.97
    assert found.sum() == pytest.approx(truth.sum(), rel=0.15)


@pytest.mark.parametrize("how", ["1:1", "m:1", "m:m"])
def test_the_order_of_pairs_does_not_matter(how):
    levels, pairs, _ = simulated(60, 40, seed=2)
    order = np.random.default_rng(0).permutation(len(pairs))
    shuffled = Pairs(pairs.left[order], pairs.right[order], pairs.rows)
    one = mixture.fit(levels, np.ones(3), pairs, similarity(levels), how)
    other = mixture.fit(levels[order], np.ones(3), shuffled, similarity(levels)[order], how)
    np.testing.assert_allclose(one.probability[order], other.probability, atol=1e-6)
    np.testing.assert_allclose(one.log_odds[order], other.log_odds, atol=1e-6)


def test_the_number_that_a_row_has_does_not_matter():
    levels, pairs, _ = simulated(60, 40, seed=2)
    renamed = Pairs(59 - pairs.left, 59 - pairs.right, pairs.rows)
    one = mixture.fit(levels, np.ones(3), pairs, similarity(levels), "1:1")
    other = mixture.fit(levels, np.ones(3), renamed, similarity(levels), "1:1")
    np.testing.assert_allclose(one.probability, other.probability, atol=1e-6)


def test_a_missing_value_is_no_evidence():
    levels, pairs, _ = simulated(200, 120, seed=3)
    levels = np.column_stack([levels, np.full(len(levels), MISSING, dtype=np.int8)])
    found = mixture.fit(levels, np.ones(4), pairs, similarity(levels[:, :3]), "1:1")
    plain = mixture.fit(levels[:, :3], np.ones(3), pairs, similarity(levels[:, :3]), "1:1")
    np.testing.assert_allclose(found.log_odds, plain.log_odds, atol=1e-9)


def test_a_value_that_all_pairs_share_is_no_evidence():
    levels, pairs, _ = simulated(200, 120, seed=3)
    same = np.column_stack([levels, np.full(len(levels), COUNT - 1, dtype=np.int8)])
    found = mixture.fit(same, np.ones(4), pairs, similarity(levels), "1:1")
    plain = mixture.fit(levels, np.ones(3), pairs, similarity(levels), "1:1")
    np.testing.assert_allclose(found.probability, plain.probability, atol=1e-3)


def test_nothing_that_is_learnt_is_infinite():
    levels, pairs, truth = simulated(40, 40, seed=4)
    levels[truth], levels[~truth] = COUNT - 1, 1
    found = mixture.fit(levels, np.ones(3), pairs, similarity(levels), "1:1")
    assert np.isfinite(found.log_odds).all()
    assert found.probability[truth].min() > 0.9
