from types import SimpleNamespace

import numpy as np
import pytest
from scored_pairs import copies, scored, straight

from tk_link import guard
from tk_link.asking import Asking

SIDES = ("left look-alikes", "right look-alikes")


def asking(pairs, how="auto", find=lambda: SIDES):
    return Asking(pairs, how, None, (), find)


def test_rows_of_one_to_one_tables_are_asked():
    pairs, scores = scored(straight(100))
    assert asking(pairs)(scores) == SIDES


@pytest.mark.parametrize(("how", "found"), [("auto", None), ("1:1", SIDES)])
def test_rows_that_share_partners_are_not_unless_they_are_said_not_to(how, found):
    pairs, scores = scored(straight(100) + copies(30, of=100))
    assert asking(pairs, how)(scores) == found


@pytest.mark.parametrize(("variants", "found"), [(100, SIDES), (101, None)])
def test_where_variants_are_more_than_accepted_pairs_nothing_is_asked(monkeypatch, variants, found):
    pairs, scores = scored(straight(100) + [(100 + n, n, -9) for n in range(101)])
    is_variant = np.zeros(len(pairs), dtype=bool)
    is_variant[100 : 100 + variants] = True  # each of a left row of its own
    seen = SimpleNamespace(is_variant=is_variant)
    monkeypatch.setattr(guard, "inspect", lambda *_: seen)
    assert asking(pairs)(scores) == found


def test_the_first_scores_decide_and_the_tables_are_searched_once():
    pairs, scores = scored(straight(100))
    searches = []
    ask = asking(pairs, find=lambda: searches.append(1) or SIDES)
    assert ask.answer is None
    assert ask(scores) == ask(None) == ask.answer(None) == SIDES
    assert len(searches) == 1
