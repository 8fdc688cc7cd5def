"""Calibration on simulated scores of known truth."""

import numpy as np
import pytest

from tk_link.candidates import Pairs
from tk_link.scoring import knockout
from tk_link.scoring.matching import assign

RIVALS, WIDTH = 4, 1.5


def simulated(rows, share, seed, *, overlap=0.0):
    """Draw scores: of ``share`` of the rows a true pair, of every row some false ones."""
    rng = np.random.default_rng(seed)
    matched = rng.permutation(rows)[: round(rows * share)]
    false = rng.integers(0, rows, (rows, RIVALS))
    keys = {(i, i): rng.normal(6 - overlap, WIDTH) for i in matched}
    for i, rivals in enumerate(false):
        for j in rivals:
            if i != j:
                keys.setdefault((i, int(j)), rng.normal(0, WIDTH))
    rows_, score = np.array(sorted(keys), dtype=np.int32), [keys[key] for key in sorted(keys)]
    return Pairs(rows_[:, 0].copy(), rows_[:, 1].copy(), (rows, rows)), np.array(score)


def calibrated(pairs, score, seed=0):
    kept = assign(pairs, score, "1:1")
    labels = first_guess(score)
    confident = kept[labels[kept] > 0.5]
    null = knockout.knock_out(pairs, score, confident, "1:1", seed=seed)
    curve = knockout.calibrate(
        score[kept], score[confident], null, labels[confident], rows=pairs.rows, how="1:1"
    )
    return kept, curve(score)


def first_guess(score):
    """Fit two normal curves of one width by EM, as the mixture would, pairs taken one by one."""
    share, centre = 0.05, np.quantile(score, 0.99)
    for _ in range(200):
        odds = share / (1 - share) * np.exp((score - centre / 2) * centre / WIDTH**2)
        label = odds / (1 + odds)
        share, centre = label.mean(), np.average(score, weights=label)
    return label


@pytest.mark.parametrize(
    ("share", "overlap", "most"),
    [(0.95, 0, 0.01), (0.95, 2, 0.04), (0.3, 0, 0.03), (0.3, 2, 0.06), (0.05, 0, 0.1)],
)
def test_stated_and_true_precision_agree_whatever_the_share_of_matches(share, overlap, most):
    """Mean over eight draws; at 100 matches among 2000 rows single draws scatter by 0.15."""
    gaps = []
    for seed in range(8):
        pairs, score = simulated(2000, share, seed, overlap=overlap)
        kept, chance = calibrated(pairs, score)
        accepted = kept[chance[kept] >= 0.5]
        truth = pairs.left[accepted] == pairs.right[accepted]
        assert truth.sum() > 0.4 * share * 2000
        gaps.append(chance[accepted].mean() - truth.mean())
    assert abs(np.mean(gaps)) < most


def test_probability_never_falls_as_the_score_rises():
    pairs, score = simulated(500, 0.5, 1)
    _, chance = calibrated(pairs, score)
    assert (np.diff(chance[np.argsort(score)]) >= -1e-12).all()
    assert ((chance > 0) & (chance < 1)).all()


def test_the_same_seed_gives_the_same_probabilities():
    pairs, score = simulated(300, 0.5, 1)
    one, again, other = (calibrated(pairs, score, seed)[1] for seed in (7, 7, 8))
    assert (one == again).all()
    assert not (one == other).all()


def test_every_confident_pair_is_orphaned_on_both_sides_and_never_gets_its_partner_back():
    pairs, score = simulated(200, 0.8, 2)
    kept = assign(pairs, score, "1:1")
    confident = kept[score[kept] > 3]
    null = knockout.knock_out(pairs, score, confident, "1:1", seed=0)
    assert len(null.left) == len(null.right) == len(confident)
    assert np.isfinite(null.left).mean() > 0.3
    assert (null.left != score[confident]).all()
    assert (null.right != score[confident]).all()


def test_an_orphan_with_no_other_candidate_scores_nothing():
    rows = np.arange(5, dtype=np.int32)
    null = knockout.knock_out(Pairs(rows, rows, (5, 5)), np.ones(5), rows, "1:1", seed=0)
    assert np.isneginf(null.left).all()
    assert np.isneginf(null.right).all()


def test_equal_scores_are_calibrated_too():
    nothing = knockout.Null(np.full(5, -np.inf), np.full(5, -np.inf))
    curve = knockout.calibrate(np.ones(5), np.ones(5), nothing, np.ones(5), rows=(5, 5), how="1:1")
    assert curve(np.ones(1))[0] > 0.5
