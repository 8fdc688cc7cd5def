"""Links of earlier runs that stay, with cardinalities, cuts and judgements in their way."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tk_link.candidates import Pairs
from tk_link.comparing.features import RECORD, Features
from tk_link.config import LinkConfig
from tk_link.decisions import decide
from tk_link.guard import unguarded
from tk_link.judging import links
from tk_link.judging.earlier_links import EarlierLinks
from tk_link.judging.judged import Judged
from tk_link.scoring.matching import marginals
from tk_link.scoring.score import Scores

HEIGHT = 5


def rows_of(pairs):
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)


def decided(rows, before, old, *, how="1:1", same=(), different=(), **options):
    """Decide over (left, right, chance alone) rows; ``old`` left and right rows were linked."""
    chances = {(a, b): chance for a, b, chance in rows}
    at = rows_of(chances)
    pairs = Pairs(at[:, 0].astype(np.int32), at[:, 1].astype(np.int32), (HEIGHT, HEIGHT))
    pairs = links.with_these(pairs, rows_of({*before, *same}))
    keys = list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))
    alone = np.array([chances.get(key, 1e-6) for key in keys])
    odds, values = alone / (1 - alone), alone.astype(np.float32)[:, None]
    scores = Scores(marginals(pairs, odds, how), alone, np.log(odds),
                    np.ones((len(keys), 1), np.int8), None, values[:, 0])  # fmt: skip
    masks = [np.isin(np.arange(HEIGHT), list(side)) for side in old]
    earlier = EarlierLinks(rows_of(before), *masks)
    bound = links.bind(pairs, Judged(rows_of(same), rows_of(different)), how)
    scores = links.heeded(scores, pairs, how, bound, barred=np.zeros(len(keys), dtype=bool))
    found = decide(
        pairs, Features((RECORD,), values, np.ones(1)), scores, how, LinkConfig(**options),
        guard=unguarded(len(keys)), bound=earlier.bind(pairs, bound, how), earlier=earlier,
    ).pairs.filter(pl.col("match_status") == "match")  # fmt: skip
    ends = found.select("left_row", "right_row").rows()
    return dict(zip(ends, found["match_probability"], strict=True))


def test_a_link_stays_though_a_new_row_is_likelier_and_says_so():
    found = decided([(0, 0, 0.6), (0, 1, 0.99)], {(0, 0)}, ({0}, {0}))
    assert {*found} == {(0, 0)}
    assert found[0, 0] < 0.1


def test_earlier_rows_that_were_not_linked_are_not_linked_now_but_find_new_ones():
    found = decided([(0, 0, 0.99), (1, 1, 0.9)], set(), ({0, 1}, {0}))
    assert {*found} == {(1, 1)}


def test_a_new_row_between_two_earlier_clusters_goes_to_the_likelier():
    rows = [(0, 0, 0.7), (1, 0, 0.9), (2, 0, 0.8)]
    for how in ("m:1", "m:m"):
        assert {*decided(rows, set(), ({0, 1}, set()), how=how)} == {(1, 0), (2, 0)}
    chain = [(0, 0, 0.9), (2, 0, 0.8), (2, 1, 0.7)]  # by way of two new rows
    assert {*decided(chain, set(), ({0}, {1}), how="m:m")} == {(0, 0), (2, 0)}


def test_judgements_come_before_links():
    rows = [(0, 0, 0.9), (0, 1, 0.5), (1, 1, 0.9)]
    before = {(0, 0), (1, 1)}
    assert {*decided(rows, before, ({0, 1}, {0, 1}), different={(0, 0)})} == {(1, 1)}
    assert {*decided(rows, before, ({0, 1}, {0, 1}), same={(0, 1)})} == {(0, 1)}


def test_links_below_the_cut_beyond_the_top_and_over_the_cardinality_stay():
    before = {(0, 0), (0, 1)}
    found = decided([(0, 0, 0.2), (1, 0, 0.9)], before, ({0}, {0, 1}), min_prob=0.8, top=1)
    assert {*found} == before


@pytest.mark.parametrize("how", ["1:1", "m:1", "1:m", "m:m"])
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_among_earlier_rows_the_links_are_the_earlier_ones_and_no_two_clusters_meet(how, data):
    row = st.integers(0, HEIGHT - 1)
    pair = st.tuples(row, row)
    rows = data.draw(st.lists(st.tuples(row, row, st.floats(0.01, 0.99)), max_size=20))
    old = data.draw(st.sets(row)), data.draw(st.sets(row))
    before = {(a, b) for a, b in data.draw(st.sets(pair)) if a in old[0] and b in old[1]}
    found = {*decided(rows, before, old, how=how, ties=data.draw(st.sampled_from(["drop", "all"])))}
    assert {(a, b) for a, b in found if a in old[0] and b in old[1]} == before
    mine, now = cluster_of(before), cluster_of(found)
    for one in [("l", a) for a in old[0]] + [("r", b) for b in old[1]]:
        for other in [("l", a) for a in old[0]] + [("r", b) for b in old[1]]:
            assert (mine[one] == mine[other]) == (now[one] == now[other])


def cluster_of(pairs):
    label = {(side, row): (side, row) for side in "lr" for row in range(HEIGHT)}
    for a, b in pairs:
        one, other = label["l", a], label["r", b]
        label = {node: one if at == other else at for node, at in label.items()}
    return label
