"""Stochastic depth (arXiv:1603.09382): in training, a residual branch is left out at random."""

import torch
from torch import Tensor, nn


class DropPath(nn.Module):
    """Leave out whole samples of a branch with probability `rate`, and scale up the others."""

    def __init__(self, rate: float = 0.0) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x / (1 - rate)`` or zero, sample by sample; in evaluation, `x`."""
        if not self.training or self.rate == 0:
            return x
        keep = 1 - self.rate
        mask = torch.empty((len(x),) + (1,) * (x.ndim - 1), dtype=x.dtype, device=x.device)
        return x * mask.bernoulli_(keep).div_(keep) if keep else torch.zeros_like(x)

    def extra_repr(self) -> str:
        """Show the rate."""
        return f"rate={self.rate:g}"


def drop_rates(highest: float, depth: int) -> list[float]:
    """Return each block's rate: linear from 0 to `highest` (section 4 of the paper)."""
    return [highest * i / max(depth - 1, 1) for i in range(depth)]
