import numpy as np
import pytest
from clusterings import matrix_of, pairs_of
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from tk_link.dedupe import clusters
from tk_link.dedupe.clusters import group

METHODS = ("average", "cc", "complete", "single-best")


def grouped(matrix, *, least=0.0, **options):
    """Cluster a matrix of which only entries above ``least`` are candidates; the rest are asked."""
    pairs, probability = pairs_of(matrix, least)
    return group(pairs, probability, lambda asked: matrix[asked.left, asked.right], **options)[0]


def partition(cluster):
    return {frozenset(np.flatnonzero(cluster == name).tolist()) for name in np.unique(cluster)}


def is_coarser(coarse, fine):
    return all(any(part <= whole for whole in partition(coarse)) for part in partition(fine))


def by_union_find(matrix, cut):
    """Join what is connected, one pair after the other."""
    parent = list(range(len(matrix)))

    def root(row):
        while parent[row] != row:
            row = parent[row]
        return row

    for left, right in zip(*np.nonzero(np.triu(matrix, 1) >= cut), strict=True):
        low, high = sorted((root(left), root(right)))
        parent[high] = low
    return np.array([root(row) for row in range(len(matrix))])


@st.composite
def matrices(draw):
    """Draw probabilities without ties, many of them high enough to join."""
    height = draw(st.integers(1, 14))
    seed = draw(st.integers(0, 2**32 - 1))
    power = draw(st.sampled_from([0.5, 1.0, 3.0]))
    matrix = np.random.default_rng(seed).random((height, height)) ** power
    return np.triu(matrix, 1) + np.triu(matrix, 1).T


cuts = st.sampled_from([0.3, 0.5, 0.8])


@given(matrices(), cuts, st.sampled_from([0.0, 0.3]))
def test_complete_linkage_is_that_of_the_full_matrix(matrix, cut, least):
    found = grouped(matrix, least=least, method="complete", cut=cut)
    if len(matrix) == 1:
        assert found.tolist() == [0]
        return
    tree = hierarchy.linkage(squareform(1 - matrix, checks=False), "complete")
    assert partition(found) == partition(hierarchy.fcluster(tree, 1 - cut, "distance"))


@given(matrices(), cuts)
def test_connected_components_are_those_of_union_find(matrix, cut):
    assert (grouped(matrix, method="cc", cut=cut) == by_union_find(matrix, cut)).all()


@given(matrices(), cuts)
def test_complete_linkage_joins_only_where_every_pair_fits(matrix, cut):
    found = grouped(matrix, method="complete", cut=cut)
    for part in partition(found):
        rows = sorted(part)
        assert (matrix[np.ix_(rows, rows)] + np.eye(len(rows)) >= cut).all()


@given(matrices(), cuts)
def test_single_best_joins_each_row_to_its_best_partner(matrix, cut):
    found = grouped(matrix, method="single-best", cut=cut)
    for row, best in enumerate(matrix.argmax(axis=1)):
        assert (found[row] == found[best]) or matrix[row, best] < cut


@given(matrices(), cuts, st.sampled_from(METHODS))
def test_clusters_are_named_by_their_first_row(matrix, cut, method):
    found = grouped(matrix, method=method, cut=cut)
    assert all(found[part_row] == min(part) for part in partition(found) for part_row in part)


@given(matrices(), cuts)
def test_no_method_joins_what_is_not_connected(matrix, cut):
    connected = grouped(matrix, method="cc", cut=cut)
    for method in METHODS:
        assert is_coarser(connected, grouped(matrix, method=method, cut=cut))


@given(matrices(), cuts, st.sampled_from(METHODS), st.randoms())
def test_the_order_of_rows_does_not_matter(matrix, cut, method, draw):
    order = list(range(len(matrix)))
    draw.shuffle(order)
    found = grouped(matrix, method=method, cut=cut)
    shuffled = grouped(matrix[np.ix_(order, order)], method=method, cut=cut)
    back = {frozenset(order[row] for row in part) for part in partition(shuffled)}
    assert back == partition(found)


@given(matrices(), cuts, st.sampled_from(METHODS), st.integers(1, 4))
def test_rows_that_are_kept_apart_never_meet(matrix, cut, method, files):
    apart = np.arange(len(matrix)) % files
    found = grouped(matrix, method=method, cut=cut, apart=apart)
    for part in partition(found):
        assert len({apart[row] for row in part}) == len(part)


def test_average_linkage_cuts_the_weak_bridge_between_two_entities():
    strong = [(a, b, 0.9) for a, b in ((0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5))]
    matrix = matrix_of(6, *strong, (2, 3, 0.6))
    assert grouped(matrix, method="cc").tolist() == [0] * 6
    assert grouped(matrix).tolist() == [0, 0, 0, 3, 3, 3]


def test_pairs_that_were_no_candidates_are_asked_for():
    matrix = matrix_of(3, (0, 1, 0.9), (1, 2, 0.9), (0, 2, 0.4))
    pairs, probability = pairs_of(matrix, 0.5)
    asked = []

    def score(missing):
        asked.append((missing.left.tolist(), missing.right.tolist()))
        return matrix[missing.left, missing.right]

    cluster, known = group(pairs, probability, score)
    assert asked == [([0], [2])]
    assert cluster.tolist() == [0, 0, 0]
    assert known[0, 2] == known[2, 0] > 0.5  # the rows between bear it out


@pytest.mark.parametrize("method", METHODS)
def test_a_component_beyond_the_bound_is_cut_at_higher_probabilities(monkeypatch, method):
    monkeypatch.setattr(clusters, "_LARGEST", 5)
    cliques = [(a + at, b + at, 0.95) for at in (0, 4) for a in range(4) for b in range(a)]
    matrix = matrix_of(8, *cliques, (3, 4, 0.6))
    assert len(partition(grouped(matrix, least=0.1, method=method))) == (1 if method == "cc" else 2)


def test_a_component_that_nothing_divides_stays_whole_and_is_not_compared(monkeypatch):
    monkeypatch.setattr(clusters, "_LARGEST", 5)
    chain = matrix_of(30, *((row, row + 1, 1.0) for row in range(29)))
    pairs, probability = pairs_of(chain)
    cluster, known = group(pairs, probability, lambda asked: np.zeros(len(asked)))
    assert cluster.tolist() == [0] * 30
    assert known.nnz == 2 * 29


def test_copies_beyond_the_bound_are_told_apart_by_their_place_in_each_file(monkeypatch):
    monkeypatch.setattr(clusters, "_LARGEST", 5)
    matrix = np.ones((12, 12)) - np.eye(12)
    apart = np.repeat([0, 1], 6)
    assert grouped(matrix, apart=apart).tolist() == [0, 1, 2, 3, 4, 5] * 2


def test_no_pairs_no_clusters():
    assert grouped(np.zeros((4, 4))).tolist() == [0, 1, 2, 3]
