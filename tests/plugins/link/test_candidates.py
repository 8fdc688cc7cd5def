import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tk_link import candidates
from tk_link.align import align
from tk_link.fields import Field
from tk_link.frames import from_frame
from tk_link.ngrams import vectorise
from tk_link.profile import profile
from tk_link.views import build_views

few = settings(max_examples=25, deadline=None)
WORDS = ["silver", "garden", "lamp", "oak", "river", "stone", "cloud", "paper", "copper", "wool"]


def find(left, right, *, on=None, types=None, block=(), **options):
    tables = [from_frame(pl.DataFrame(t), name) for t, name in ((left, "left"), (right, "right"))]
    profiles = [profile(t) for t in tables]
    fields = align(*tables, *profiles, on=on, types=types).fields
    views = build_views(*tables, fields, *profiles)
    by_name = {field.left: field for field in fields}
    groups = [[by_name[column] for column in group] for group in block]
    return candidates.find(*tables, fields, views, block=groups, threads=1, **options).pairs


def both(pairs):
    return list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))


TEXTS = st.lists(st.sampled_from([f"{a} {b}" for a in WORDS for b in WORDS]), min_size=3,
                 max_size=30, unique=True)  # fmt: skip


@few
@given(TEXTS, TEXTS, st.integers(1, 40))
def test_every_exact_duplicate_is_a_candidate_and_no_pair_repeats(left, right, k):
    pairs = find({"name": left}, {"name": right}, on=[("name", "name")], k=k)
    found = both(pairs)
    assert found == sorted(set(found))
    assert pairs.rows == (len(left), len(right))
    assert all(0 <= i < len(left) and 0 <= j < len(right) for i, j in found)
    wanted = {(i, right.index(text)) for i, text in enumerate(left) if text in right}
    assert wanted <= set(found)


@few
@given(TEXTS, TEXTS)
def test_candidates_do_not_depend_on_which_table_is_left_but_for_k(left, right):
    full = 2 * max(len(left), len(right))
    one = find({"name": left}, {"name": right}, on=[("name", "name")], k=full)
    other = find({"name": right}, {"name": left}, on=[("name", "name")], k=full)
    assert sorted(both(one)) == sorted((j, i) for i, j in both(other))


def test_k_larger_than_the_table_gives_each_pair_once_and_no_row_that_is_not_there():
    pairs = find({"name": ["oak lamp", "oak wool"]}, {"name": ["oak lamp", "wool", "oak"]}, k=500)
    assert both(pairs) == [(0, 0), (0, 2), (1, 0), (1, 1), (1, 2)]


def test_k_bounds_the_candidates_of_a_row():
    names = [f"oak {word} {n}" for n in range(8) for word in WORDS]
    pairs = find({"name": names}, {"name": names}, k=2)
    assert len(pairs) <= len(names) * (2 + 1) * 2  # both directions, two views at most


def test_rows_with_nothing_in_common_are_no_candidates():
    pairs = find({"name": ["aaaa", "bbbb"]}, {"name": ["xxxx", "yyyy"]}, on=[("name", "name")])
    assert (len(pairs), pairs.rows) == (0, (2, 2))


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("email", [f"{a}@{b}.org" for a, b in zip(WORDS, WORDS[::-1], strict=True)]),
        ("phone", [f"+49 40 {n}77 12 {n}" for n in range(10)]),
        ("sku", [f"{chr(65 + n)}{n}-{n}{n}" for n in range(10)]),
    ],
)
def test_rows_that_share_a_contact_or_code_are_candidates_however_unlike(column, values):
    right = [value.upper().replace("-", " ") for value in values]
    left = {"name": [f"{w} aaaa" for w in WORDS], column: values}
    pairs = find(left, {"name": [f"{w} bbbb" for w in WORDS[::-1]], column: right}, k=1)
    assert {(n, n) for n in range(10)} <= set(both(pairs))


def test_a_key_on_many_rows_proposes_nothing():
    left = {"name": [f"{a} {b} aa" for a in WORDS for b in WORDS], "sku": ["X-1234"] * 99 + ["Y-2"]}
    pairs = find(left, left, k=3)
    assert len(pairs) < 2_000  # 99 · 99 pairs share the key


NAMES = [f"oak {word}" for word in WORDS]
ZIPS = ["10115", "10115", "20095", "20095", None, "30159", "30159", None, "40210", "40210"]


def test_block_keeps_only_pairs_that_agree_and_a_missing_value_agrees_with_nothing():
    table = {"name": NAMES, "zip": ZIPS}
    free, blocked = find(table, table), find(table, table, block=[["zip"]])
    agree = {(i, j) for i, j in both(free) if ZIPS[i] == ZIPS[j] and ZIPS[i] is not None}
    assert set(both(blocked)) == agree


def test_block_groups_are_alternatives_and_their_columns_all_needed():
    years = ["1990", "1991", "1990", "1990", "1995", "1996", "1996", "1997", "1998", "1999"]
    table = {"name": NAMES, "zip": ZIPS, "year": years}
    free = both(find(table, table))
    both_needed = {p for p in free if all(c[p[0]] == c[p[1]] is not None for c in (ZIPS, years))}
    assert set(both(find(table, table, block=[["zip", "year"]]))) == both_needed
    either = {p for p in free if any(c[p[0]] == c[p[1]] is not None for c in (ZIPS, years))}
    assert set(both(find(table, table, block=[["zip"], ["year"]]))) == either


def test_blocking_on_a_column_of_one_value_stays_small():
    names = [f"{a} {b} {n}" for n in range(40) for a in WORDS for b in WORDS]
    table = {"name": names, "land": ["DE"] * len(names)}
    on = [("name", "name"), ("land", "land")]
    pairs = find(table, table, on=on, block=[["land"]], k=2)  # 16 million pairs agree
    assert both(pairs) == both(find(table, table, on=on, k=2))


def test_only_keeps_the_chosen_pairs():
    pairs = candidates.Pairs(np.array([0, 0, 1], np.int32), np.array([0, 1, 1], np.int32), (2, 2))
    assert both(pairs.only(np.array([True, False, True]))) == [(0, 0), (1, 1)]


def test_threads_do_not_change_the_candidates():
    names = [f"{a} {b}" for a in WORDS for b in WORDS]
    table = from_frame(pl.DataFrame({"name": names}), "t")
    field, profiles = Field("name", "name", "text"), profile(table)
    views = build_views(table, table, [field], profiles, profiles)
    one, four = (candidates.find(table, table, [field], views, threads=n).pairs for n in (1, 4))
    assert both(one) == both(four)


def within(monkeypatch, names, notes):
    """Plan the search inside one table by passes."""
    monkeypatch.setattr(candidates, "is_small", lambda record: False)
    table = from_frame(pl.DataFrame({"name": names, "note": notes}), "one")
    found, field = profile(table), Field("name", "name", "text")
    views = build_views(table, table, [field], found, found)
    return candidates.plan_search(table, table, [field], views, threads=1)


def test_where_passes_find_matches_alone_look_alikes_join_them(monkeypatch):
    names = [f"{a} {b} {n}" for n in range(3) for a in WORDS for b in WORDS]
    search = within(monkeypatch, names * 2, [None] * 600)
    assert search.lacks_others
    assert search.needs_rare_grams
    assert search.met.recall.share > candidates.ENOUGH


def test_where_passes_find_others_too_they_stay_alone():
    rng = np.random.default_rng(0)
    record = vectorise(*[pl.Series([f"{n}" for n in rng.integers(10**9, 10**10, 50)])] * 2)
    keys = np.arange(50 * 50)
    assert candidates._share_near(record, keys) < 0.1
    assert candidates._share_near(record, keys[::51]) == 0.0  # rows with themselves
