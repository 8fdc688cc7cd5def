from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from scored_pairs import copies, scored, straight

from tk_link import guard
from tk_link.asking import Asking
from tk_link.candidates import Pairs
from tk_link.comparing.features import Features
from tk_link.lookalikes import Lookalikes

ALIKE = pl.Series(
    ["kettle KT-4417 red", "kettle KT-4418 red", "kettle KT-4417 blue"] + 97 * ["pan"]
)


def side():
    """Make a table of 100 rows of which row 0 resembles rows 1 and 2."""
    ends = np.array([0, 0], np.int32), np.array([1, 2], np.int32)
    pairs, rows = Pairs(*ends, (3, 3), is_within=True), np.arange(3)
    return Lookalikes(pairs, np.ones((2, 1), np.float32), rows, 100, rows)


SIDES = (side(), side())


def asking(pairs, how="auto", find=lambda: SIDES, texts=None):
    return Asking(pairs, how, texts, (), find)


def found(monkeypatch, variants, kinds=()):
    """Let the guard find variants, each of a left row of its own, beside 100 matches."""
    pairs, scores = scored(straight(100) + [(100 + n, n, -9) for n in range(101)])
    is_variant = np.zeros(len(pairs), dtype=bool)
    is_variant[100 : 100 + variants] = True
    rules = guard.Rules(0.5, {}, frozenset(kinds))
    seen = SimpleNamespace(is_variant=is_variant, rules=rules)
    monkeypatch.setattr(guard, "inspect", lambda *_: seen)
    return pairs, scores


def test_rows_of_one_to_one_tables_are_asked():
    pairs, scores = scored(straight(100))
    assert [len(each.pairs) for each in asking(pairs)(scores)] == [2, 2]


@pytest.mark.parametrize(("how", "is_asked"), [("auto", False), ("1:1", True)])
def test_rows_that_share_partners_are_not_unless_they_are_said_not_to(how, is_asked):
    pairs, scores = scored(straight(100) + copies(30, of=100))
    assert (asking(pairs, how)(scores) is not None) == is_asked


def test_what_the_guard_bars_between_two_tables_is_no_lookalike_in_one(monkeypatch):
    pairs, scores = found(monkeypatch, 101, kinds=("model number",))
    titles = ALIKE, ALIKE
    left, right = asking(pairs, texts=(titles, titles))(scores)
    assert left.pairs.right.tolist() == right.pairs.right.tolist() == [2]
    assert len(left.values) == 1


@pytest.mark.parametrize(
    ("variants", "accepted", "stands"),
    [(100, 0, True), (101, 6, True), (101, 5, False)],
)
def test_where_variants_abound_lookalikes_may_not_deny_everything(
    monkeypatch, variants, accepted, stands
):
    pairs, scores = found(monkeypatch, variants)
    ask = asking(pairs)
    ask(scores)
    assert ask.stands(accepted) == stands
    assert (ask(scores) is not None) == (ask.again is not None) == stands


def test_lookalikes_that_were_refused_are_heard_in_the_range_still(monkeypatch):
    pairs, scores = found(monkeypatch, 101)
    ask = asking(pairs)
    features = Features(("all",), np.ones((len(pairs), 1), np.float32), np.ones(1))
    assert ask.known(features) is None
    ask(scores)
    assert not ask.stands(0)
    assert [len(cut) for cut in ask.known(features).levels] == [2, 2]


def test_the_first_scores_decide_and_the_tables_are_searched_once():
    pairs, scores = scored(straight(100))
    searches = []
    ask = asking(pairs, find=lambda: searches.append(1) or SIDES)
    assert ask.again is None
    assert ask(scores) is ask(None) is ask.again(None)
    assert len(searches) == 1
