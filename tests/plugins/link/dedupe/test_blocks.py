"""Blocks of rows: one entity or two, by the evidence of all their pairs."""

import numpy as np
import pytest
from clusterings import matrix_of
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from tk_link.dedupe import blocks


def between(sizes, within, across):
    """Make two blocks of rows with one probability inside and one across."""
    is_first = np.arange(sum(sizes)) < sizes[0]
    chances = np.where(is_first[:, None] == is_first, within, across)
    np.fill_diagonal(chances, 0.0)
    return chances


def divided(chances):
    parts, joint = blocks.join(chances, logit(0.9), 0.5)
    return len(np.unique(parts)), joint


def test_two_rows_are_joined_by_their_own_probability():
    for chance in (0.2, 0.49, 0.51, 0.9):
        count, joint = divided(between((1, 1), 0.0, chance))
        assert count == (1 if chance >= 0.5 else 2)
        assert joint[0, 1] == pytest.approx(chance)


def test_a_misspelt_row_stays_with_its_entity():
    assert divided(between((5, 1), 0.99, 0.7))[0] == 1


def test_two_versions_of_a_paper_are_told_apart_by_the_same_doubt():
    """Each pair across is likelier than not, but not twelve rows were misspelt alike."""
    count, joint = divided(between((12, 12), 0.99, 0.7))
    assert count == 2
    assert joint[0, 12] < 0.01
    assert joint[0, 1] > 0.98


def test_many_rows_that_agree_are_surer_than_two():
    joint = divided(between((6, 6), 0.99, 0.95))[1]
    assert joint[0, 6] > 0.97


def test_doubt_counts_as_often_as_the_smaller_block_has_rows():
    base, across = logit(0.9), logit(0.8)
    for one, other in ((2, 2), (3, 7), (5, 4)):
        joint = divided(between((one, other), 0.99, 0.8))[1]
        assert joint[0, -1] == pytest.approx(expit(base + min(one, other) * (across - base)))


def test_a_block_is_no_surer_than_a_part_of_it_that_was_not_joined():
    chances = matrix_of(4, (0, 1, 0.9), (2, 3, 0.9), (0, 2, 0.2), (1, 3, 0.2), (0, 3, 0.2))
    parts, joint = blocks.join(chances, 0.0, 0.95)
    assert len(np.unique(parts)) == 4
    assert joint[0, 2] <= joint[0, 1] < 0.95


def test_rows_kept_apart_do_not_meet_whatever_speaks_for_them():
    chances = between((1, 2), 0.99, 0.99)
    apart = np.zeros((3, 3), dtype=bool)
    apart[0, 2] = apart[2, 0] = True
    parts, _ = blocks.join(chances, 0.0, 0.5, apart)
    assert parts[0] != parts[2]


def test_the_average_pair_counts_as_even_at_least():
    assert blocks.base_rate(np.array([0.1, 0.2])) == 0.0
    assert blocks.base_rate(np.array([0.8, 1.0])) == pytest.approx(logit(0.9))
    assert blocks.base_rate(np.zeros(0)) == 0.0


@given(st.integers(2, 12), st.integers(0, 2**32 - 1), st.sampled_from([0.3, 0.5, 0.8]))
def test_what_is_stated_inside_a_part_reaches_the_cut(height, seed, cut):
    draw = np.random.default_rng(seed).random((height, height))
    chances = np.triu(draw, 1) + np.triu(draw, 1).T
    parts, joint = blocks.join(chances, 0.5, cut)
    inside = (parts[:, None] == parts) & ~np.eye(height, dtype=bool)
    assert (joint[inside] >= cut).all()
    assert (joint == joint.T).all()
    assert joint.max() <= blocks.MOST
