from itertools import combinations

import numpy as np
import pytest

from tk_link.candidates import Pairs
from tk_link.scoring.sampling import draw_links

DRAWS = 3_000


def shares(left, right, rows, probability, how):
    pairs = Pairs(np.array(left, dtype=np.int32), np.array(right, dtype=np.int32), rows)
    drawn = draw_links(pairs, np.array(probability), how, draws=DRAWS, seed=1)
    counts = np.zeros(len(left))
    for found in drawn:
        counts[found] += 1
        if how in ("1:1", "m:1"):
            assert len(set(pairs.left[found])) == len(found)
        if how in ("1:1", "1:m"):
            assert len(set(pairs.right[found])) == len(found)
    return counts / DRAWS


@pytest.mark.parametrize("how", ["1:1", "m:1", "1:m", "m:m"])
def test_lone_pairs_are_drawn_as_often_as_stated(how):
    stated = [0.02, 0.3, 0.5, 0.9, 0.995]
    rows = range(len(stated))
    got = shares(rows, rows, (5, 5), stated, how)
    assert got == pytest.approx(stated, abs=0.035)


def test_rivals_of_one_row_share_it_as_stated():
    stated = [0.6, 0.25, 0.1]
    for how in ("1:1", "m:1"):
        assert shares([0, 0, 0], [0, 1, 2], (1, 3), stated, how) == pytest.approx(stated, abs=0.035)


def test_a_chain_of_rivals_has_the_stated_marginals():
    # On a tree the Bethe weights are exact.
    stated = [0.5, 0.3, 0.4, 0.2]
    got = shares([0, 0, 1, 1], [0, 1, 1, 2], (2, 3), stated, "1:1")
    assert got == pytest.approx(stated, abs=0.035)


def test_twins_are_drawn_either_way():
    got = shares([0, 0, 1, 1], [0, 1, 0, 1], (2, 2), [0.49] * 4, "1:1")
    assert got == pytest.approx([0.5] * 4, abs=0.05)


def test_draws_follow_the_distribution_of_all_matchings():
    # A triangle-free ring of six pairs, compared with every matching counted out.
    left, right = [0, 1, 1, 2, 2, 0], [0, 0, 1, 1, 2, 2]
    stated = np.array([0.35, 0.3, 0.3, 0.35, 0.25, 0.2])
    sums = [
        sum(stated[e] for e in range(6) if side[e] == row)
        for side in (left, right)
        for row in range(3)
    ]
    weight = [
        p * (1 - p) / ((1 - sums[left[e]]) * (1 - sums[3 + right[e]])) for e, p in enumerate(stated)
    ]
    total, exact = 0.0, np.zeros(6)
    for size in range(4):
        for chosen in combinations(range(6), size):
            if all(len({side[e] for e in chosen}) == size for side in (left, right)):
                mass = np.prod([weight[e] for e in chosen])
                total += mass
                exact[list(chosen)] += mass
    got = shares(left, right, (3, 3), stated, "1:1")
    assert got == pytest.approx(exact / total, abs=0.035)
    assert got == pytest.approx(stated, abs=0.08)  # Bethe's approximation on a ring


def test_the_same_seed_gives_the_same_sets():
    pairs = Pairs(np.arange(50, dtype=np.int32), np.arange(50, dtype=np.int32), (50, 50))
    chance = np.linspace(0.01, 0.99, 50)
    one, same, other = (draw_links(pairs, chance, "1:1", draws=3, seed=seed) for seed in (4, 4, 5))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_without_candidates_every_set_is_empty():
    none = np.zeros(0, dtype=np.int32)
    for how in ("1:1", "m:1", "1:m", "m:m"):
        drawn = draw_links(Pairs(none, none, (3, 3)), np.zeros(0), how, draws=2, seed=0)
        assert [len(found) for found in drawn] == [0, 0]
