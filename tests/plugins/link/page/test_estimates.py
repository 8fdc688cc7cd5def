import numpy as np
import pytest

from tk.charts import Bars
from tk_link.page.estimates import Choice, cut_chart, cuts, score_chart


def test_calibrated_pairs_give_their_true_precision_and_recall():
    rng = np.random.default_rng(1)
    chance = rng.beta(0.5, 0.5, 200_000)
    is_true = rng.random(len(chance)) < chance
    for cut in cuts(Choice(chance, 0.5)):
        kept = chance >= cut.at
        assert cut.pairs == kept.sum()
        assert cut.precision == pytest.approx(is_true[kept].mean(), abs=0.005)
        assert cut.recall == pytest.approx(is_true[kept].sum() / is_true.sum(), abs=0.005)


def test_the_cut_of_the_run_is_marked_even_where_it_is_no_round_number():
    marked = [cut for cut in cuts(Choice(np.array([0.2, 0.123456789, 0.9]), 0.123456789))]
    assert [(cut.at, cut.pairs) for cut in marked if cut.is_chosen] == [(0.123456789, 3)]


def test_cuts_that_keep_nothing_are_left_out():
    assert [cut.at for cut in cuts(Choice(np.array([0.2]), 0.5))] == [0.05, 0.1, 0.2]
    assert cuts(Choice(np.zeros(0), 0.5)) == ()


def test_what_no_cut_can_accept_lowers_recall_alone():
    (cut,) = (c for c in cuts(Choice(np.array([0.9, 0.6]), 0.5, missed=0.5)) if c.is_chosen)
    assert cut.precision == pytest.approx(0.75)
    assert cut.recall == pytest.approx(0.75)


def test_the_curve_rises_and_falls():
    precision, recall, rule = cut_chart(Choice(np.linspace(0.01, 0.99, 99), 0.5)).marks
    assert list(precision.y) == sorted(precision.y)
    assert list(recall.y) == sorted(recall.y, reverse=True)
    assert rule.at == 0.5


@pytest.mark.parametrize(
    "bits", [[-1e9, 0.0, 1e9], [3.0], [-3.0, -3.0], [0.25, 0.5], list(np.linspace(-80, 70, 999))]
)
def test_every_score_is_in_one_of_a_few_bars(bits):
    accepted = np.array(bits) > 0
    chart = score_chart(np.array(bits), accepted, what="pairs", names=("yes", "no"))
    bars = [mark for mark in chart.marks if isinstance(mark, Bars)]
    assert len(bars[0].heights) <= 62
    assert [sum(mark.heights) for mark in bars] == [(~accepted).sum(), accepted.sum()]
