"""Numbers and places: how near, on the scale on which the column varies."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.candidates import Pairs
from tk_link.comparing import measures

_NARROW = 1.5
"""A column whose upper quartile is below this multiple of its lower one is compared on its own
spread (years, grades); a wider one on ratios (prices)."""
_ROUNDED = 0.005
"""Share by which converted numbers may differ and be one: 12 oz are 354.8 ml, written as 355."""
_EARTH_KM = 6371.0
_FAR_KM = 50.0


def number(left: pl.Series, right: pl.Series, pairs: Pairs) -> NDArray[np.float32]:
    """Compare numbers: 1 equal, 0 as far apart as the column's spread or of another magnitude.

    NaN where either number is missing. Numbers with units are compared in one
    (`tk_link.comparing.measures`); where units differ, rounding does not count.
    """
    x = measures.numbers(left).to_numpy().astype(np.float64)
    y = measures.numbers(right).to_numpy().astype(np.float64) * measures.ratio(left, right)
    a, b = x[pairs.left], y[pairs.right]
    gap = np.abs(a - b)
    wide = np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-9)
    if measures.is_read(left, right):
        gap[gap <= _ROUNDED * wide] = 0.0
    scale = spread(np.concatenate([x, y])) or wide
    return np.asarray(np.clip(1.0 - gap / scale, 0.0, 1.0), dtype=np.float32)


def spread(values: NDArray[np.float64]) -> float | None:
    """Return the difference at which numbers of a narrow column have nothing in common.

    None for a wide column, whose numbers are compared by their ratio. NaN values do not count.
    """
    sizes = np.abs(values[np.isfinite(values)])
    low, high = np.quantile(sizes, [0.25, 0.75]) if len(sizes) else (0.0, 0.0)
    return max(float(high - low), 1e-9) if low > 0 and high / low < _NARROW else None


def place(left: pl.Series, right: pl.Series, pairs: Pairs) -> NDArray[np.float32]:
    """Compare ``latitude, longitude`` values: 1 at the same spot, falling to 0 at 50 km.

    NaN where either is missing or unreadable. Distance is the haversine great-circle distance.
    """
    (lat1, lon1), (lat2, lon2) = _degrees(left), _degrees(right)
    a1, o1, a2, o2 = (
        np.radians(v)
        for v in (lat1[pairs.left], lon1[pairs.left], lat2[pairs.right], lon2[pairs.right])
    )
    h = np.sin((a2 - a1) / 2) ** 2 + np.cos(a1) * np.cos(a2) * np.sin((o2 - o1) / 2) ** 2
    km = 2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(h, 0, 1)))
    nearness = 1.0 - np.log1p(km) / np.log1p(_FAR_KM)
    return np.asarray(np.clip(nearness, 0.0, 1.0), dtype=np.float32)


def _degrees(values: pl.Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    pattern = r"(-?\d+(?:\.\d+)?)\s*[,; ]\s*(-?\d+(?:\.\d+)?)"
    parts = [values.str.extract(pattern, n).cast(pl.Float64, strict=False) for n in (1, 2)]
    return parts[0].to_numpy(), parts[1].to_numpy()
