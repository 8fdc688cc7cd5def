"""TSMixer's two online reconciliation heads (arXiv:2306.09364, section 3.4).

Both refine a forecast in scaled units while the model learns: one by what the other channels are
forecast to do around the same step, one by forecasts of sums over patches of steps.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ChannelReconciliation(nn.Module):
    """Add to a forecast ``(B, H, C)`` what all channels' forecasts near each step suggest.

    Starts as the forecast itself: the last map's weights are zero.

    Args:
        channels: C.
        reach: Steps w before and after; beyond the horizon they count as 0.
    """

    def __init__(self, channels: int, reach: int) -> None:
        super().__init__()
        self.reach = reach
        context = channels * (2 * reach + 1)
        self.gate = nn.Linear(context, context)
        self.revise = nn.Linear(context, channels)
        nn.init.zeros_(self.revise.weight)
        nn.init.zeros_(self.revise.bias)

    def forward(self, forecast: Tensor) -> Tensor:
        padded = F.pad(forecast, (0, 0, self.reach, self.reach))
        context = padded.unfold(1, 2 * self.reach + 1, 1).flatten(2)  # (B, H, C · (2w + 1))
        return forecast + self.revise(context * self.gate(context).softmax(-1))


class Reconciled(NamedTuple):
    """A forecast and the sums over its patches, in scaled units.

    Attributes:
        forecast: ``(B, H, C)``.
        sums: Forecasts of the sums over patches, ``(B, ceil(H / patch), C)``.
    """

    forecast: Tensor
    sums: Tensor


class HierarchyReconciliation(nn.Module):
    """Refine every step by the forecast of the sum over its patch.

    Starts as the forecast itself.

    Args:
        hidden: Values per channel that the sums are forecast from.
        horizon: H.
        patch: Steps in a patch; the last one may be shorter.
    """

    def __init__(self, hidden: int, horizon: int, patch: int) -> None:
        super().__init__()
        self.patch = patch
        self.sums = nn.Linear(hidden, -(-horizon // patch))
        self.revise = nn.Linear(2, 1)
        with torch.no_grad():
            self.revise.weight.copy_(torch.tensor([[1.0, 0.0]]))
            self.revise.bias.zero_()

    def forward(self, states: Tensor, forecast: Tensor) -> Reconciled:
        """Refine.

        Args:
            states: ``(B, C, hidden)``.
            forecast: ``(B, H, C)``.
        """
        sums = self.sums(states).transpose(1, 2)
        of_step = sums.repeat_interleave(self.patch, dim=1)[:, : forecast.shape[1]] / self.patch
        revised = self.revise(torch.stack([forecast, of_step], dim=-1)).squeeze(-1)
        return Reconciled(revised, sums)

    def loss(self, found: Reconciled, truth: Tensor) -> Tensor:
        """Return the two squared errors of the hierarchy, against the truth and the forecast.

        Args:
            found: What `forward` returned.
            truth: ``(B, H, C)``, scaled as the forecast is.
        """
        against_truth = F.mse_loss(found.sums / self.patch, self.means(truth))
        against_points = F.mse_loss(found.sums / self.patch, self.means(found.forecast))
        return against_truth + against_points

    def means(self, series: Tensor) -> Tensor:
        """Return sums over patches, divided by the patch's length: ``(B, ceil(H / patch), C)``."""
        missing = -series.shape[1] % self.patch
        padded = F.pad(series, (0, 0, 0, missing))
        return padded.unflatten(1, (-1, self.patch)).sum(2) / self.patch
