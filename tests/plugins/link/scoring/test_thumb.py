import numpy as np
import pytest

from tk_link.scoring import thumb
from tk_link.scoring.levels import COUNT, MISSING

EQUAL, UNLIKE = COUNT - 1, 1


def chance(*levels, rows=(3, 3)):
    model = thumb.model(np.ones(len(levels)), rows)
    return float(thumb.curve()(model.log_odds(np.array([levels], dtype=np.int8)))[0])


def test_equal_rows_are_likely_and_unlike_rows_are_not():
    assert chance(EQUAL, EQUAL) > 0.9
    assert chance(EQUAL, UNLIKE) < 0.2
    assert chance(UNLIKE, UNLIKE) < 0.01


def test_a_missing_value_neither_helps_nor_harms():
    assert chance(EQUAL, MISSING) == pytest.approx(chance(EQUAL))
    assert chance(MISSING, MISSING) < 0.5


def test_the_rule_never_claims_to_be_certain():
    assert chance(*[EQUAL] * 20) == pytest.approx(0.99)


def test_chance_agreements_are_more_in_larger_tables():
    assert chance(EQUAL, EQUAL, rows=(3, 2000)) < chance(EQUAL, EQUAL, rows=(3, 20))


def test_likeness_never_counts_against_a_pair():
    chances = [chance(level) for level in range(1, COUNT)]
    assert chances == sorted(chances)
