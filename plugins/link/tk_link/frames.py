"""Data frames of other libraries in, and the same kind out; none of them is imported unless given.

A polars frame is taken as it is, a lazy one collected. Anything else that speaks the Arrow C stream
interface (DuckDB relations, …) is read through it and comes back as polars.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from tk.errors import InputError
from tk_link.tables import Table
from tk_link.textview import text_view


def from_frame(frame: object, name: str) -> Table:
    """Make a table of a polars, pandas or Arrow frame.

    Args:
        frame: The frame.
        name: What to call it in messages: ``left`` or ``right``.

    Raises:
        InputError: It is no frame, is empty, has two columns of one name, or is of pandas while
            pyarrow, which reads those, is not installed.
    """
    converted = _to_polars(frame, name)
    if not converted.width:
        raise InputError(f"{name} has no columns")
    if converted.is_empty():
        raise InputError(f"{name} has columns but no rows")
    return Table(name, converted, text_view(converted))


def to_kind(frame: pl.DataFrame, like: object) -> object:
    """Return `frame` as the kind of frame that `like` is."""
    library = _library(like)
    if library == "pandas":
        return frame.to_pandas()
    if library == "pyarrow":
        return frame.to_arrow()
    return frame


def _library(frame: object) -> str:
    return type(frame).__module__.partition(".")[0]


def _to_polars(frame: object, name: str) -> pl.DataFrame:
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if _library(frame) == "pandas" and hasattr(frame, "columns"):
        return _from_pandas(frame, name)
    if hasattr(frame, "__arrow_c_stream__"):
        try:
            return pl.DataFrame(frame)
        except pl.exceptions.DuplicateError as error:
            raise InputError(f"{name}: {error}; give each column its own name") from error
        except pl.exceptions.SchemaError:
            pass  # one column, not a table
    kind = f"{type(frame).__module__}.{type(frame).__qualname__}"
    raise InputError(f"{name} is a {kind}; give a polars, pandas or Arrow table")


def _from_pandas(frame: Any, name: str) -> pl.DataFrame:  # noqa: ANN401 - pandas is not imported
    """Convert column by column, so that one of mixed values becomes text and harms no other."""
    names = [str(column) for column in frame.columns]
    twice = next((column for column in names if names.count(column) > 1), None)
    if twice is not None:
        raise InputError(
            f"{name}: column name {twice!r} is used more than once; give each column its own name"
        )
    columns = [_from_series(frame[column], str(column)) for column in frame.columns]
    return pl.DataFrame(columns)


def _from_series(series: Any, name: str) -> pl.Series:  # noqa: ANN401 - as above
    try:
        return pl.Series(name, pl.from_pandas(series))
    except ImportError as error:
        raise InputError("reading pandas frames needs pyarrow: pip install pyarrow") from error
    except Exception:  # mixed values: pyarrow's and polars' errors have no common base
        is_missing = series.isna().to_list()
        pairs = zip(series.to_list(), is_missing, strict=True)
        # A Python loop over the rows of one column that no library can type.
        texts = [None if missing else str(value) for value, missing in pairs]
        return pl.Series(name, texts, dtype=pl.String)
