import numpy as np
import pytest

from tk_link.candidates import Pairs
from tk_link.lookalikes import Lookalikes
from tk_link.scoring.additive import Additive
from tk_link.scoring.curve import Curve
from tk_link.scoring.distinct import Known
from tk_link.scoring.knockout import Null
from tk_link.scoring.model import Model
from tk_link.scoring.reliance import precision_range
from tk_link.scoring.score import Scores

ROWS = (1000, 1000)
ADDITIVE = Additive(0.0, np.array([[-5.0, 5.0]]))
MODEL = Model(("all",), ADDITIVE, Curve(np.array([-5.0, 5.0]), np.array([0.0, 1.0])))


def scores(count, chance, *, orphans=None):
    """Make ``count`` pairs that score 5, with ``chance`` of a match each."""
    chances = np.full(count, chance)
    log_odds, levels = np.full(count, 5.0), np.ones((count, 1), np.int8)
    return Scores(chances, chances, log_odds, levels, MODEL, np.zeros(count, np.float32), orphans)


def orphaned(count, won):
    """Make orphans of ``count`` sure matches, of which ``won`` get a partner as good."""
    reached = np.where(np.arange(count) < won, 6.0, -np.inf)
    return Null(reached, reached), np.ones(count)


def alike(count):
    """Make tables of 1,000 rows of which ``count`` resemble another of the same table."""
    first = np.arange(count, dtype=np.int32)
    pairs = Pairs(first, np.full(count, 999, np.int32), ROWS, is_within=True)
    side = Lookalikes(pairs, np.ones((count, 1), np.float32), np.arange(998), 1000, np.arange(1000))
    return Known((side, side), (np.ones((count, 1), np.int8),) * 2)


def reach(count, chance, *, orphans=None, how="1:1", **given):
    some = scores(count, chance, orphans=orphans)
    return precision_range(some, np.arange(count), ROWS, how, **given)


def test_the_stated_precision_is_in_its_range():
    for count, chance in ((1, 0.5), (8, 0.9), (200, 0.999), (900, 0.7)):
        low, high = reach(count, chance, orphans=orphaned(count, 0))
        assert 0.0 <= low <= chance <= high <= 1.0


def test_many_pairs_make_a_narrower_range_than_few():
    widths = [np.ptp(reach(n, 0.95, orphans=orphaned(n, n // 20))) for n in (10, 100, 900)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.1


def test_where_few_rows_match_orphans_alone_do_not_say_that_all_is_well():
    few, many = (reach(n, 0.99, orphans=orphaned(n, 0))[0] for n in (10, 900))
    assert few == 0.0  # each orphan stands for a hundred rows without a match
    assert many > 0.97


def test_a_null_that_contradicts_what_is_stated_widens_the_range():
    low, high = reach(500, 0.99, orphans=orphaned(500, 100))
    assert low < 0.8
    assert high > 0.98
    low, high = reach(500, 0.7, orphans=orphaned(500, 0))
    assert low < 0.7
    assert high == 1.0


def test_lookalikes_inside_the_tables_are_heard():
    assert reach(100, 0.99, known=alike(60))[0] < 0.5
    assert reach(100, 0.99, known=alike(0))[0] > 0.9


def test_where_rows_share_partners_one_side_alone_counts():
    null = Null(np.full(900, -np.inf), np.full(900, 6.0))
    weights = np.ones(900)
    assert reach(900, 0.99, orphans=(null, weights), how="m:1")[0] > 0.97
    assert reach(900, 0.99, orphans=(null, weights), how="1:m")[0] < 0.9


def test_pairs_judged_to_be_true_are_true():
    unjudged, judged = reach(10, 0.8), reach(10, 0.8, certain=90)
    assert judged[0] == pytest.approx(0.9 + 0.1 * unjudged[0])
    assert judged[1] == pytest.approx(0.9 + 0.1 * unjudged[1])


def test_without_accepted_pairs_there_is_nothing_to_doubt():
    assert reach(0, 0.5) == (1.0, 1.0)
