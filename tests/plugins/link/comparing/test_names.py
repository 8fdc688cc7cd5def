import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tk_link.candidates import Pairs
from tk_link.comparing import names
from tk_link.comparing.names import SOUND, SWAPPED, similarity, uncross

NAMES = ["ann", "a", "anne marie", "marie anne", "william", "bill", "מרים", "日本", None]


@pytest.mark.parametrize(
    ("a", "b", "least", "most"),
    [
        ("john", "john", 1.0, 1.0),
        ("john smith", "smith john", 1.0, 1.0),
        ("jonathan", "jonhatan", 0.9, 0.99),
        ("william", "bill", names.SHORT_FORM, names.SHORT_FORM),
        ("bill", "will", names.SHORT_FORM, names.SHORT_FORM),
        ("j", "john", names.INITIAL, names.INITIAL),
        ("j", "mary", 0.0, 0.3),
        ("john", "mary", 0.0, 0.5),
        ("שלום", "שלום", 1.0, 1.0),
    ],
)
def test_names_are_alike_as_people_would_say(opposite, a, b, least, most):
    (there,) = names.similarity(*opposite((a, b)))
    (back,) = names.similarity(*opposite((b, a)))
    assert there == back
    assert np.float32(least) <= there <= np.float32(most)


def test_a_missing_name_is_unknown_on_either_side(opposite):
    found = names.similarity(*opposite(("ann", None), (None, "ann"), (None, None), ("ann", "ann")))
    assert np.isnan(found).tolist() == [True, True, True, False]


def test_no_pairs_give_no_similarities(opposite):
    assert names.similarity(*opposite()).shape == (0,)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(range(len(NAMES))), max_size=12), st.randoms())
def test_each_pair_is_scored_by_its_own_names_whatever_else_is_compared(picks, random):
    values = pl.Series(NAMES, dtype=pl.String)
    left = np.array(picks, dtype=np.int32)
    right = np.array([random.randrange(len(NAMES)) for _ in picks], dtype=np.int32)
    found = names.similarity(values, values, Pairs(left, right, (len(NAMES), len(NAMES))))
    for i, j, score in zip(left, right, found, strict=True):
        single = Pairs(np.array([i]), np.array([j]), (len(NAMES), len(NAMES)))
        np.testing.assert_equal(names.similarity(values, values, single)[0], score)
        assert np.isnan(score) or 0 <= score <= 1


def test_one_sound_in_two_spellings(opposite):
    assert similarity(*opposite(("catherine", "kathryn")))[0] == np.float32(SOUND)
    assert similarity(*opposite(("catherine", "martin")))[0] < SOUND


def test_first_and_last_name_in_each_others_column(opposite):
    first = opposite(("anna", "kowalski"), ("anna", "anna"), ("anna", "kowalsky"), (None, "peter"))
    last = opposite(("kowalski", "anna"), ("kowalski", "miller"), ("kowalski", "anne"), ("p", None))
    similar = similarity(*first), similarity(*last)
    a, b = uncross(similar, first[:2], last[:2], first[2])
    assert a[[0, 2]].tolist() == b[[0, 2]].tolist() == [np.float32(SWAPPED)] * 2
    assert (a[1], b[1]) == (similar[0][1], similar[1][1])
    assert np.isnan([a[3], b[3]]).all()


@pytest.mark.parametrize("name", ["zoe", "jon", "bo"])
def test_equal_names_stay_equal_crosswise(opposite, name):
    one = opposite((name, name))
    alike = similarity(*one)
    assert uncross((alike, alike), one[:2], one[:2], one[2])[0][0] == 1.0
