import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from tk_link.scoring.additive import MOST_STEPS, Additive, Refit
from tk_link.scoring.levels import COUNT, MISSING

LEVELS = st.lists(st.lists(st.integers(0, COUNT - 1), min_size=2, max_size=2), min_size=2,
                  max_size=40)  # fmt: skip


def drawn(size, seed):
    """Draw levels, a known additive truth and labels from it."""
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, COUNT, (size, 2)).astype(np.int8)
    steps = np.zeros((2, COUNT))
    steps[0, [1, 6, 12]] = [-2.0, 2.0, 3.0]
    steps[1, [1, 10]] = [-1.0, 2.5]
    truth = np.cumsum(steps, axis=1)
    truth[:, MISSING] = 0
    log_odds = -1.5 + truth[0, levels[:, 0]] + truth[1, levels[:, 1]]
    return levels, log_odds


def test_a_known_model_is_recovered_from_soft_labels():
    levels, log_odds = drawn(20_000, seed=1)
    found = Refit(levels, np.ones(2)).fit(expit(log_odds)).log_odds(levels)
    np.testing.assert_allclose(expit(found), expit(log_odds), atol=0.03)


def test_a_known_model_is_recovered_from_hard_labels():
    levels, log_odds = drawn(20_000, seed=2)
    labels = (np.random.default_rng(3).random(len(levels)) < expit(log_odds)).astype(np.float64)
    found = Refit(levels, np.ones(2)).fit(labels).log_odds(levels)
    assert np.abs(expit(found) - expit(log_odds)).mean() < 0.03


def test_two_copies_of_one_field_weigh_no_more_than_one():
    levels, log_odds = drawn(5_000, seed=4)
    twice = np.column_stack([levels, levels[:, 0], levels[:, 0]])
    once = Refit(levels, np.ones(2)).fit(expit(log_odds)).log_odds(levels)
    again = Refit(twice, np.ones(4)).fit(expit(log_odds)).log_odds(twice)
    np.testing.assert_allclose(expit(again), expit(once), atol=0.05)


@pytest.mark.parametrize("label", [0.1, 0.6, 0.9, 1.0])
@pytest.mark.parametrize("height", [12, 198, 100_000])
def test_pairs_that_compare_alike_get_the_mean_of_their_labels(label, height):
    # Newton left the flat end of the loss for -19,296 nats: 24 equal rows were no duplicates.
    levels = np.full((height, 2), COUNT - 1, dtype=np.int8)
    found = expit(Refit(levels, np.ones(2)).fit(np.full(height, label)).log_odds(levels))
    np.testing.assert_allclose(found, label, atol=0.02)


@settings(max_examples=40, deadline=None)
@given(LEVELS, st.data())
def test_evidence_never_falls_as_similarity_rises_whatever_the_labels(levels, data):
    labels = np.array([data.draw(st.floats(0, 1)) for _ in levels])
    model = Refit(np.array(levels, dtype=np.int8), np.ones(2)).fit(labels)
    assert np.isfinite(model.evidence).all()
    assert (np.diff(model.evidence[:, 1:], axis=1) >= -1e-9).all()
    assert (model.evidence[:, MISSING] == 0).all()


def test_fitting_again_from_the_last_fit_changes_nothing():
    levels, log_odds = drawn(2_000, seed=5)
    refit = Refit(levels, np.ones(2))
    first, second = (refit.fit(expit(log_odds)).log_odds(levels) for _ in range(2))
    np.testing.assert_allclose(first, second, atol=0.02)


def test_order_of_pairs_does_not_matter():
    levels, log_odds = drawn(500, seed=6)
    order = np.random.default_rng(0).permutation(500)
    one = Refit(levels, np.ones(2)).fit(expit(log_odds))
    other = Refit(levels[order], np.ones(2)).fit(expit(log_odds)[order])
    np.testing.assert_allclose(one.evidence, other.evidence, atol=1e-3)
    assert one.prior == pytest.approx(other.prior, abs=1e-3)


def test_weights_multiply_evidence_after_the_fit():
    levels, log_odds = drawn(500, seed=7)
    plain = Refit(levels, np.ones(2)).fit(expit(log_odds))
    weighted = Refit(levels, np.array([3.0, 1.0])).fit(expit(log_odds))
    np.testing.assert_allclose(weighted.evidence, plain.evidence * [[3.0], [1.0]], atol=1e-9)


def test_contributions_in_bits_add_up_to_the_log_odds():
    levels, log_odds = drawn(100, seed=8)
    model = Refit(levels, np.ones(2)).fit(expit(log_odds))
    bits = model.contributions(levels).sum(axis=1) + model.prior / np.log(2)
    np.testing.assert_allclose(bits, model.log_odds(levels) / np.log(2))
    assert (model.contributions(levels)[levels == MISSING] == 0).all()


def test_a_moved_model_ranks_as_before():
    model = Additive(-1.0, np.zeros((1, COUNT)))
    levels = np.zeros((3, 1), dtype=np.int8)
    np.testing.assert_allclose(model.moved(2.5).log_odds(levels), 1.5)


def wide(size, width, telling, seed):
    """Draw matches and others, and levels of which the first ``telling`` features depend on it."""
    rng = np.random.default_rng(seed)
    is_match = rng.random(size) < 0.1
    levels = rng.integers(0, COUNT, (size, width))
    alike = rng.integers(COUNT // 2, COUNT, (size, telling))
    levels[:, :telling] = np.where(is_match[:, None], alike, levels[:, :telling])
    return levels.astype(np.int8), is_match


def test_a_thousand_features_are_learnt_from_in_seconds_by_those_that_tell():
    levels, is_match = wide(3_000, 1_000, telling=8, seed=9)
    start = time.process_time()
    model = Refit(levels, np.ones(1_000)).fit(is_match.astype(np.float64))
    assert time.process_time() - start < 20  # 12,000 coefficients took minutes and 1 GB
    assert np.count_nonzero(np.diff(model.evidence, axis=1)) <= MOST_STEPS
    others, truth = wide(3_000, 1_000, telling=8, seed=10)
    log_odds = model.log_odds(others)
    assert log_odds[truth].mean() > 0 > log_odds[~truth].mean()
    assert model.evidence[:8].max(axis=1).min() > model.evidence[8:].max(axis=1).mean()
