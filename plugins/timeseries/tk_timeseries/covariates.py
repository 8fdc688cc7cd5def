"""Covariates: columns that say something about the series beside it, such as prices or holidays.

One that the table holds for every step ahead (in rows whose target is empty) is known in advance;
one that ends with the series is past-only. That is how a planner's table says it by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk.errors import InputError, UsageError
from tk_timeseries.reading import find_time, number_columns
from tk_timeseries.series import Panel, Series

_MOST_MISSING = 1 / 3
_ALL = ""
"""What stands for the name where all series share their covariates."""


@dataclass(frozen=True)
class _Aligned:
    """Covariates beside one series, ``(T + H, F)``, NaN where nothing is known."""

    series: Series
    values: NDArray[np.float64]

    @property
    def ahead(self) -> NDArray[np.float64]:
        return self.values[len(self.series.values) :]


def add_covariates(
    panel: Panel, frame: pl.DataFrame, names: Sequence[str], *, id: str | None, horizon: int
) -> Panel:
    """Return the panel with covariates: those known in advance first, then the past-only ones.

    Args:
        panel: Series, made from `frame`.
        frame: The table.
        names: Columns of numbers.
        id: Column that names the series of a long table; without it all share the covariates.
        horizon: Steps ahead that a covariate must cover to be known in advance.

    Raises:
        InputError: A column holds text or too little, or is known for some steps ahead only.
        NotFoundError: There is no such column.
    """
    if len(set(names)) < len(names):
        raise UsageError(f"--covariates names a column twice: {', '.join(names)}")
    number_columns(frame, names, (), what="covariate")
    rows = _rows(frame, panel, names, id)
    aligned = [_align(panel, series, rows, names, horizon) for series in panel.series]
    is_known = [_is_known(panel, aligned, column, name) for column, name in enumerate(names)]
    order = sorted(range(len(names)), key=lambda column: not is_known[column])
    known = tuple(names[column] for column in order if is_known[column])
    past_only = tuple(names[column] for column in order if not is_known[column])
    notes = list(panel.notes)
    series = tuple(_with(part, names, order, len(known), notes) for part in aligned)
    return replace(panel, series=series, known=known, past_only=past_only, notes=tuple(notes))


def _rows(frame: pl.DataFrame, panel: Panel, names: Sequence[str], id: str | None) -> pl.DataFrame:
    """Return ``_id``, ``_time`` and the covariates, one row for each moment of a series."""
    _, stamps = find_time(frame, panel.time)
    ids = frame[id].cast(pl.String) if id else pl.Series([_ALL] * frame.height)
    values = frame.select(pl.col(names).cast(pl.Float64).fill_nan(None))
    rows = values.with_columns(ids.alias("_id"), stamps.alias("_time"))
    for name in names:
        if rows[name].is_infinite().any():
            raise InputError(f"covariate {name!r} holds infinite values")
    rows = rows.filter(pl.any_horizontal(pl.col(names).is_not_null())).unique()
    twice = rows.filter(rows.select("_id", "_time").is_duplicated())
    if twice.height:
        at = twice.sort("_time")["_time"][0]
        raise InputError(f"covariates have different values for one moment, first {at}")
    return rows


def _align(
    panel: Panel, series: Series, rows: pl.DataFrame, names: Sequence[str], horizon: int
) -> _Aligned:
    grid = panel.frequency.grid(series.first, len(series.values) + horizon)
    own = rows.filter(pl.col("_id").is_in([series.name, _ALL]))
    placed = pl.DataFrame({"_time": grid}).join(own, on="_time", how="left", maintain_order="left")
    values = placed.select(pl.col(names).fill_null(float("nan"))).to_numpy()
    return _Aligned(series, values)


def _is_known(panel: Panel, aligned: Sequence[_Aligned], column: int, name: str) -> bool:
    counts = [int(np.isfinite(part.ahead[:, column]).sum()) for part in aligned]
    horizon = len(aligned[0].ahead)
    if len(set(counts)) == 1 and counts[0] in (0, horizon):
        return counts[0] == horizon
    worst = aligned[int(np.argmin(counts))].series
    until = panel.frequency.after(worst.last, horizon)[-1]
    raise InputError(
        f"covariate {name!r} is known for {min(counts)} of the {horizon} steps after series "
        f"{worst.name!r}; give all of them (until {until}), or none for a past-only one"
    )


def _with(
    part: _Aligned, names: Sequence[str], order: Sequence[int], known: int, notes: list[str]
) -> Series:
    rows = len(part.series.values)
    past = part.values[:rows]
    for column, name in enumerate(names):
        missing = int(np.isnan(past[:, column]).sum())
        if missing > _MOST_MISSING * rows:
            raise InputError(
                f"covariate {name!r} lacks {missing} of {rows} values of {part.series.name!r}"
            )
        if missing:
            notes.append(f"covariate {name!r} of {part.series.name!r}: {missing} values filled")
    filled = pl.DataFrame(past[:, order]).fill_nan(None).interpolate()
    filled = filled.fill_null(strategy="forward").fill_null(strategy="backward")
    ahead = part.ahead[:, order][:, :known]
    return replace(part.series, covariates=filled.to_numpy().copy(), ahead=ahead.copy())
