import numpy as np
import polars as pl
import pytest
from registers import registers

from tk_link import candidates, passes
from tk_link.config import LinkConfig
from tk_link.fields import Field
from tk_link.frames import from_frame
from tk_link.pipeline import prepare
from tk_link.views import build_views

NAME, TOWN = Field("name", "name", "text"), Field("town", "town", "text")


def tables(left, right):
    return from_frame(pl.DataFrame(left), "left"), from_frame(pl.DataFrame(right), "right")


def as_pairs(keys, width):
    return {(int(key) // width, int(key) % width) for key in keys}


def test_rows_that_share_a_rare_value_meet_and_common_values_bring_nobody_together():
    names = [f"name {n}" for n in range(40)]
    left, right = tables({"name": names, "town": ["X"] * 40}, {"name": names, "town": ["X"] * 40})
    pairs = as_pairs(passes.collide(left, right, [NAME, TOWN]), 40)
    assert pairs == {(n, n) for n in range(40)}


def test_two_common_values_together_are_rare_enough():
    rows = [(f"n{a}", f"t{b}") for a in range(10) for b in range(10)]
    frame = {"name": [n for n, _ in rows], "town": [t for _, t in rows]}
    left, right = tables(frame, frame)
    pairs = as_pairs(passes.collide(left, right, [NAME, TOWN]), 100)
    assert pairs == {(n, n) for n in range(100)}


def test_missing_values_meet_nobody():
    frame = {"name": [None, "a", None], "town": [None, None, "b"]}
    left, right = tables(frame, frame)
    assert as_pairs(passes.collide(left, right, [NAME, TOWN]), 3) == {(1, 1), (2, 2)}


def test_blocks_hold_all_their_pairs_or_none_when_they_are_too_many():
    left, right = tables({"town": ["a", "a", "b", None]}, {"town": ["a", "b", "b", None]})
    keys = passes.blocked(left, right, [[TOWN]], most=4)
    assert as_pairs(keys, 4) == {(0, 0), (1, 0), (2, 1), (2, 2)}
    assert passes.blocked(left, right, [[TOWN]], most=3) is None


@pytest.mark.parametrize("enough", [0.0, 1.01])
def test_large_tables_find_what_text_would_find(monkeypatch, enough):
    people = registers(150, 50, 50, seed=3)
    monkeypatch.setattr(candidates, "_MOST_PRODUCTS", 1e4)
    monkeypatch.setattr(candidates, "_ENOUGH", enough)  # 1.01: passes alone never suffice
    left, right = from_frame(people.left, "left"), from_frame(people.right, "right")

    left, right, profiles, aligned = prepare(left, right, LinkConfig())
    views = build_views(left, right, aligned.fields, *profiles)
    pairs = candidates.find(left, right, aligned.fields, views).pairs
    found = set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))
    assert len(found) == len(pairs)
    assert np.mean([pair in found for pair in people.truth]) > 0.9
