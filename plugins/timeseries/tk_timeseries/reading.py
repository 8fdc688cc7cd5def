"""From a CSV or Parquet file to columns of numbers and one of time stamps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import torch
from torch import Tensor

from tk.errors import InputError, NotFoundError
from tk_timeseries.datasets import locate

_NULLS = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
_FORMATS = (
    *("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"),
    *("%Y-%m-%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y%m%d"),
    *("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y"),
)
_OFFSET = r"(Z|[+-]\d{2}:?\d{2})$"
_LOOKED_AT = 1000


def read_frame(path: Path, *, offline: bool = False) -> pl.DataFrame:
    """Read a table as it stands.

    Args:
        path: CSV or Parquet, or the name of a data set (`datasets.ETT`).
        offline: Fetch nothing.

    Raises:
        InputError: It is missing, of another format, broken or empty.
    """
    path = locate(path, offline=offline)
    if not path.is_file():
        raise InputError(f"{path} is no file")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            frame = pl.read_parquet(path)
        elif path.suffix.lower() in (".csv", ".tsv", ".txt"):
            separator = "\t" if path.suffix.lower() == ".tsv" else _separator(path)
            frame = pl.read_csv(
                path, separator=separator, null_values=_NULLS, infer_schema_length=None
            )
        else:
            raise InputError(f"{path} is neither CSV (.csv, .tsv) nor Parquet (.parquet)")
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as e:
        raise InputError(f"{path} cannot be read: {str(e).partition(chr(10))[0]}") from e
    if not frame.height:
        raise InputError(f"{path} has no rows")
    return frame


def read_values(path: str) -> Tensor:
    """Read all number columns as ``(T, C)`` float64, in the order of the file's rows.

    Raises:
        InputError: There is no such column, or values are missing or infinite.
    """
    frame = read_frame(Path(path))
    numbers = frame.select(pl.selectors.numeric().cast(pl.Float64))
    if not numbers.width:
        raise InputError(f"{path} has no column of numbers")
    values: Tensor = torch.from_numpy(numbers.fill_null(float("nan")).to_numpy().copy())
    bad = (~torch.isfinite(values)).sum(dim=0)
    if bad.any():
        name = numbers.columns[int(bad.argmax())]
        raise InputError(f"{path}: column {name!r} has {int(bad.max())} missing or infinite values")
    return values


def find_time(frame: pl.DataFrame, name: str | None) -> tuple[str, pl.Series]:
    """Return the time column and its stamps as ``Datetime``.

    Args:
        frame: The table.
        name: Which column; by default the first that holds dates.

    Raises:
        InputError: None does, or not in every row, or in several time zones.
        NotFoundError: There is no column of that name.
    """
    if name is not None:
        if name not in frame.columns:
            raise NotFoundError("time column", name, frame.columns, where="--time")
        stamps = _stamps(frame[name])
        if stamps is None:
            raise InputError(f"time column {name!r} holds no dates, such as {frame[name][0]!r}")
        return name, _whole(name, frame[name], stamps)
    for column in frame.columns:
        stamps = _stamps(frame[column])
        if stamps is not None:
            return column, _whole(column, frame[column], stamps)
    raise InputError("no column holds dates; name the time column with --time")


def number_columns(
    frame: pl.DataFrame, targets: Sequence[str], taken: Sequence[str], *, what: str = "target"
) -> list[str]:
    """Return the columns to forecast: `targets`, or all that hold numbers.

    Args:
        frame: The table.
        targets: Columns that must hold numbers.
        taken: Columns that are none of them.
        what: What they are for, in messages.

    Raises:
        InputError: A target holds text, or there is none.
        NotFoundError: There is no column of that name.
    """
    for name in targets:
        if name not in frame.columns:
            flag = "--covariates" if what == "covariate" else "--target"
            raise NotFoundError(f"{what} column", name, frame.columns, where=flag)
    found = []
    for name in targets or [name for name in frame.columns if name not in taken]:
        if frame[name].dtype.is_numeric():
            found.append(name)
        elif targets or _is_mostly_numbers(frame[name]):
            raise InputError(_text_in(name, frame[name], what))
    if not found:
        raise InputError("no column holds numbers to forecast; name one with --target")
    return found


def _separator(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as stream:
        first = stream.readline()
    return max(",;\t", key=first.count)


def _stamps(column: pl.Series) -> pl.Series | None:
    """Return the column as local time or, with a time zone, UTC; None where it holds no dates."""
    if column.dtype == pl.Date:
        return column.cast(pl.Datetime("us"))
    if isinstance(column.dtype, pl.Datetime):
        zone = column.dtype.time_zone
        utc = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if zone else column
        return utc.cast(pl.Datetime("us"))
    if column.dtype.is_integer() and "year" in column.name.lower():
        return _parse(column.cast(pl.String) + "-01-01", "%Y-%m-%d")
    return _parsed(column) if column.dtype == pl.String else None


def _parsed(column: pl.Series) -> pl.Series | None:
    """Read text by the first of the known forms that fits its beginning."""
    text = _without_zone(column)
    head = text.drop_nulls().head(_LOOKED_AT)
    if not len(head):
        return None
    if head.str.contains(r"^\d{4}-\d{2}$").all():  # months
        return _parse(text + "-01", "%Y-%m-%d")
    for form in _FORMATS:
        if _parse(head, form).null_count() == 0:
            return _parse(text, form)
    return None


def _parse(text: pl.Series, form: str) -> pl.Series:
    if "%H" not in form:
        return text.str.to_date(form, strict=False).cast(pl.Datetime("us"))
    return text.str.to_datetime(form, strict=False, time_unit="us")


def _without_zone(column: pl.Series) -> pl.Series:
    """Take a UTC offset off the stamps.

    Raises:
        InputError: Rows have different ones.
    """
    text = column.str.strip_chars()
    has_time = text.drop_nulls().head(_LOOKED_AT).str.contains(r"\d{2}:\d{2}").any()
    if not has_time:
        return text
    zones = text.str.extract(_OFFSET)
    kinds = sorted(zone or "none" for zone in zones.unique().to_list())
    if len(kinds) > 1:
        raise InputError(
            f"time column {column.name!r} mixes time zones ({', '.join(kinds[:4])}); "
            "bring all stamps to one, such as UTC"
        )
    return text.str.replace(_OFFSET, "").str.strip_chars()


def _whole(name: str, column: pl.Series, stamps: pl.Series) -> pl.Series:
    if stamps.null_count():
        row = int(stamps.is_null().arg_true()[0])
        raise InputError(
            f"time column {name!r}: {stamps.null_count()} of {len(stamps)} rows hold no date, "
            f"first {column[row]!r} in row {row + 1}"
        )
    return stamps


def _is_mostly_numbers(column: pl.Series) -> bool:
    if column.dtype != pl.String:
        return False
    known = column.drop_nulls()
    return bool(len(known)) and known.cast(pl.Float64, strict=False).null_count() < len(known) / 2


def _text_in(name: str, column: pl.Series, what: str) -> str:
    if column.null_count() == len(column):
        return f"{what} column {name!r} has no values at all"
    if column.dtype != pl.String:
        return f"{what} column {name!r} holds {column.dtype}, not numbers"
    is_text = column.is_not_null() & column.cast(pl.Float64, strict=False).is_null()
    row = int(is_text.arg_true()[0]) if is_text.any() else 0
    return (
        f"{what} column {name!r} holds text in {int(is_text.sum())} rows, first {column[row]!r} in "
        f"row {row + 1}; mend it or choose others"
    )
