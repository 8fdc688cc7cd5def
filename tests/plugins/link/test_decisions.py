import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tk.errors import QualityError
from tk_link.candidates import Pairs
from tk_link.comparing.features import RECORD, Features
from tk_link.config import LinkConfig
from tk_link.decisions import decide
from tk_link.guard import Guard
from tk_link.linkage import PAIR_SCHEMA
from tk_link.scoring.matching import marginals
from tk_link.scoring.score import Scores

ACCEPTED = pl.col("match_status").is_in(["match", "review"])


def decided(rows, how="1:1", heights=None, barred=(), **options):
    """Decide over (left, right, chance alone) rows; equal chances compare exactly alike."""
    rows = sorted(rows)
    left, right = (np.array([r[n] for r in rows], dtype=np.int32) for n in (0, 1))
    alone = np.array([float(r[2]) for r in rows])
    heights = heights or (int(left.max(initial=0)) + 1, int(right.max(initial=0)) + 1)
    pairs = Pairs(left, right, heights)
    odds = alone / (1 - alone)
    values = alone.astype(np.float32)[:, None]
    scores = Scores(marginals(pairs, odds, how), alone, np.log(odds),
                    np.ones((len(rows), 1), np.int8), None, values[:, 0])  # fmt: skip
    features = Features((RECORD,), values, np.ones(1))
    told = np.isin(np.arange(len(rows)), [rows.index(row) for row in barred])
    guard = Guard(-told.astype(float), told, told, pl.Series([None] * len(rows)))
    return decide(pairs, features, scores, how, LinkConfig(**options), guard=guard)


def statuses(decision):
    columns = ["left_row", "right_row", "match_status"]
    return {(a, b): status for a, b, status in decision.pairs.select(columns).iter_rows()}


def test_the_best_pair_wins_and_the_rest_say_why_not():
    decision = decided([(0, 0, 0.99), (1, 0, 0.9), (2, 1, 0.2)])
    assert statuses(decision) == {(0, 0): "match", (1, 0): "lost", (2, 1): "none"}
    assert decision.pairs.schema == PAIR_SCHEMA


def test_ranks_and_margins_are_those_of_the_left_row():
    pairs = decided([(0, 0, 0.95), (0, 1, 0.4), (1, 2, 0.7)], how="m:m", all_pairs=True).pairs
    assert pairs["match_rank"].to_list() == [1, 2, 1]
    assert pairs["match_margin"].to_list() == pytest.approx([0.55, -0.55, 0.7])
    assert pairs["match_score"].to_list()[0] == pytest.approx(np.log2(0.95 / 0.05))


def test_a_variant_is_not_accepted_and_leaves_its_partner_to_the_next():
    rows = [(0, 0, 0.995), (1, 0, 0.99), (2, 1, 0.95), (2, 2, 0.95)]
    for ties in ("drop", "first", "all"):
        decision = decided(rows, barred=[rows[0], rows[3]], ties=ties, min_prob=0.3)
        assert statuses(decision) == {(0, 0): "variant", (1, 0): "match", (2, 1): "match"}
    kinds = decided(rows, barred=[rows[0]], min_prob=0.3).pairs["match_kind"].to_list()
    assert kinds == ["variant", "same", None]


def test_a_variant_says_more_than_a_stranger():
    rows = [(0, 0, 0.3), (0, 1, 0.2)]
    assert statuses(decided(rows, barred=[rows[1]])) == {(0, 1): "variant"}


def test_twins_on_the_right_tie_and_nobody_wins():
    rows = [(0, 0, 0.9), (0, 1, 0.9), (1, 2, 0.9)]
    assert statuses(decided(rows)) == {(0, 0): "tie", (1, 2): "match"}
    assert statuses(decided(rows, ties="first")) == {(0, 0): "match", (1, 2): "match"}
    assert set(statuses(decided(rows, ties="all"))) == {(0, 0), (0, 1), (1, 2)}


def test_twins_that_are_not_the_best_are_no_tie():
    rows = [(0, 0, 0.99), (0, 1, 0.6), (0, 2, 0.6)]
    assert statuses(decided(rows)) == {(0, 0): "match"}


def test_a_tie_lost_leaves_no_second_best_behind():
    """Rows 0 and 1 are twins; right row 1 likes them equally but is nobody's first choice."""
    rows = [(0, 0, 0.99), (1, 0, 0.99), (0, 1, 0.6), (1, 1, 0.6)]
    for ties in ("first", "all"):
        found = {k for k, v in statuses(decided(rows, ties=ties)).items() if v == "match"}
        assert (0, 1) not in found
        assert (1, 1) not in found


EDGES = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 5)),
    st.sampled_from([0.05, 0.3, 0.6, 0.9, 0.99]),
    max_size=18,
).map(lambda found: [(a, b, chance) for (a, b), chance in found.items()])


@settings(max_examples=80, deadline=None)
@given(EDGES, st.sampled_from(["1:1", "m:1", "1:m"]), st.sampled_from(["drop", "first"]))
def test_no_row_is_given_away_more_often_than_allowed(rows, how, ties):
    found = decided(rows, how, (6, 6), ties=ties).pairs.filter(ACCEPTED)
    assert how == "1:m" or found["left_row"].is_unique().all()
    assert how == "m:1" or found["right_row"].is_unique().all()


@settings(max_examples=80, deadline=None)
@given(EDGES, st.sampled_from(["1:1", "m:1", "1:m", "m:m"]), st.sampled_from(["drop", "all"]))
def test_every_left_row_with_a_candidate_is_shown_and_the_figures_add_up(rows, how, ties):
    decision = decided(rows, how, (6, 6), ties=ties)
    pairs = decision.pairs
    assert set(pairs["left_row"]) == {a for a, _, _ in rows}
    refused = pairs.filter(~ACCEPTED)
    assert refused["left_row"].is_unique().all()
    assert not set(refused["left_row"]) & set(pairs.filter(ACCEPTED)["left_row"])
    accepted = pairs.filter(ACCEPTED)["match_probability"]
    mean = accepted.mean() if len(accepted) else 1.0
    assert decision.precision == pytest.approx(mean)
    everything = decided(rows, how, (6, 6), ties=ties, all_pairs=True).pairs
    assert everything.height == len(rows)
    assert len(decision.positions) == pairs.height


def test_a_wanted_precision_moves_the_cut_no_further_than_needed():
    rows = [(n, n, chance) for n, chance in enumerate([0.99, 0.9, 0.8, 0.3])]
    decision = decided(rows, precision=0.89)
    assert decision.cut == pytest.approx(0.8)
    assert decision.precision >= 0.89
    with pytest.raises(QualityError, match=r"0.999 cannot be reached: .*estimated 0.99"):
        decided(rows, precision=0.999)


def test_a_precision_over_no_pairs_cannot_be_promised():
    with pytest.raises(QualityError):
        decided([], precision=0.5)


def test_the_review_band_lowers_the_cut_to_its_lower_end():
    rows = [(n, n, chance) for n, chance in enumerate([0.99, 0.6, 0.35, 0.1])]
    assert list(statuses(decided(rows, review_band=(0.3, 0.8))).values()) == [
        "match", "review", "review", "none",
    ]  # fmt: skip


def test_top_keeps_the_best_partners_only():
    rows = [(0, n, 0.9 - n / 20) for n in range(4)]
    found = decided(rows, how="1:m", top=2).pairs.filter(ACCEPTED)
    assert found["right_row"].to_list() == [0, 1]


def test_nothing_to_decide_is_an_empty_decision():
    decision = decided([])
    assert decision.pairs.schema == PAIR_SCHEMA
    assert (decision.pairs.height, decision.precision) == (0, 1.0)
