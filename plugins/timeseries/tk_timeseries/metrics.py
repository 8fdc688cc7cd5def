"""How good forecasts are: MSE, MAE, MASE, sMAPE, CRPS.

Errors are summed in float64 batch by batch, so that the last, smaller batch counts as much as its
windows and nothing is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor


def squared_and_absolute(forecast: Tensor, truth: Tensor) -> Tensor:
    """Return the sums of squared and of absolute errors, ``(2,)`` float64."""
    error = forecast.double() - truth.double()
    return torch.stack([error.square().sum(), error.abs().sum()])


def smape(forecast: Tensor, truth: Tensor) -> float:
    """Return the mean of ``2 |y - ŷ| / (|y| + |ŷ|)`` in 0..2; a pair of zeros counts 0."""
    size = truth.abs() + forecast.abs()
    ratio = 2 * (truth - forecast).abs() / torch.where(size > 0, size, 1.0)
    return float(ratio.double().mean())


def mase_scale(history: Tensor, season: int) -> Tensor:
    """Return the mean absolute error of the seasonal naive forecast one season ahead.

    Args:
        history: Training values ``(T, C)``.
        season: Steps in a season; 1 for none. Longer than the history counts as 1.

    Returns:
        ``(C,)``; NaN where it is 0 (a constant series has no scale).
    """
    season = season if len(history) > season else 1
    scale = (history[season:] - history[:-season]).double().abs().mean(dim=0)
    return torch.where(scale > 0, scale, torch.nan)


def crps(bounds: Mapping[float, tuple[Tensor, Tensor]], median: Tensor, truth: Tensor) -> float:
    """Return the continuous ranked probability score, by the quantiles that intervals give.

    Args:
        bounds: Lower and upper bound by level in 0..1 (0.8 gives the quantiles 0.1 and 0.9).
        median: Forecasts.
        truth: What came, of the same shape.
    """
    quantiles = {0.5: median}
    for level, (low, high) in bounds.items():
        quantiles |= {(1 - level) / 2: low, (1 + level) / 2: high}
    return crps_of_quantiles(quantiles, truth)


def crps_of_quantiles(quantiles: Mapping[float, Tensor], truth: Tensor) -> float:
    """Return the continuous ranked probability score of forecast quantiles.

    Twice the mean pinball loss over the quantiles, weighted by the share of 0..1 that each stands
    for (Gneiting and Ranjan 2011). With few quantiles this is coarse; compare only equal ones.

    Args:
        quantiles: Forecasts by place in 0..1.
        truth: What came, of the same shape.
    """
    places = sorted(quantiles)
    total = 0.0
    for share, place in zip(_shares(places), places, strict=True):
        error = truth.double() - quantiles[place].double()
        total += 2 * share * float(torch.maximum(place * error, (place - 1) * error).mean())
    return total


def coverage(low: Tensor, high: Tensor, truth: Tensor) -> float:
    """Return the share of values within their interval, 0..1."""
    return float(((truth >= low) & (truth <= high)).double().mean())


def _shares(places: Sequence[float]) -> list[float]:
    """Give each quantile the part of 0..1 that is nearest to it."""
    middles = [(a + b) / 2 for a, b in pairwise(places)]
    edges = [0.0, *middles, 1.0]
    return [b - a for a, b in pairwise(edges)]
