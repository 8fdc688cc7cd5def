"""Series on a regular grid of time, made from a table, with what had to be mended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk.errors import InputError, NotFoundError, UsageError
from tk_timeseries.frequency import Frequency, infer_frequency, parse_frequency
from tk_timeseries.reading import find_time, number_columns

_MOST_MISSING = 1 / 3
_ROWS = ("_id", "_time", "_value")
_LEAVE_OUT = "leave it out: name the others with --target"


@dataclass(frozen=True)
class Series:
    """One series without gaps.

    Attributes:
        name: Column, or value of the id column.
        first: Time of the first value.
        last: Time of the last one.
        values: ``(T,)`` float64, finite.
        covariates: ``(T, F)``, those of `Panel.known` first; finite.
        ahead: Those of `Panel.known` at the steps that follow, ``(H, K)``.
    """

    name: str
    first: datetime
    last: datetime
    values: NDArray[np.float64]
    covariates: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    ahead: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))


@dataclass(frozen=True)
class Panel:
    """Series of one frequency.

    Attributes:
        series: In the table's order.
        frequency: How far apart values are.
        time: Name of the time column.
        notes: What was found and mended, for people.
        known: Covariates that are known in advance.
        past_only: Covariates that end with the series.
    """

    series: tuple[Series, ...]
    frequency: Frequency
    time: str
    notes: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    past_only: tuple[str, ...] = ()

    @property
    def shortest(self) -> int:
        """Length of the shortest series."""
        return min(len(series.values) for series in self.series)


def make_panel(
    frame: pl.DataFrame,
    *,
    id: str | None = None,
    time: str | None = None,
    target: tuple[str, ...] = (),
    freq: str | None = None,
    covariates: tuple[str, ...] = (),
) -> Panel:
    """Bring a wide table (a column each) or a long one (`id` names the series) to a grid.

    Args:
        frame: The table.
        id: Column that says which series a row belongs to.
        time: Time column; by default the first that holds dates.
        target: Columns of values; by default all that hold numbers. A long table has one.
        freq: How far apart values are; by default inferred.
        covariates: Columns that are no targets (`covariates.add_covariates` adds them).

    Raises:
        InputError: Text or infinite values in a target, duplicates that differ, stamps off the
            grid, an empty series, too many missing values.
        NotFoundError: There is no such column.
    """
    if id is not None and id not in frame.columns:
        raise NotFoundError("id column", id, frame.columns, where="--id")
    time, stamps = find_time(frame, time)
    both = sorted(set(target) & set(covariates))
    if both:
        raise UsageError(f"column {both[0]!r} cannot be both target and covariate")
    columns = number_columns(frame, target, [name for name in (time, id, *covariates) if name])
    hollow = [] if id or target else [name for name in frame.columns if _is_hollow(frame[name])]
    if hollow:
        raise InputError(f"series {hollow[0]!r} has no values at all; {_LEAVE_OUT}")
    if id is not None and len(columns) > 1:
        raise InputError(f"with --id there is one target; choose of {', '.join(columns)}: --target")
    notes: list[str] = []
    rows = _tidy(_melt(frame, stamps, columns, id), notes)
    if id is None and rows.select(_ROWS[:2]).is_duplicated().any():
        raise InputError(_duplicates(rows, frame, time))
    longest = rows["_id"].value_counts(sort=True)[0, 0]
    of_longest = rows.filter(pl.col("_id") == longest)["_time"]
    frequency = parse_frequency(freq, of_longest) if freq else infer_frequency(of_longest)
    names = rows["_id"].unique(maintain_order=True).to_list()
    parts = rows.partition_by("_id", as_dict=True)
    series = tuple(_on_grid(name, parts[(name,)], frequency, notes) for name in names)
    return Panel(series, frequency, time, tuple(notes))


def _is_hollow(column: pl.Series) -> bool:
    """Tell whether an empty column of a CSV file, which has no type, might have been a series."""
    return column.dtype == pl.String and column.null_count() == len(column)


def _melt(
    frame: pl.DataFrame, stamps: pl.Series, columns: list[str], id_column: str | None
) -> pl.DataFrame:
    values = [frame[name].cast(pl.Float64) for name in columns]
    if id_column is not None:
        ids = frame[id_column].cast(pl.String)
        if ids.null_count():
            raise InputError(f"id column {id_column!r} is empty in {ids.null_count()} rows")
        return pl.DataFrame(dict(zip(_ROWS, (ids, stamps, values[0]), strict=True)))
    return pl.concat(
        pl.DataFrame({"_time": stamps, "_value": column}).select(
            pl.lit(name).alias("_id"), "_time", "_value"
        )
        for name, column in zip(columns, values, strict=True)
    )


def _tidy(rows: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """Sort by time within series and drop rows that say the same twice."""
    infinite = rows.filter(pl.col("_value").is_infinite())
    if infinite.height:
        name, at, _ = infinite.row(0)
        raise InputError(f"series {name!r} has {infinite.height} infinite values, first at {at}")
    rows = rows.with_columns(pl.col("_value").fill_nan(None))
    order = pl.col("_id").cum_count().over("_id") == 1
    names = rows.filter(order)["_id"]
    is_sorted = rows.select((pl.col("_time").diff().over("_id") >= pl.duration()).all()).item()
    if not is_sorted:
        notes.append("rows were not in order of time; sorted")
    rank = pl.DataFrame({"_id": names, "_rank": range(len(names))})
    rows = rows.join(rank, on="_id", how="left", maintain_order="left")
    kept = rows.sort("_rank", "_time", maintain_order=True).unique(_ROWS, maintain_order=True)
    if kept.height < rows.height:
        notes.append(f"{rows.height - kept.height} repeated rows dropped")
    return kept.select(_ROWS)


def _duplicates(rows: pl.DataFrame, frame: pl.DataFrame, time: str) -> str:
    twice = rows.filter(rows.select(_ROWS[:2]).is_duplicated())
    texts = [name for name in frame.columns if frame[name].dtype == pl.String and name != time]
    hint = f"if {texts[0]!r} says which series a row belongs to: --id {texts[0]}" if texts else (
        "aggregate them first"
    )  # fmt: skip
    return (
        f"{twice['_time'].n_unique()} time stamps stand twice with different values, first "
        f"{twice['_time'][0]}; {hint}"
    )


def _on_grid(name: str, rows: pl.DataFrame, frequency: Frequency, notes: list[str]) -> Series:
    """Fill one series' gaps between its first and last known value."""
    if rows["_time"].is_duplicated().any():
        at = rows.filter(pl.col("_time").is_duplicated())["_time"][0]
        raise InputError(f"series {name!r} has different values for {at}; aggregate them first")
    known = rows.drop_nulls("_value")
    if not known.height:
        raise InputError(f"series {name!r} has no values at all; {_LEAVE_OUT}")
    first, last = known["_time"][0], known["_time"][-1]
    grid = _grid(first, last, frequency)
    placed = pl.DataFrame({"_time": grid}).join(
        known.select("_time", "_value"), on="_time", how="left", maintain_order="left"
    )
    missing = placed["_value"].null_count()
    if placed.height - missing != known.height:
        stray = known.join(placed, on="_time", how="anti")
        raise InputError(
            f"series {name!r}: {stray.height} of {known.height} time stamps are not in steps of "
            f"{frequency.name} from {first}, first {stray['_time'][0]}; resample, or give --freq"
        )
    if missing > _MOST_MISSING * placed.height:
        raise InputError(
            f"series {name!r} lacks {missing} of {placed.height} values between {first} and {last} "
            f"in steps of {frequency.name}; fill them, or name another step with --freq"
        )
    if missing:
        notes.append(f"series {name!r}: {missing} missing values filled along straight lines")
    if rows["_time"][-1] > last:
        notes.append(f"series {name!r} ends at {last}, before its last row")
    values = placed["_value"].interpolate().to_numpy()
    if values.min() == values.max():
        notes.append(f"series {name!r} is constant ({values[0]:g})")
    return Series(name, first, last, np.ascontiguousarray(values, dtype=np.float64))


def _grid(first: datetime, last: datetime, frequency: Frequency) -> pl.Series:
    """Return the stamps from `first` to `last`."""
    seconds = frequency.seconds
    span = (last - first).total_seconds()
    # Calendar steps last at least 28, 89 and 365 days, weekdays one: never too few.
    least = {"1mo": 28, "3mo": 89, "1y": 365, "1bd": 1}.get(frequency.name, 1) * 86_400
    steps = int(span // (seconds or least)) + 2
    grid = frequency.grid(first, steps)
    return grid.filter(grid <= last)
