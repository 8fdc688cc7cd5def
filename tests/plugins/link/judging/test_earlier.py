import numpy as np
import pytest
from clusterings import matrix_of, pairs_of
from hypothesis import given, settings
from hypothesis import strategies as st

from tk_link.dedupe.clusters import group
from tk_link.judging import earlier
from tk_link.judging.clusters import group_judged
from tk_link.judging.earlier import keep_earlier
from tk_link.judging.judged import NOT_JUDGED, Judged

METHODS = ("average", "cc", "complete", "single-best")


def judged(same=(), different=()):
    return Judged(*(np.array(rows, dtype=np.int64).reshape(-1, 2) for rows in (same, different)))


def kept(matrix, before, verdicts=NOT_JUDGED, *, method="average", apart=None, least=0.0):
    """Cluster, and keep ``before``: each row's earlier cluster, -1 for a new row."""
    (pairs, probability), asked = pairs_of(matrix, least), lambda a: matrix[a.left, a.right]
    groups = None if apart is None else np.array(apart)
    scored, options = (pairs, probability, asked), {"method": method, "cut": 0.5, "apart": groups}
    found, known = (
        group_judged(*scored, verdicts, **options) if verdicts else group(*scored, **options)
    )
    cluster, known = keep_earlier(
        found, known, np.array(before), pairs=pairs, probability=probability, score=asked,
        judged=verdicts, apart=groups,
    )  # fmt: skip
    return cluster.tolist(), known


def test_a_new_row_between_two_earlier_clusters_goes_to_the_likelier_and_joins_nothing():
    matrix = matrix_of(4, (0, 1, 0.95), (1, 2, 0.9), (0, 2, 0.9), (2, 3, 0.99), (1, 3, 0.95),
                       (0, 3, 0.9))  # fmt: skip
    assert group(*pairs_of(matrix), lambda a: matrix[a.left, a.right])[0].tolist() == [0] * 4
    assert kept(matrix, [0, 0, 1, -1])[0] == [0, 0, 2, 2]


def test_earlier_clusters_stay_whole_and_new_rows_find_their_parts_in_them():
    matrix = matrix_of(5, (0, 2, 0.99), (1, 3, 0.99))
    assert kept(matrix, [0, 0, -1, -1, -1])[0] == [0, 0, 0, 0, 4]
    assert kept(matrix, [0, 1, -1, -1, -1])[0] == [0, 1, 0, 1, 4]


def test_pairs_of_kept_clusters_state_what_was_found_of_them():
    matrix = matrix_of(3, (0, 1, 0.2), (1, 2, 0.9))
    cluster, known = kept(matrix, [0, 0, 1], least=0.3)
    assert cluster == [0, 0, 2]
    assert (round(known[0, 1], 6), round(known[1, 2], 6)) == (0.2, 0.9)


def test_judgements_come_before_what_was_decided():
    alike = matrix_of(4, (0, 1, 0.9), (0, 2, 0.9), (1, 2, 0.6), (2, 3, 0.1))
    assert kept(alike, [0, 0, 0, 1], judged(different=[(0, 1)]))[0] == [0, 1, 0, 3]
    assert kept(alike, [0, 0, 0, 1], judged(same=[(1, 3)]))[0] == [0] * 4
    # an earlier cluster falls into two, not into rows that each are unlike all others
    apart = matrix_of(4, (2, 3, 0.2))
    assert len({*kept(apart, [0] * 4, judged(different=[(0, 1)]))[0]}) == 2


def test_new_rows_of_one_file_stay_apart_in_an_earlier_cluster():
    matrix = matrix_of(4, (0, 2, 0.9), (1, 3, 0.8))
    assert kept(matrix, [0, 0, -1, -1], apart=[0, 0, 1, 1])[0] == [0, 0, 0, 3]


def test_a_large_cluster_is_divided_by_best_pairs(monkeypatch):
    monkeypatch.setattr(earlier, "_LARGEST", 3)
    matrix = matrix_of(5, (0, 2, 0.6), (1, 2, 0.9), (0, 1, 0.9), (1, 3, 0.9), (3, 4, 0.9))
    assert kept(matrix, [0, 1, -1, -1, -1], method="cc", least=0.3)[0] == [0, 1, 1, 1, 4]


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_earlier_rows_stay_as_they_were_but_for_judgements(method, data):
    height = data.draw(st.integers(2, 9))
    rows = st.integers(0, height - 1)
    cells = data.draw(st.lists(st.tuples(rows, rows, st.floats(0.0, 1.0)), max_size=25))
    matrix = matrix_of(height, *((i, j, p) for i, j, p in cells if i != j))
    before = data.draw(st.lists(st.integers(-1, 3), min_size=height, max_size=height))
    apart = data.draw(st.none() | st.lists(st.integers(0, 2), min_size=height, max_size=height))
    pair = st.tuples(rows, rows).filter(lambda p: p[0] != p[1])
    verdicts = judged(data.draw(st.lists(pair, max_size=3)))
    entity = verdicts.entities(height)
    different = [p for p in data.draw(st.lists(pair, max_size=3)) if entity[p[0]] != entity[p[1]]]
    verdicts = judged(verdicts.same, different)
    found = kept(matrix, before, verdicts, method=method, apart=apart)[0]
    assert all(found[row] == min(r for r in range(height) if found[r] == found[row])
               for row in range(height))  # fmt: skip
    assert all(found[i] == found[j] for i, j in verdicts.same)
    assert all(found[i] != found[j] for i, j in verdicts.different)
    ends = verdicts.same.tolist()
    ends += [[i, j] for i in range(height) for j in range(i) if before[i] == before[j] >= 0]
    whole, old = judged(ends).entities(height), [row for row in range(height) if before[row] >= 0]
    for i in old:
        for j in old:
            assert found[i] != found[j] or whole[i] == whole[j]
            if not len(verdicts.different):
                assert found[i] == found[j] or whole[i] != whole[j]
