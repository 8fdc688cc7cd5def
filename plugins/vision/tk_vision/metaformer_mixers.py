"""Token mixers of MetaFormer (arXiv:2111.11418): ``(B, C, H, W)`` to the same."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

from tk.errors import InputError, UsageError

MIXERS = ("pool", "identity", "attention", "spatial")
Mixer = str | Callable[[int], nn.Module]
"""One of `MIXERS`, or what makes a mixer of the caller's from the number of channels."""


def make_mixer(kind: Mixer, dim: int, *, head_dim: int, side: int, pool: int) -> nn.Module:
    """Make the mixer called `kind` for maps of `dim` channels.

    Raises:
        UsageError: There is none of that name, or what it needs does not fit.
    """
    if not isinstance(kind, str):
        return kind(dim)
    match kind:
        case "pool":
            return Pooling(pool)
        case "identity":
            return nn.Identity()
        case "attention":
            return AttentionMixer(dim, head_dim)
        case "spatial":
            return SpatialMixer(side)
    raise UsageError(
        f"mixer {kind!r} is none of {', '.join(MIXERS)}; of your own give what makes the module"
    )


class Pooling(nn.Module):
    """Mean of the neighbours inside the image, less the cell itself, which the residual adds."""

    def __init__(self, size: int) -> None:
        super().__init__()
        if size % 2 == 0:
            raise UsageError(f"pool is {size}; it must be odd")
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        mean = F.avg_pool2d(x, self.size, 1, self.size // 2, count_include_pad=False)
        return mean - x


class AttentionMixer(nn.Module):
    """Self-attention among all cells."""

    def __init__(self, dim: int, head_dim: int) -> None:
        super().__init__()
        if dim % head_dim:
            raise UsageError(f"width {dim} cannot be split into heads of {head_dim}")
        self.head_dim = head_dim
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        cells = x.flatten(2).transpose(1, 2)
        query, key, value = (
            self.qkv(cells).unflatten(-1, (3, -1, self.head_dim)).permute(2, 0, 3, 1, 4)
        )
        mixed = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        return self.proj(mixed).transpose(1, 2).view_as(x)


class SpatialMixer(nn.Module):
    """One linear map among the cells of a map of fixed size, the same for all channels."""

    def __init__(self, side: int) -> None:
        super().__init__()
        if side < 1:
            raise UsageError("mixer 'spatial' needs the side of its map: give sides")
        self.side = side
        self.fc = nn.Linear(side**2, side**2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[2:] != (self.side, self.side):
            raise InputError(
                f"a map is {x.shape[2]} × {x.shape[3]}, mixer 'spatial' takes {self.side} × "
                f"{self.side} alone; give images of the size it was trained with"
            )
        return self.fc(x.flatten(2)).view_as(x)
