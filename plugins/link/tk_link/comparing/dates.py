"""How near two dates are, in the steps in which people get dates wrong."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from tk_link.candidates import Pairs

SWAPPED, ONE_SLIP, TWO_SLIPS, NEAR, YEAR = 0.93, 0.9, 0.75, 0.65, 0.45
ONLY_YEARS = 0.9


def similarity(
    left: pl.Series, right: pl.Series, pairs: Pairs, *, threads: int = 1
) -> NDArray[np.float32]:
    """Compare dates read by `tk_link.normalise.dates`.

    Equal 1, day and month swapped .93, one digit off .9, two .75, else less.
    Where one side holds nothing but years (every date 1 January), years are compared: equal 1,
    one apart .8, two .6. NaN where either date is missing or cannot be read.
    """
    a, b = left, right
    if is_years(a) or is_years(b):
        return _years(a, b, pairs)
    x, y = _digits(a), _digits(b)
    missing = _missing(a, b, pairs)
    first, second = x[pairs.left], y[pairs.right]
    slips = process.cpdist(first, second, scorer=OSA.distance, workers=threads, dtype=np.int32)
    out = np.select([slips == 0, slips == 1, slips == 2], [1.0, ONE_SLIP, TWO_SLIPS], 0.05)
    days = _days(a)[pairs.left] - _days(b)[pairs.right]
    same_year = _parts(a, "year")[pairs.left] == _parts(b, "year")[pairs.right]
    swapped = (
        same_year
        & (_parts(a, "month")[pairs.left] == _parts(b, "day")[pairs.right])
        & (_parts(a, "day")[pairs.left] == _parts(b, "month")[pairs.right])
    )
    out = np.where(swapped & (slips > 0), SWAPPED, out)
    out = np.where((np.abs(days) <= 31) & (out < NEAR), NEAR, out)
    out = np.where(same_year & (out < YEAR), YEAR, out)
    out[missing] = np.nan
    return out.astype(np.float32)


def _years(a: pl.Series, b: pl.Series, pairs: Pairs) -> NDArray[np.float32]:
    apart = np.abs(_parts(a, "year")[pairs.left] - _parts(b, "year")[pairs.right])
    out = np.clip(1.0 - 0.2 * apart, 0.05, 1.0)
    out[_missing(a, b, pairs)] = np.nan
    return np.asarray(out, dtype=np.float32)


def is_years(dates: pl.Series) -> bool:
    """Tell whether dates are years: nearly all 1 January."""
    known = dates.drop_nulls()
    january = ((known.dt.month() == 1) & (known.dt.day() == 1)).mean()
    return bool(len(known)) and float(january or 0.0) >= ONLY_YEARS  # type: ignore[arg-type]


def _missing(a: pl.Series, b: pl.Series, pairs: Pairs) -> NDArray[np.bool_]:
    return np.asarray(a.is_null().to_numpy()[pairs.left] | b.is_null().to_numpy()[pairs.right])


def _digits(dates: pl.Series) -> NDArray[np.object_]:
    return np.asarray(dates.dt.strftime("%Y%m%d").fill_null("").to_numpy(), dtype=object)


def _days(dates: pl.Series) -> NDArray[np.int64]:
    return np.asarray(dates.to_physical().fill_null(0).to_numpy(), dtype=np.int64)


def _parts(dates: pl.Series, part: str) -> NDArray[np.int64]:
    values: pl.Series = getattr(dates.dt, part)()
    return np.asarray(values.fill_null(0).to_numpy(), dtype=np.int64)
