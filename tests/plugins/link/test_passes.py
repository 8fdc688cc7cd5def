import numpy as np
import polars as pl
import pytest
from registers import registers

from tk_link import candidates, passes
from tk_link.config import LinkConfig
from tk_link.fields import Field
from tk_link.frames import from_frame
from tk_link.likely import Likely
from tk_link.ngrams import vectorise
from tk_link.plan import prepare
from tk_link.views import build_views

NAME, TOWN = Field("name", "name", "text"), Field("town", "town", "text")


def tables(left, right):
    return from_frame(pl.DataFrame(left), "left"), from_frame(pl.DataFrame(right), "right")


def as_pairs(keys, width):
    return {(int(key) // width, int(key) % width) for key in keys}


NOTHING_LIKELY = Likely(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), 40)


def collide(left, right, fields, likely=NOTHING_LIKELY):
    sides = tables(left, right)
    sides = (sides[0], sides[0]) if left is right else sides
    texts = [side.text.select(pl.concat_str(pl.all(), separator=" ", ignore_nulls=True))
             .to_series() for side in sides]  # fmt: skip
    return passes.collide(*sides, fields, likely, vectorise(*texts))


def test_rows_that_share_a_rare_value_meet_and_common_values_bring_nobody_together():
    names = [f"name {n}" for n in range(40)]
    frame = {"name": names, "town": ["X"] * 40}
    assert as_pairs(collide(frame, frame, [NAME, TOWN]).keys, 40) == {(n, n) for n in range(40)}


def test_two_common_values_together_are_rare_enough():
    rows = [(f"n{a}", f"t{b}") for a in range(10) for b in range(10)]
    rest = [str(n) for n in np.random.default_rng(0).integers(10**11, 10**12, 100)]
    frame = {"name": [n for n, _ in rows], "town": [t for _, t in rows], "rest": rest}
    assert as_pairs(collide(frame, frame, [NAME, TOWN]).keys, 100) == {(n, n) for n in range(100)}


def test_missing_values_meet_nobody():
    frame = {"name": [None, "a", None], "town": [None, None, "b"]}
    assert as_pairs(collide(frame, frame, [NAME, TOWN]).keys, 3) == {(1, 1), (2, 2)}


SOUNDS = ["smith", "meyer", "catherine", "philips", "brown", "taylor", "knight", "wright"]
SAME = ["smyth", "maier", "kathryn", "fillips", "browne", "tailor", "night", "right"]


def people(names, count=400):
    """People of whom only the sound of the name and the town together are shared."""
    towns = [f"t{n // 8}" for n in range(count)]
    return {"name": [names[n % len(names)] for n in range(count)], "town": towns}


def test_a_looser_form_runs_where_likely_pairs_say_that_it_finds_more():
    fields = [Field("name", "name", "name"), TOWN]
    rows = np.arange(0, 400, 4)
    found = collide(people(SOUNDS), people(SAME), fields, Likely(rows, rows, 100))
    assert [each.name for each in found.yields] == ["town + name (by sound)"]
    assert {(n, n) for n in range(400)} <= as_pairs(found.keys, 400)
    assert 0.95 < found.recall.low < found.recall.share < found.recall.high <= 1


def test_passes_that_find_no_likely_pair_are_dropped():
    codes = [f"c{n}" for n in range(100)]
    left = {"name": codes, "town": [f"t{n}" for n in range(100)]}
    right = {"name": codes, "town": [f"t{99 - n}" for n in range(100)]}
    rows = np.arange(100)
    found = collide(left, right, [NAME, TOWN], Likely(rows, rows, 100))
    assert all("town" not in each.name for each in found.yields)
    assert as_pairs(found.keys, 100) == {(n, n) for n in range(100)}


def test_every_exact_pass_runs_where_too_few_pairs_are_likely_to_learn_from():
    left = {"name": ["a", "b"], "town": ["x", "y"]}
    right = {"name": ["a", "c"], "town": ["z", "y"]}
    found = collide(left, right, [NAME, TOWN])
    assert as_pairs(found.keys, 2) == {(0, 0), (1, 1)}
    assert {each.name for each in found.yields} == {"name", "town", "name + town"}
    assert found.recall is None


def test_a_column_of_one_value_proposes_nothing_and_takes_no_room():
    frame = {"name": ["same"] * 5_000, "town": [None] * 5_000}
    assert not len(collide(frame, frame, [NAME, TOWN]).keys)


def test_blocks_hold_all_their_pairs_or_none_when_they_are_too_many():
    left, right = tables({"town": ["a", "a", "b", None]}, {"town": ["a", "b", "b", None]})
    keys = passes.blocked(left, right, [[TOWN]], most=4)
    assert as_pairs(keys, 4) == {(0, 0), (1, 0), (2, 1), (2, 2)}
    assert passes.blocked(left, right, [[TOWN]], most=3) is None


@pytest.mark.parametrize("enough", [0.0, 1.01])
def test_large_tables_find_what_text_would_find(monkeypatch, enough):
    both = registers(150, 50, 50, seed=3)
    monkeypatch.setattr(candidates, "MOST_PRODUCTS", 1e4)
    monkeypatch.setattr(candidates, "ENOUGH", enough)  # 1.01: passes alone never suffice
    left, right = from_frame(both.left, "left"), from_frame(both.right, "right")

    left, right, profiles, aligned = prepare(left, right, LinkConfig())
    views = build_views(left, right, aligned.fields, *profiles)
    pairs = candidates.find(left, right, aligned.fields, views).pairs
    found = set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))
    assert len(found) == len(pairs)
    assert np.mean([pair in found for pair in both.truth]) > 0.9


def test_an_entity_written_down_many_times_meets_though_its_values_are_many():
    frame = {"name": [f"jo{n // 8} smith{n // 8}" for n in range(400)], "town": ["X"] * 400}
    together = as_pairs(collide(frame, frame, [NAME, TOWN]).keys, 400)
    assert together == {(a, b) for a in range(400) for b in range(400) if a // 8 == b // 8}


def test_a_value_that_unlike_rows_share_proposes_nothing():
    rest = np.random.default_rng(0).integers(10**11, 10**12, 400)
    frame = {"name": [f"s{n // 8}" for n in range(400)], "town": [f"{n}" for n in rest]}
    together = as_pairs(collide(frame, frame, [NAME, TOWN]).keys, 400)
    assert together == {(n, n) for n in range(400)}
