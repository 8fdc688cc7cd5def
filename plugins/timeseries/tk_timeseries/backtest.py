"""Rolling backtests: forecast from several past moments, and compare with what came."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm.auto import tqdm

from tk.nn import Model
from tk_timeseries.forecasters import Shape, predict
from tk_timeseries.intervals import half_widths, measured_coverage
from tk_timeseries.metrics import crps, mase_scale, smape
from tk_timeseries.prepared import Prepared
from tk_timeseries.statistical import StatisticalForecaster

_AT_ONCE = 512


class Forecaster(Protocol):
    """What forecasts every series from some moment."""

    def forecast(self, prepared: Prepared, back: int) -> Tensor:
        """Return scaled forecasts ``(C, H)`` from `back` rows before the end; 0 is now."""
        ...


@dataclass(frozen=True)
class Network:
    """A network that sees the look-back of one series at a time.

    Attributes:
        network: Trained.
        shape: Its sizes and the covariates that it uses.
    """

    network: Model
    shape: Shape

    def forecast(self, prepared: Prepared, back: int) -> Tensor:
        """Forecast in batches."""
        pasts, known = prepared.window(back, self.shape)
        chunks = zip(pasts.split(_AT_ONCE), known.split(_AT_ONCE), strict=True)
        return torch.cat([predict(self.network, *chunk) for chunk in chunks])


@dataclass(frozen=True)
class Statistical:
    """A fitted model for each series, which sees all rows before the moment.

    Attributes:
        models: One for each series.
    """

    models: StatisticalForecaster

    def forecast(self, prepared: Prepared, back: int) -> Tensor:
        """Forecast one series after another: some milliseconds each."""
        series = enumerate(prepared.scaled)
        return torch.stack([self.models.forecast(i, v[: len(v) - back]) for i, v in series])


@dataclass(frozen=True)
class Score:
    """How a model did on all origins.

    Attributes:
        metrics: By name, in the series' own units; ``mase`` and ``smape`` have none.
        errors: Truth minus forecast in own units, ``(N, C, H)``.
    """

    metrics: dict[str, float]
    errors: NDArray[np.float64]


def score(
    forecaster: Forecaster, prepared: Prepared, *, levels: Sequence[float], season: int
) -> Score:
    """Forecast from every origin and compare."""
    backs = tqdm(prepared.backs, desc="backtest", disable=not sys.stderr.isatty())
    found = torch.stack([forecaster.forecast(prepared, back) for back in backs])
    truths = prepared.truth()
    forecast, truth = prepared.restore(found), prepared.restore(truths)
    error = truth - forecast
    scale = torch.cat([mase_scale(x[:, :1], season) for x in prepared.train])  # has no units
    in_scaled = (truths - found).double().abs().mean(dim=(0, 2))
    metrics = {
        "mase": float((in_scaled / scale).nanmean()),
        "smape": smape(forecast, truth),
        "mae": float(error.abs().mean()),
        "mse": float(error.square().mean()),
    }
    errors: NDArray[np.float64] = error.numpy()
    if levels:
        widths = torch.from_numpy(half_widths(errors, levels))
        bounds = {
            level: (forecast - width, forecast + width)
            for level, width in zip(levels, widths, strict=True)
        }
        metrics["crps"] = crps(bounds, forecast, truth)
        covered = measured_coverage(errors, levels, stride=prepared.origins.stride)
        names = (f"coverage_{level * 100:g}" for level in levels)
        metrics |= dict(zip(names, covered, strict=True))
    return Score(metrics, errors)
