import datetime as dt

import polars as pl
import pytest

from tk_link.textview import text_view


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (["01", " ", ""], pl.String, ["01", None, None]),
        ([1.0, 2.5, float("nan")], pl.Float64, ["1", "2.5", None]),
        ([1e300, float("inf"), -3.0], pl.Float64, ["1e+300", "inf", "-3"]),
        ([7, None], pl.Int8, ["7", None]),
        ([True, None], pl.Boolean, ["true", None]),
        ([dt.date(2024, 5, 1)], pl.Date, ["2024-05-01"]),
        ([dt.datetime(2024, 5, 1)], pl.Datetime, ["2024-05-01"]),
        ([dt.datetime(2024, 5, 1, 8, 30)], pl.Datetime, ["2024-05-01 08:30:00"]),
        ([["a", None, "b"], [], None], pl.List(pl.String), ["a, b", None, None]),
        ([[1.0, 2.5]], pl.List(pl.Float64), ["1, 2.5"]),
        ([[["a"], ["b", "c"]]], pl.List(pl.List(pl.String)), ["a, b, c"]),
        ([[1, 2]], pl.Array(pl.Int8, 2), ["1, 2"]),
        ([{"x": 1}, None], pl.Struct({"x": pl.Int8}), ['{"x":1}', None]),
        ([b"ab", b"\xff"], pl.Binary, ["ab", "�"]),
        (["a", None], pl.Categorical, ["a", None]),
        ([None], pl.Null, [None]),
    ],
)
def test_every_type_has_a_text(values, dtype, expected):
    view = text_view(pl.DataFrame({"c": pl.Series(values, dtype=dtype)}))
    assert view.schema == {"c": pl.String}
    assert view["c"].to_list() == expected


def test_rows_columns_and_names_stay():
    frame = pl.DataFrame({"b": [1, 2], "a": ["x", "y"], "": [None, None]})
    assert text_view(frame).columns == ["b", "a", ""]
    assert text_view(frame).height == 2
    assert text_view(pl.DataFrame()).is_empty()
