"""Witnesses on simulated fields of known truth."""

import numpy as np
import pytest

from tk_link.scoring import witness
from tk_link.scoring.additive import Additive
from tk_link.scoring.levels import COUNT

FIELDS, TOP = 5, COUNT - 1


def simulated(seed, *, versions=0.0, matches=2000, others=6000):
    """Draw levels: matches agree on each field at 0.9, others at 0.1.

    Of ``versions`` of the matches' number there are pairs more that are none, and agree on the
    first two fields as matches do.
    """
    rng = np.random.default_rng(seed)
    twins = round(versions * matches)
    truth = np.repeat([True, False, False], [matches, others, twins])
    agree = rng.random((len(truth), FIELDS)) < np.where(truth, 0.9, 0.1)[:, None]
    agree[matches + others :, :2] = rng.random((twins, 2)) < 0.9
    levels = np.where(agree, TOP, 1).astype(np.int8)
    record = np.full((len(truth), 1), 1, dtype=np.int8)  # says nothing
    return np.hstack([record, levels]), truth


def model(weights):
    evidence = np.zeros((FIELDS + 1, COUNT))
    evidence[1:, 1], evidence[1:, TOP] = -np.array(weights), np.array(weights)
    return Additive(-1.0, evidence)


def stated(levels, additive):
    log_odds = additive.log_odds(levels)
    labels = 1 / (1 + np.exp(-log_odds))
    curve = witness.calibrate(levels, additive, labels)
    return labels, curve(log_odds)


def test_a_model_that_is_right_keeps_its_probabilities():
    levels, truth = simulated(0)
    believed, heard = stated(levels, model([np.log(9)] * FIELDS))
    likely = heard >= 0.5
    assert abs(heard[likely].mean() - truth[likely].mean()) < 0.03
    assert np.abs(heard - believed).mean() < 0.03


def test_witnesses_deny_what_two_fields_alone_would_join():
    """Papers of one title and its authors: the model counts these two fields too high."""
    levels, truth = simulated(1, versions=0.4)
    believed, heard = stated(levels, model([5, 5, 1, 1, 1]))
    likely = believed >= 0.5
    over = believed[likely].mean() - truth[likely].mean()
    assert over > 0.1
    assert abs(heard[likely].mean() - truth[likely].mean()) < 0.7 * over


def test_witnesses_never_raise_a_probability():
    levels, _ = simulated(2, versions=0.2)
    believed, heard = stated(levels, model([1, 1, 0.3, 0.3, 0.3]))
    assert (heard <= np.maximum(believed, 1e-4) + 1e-3).all()


@pytest.mark.parametrize("known", [0, 10])
def test_a_field_that_few_matches_know_is_no_witness(known):
    levels, _ = simulated(3, matches=300, others=600)
    levels[known:, 1:] = 0
    additive = model([np.log(9)] * FIELDS)
    log_odds = additive.log_odds(levels)
    curve = witness.calibrate(levels, additive, 1 / (1 + np.exp(-log_odds)))
    assert (np.diff(curve.chances) >= -1e-12).all()
    assert np.isfinite(curve(log_odds)).all()


def test_the_curve_never_falls():
    levels, _ = simulated(4, versions=0.3)
    additive = model([4, 3, 2, 1, 1])
    curve = witness.calibrate(levels, additive, np.full(len(levels), 0.3))
    assert (np.diff(curve.chances) >= -1e-12).all()
    assert curve.chances.min() >= 0.0
    assert curve.chances.max() < 1.0
