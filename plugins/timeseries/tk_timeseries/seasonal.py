"""Seasonal naive: the last season again. What every forecaster has to beat."""

from __future__ import annotations

import torch
from torch import Tensor

from tk.errors import UsageError
from tk.nn import Model


class SeasonalNaive(Model):
    """Repeat the last `season` steps of ``(B, L, C)`` as ``(B, H, C)``; nothing is learnt.

    Args:
        season: Steps in a season; 1 repeats the last value.
        length: Look-back L, at least a season.
        horizon: Steps ahead H.
    """

    def __init__(self, *, season: int, length: int = 96, horizon: int = 96) -> None:
        super().__init__()
        if not 1 <= season <= length:
            raise UsageError(
                f"season is {season}; it must lie between 1 and the look-back {length}"
            )
        self.season = season
        steps = length - season + torch.arange(horizon) % season
        self.register_buffer("steps", steps, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return forecasts of ``(B, L, C)``."""
        steps: Tensor = self.get_buffer("steps")
        return x[:, steps]
