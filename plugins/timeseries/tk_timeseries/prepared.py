"""Where rolling backtests begin, and series made ready for models."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tk.errors import InputError, UsageError
from tk_timeseries.forecasters import Shape
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
        scaled: All of each series and its covariates, ``(T, 1 + F)`` float32.
        ahead: Covariates of the steps that follow, ``(H, K)``; they come first among the F.
        scalers: Of each, by the rows that are learnt from.
        origins: Where backtests begin.
    """

    scaled: tuple[Tensor, ...]
    ahead: tuple[Tensor, ...]
    scalers: tuple[Scaler, ...]
    origins: Origins

    @classmethod
    def of(cls, panel: Panel, origins: Origins) -> Prepared:
        """Scale each series by what stands before its held-out end."""
        scaled, ahead, scalers = [], [], []
        known = len(panel.known)
        for series in panel.series:
            target = torch.from_numpy(series.values.copy()).unsqueeze(1)
            beside = (
                torch.from_numpy(series.covariates) if series.covariates.size else target[:, :0]
            )
            values = torch.cat([target, beside], dim=1)
            scaler = Scaler.of(values[: -origins.held_out])
            scalers.append(scaler)
            scaled.append(scaler.scale(values))
            of_known = Scaler(scaler.mean[1 : 1 + known], scaler.deviation[1 : 1 + known])
            beyond = torch.from_numpy(series.ahead) if known else torch.empty(origins.horizon, 0)
            ahead.append(of_known.scale(beyond))
        return cls(tuple(scaled), tuple(ahead), tuple(scalers), origins)

    @property
    def train(self) -> list[Tensor]:
        """What models learn from."""
        return [values[: -self.origins.held_out] for values in self.scaled]

    @property
    def backs(self) -> list[int]:
        """Rows from each origin to the end, the oldest origin first."""
        at = self.origins
        return [at.horizon + number * at.stride for number in reversed(range(at.count))]

    def truth(self) -> Tensor:
        """Return what came after each origin, ``(N, C, H)``."""
        horizon = self.origins.horizon
        return torch.stack(
            [
                torch.stack([v[len(v) - back : len(v) - back + horizon, 0] for v in self.scaled])
                for back in self.backs
            ]
        )

    def window(self, back: int, shape: Shape) -> tuple[Tensor, Tensor]:
        """Return pasts ``(C, L, 1 + F)`` and known covariates ``(C, H, K)`` of an origin.

        Args:
            back: Rows from the origin to the end; 0 is now.
            shape: With the covariates that are wanted.
        """
        width = 1 + shape.known + shape.past_only
        known = slice(1, 1 + shape.known)
        pasts, aheads = [], []
        for values, beyond in zip(self.scaled, self.ahead, strict=True):
            origin = len(values) - back
            pasts.append(values[origin - shape.length : origin, :width])
            after = values[origin : origin + shape.horizon, known] if back else beyond
            aheads.append(after[:, : shape.known])
        return torch.stack(pasts), torch.stack(aheads)

    def restore(self, scaled: Tensor) -> Tensor:
        """Return ``(…, C, H)`` in the series' own units, float64; a constant series stays so."""
        mean = torch.stack([s.mean[0] for s in self.scalers]).unsqueeze(-1)
        deviation = torch.stack([s.deviation[0] for s in self.scalers]).unsqueeze(-1)
        varies = torch.tensor([bool((v[:, 0] != v[0, 0]).any()) for v in self.scaled])
        deviation = deviation * varies.unsqueeze(-1)
        return scaled.double() * deviation + mean
