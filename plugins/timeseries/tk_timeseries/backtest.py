"""Rolling backtests: forecast from several past moments, and compare with what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tk.errors import InputError, UsageError
from tk.nn import Model
from tk_timeseries.forecasters import predict
from tk_timeseries.intervals import half_widths, measured_coverage
from tk_timeseries.metrics import crps, mase_scale, smape
from tk_timeseries.series import Panel
from tk_timeseries.windows import Scaler

_HELD_OUT = 0.2
_LONGEST_LOOKBACK = 96
_LEAST_LOOKBACK = 4


@dataclass(frozen=True)
class Origins:
    """From where forecasts are made, counted from each series' end.

    Attributes:
        length: Look-back.
        horizon: Steps ahead.
        count: Origins.
        stride: Steps between them.
    """

    length: int
    horizon: int
    count: int
    stride: int

    @property
    def held_out(self) -> int:
        """Rows at the end of every series that no model learns from."""
        return self.horizon + (self.count - 1) * self.stride


def place_origins(panel: Panel, horizon: int, *, lookback: int | None, count: int) -> Origins:
    """Spread `count` origins over the last fifth of the shortest series.

    Raises:
        InputError: A series is too short; says how many rows are needed.
        UsageError: A number makes no sense.
    """
    for name, value in (("--horizon", horizon), ("--lookback", lookback), ("--backtest", count)):
        if value is not None and value < 1:
            raise UsageError(f"{name} is {value}, must be at least 1")
    rows = panel.shortest
    length = lookback or min(_LONGEST_LOOKBACK, (rows - 2 * horizon) // 2)
    least = max(length, _LEAST_LOOKBACK) + 2 * horizon
    if length < _LEAST_LOOKBACK and lookback is not None:
        raise UsageError(f"--lookback is {lookback}, must be at least {_LEAST_LOOKBACK}")
    if length < _LEAST_LOOKBACK or rows < least:
        name = next(s.name for s in panel.series if len(s.values) == rows)
        least = least if lookback else 2 * (_LEAST_LOOKBACK + horizon)
        raise InputError(
            f"series {name!r} has {rows} rows; horizon {horizon} needs at least {least} "
            f"({'look-back + ' if lookback else ''}one horizon to learn, one to check)"
        )
    count = min(count, rows - length - 2 * horizon + 1)
    spread = min(int(rows * _HELD_OUT), rows - length - horizon) - horizon
    stride = max(spread // (count - 1), 1) if count > 1 else 1
    return Origins(length, horizon, count, stride)


@dataclass(frozen=True)
class Prepared:
    """Scaled series and where they are cut.

    Attributes:
        scaled: All of each series, ``(T, 1)`` float32.
        scalers: Of each, by the rows that are learnt from.
        origins: Where backtests begin.
    """

    scaled: tuple[Tensor, ...]
    scalers: tuple[Scaler, ...]
    origins: Origins

    @classmethod
    def of(cls, panel: Panel, origins: Origins) -> Prepared:
        """Scale each series by what stands before its held-out end."""
        values = [torch.from_numpy(s.values.copy()).unsqueeze(1) for s in panel.series]
        scalers = tuple(Scaler.of(v[: -origins.held_out]) for v in values)
        scaled = (s.scale(v) for s, v in zip(scalers, values, strict=True))
        return cls(tuple(scaled), scalers, origins)

    @property
    def train(self) -> list[Tensor]:
        """What models learn from."""
        return [values[: -self.origins.held_out] for values in self.scaled]

    @property
    def latest(self) -> Tensor:
        """The windows before the future, ``(C, L)``."""
        return torch.stack([values[-self.origins.length :, 0] for values in self.scaled])

    def past_and_truth(self) -> tuple[Tensor, Tensor]:
        """Return the windows of all origins, ``(N, C, L)`` and ``(N, C, H)``, oldest first."""
        pasts, truths = [], []
        at = self.origins
        for number in range(at.count):
            back = at.horizon + (at.count - 1 - number) * at.stride
            starts = [(values, len(values) - back) for values in self.scaled]
            pasts.append(torch.stack([v[i - at.length : i, 0] for v, i in starts]))
            truths.append(torch.stack([v[i : i + at.horizon, 0] for v, i in starts]))
        return torch.stack(pasts), torch.stack(truths)

    def restore(self, scaled: Tensor) -> Tensor:
        """Return ``(…, C, H)`` in the series' own units, float64."""
        mean = torch.cat([s.mean for s in self.scalers]).unsqueeze(-1)
        deviation = torch.cat([s.deviation for s in self.scalers]).unsqueeze(-1)
        return scaled.double() * deviation + mean


@dataclass(frozen=True)
class Score:
    """How a model did on all origins.

    Attributes:
        metrics: By name, in the series' own units; ``mase`` and ``smape`` have none.
        errors: Truth minus forecast in own units, ``(N, C, H)``.
    """

    metrics: dict[str, float]
    errors: NDArray[np.float64]


def score(model: Model, prepared: Prepared, *, levels: Sequence[float], season: int) -> Score:
    """Forecast from every origin and compare."""
    pasts, truths = prepared.past_and_truth()
    found = predict(model, pasts.flatten(0, 1)).unflatten(0, pasts.shape[:2])
    forecast, truth = prepared.restore(found), prepared.restore(truths)
    error = truth - forecast
    scale = torch.cat([mase_scale(x, season) for x in prepared.train])  # has no units
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
