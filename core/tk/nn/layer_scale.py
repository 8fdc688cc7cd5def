"""LayerScale (arXiv:2103.17239, eq. 4): a learned factor per channel on a residual branch."""

import torch
from torch import Tensor, nn


class LayerScale(nn.Module):
    """Multiply each of the `dim` channels along `axis` by its own factor."""

    def __init__(self, dim: int, *, initial: float = 1e-5, axis: int = -1) -> None:
        super().__init__()
        self.axis = axis
        self.gamma = nn.Parameter(torch.full((dim,), initial))

    def forward(self, x: Tensor) -> Tensor:
        """Scale; the shape stays."""
        shape = [1] * x.ndim
        shape[self.axis] = -1
        return x * self.gamma.view(shape)
