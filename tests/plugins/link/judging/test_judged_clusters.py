import numpy as np
import pytest
from clusterings import matrix_of, pairs_of
from hypothesis import given, settings
from hypothesis import strategies as st

from tk_link.dedupe.clusters import group
from tk_link.judging.clusters import group_judged
from tk_link.judging.judged import Judged

METHODS = ("average", "cc", "complete", "single-best")


def judged(same=(), different=()):
    return Judged(*(np.array(rows, dtype=np.int64).reshape(-1, 2) for rows in (same, different)))


def grouped(matrix, verdicts, *, method="average", apart=None):
    pairs, probability = pairs_of(matrix)
    return group_judged(
        pairs, probability, lambda asked: matrix[asked.left, asked.right], verdicts,
        method=method, cut=0.5, apart=apart,
    )[0].tolist()  # fmt: skip


def test_rows_never_compared_are_joined_with_all_that_is_theirs():
    matrix = matrix_of(5, (0, 1, 0.9), (2, 3, 0.9))
    assert grouped(matrix, judged(same=[(1, 3)])) == [0, 0, 0, 0, 4]


def test_a_pair_judged_different_divides_its_cluster_by_what_is_likelier():
    matrix = matrix_of(4, (0, 1, 0.99), (0, 2, 0.9), (1, 2, 0.9), (2, 3, 0.6), (0, 3, 0.8),
                       (1, 3, 0.7))  # fmt: skip
    assert grouped(matrix, judged()) == [0, 0, 0, 0]
    assert grouped(matrix, judged(different=[(3, 0)])) == [0, 0, 0, 3]


def test_what_is_judged_the_same_takes_the_place_of_its_rows():
    matrix = matrix_of(3, (0, 1, 0.99))
    assert grouped(matrix, judged(same=[(1, 2)], different=[(0, 2)])) == [0, 1, 1]


def test_judgements_stand_above_across_only_and_files_stay_apart_otherwise():
    matrix = matrix_of(4, (0, 2, 0.9), (1, 3, 0.9))
    apart = np.array([0, 0, 1, 1])
    assert grouped(matrix, judged(same=[(0, 1)]), apart=apart) != [0, 0, 0, 0]
    found = grouped(matrix, judged(same=[(0, 1)]), apart=apart)
    assert found[0] == found[1] == 0


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_no_judgement_is_outvoted(method, data):
    height = data.draw(st.integers(2, 9))
    rows = st.integers(0, height - 1)
    pair = st.tuples(rows, rows).filter(lambda p: p[0] != p[1])
    cells = data.draw(st.lists(st.tuples(rows, rows, st.floats(0.0, 1.0)), max_size=20))
    matrix = matrix_of(height, *((i, j, p) for i, j, p in cells if i != j))
    verdicts = judged(data.draw(st.lists(pair, max_size=4)))
    entity = verdicts.entities(height)
    different = [p for p in data.draw(st.lists(pair, max_size=6)) if entity[p[0]] != entity[p[1]]]
    verdicts = judged(verdicts.same, different)
    found = grouped(matrix, verdicts, method=method)
    assert all(found[i] == found[j] for i, j in verdicts.same)
    assert all(found[i] != found[j] for i, j in verdicts.different)
    if not verdicts:
        pairs, probability = pairs_of(matrix)
        plain = group(pairs, probability, lambda a: matrix[a.left, a.right], method=method)[0]
        assert found == plain.tolist()
