from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tk_link import candidates
from tk_link.align import align
from tk_link.comparing.features import CODES, MEANING, NUMBERS, RECORD, compare
from tk_link.dense import dense_neighbours, measure
from tk_link.dense.indexes import FaissBackend
from tk_link.frames import from_frame
from tk_link.profile import profile
from tk_link.views import build_views, spoken

TYPES = {
    "text": ["oak lamp", "river stone", None],
    "name": ["ann berg", "bob lund", None],
    "org": ["Oak Ltd", "River Inc", None],
    "address": ["1 Low St", "2 High Rd", None],
    "code": ["AB-1", "QX-22", None],
    "email": ["a@x.org", "b@y.org", None],
    "phone": ["040 123 456", "040 987 654", None],
    "number": ["1.5", "200", None],
    "date": ["1990-05-06", "1971-12-24", None],
    "geo": ["52.5, 13.4", "48.1, 11.6", None],
    "category": ["red", "green", None],
}


def features(left, right, **options):
    tables = from_frame(pl.DataFrame(left), "left"), from_frame(pl.DataFrame(right), "right")
    profiles = [profile(t) for t in tables]
    fields = align(*tables, *profiles, **options).fields
    views = build_views(*tables, fields, *profiles)
    found = candidates.find(*tables, fields, views, threads=1)
    return found.pairs, compare(*tables, fields, views, found)


def test_each_type_has_its_own_comparison_1_when_equal_and_unknown_when_missing():
    table = {"key": ["one row", "two cow", "six now"], **TYPES}
    on = [(column, column) for column in table]
    pairs, found = features(table, table, on=on, types={t: t for t in TYPES})
    assert found.names[:2] == (RECORD, "key")
    for column in TYPES:
        values = found.values[:, found.names.index(column)]
        same, missing = (pairs.left == pairs.right), (pairs.left == 2) | (pairs.right == 2)
        np.testing.assert_allclose(values[same & ~missing], 1.0, atol=1e-6)
        assert np.isnan(values[missing]).all(), column
    known = found.values[~np.isnan(found.values)]
    assert ((known >= 0) & (known <= 1)).all()
    assert found.values.dtype == np.float32


def test_codes_and_numbers_inside_text_are_compared_where_rows_hold_them():
    left = {"name": [f"oak lamp XY-{n}{n}1 {n} l" for n in range(4)], "town": ["a", "b", "c", "d"]}
    _, found = features(left, left)
    assert found.names[-2:] == (CODES, NUMBERS)
    _, found = features({"name": ["oak", "river"]}, {"name": ["oak", "river"]})
    assert found.names == (RECORD, "name")


def test_weights_go_with_their_features():
    table = {"name": ["oak", "river"], "town": ["aa", "bb"]}
    _, found = features(table, table, weights={"town": 3.0})
    assert dict(zip(found.names, found.weights, strict=True)) == {RECORD: 1, "name": 1, "town": 3}


@pytest.mark.parametrize("column", [RECORD, CODES])
def test_a_column_that_is_named_like_one_of_ours_replaces_nothing(column):
    values = [f"oak lamp XY-{n}{n}1" for n in range(4)]
    table = {column: values, "town": ["aa", "bb", "cc", "dd"]}
    _, found = features(table, table, types={column: "text"})
    assert len(found.names) == len(found.weights) == found.values.shape[1] == 5
    assert found.values.shape[1] == len(set(found.names))
    assert found.names[0] == RECORD


def test_no_candidates_give_an_empty_table_of_all_features():
    _, found = features({"name": ["aaaa", "bbbb"]}, {"name": ["xxxx", "yyyy"]}, on=[("name",) * 2])
    assert found.values.shape == (0, 2)


@pytest.fixture
def people():
    first = ["anna", "bob", "cara", "dan", "anna", "bob"] * 3
    last = ["berg", "lund", "falk", "holm", "holm", "holm"] * 3
    return {"first_name": first, "last_name": last}


def test_few_columns_are_helped_by_how_rare_a_name_is(people):
    _, found = features(people, people)
    assert found.names[1:] == (
        "first_name",
        "rarity of first_name",
        "last_name",
        "rarity of last_name",
    )
    more = people | {
        "town": [f"town {n}" for n in range(18)],
        "job": [f"job {n}" for n in range(18)],
    }
    _, found = features(more, more)
    assert not [name for name in found.names if name.startswith("rarity")]


def test_a_first_name_in_the_column_of_last_names_is_seen(people):
    swapped = {"first_name": people["last_name"], "last_name": people["first_name"]}
    on = [("first_name", "first_name"), ("last_name", "last_name")]
    pairs, found = features(people, swapped, on=on)
    same = pairs.left == pairs.right
    assert same.any()
    for name in ("first_name", "last_name"):
        values = found.values[same, found.names.index(name)]
        np.testing.assert_allclose(values, 0.9, atol=1e-6)


class FirstLetter:
    dim = 26

    def encode(self, items, *, batch_size=64):
        return np.eye(26, dtype=np.float32)[[ord(item[0].lower()) - 97 for item in items]]


def test_meaning_stands_alone_and_half_of_the_whole_record():
    tables = [
        from_frame(pl.DataFrame({"name": names}), "t")
        for names in (["ann", "bob", "cyd", None], ["axel", "bert", "curt", "dora"])
    ]
    profiles = [profile(t) for t in tables]
    fields = align(*tables, *profiles, on=[("name", "name")]).fields
    views = build_views(*tables, fields, *profiles)
    texts = [spoken(t, c) for t, c in zip(tables, views.columns, strict=True)]
    view = dense_neighbours(*texts, encoder=FirstLetter(), backend=FaissBackend("flat"), k=3)
    found = candidates.find(*tables, fields, views, threads=1, meaning=measure(view))
    by_both = compare(*tables, fields, views, found)
    by_letters = compare(*tables, fields, views, replace(found, meaning=None))
    assert by_both.names == (RECORD, MEANING, "name")
    meaning = by_both.values[:, 1]
    assert (meaning == (found.pairs.left == found.pairs.right)).all()
    half = (by_letters.values[:, 0] + meaning) / 2
    np.testing.assert_allclose(by_both.values[:, 0], half, atol=1e-6)
