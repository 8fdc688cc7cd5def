import pytest
from scored_pairs import copies, scored, straight, swapped

from tk_link.cardinality import choose
from tk_link.scoring.score import Scores


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
