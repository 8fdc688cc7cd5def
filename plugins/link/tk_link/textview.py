"""The text view of a frame: every column as strings, missing and blank cells null."""

from __future__ import annotations

from functools import partial

import polars as pl

_EXACT = 2.0**53
"""Beyond this a float does not name one integer."""


def text_view(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` as strings: dates in ISO form, whole floats without ``.0``, lists joined."""
    view = frame.select(_text(pl.col(name), dtype) for name, dtype in frame.schema.items())
    is_blank = pl.all().str.strip_chars() == ""
    return view.with_columns(pl.when(is_blank).then(None).otherwise(pl.all()).name.keep())


def _text(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_float():
        return _from_float(value)
    if isinstance(dtype, pl.Datetime):
        return _from_datetime(value)
    if isinstance(dtype, pl.List | pl.Array):
        return _from_list(value, dtype)
    if dtype == pl.Struct:
        return pl.when(value.is_not_null()).then(value.struct.json_encode())
    return _from_scalar(value, dtype)


def _from_scalar(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Duration:
        return value.dt.to_string("iso")
    if dtype == pl.Binary:
        return value.map_elements(partial(bytes.decode, errors="replace"), return_dtype=pl.String)
    return value.cast(pl.String)


def _from_list(value: pl.Expr, dtype: pl.List | pl.Array) -> pl.Expr:
    inner = dtype.inner if isinstance(dtype.inner, pl.DataType) else dtype.inner()
    items = value.cast(pl.List(inner)).list.eval(_text(pl.element(), inner))
    return items.list.drop_nulls().list.join(", ")


def _from_float(value: pl.Expr) -> pl.Expr:
    is_whole = value.is_finite() & (value == value.round()) & (value.abs() < _EXACT)
    whole = pl.when(is_whole).then(value).cast(pl.Int64).cast(pl.String)
    return pl.coalesce(whole, pl.when(value.is_not_nan()).then(value.cast(pl.String)))


def _from_datetime(value: pl.Expr) -> pl.Expr:
    """Write midnight as the date alone, which is what a spreadsheet's date column holds."""
    is_date = value.dt.time() == pl.time(0, 0, 0)
    text = pl.when(is_date).then(value.dt.strftime("%Y-%m-%d"))
    return text.otherwise(value.dt.strftime("%Y-%m-%d %H:%M:%S%.f"))
