import numpy as np
import pytest

from tk_link.candidates import Pairs
from tk_link.cardinality import choose
from tk_link.scoring.curve import Curve
from tk_link.scoring.score import Scores

NOTHING = Curve(np.zeros(1), np.zeros(1))


def scored(rows):
    """Make candidates and scores of (left, right, log odds) rows."""
    rows = sorted(rows)
    left, right = (np.array([r[n] for r in rows], dtype=np.int32) for n in (0, 1))
    log_odds = np.array([float(r[2]) for r in rows])
    chance = 1 / (1 + np.exp(-log_odds))
    levels, similarity = np.ones((len(rows), 1), np.int8), np.zeros(len(rows), np.float32)
    pairs = Pairs(left, right, (int(left.max()) + 1, int(right.max()) + 1))
    return pairs, Scores(chance, chance, log_odds, levels, None, similarity)


def straight(count, odds=5):
    return [(n, n, odds) for n in range(count)]


def copies(count, of, odds=5):
    return [(of + n, n, odds) for n in range(count)]


def swapped(rows):
    return [(b, a, odds) for a, b, odds in rows]


@pytest.mark.parametrize(
    ("rows", "how"),
    [
        (straight(100), "1:1"),
        (straight(100) + copies(4, of=100), "1:1"),
        (straight(100) + copies(30, of=100), "m:1"),
        (straight(100) + swapped(copies(30, of=100)), "1:m"),
        (straight(100) + copies(30, of=100) + swapped(copies(30, of=100)), "m:m"),
        (straight(100) + copies(30, of=100, odds=-2), "1:1"),
        (straight(5) + copies(5, of=5), "1:1"),
    ],
)
def test_strong_losers_on_a_side_say_that_partners_are_shared(rows, how):
    found, reason = choose(*scored(rows))
    assert found == how
    assert reason


def test_the_reason_is_in_numbers():
    assert choose(*scored(straight(100) + copies(30, of=100)))[1] == (
        "several left rows share one right row (30% more than one-to-one)"
    )
    assert "too few" in choose(*scored(straight(3)))[1]


def test_copies_that_share_one_probability_are_seen():
    pairs, scores = scored(straight(60) + copies(60, of=60) + copies(60, of=120))
    shared = Scores(scores.alone / 3, scores.alone, scores.log_odds, scores.levels, None,
                    scores.similarity)  # fmt: skip
    assert choose(pairs, shared)[0] == "m:1"
