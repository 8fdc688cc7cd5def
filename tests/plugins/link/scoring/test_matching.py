from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tk_link.scoring.matching import assign, marginals

few = settings(max_examples=60, deadline=None)
EDGES = st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=9).map(sorted)
RULES = ["1:1", "m:1", "1:m", "m:m"]


def is_allowed(edges, how):
    lefts, rights = [a for a, _ in edges], [b for _, b in edges]
    left_fine = how not in ("1:1", "m:1") or len(set(lefts)) == len(lefts)
    return left_fine and (how not in ("1:1", "1:m") or len(set(rights)) == len(rights))


def by_enumeration(edges, odds, how):
    """Weigh every allowed set of pairs by the product of its odds."""
    total, mass = 0.0, np.zeros(len(edges))
    for size in range(len(edges) + 1):
        for chosen in combinations(range(len(edges)), size):
            if is_allowed([edges[i] for i in chosen], how):
                weight = float(np.prod([odds[i] for i in chosen]))
                total += weight
                mass[list(chosen)] += weight
    return mass / total


def is_forest(edges):
    group = {}

    def root(node):
        while group.setdefault(node, node) != node:
            node = group[node]
        return node

    for a, b in edges:
        x, y = root(("left", a)), root(("right", b))
        if x == y:
            return False
        group[x] = y
    return True


@few
@given(EDGES, st.data(), st.sampled_from(RULES))
def test_marginals_are_those_of_all_matchings_enumerated(make_pairs, edges, data, how):
    assume(how != "1:1" or is_forest(edges))
    odds = np.array([data.draw(st.floats(1e-3, 1e3)) for _ in edges])
    found = marginals(make_pairs(edges, (5, 5)), odds, how)
    np.testing.assert_allclose(found, by_enumeration(edges, odds, how), rtol=1e-6, atol=1e-9)


@few
@given(EDGES, st.data(), st.sampled_from(RULES))
def test_a_row_that_may_have_one_partner_has_at_most_one_in_expectation(
    make_pairs, edges, data, how
):
    odds = np.array([data.draw(st.floats(0, 1e30)) for _ in edges])
    found = marginals(make_pairs(edges, (5, 5)), odds, how)
    assert ((found >= 0) & (found <= 1)).all()
    left = np.bincount([a for a, _ in edges], found)
    right = np.bincount([b for _, b in edges], found)
    slack = 0.05 if how == "1:1" else 1e-9  # the last message of the loop is one side's
    assert how in ("1:m", "m:m") or left.max() <= 1 + 1e-9
    assert how in ("m:1", "m:m") or right.max() <= 1 + slack


@pytest.mark.parametrize("how", RULES)
def test_a_pair_without_rivals_keeps_its_own_odds(make_pairs, how):
    pairs = make_pairs([(0, 0), (1, 1)])
    assert marginals(pairs, np.array([3.0, 0.25]), how) == pytest.approx([0.75, 0.2])
    assert marginals(make_pairs([]), np.zeros(0), how).shape == (0,)


def greedy(edges, score, how, among):
    kept, lefts, rights = [], set(), set()
    for n in sorted(among, key=lambda n: (-score[n], n)):
        a, b = edges[n]
        if (how in ("1:1", "m:1") and a in lefts) or (how in ("1:1", "1:m") and b in rights):
            continue
        kept.append(n)
        lefts.add(a)
        rights.add(b)
    return sorted(kept)


@few
@given(
    st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=30).map(sorted),
    st.data(),
    st.sampled_from(RULES),
)
def test_assignment_equals_a_plain_greedy_loop_ties_included(make_pairs, edges, data, how):
    score = np.array([data.draw(st.integers(0, 4)) for _ in edges], dtype=np.float64)
    among = np.array([data.draw(st.booleans()) for _ in edges], dtype=bool)
    pairs = make_pairs(edges, (8, 8))
    for given_among in (None, among):
        allowed = range(len(edges)) if given_among is None else np.flatnonzero(among).tolist()
        found = assign(pairs, score, how, given_among).tolist()
        assert found == greedy(edges, score, how, allowed)
        assert is_allowed([edges[n] for n in found], how)


def test_a_long_chain_of_rivals_is_settled(make_pairs):
    rows = [(n // 2 + n % 2, n // 2) for n in range(400)]
    kept = assign(make_pairs(rows), np.arange(400, dtype=np.float64), "1:1")
    assert kept.tolist() == list(range(1, 400, 2))


def test_scores_below_everything_are_still_assigned(make_pairs):
    assert assign(make_pairs([(0, 0)]), np.array([-np.inf]), "1:1").tolist() == [0]
