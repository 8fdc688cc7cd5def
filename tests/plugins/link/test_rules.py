import numpy as np
import polars as pl
import pytest

from tk.errors import InputError
from tk_link.candidates import Pairs
from tk_link.fields import Field
from tk_link.frames import from_frame
from tk_link.rules import allowed, field_of

LEFT = from_frame(
    pl.DataFrame({"name": ["a", "b", "c", "d"], "land": ["DE", "de", None, "FR"]}), "l"
)
RIGHT = from_frame(
    pl.DataFrame({"name": ["a", "b", "c", "d"], "state": ["DE", "FR", "DE", None]}), "r"
)
LAND, NAME = Field("land", "state", "category"), Field("name", "name", "text")
PAIRS = Pairs(np.arange(4, dtype=np.int32), np.arange(4, dtype=np.int32), (4, 4))


def obeying(require=(), forbid_conflict=()):
    found = allowed(LEFT, RIGHT, PAIRS, require=require, forbid_conflict=forbid_conflict)
    return found.tolist()


def test_no_rule_allows_everything():
    assert obeying() == [True] * 4


def test_a_required_value_must_be_there_and_agree():
    assert obeying(require=[LAND]) == [True, False, False, False]


def test_a_missing_value_is_no_conflict():
    assert obeying(forbid_conflict=[LAND]) == [True, False, True, True]


def test_rules_add_up():
    assert obeying(require=[NAME], forbid_conflict=[LAND]) == [True, False, True, True]


def test_spelling_is_folded_before_values_are_compared():
    pairs = Pairs(np.array([1], np.int32), np.array([0], np.int32), (4, 4))
    assert allowed(LEFT, RIGHT, pairs, require=[LAND], forbid_conflict=[]).tolist() == [True]


def test_a_rule_names_a_field_by_either_side():
    fields = [NAME, LAND]
    assert field_of("land", fields, "--require") is field_of("state", fields, "--require") is LAND


def test_a_rule_on_a_column_that_is_not_compared_says_how_to_add_it():
    with pytest.raises(
        InputError, match=r"--block names column 'zip', .*compared: name, land=state"
    ):
        field_of("zip", [NAME, LAND], "--block")


def test_dates_and_numbers_agree_by_value_not_by_notation():
    left = from_frame(
        pl.DataFrame({"born": ["5.6.1990", "7.8.1991"], "price": ["1,5", "n/a"]}), "l"
    )
    right = from_frame(
        pl.DataFrame({"born": ["1990-06-05", "1991-07-08"], "price": ["1.50", "N/A"]}), "r"
    )
    pairs = Pairs(np.arange(2, dtype=np.int32), np.arange(2, dtype=np.int32), (2, 2))
    born, price = Field("born", "born", "date"), Field("price", "price", "number")
    assert allowed(left, right, pairs, require=[born], forbid_conflict=[]).tolist() == [True, False]
    assert allowed(left, right, pairs, require=[price], forbid_conflict=[]).all()
