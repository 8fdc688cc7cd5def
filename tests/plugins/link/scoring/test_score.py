import numpy as np
import pytest

from tk_link.candidates import Pairs
from tk_link.comparing.features import RECORD, Features
from tk_link.scoring.score import score

RIVALS = 8


def simulated(rows, matched, seed=0):
    """Draw three similarities for each row's own partner and some look-alikes."""
    rng = np.random.default_rng(seed)
    own = np.arange(rows)
    keys = np.concatenate([own * rows + own, rng.integers(0, rows * rows, rows * RIVALS)])
    left, right = np.divmod(np.unique(keys), rows)
    truth = (left == right) & (left < matched)
    high, low = (rng.beta(a, b, (len(left), 3)) for a, b in ((9, 1), (2, 4)))
    values = np.where(truth[:, None], high, low)
    values[rng.random(values.shape) < 0.05] = np.nan
    values[:, 0] = np.nanmean(np.column_stack([values, np.full(len(left), 0.3)]), axis=1)
    features = Features((RECORD, "a", "b"), values.astype(np.float32), np.ones(3))
    return features, Pairs(left.astype(np.int32), right.astype(np.int32), (rows, rows)), truth


@pytest.mark.parametrize("share", [0.3, 0.95])
@pytest.mark.parametrize("how", ["1:1", "m:1", "1:m", "m:m"])
def test_stated_and_true_precision_agree(share, how):
    features, pairs, truth = simulated(500, int(500 * share))
    scores = score(features, pairs, how, seed=0)
    accepted = scores.probability >= 0.5
    assert truth[accepted].sum() > 0.85 * truth.sum()
    assert abs(scores.probability[accepted].mean() - truth[accepted].mean()) < 0.08


def test_the_same_seed_gives_the_same_scores():
    features, pairs, _ = simulated(200, 120)
    one, again = (score(features, pairs, "1:1", seed=5) for _ in range(2))
    assert (one.probability == again.probability).all()
    assert (one.log_odds == again.log_odds).all()


def test_rivals_only_take_away_and_an_even_chance_scores_nothing():
    features, pairs, _ = simulated(300, 200)
    scores = score(features, pairs, "1:1", seed=0)
    assert (scores.probability <= scores.alone + 1e-9).all()
    assert ((scores.alone >= 0.5) == (scores.log_odds >= -1e-9)).mean() > 0.99


@pytest.mark.parametrize("rows", [0, 1, 2, 5, 6, 7, 12])
@pytest.mark.parametrize("how", ["1:1", "m:1", "1:m", "m:m"])
def test_any_number_of_rows_can_be_scored(rows, how):
    features, pairs, _ = simulated(max(rows, 3), rows)
    few = pairs.left < rows
    kept = Features(features.names, features.values[few], features.weights)
    scores = score(kept, pairs.only(few), how, seed=0)
    assert len(scores.probability) == few.sum()
    assert ((scores.probability >= 0) & (scores.probability <= 1)).all()
    assert np.isfinite(scores.log_odds).all()


def test_pairs_that_are_all_alike_or_all_unknown_can_be_scored():
    _, pairs, _ = simulated(20, 10)
    for value in (1.0, 0.0, np.nan):
        values = np.full((len(pairs), 2), value, dtype=np.float32)
        values[:, 0] = np.nan_to_num(values[:, 0])
        scores = score(Features((RECORD, "a"), values, np.ones(2)), pairs, "1:1", seed=0)
        assert np.isfinite(scores.probability).all()


def test_what_was_learnt_scores_other_pairs_as_before():
    features, pairs, _ = simulated(300, 200)
    learnt = score(features, pairs, "1:1", seed=0)
    again = score(features, pairs, "1:1", seed=9, model=learnt.model)
    np.testing.assert_allclose(again.probability, learnt.probability, atol=1e-9)
    turned = Features(features.names[::-1], features.values[:, ::-1].copy(), features.weights)
    other = score(turned, pairs, "1:1", seed=0, model=learnt.model)
    np.testing.assert_allclose(other.log_odds, learnt.log_odds, atol=1e-9)
