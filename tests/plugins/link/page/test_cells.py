import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tk_link.frames import from_frame
from tk_link.page.cells import cell, clean, line, numbered


@given(st.text(max_size=60), st.integers(1, 50))
def test_clean_text_is_one_line_of_bounded_length(text, most):
    shown = clean(text, most=most)
    assert len(shown) <= most + 1
    assert not any(char < " " or "\x7f" <= char < "\xa0" for char in shown)
    shown.encode()  # lone surrogates, which no file can hold, are gone


def test_joiners_of_emoji_and_marks_of_direction_stay():
    text = "👨\u200d👩\u200d👧 שלום\u200fא"
    assert clean(text) == text


def test_a_long_cell_says_that_it_goes_on():
    assert clean("word " * 1_000_000, most=9) == "word word…"
    assert clean(None) == ""


def test_a_row_in_a_line_leaves_out_what_is_missing():
    table = from_frame(pl.DataFrame({"a": ["x"], "b": [None], "c": [3.0]}), "t")
    assert line(table, 0, ["a", "b", "c"]) == ("x", "3")
    assert cell(table, 0, "b") == ""


def test_rows_are_called_by_their_id_or_their_number():
    table = from_frame(pl.DataFrame({"key": ["007", "008"]}), "t")
    assert numbered(table, "key").to_list() == ["007", "008"]
    assert numbered(table, None).to_list() == ["0", "1"]
