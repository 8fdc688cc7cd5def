import pytest
from hypothesis import given
from hypothesis import strategies as st

from tk.errors import UsageError
from tk_link.values import (
    pair_up,
    split_columns,
    split_pair,
    split_setting,
    to_band,
    to_explain,
    to_groups,
    to_names,
    to_numbers_by_column,
    to_pairs,
    to_texts_by_column,
)

NAMES = st.text(st.characters(categories=["L", "N"], include_characters=" _-="), min_size=1).filter(
    lambda name: name == name.strip()
)


def test_columns_are_split_at_commas_but_for_quoted_ones():
    assert split_columns('name, city,"last, first"') == ("name", "city", "last, first")


@given(st.lists(NAMES, min_size=1))
def test_any_names_without_commas_are_split_back(names):
    assert split_columns(",".join(names)) == tuple(names)


@pytest.mark.parametrize("text", ["", ",", "a,,b", "a, "])
def test_missing_names_are_refused(text):
    with pytest.raises(ValueError, match="name columns with commas between"):
        split_columns(text)


def test_pairs_are_split_at_the_first_equals_sign():
    assert split_pair("name") == ("name", "name")
    assert split_pair(" title = name ") == ("title", "name")
    for bad in ("=a", "a="):
        with pytest.raises(ValueError, match="write left=right"):
            split_pair(bad)


def test_settings_are_split_at_the_last_equals_sign():
    assert split_setting("a=b=name") == ("a=b", "name")
    with pytest.raises(ValueError, match="write column=value"):
        split_setting("name")


def test_pairs_may_come_in_many_forms():
    expected = (("name", "name"), ("city", "town"))
    assert to_pairs("name,city=town") == expected
    assert to_pairs(["name", "city=town"]) == expected
    assert to_pairs([["name", "name"], ("city", "town")]) == expected
    assert to_pairs({"name": "name", "city": "town"}) == expected


def test_names_and_groups():
    assert to_names("a,b") == to_names(["a", "b"]) == ("a", "b")
    assert to_groups(["zip,year", ["city"]]) == (("zip", "year"), ("city",))
    assert to_groups("zip,year") == (("zip", "year"),)


def test_values_by_column():
    assert to_texts_by_column({"a": "org"}) == to_texts_by_column(["a=org"]) == (("a", "org"),)
    assert to_numbers_by_column(["a=2"]) == to_numbers_by_column({"a": 2.0}) == (("a", 2.0),)


def test_bands_and_explain():
    assert to_band("0.2,0.8") == to_band([0.2, 0.8]) == (0.2, 0.8)
    assert (to_explain(True), to_explain(False), to_explain("json")) == ("text", "none", "json")
    with pytest.raises(ValueError, match="two numbers"):
        to_band("0.2")


def test_sides_are_paired():
    assert pair_up(None, ("a", "b"), ("c", "d")) == (("a", "c"), ("b", "d"))
    assert pair_up("a,b", None, None) == "a,b"


@pytest.mark.parametrize(
    ("on", "left", "right", "message"),
    [
        ("a", ("a",), ("b",), "not both"),
        (None, ("a",), None, "--right-on is missing"),
        (None, None, ("a",), "--left-on is missing"),
        (None, ("a", "b"), ("c",), "names 2 columns and --right-on 1"),
    ],
)
def test_sides_that_do_not_fit(on, left, right, message):
    with pytest.raises(UsageError, match=message):
        pair_up(on, left, right)
