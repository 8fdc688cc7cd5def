"""Reversible instance normalisation (Kim et al., ICLR 2022)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

_EPS = 1e-5


class WindowStatistics(NamedTuple):
    """Location and spread of each window and channel, ``(B, 1, C)``, without gradient."""

    centre: Tensor
    spread: Tensor

    def normalise(self, x: Tensor) -> Tensor:
        """Return ``(x - centre) / spread`` of ``(B, L, C)``."""
        return (x - self.centre) / self.spread


class RevIN(nn.Module):
    """Normalise windows ``(B, L, C)`` by their own statistics, and undo it on ``(B, H, C)``.

    Args:
        channels: C.
        affine: Learn a weight and bias per channel.
        subtract_last: Take the last value away in place of the mean.
    """

    affine_weight: Tensor | None
    affine_bias: Tensor | None

    def __init__(self, channels: int, *, affine: bool = True, subtract_last: bool = False) -> None:
        super().__init__()
        self.subtract_last = subtract_last
        for name, value in (("weight", 1.0), ("bias", 0.0)):
            parameter = nn.Parameter(torch.full((channels,), value)) if affine else None
            self.register_parameter(f"affine_{name}", parameter)

    @torch.no_grad()
    def statistics(self, x: Tensor) -> WindowStatistics:
        """Return the statistics of windows ``(B, L, C)``; the spread is the biased deviation."""
        centre = x[:, -1:] if self.subtract_last else x.mean(dim=1, keepdim=True)
        spread = (x.var(dim=1, keepdim=True, correction=0) + _EPS).sqrt()
        return WindowStatistics(centre, spread)

    def forward(self, x: Tensor, statistics: WindowStatistics) -> Tensor:
        """Return normalised windows, after the affine map."""
        z = statistics.normalise(x)
        if self.affine_weight is None or self.affine_bias is None:
            return z
        return z * self.affine_weight + self.affine_bias

    def inverse(self, y: Tensor, statistics: WindowStatistics) -> Tensor:
        """Return values in the windows' own units."""
        if self.affine_weight is not None and self.affine_bias is not None:
            y = (y - self.affine_bias) / (self.affine_weight + _EPS**2)
        return y * statistics.spread + statistics.centre
