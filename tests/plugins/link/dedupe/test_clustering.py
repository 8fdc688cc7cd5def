import numpy as np
import pytest
from clusterings import matrix_of
from scipy import sparse

from tk_link.dedupe.clustering import pairs_frame, rows_frame


def known(*rows, height=5):
    return sparse.csr_matrix(matrix_of(height, *rows))


def test_confidence_is_that_of_the_weakest_member():
    links = known((0, 1, 0.9), (1, 2, 0.7), (0, 2, 0.6), (3, 2, 0.2))
    rows = rows_frame(np.array([0, 0, 0, 3, 4]), links, np.array([1, 1, 1, 1, 1]))
    assert rows["cluster_size"].to_list() == [3, 3, 3, 1, 1]
    assert rows["cluster_confidence"].to_list() == pytest.approx([0.7, 0.7, 0.7, 0.8, 1.0])


def test_canonical_is_the_most_complete_row_and_of_equals_the_first():
    rows = rows_frame(np.array([0, 0, 0, 3, 3]), known(), np.array([2, 4, 4, 1, 1]))
    assert rows["is_canonical"].to_list() == [False, True, False, True, False]


def test_every_scored_pair_is_once_and_says_whether_it_is_joined():
    pairs = pairs_frame(np.array([0, 0, 2, 3, 4]), known((0, 1, 0.9), (1, 2, 0.4)))
    assert pairs.rows() == [(0, 1, 0.9, True), (1, 2, 0.4, False)]
