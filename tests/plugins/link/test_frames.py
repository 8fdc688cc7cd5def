import subprocess
import sys

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from tk.errors import InputError
from tk_link.frames import from_frame, to_kind

DATA = {"id": ["01", "02"], "n": [1.0, None]}


@pytest.mark.parametrize("make", [pl.DataFrame, pl.LazyFrame, pd.DataFrame, pa.table])
def test_frames_of_every_library_become_tables(make):
    table = from_frame(make(DATA), "left")
    assert table.name == "left"
    assert_frame_equal(table.frame, pl.DataFrame(DATA))
    assert table.text.rows() == [("01", "1"), ("02", None)]


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame, pa.table])
def test_the_same_kind_comes_back(make):
    given = make(DATA)
    back = to_kind(from_frame(given, "left").frame, given)
    assert type(back) is type(given)
    assert_frame_equal(from_frame(back, "left").frame, pl.DataFrame(DATA))


def test_the_given_frame_is_not_copied_or_changed():
    frame = pl.DataFrame({"a": [" ", "x"]})
    assert from_frame(frame, "left").frame is frame


def test_pandas_columns_of_mixed_values_become_text():
    frame = pd.DataFrame({"m": [1, "y", None], "n": [1, 2, 3], 5: ["a", "b", "c"]}, index=[7, 8, 9])
    assert from_frame(frame, "left").frame.rows() == [("1", 1, "a"), ("y", 2, "b"), (None, 3, "c")]
    assert from_frame(frame, "left").columns == ["m", "n", "5"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (3, "left is a builtins.int; give a polars, pandas or Arrow table"),
        ([{"a": 1}], "left is a builtins.list"),
        (pd.Series([1]), "left is a pandas"),
        (pl.DataFrame(), "left has no columns"),
        (pd.DataFrame({"a": []}), "left has columns but no rows"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "'a' is used more than once"),
        (pa.Table.from_arrays([pa.array([1])] * 2, names=["a", "a"]), "give each column its own"),
    ],
)
def test_what_is_no_table_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        from_frame(given, "left")


def test_neither_pandas_nor_pyarrow_is_imported():
    code = (
        "import sys, polars as pl; from tk_link.frames import from_frame, to_kind;"
        "f = pl.DataFrame({'a': [1]}); to_kind(from_frame(f, 'l').frame, f);"
        "assert not {'pandas', 'pyarrow'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", f"import sys; sys.path = {sys.path}; {code}"], check=True)
