import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tk_link.comparing.numbered import numbered


def read(text):
    return {
        (word, value) for _, _, word, value in numbered(pl.Series([text], dtype=pl.String)).rows()
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("iphone 12 pro", {("iphone", 12)}),
        ("iphone12", {("iphone", 12)}),
        ("python, 4th edition", {("edition", 4)}),
        ("python, edition 4", {("edition", 4)}),
        ("office v3.1", {("version", 3.1)}),
        ("office version 3.1", {("version", 3.1)}),
        ("report (part ii)", {("part", 2)}),
        ("report, part 2: x", {("part", 2)}),
        ("vol. iv", {("vol", 4)}),
        ("episode 4", {("episode", 4)}),
        ("episode #4", {("episode", 4)}),
        ("works 2007", {("", 2007)}),
        ("chs40001", set()),
        ("episode #2.4", set()),
        ("plan b", set()),
        (None, set()),
    ],
)
def test_numbers_belong_to_the_word_before_them(text, expected):
    assert read(text) == expected


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=40))
def test_any_text_can_be_read(text):
    read(text)
