"""DLinear (arXiv:2205.13504): one linear map of the trend, one of the rest. The floor to beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tk.errors import UsageError
from tk.nn import Model, Renames, count


class DLinear(Model):
    """Forecast ``(B, H, C)`` from ``(B, L, C)`` by a moving average and what it leaves.

    Args:
        channels: Number of series C; only maps per channel need it.
        length: Look-back L.
        horizon: Steps ahead H.
        window: Steps of the moving average, odd.
        individual: Maps of its own for each channel.
    """

    renames: ClassVar[Renames] = (
        (r"^Linear_Seasonal\.(weight|bias)$", r"seasonal.0.\1"),
        (r"^Linear_Trend\.(weight|bias)$", r"trend.0.\1"),
        (r"^Linear_Seasonal\.", "seasonal."),
        (r"^Linear_Trend\.", "trend."),
    )

    def __init__(
        self,
        *,
        channels: int = 1,
        length: int = 96,
        horizon: int = 96,
        window: int = 25,
        individual: bool = False,
    ) -> None:
        super().__init__()
        if window % 2 == 0 or window < 1:
            raise UsageError(f"window is {window}; it must be odd")
        self.window = window
        maps = channels if individual else 1
        self.seasonal = nn.ModuleList(nn.Linear(length, horizon) for _ in range(maps))
        self.trend = nn.ModuleList(nn.Linear(length, horizon) for _ in range(maps))

    def forward(self, x: Tensor) -> Tensor:
        """Return forecasts of ``(B, L, C)``."""
        series = x.transpose(1, 2)
        reach = self.window // 2
        padded = F.pad(series, (reach, reach), mode="replicate")
        trend = F.avg_pool1d(padded, self.window, stride=1)
        forecast = _mapped(self.seasonal, series - trend) + _mapped(self.trend, trend)
        return forecast.transpose(1, 2)

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but the moving average's width."""
        horizon, length = tensors["trend.0.weight"].shape
        maps = count(tensors, "trend.*.weight")
        options = {"length": length, "horizon": horizon, "individual": maps > 1}
        return {**options, "channels": maps} if maps > 1 else options


def _mapped(maps: nn.ModuleList, series: Tensor) -> Tensor:
    if len(maps) == 1:
        return maps[0](series)
    return torch.stack([linear(series[:, i]) for i, linear in enumerate(maps)], dim=1)
