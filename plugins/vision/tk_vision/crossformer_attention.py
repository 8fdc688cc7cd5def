"""Attention inside groups of cells, near or far, as CrossFormer has it (arXiv:2108.00154).

A group is a window of neighbours (short distance) or cells at equal distances (long distance,
section 3.2). The bias comes from a network of offsets (section 3.3). Maps are channels-last.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tk.errors import UsageError

PADDINGS = ("end", "both")
_LEAST = 16
_OUTSIDE = -3e4
"""Added to logits of padded keys: their weight becomes 0 in every dtype; -1e6 is no half float."""


class PositionBias(nn.Module):
    """A network from offsets in cells to a bias of each head: ``(N, 2)`` to ``(N, heads)``."""

    def __init__(self, dim: int, heads: int, *, residual: bool = False) -> None:
        super().__init__()
        hidden = dim // 4
        self.residual = residual
        self.pos_proj = nn.Linear(2, hidden)
        self.pos1, self.pos2, self.pos3 = (
            nn.Sequential(nn.LayerNorm(hidden), nn.ReLU(), nn.Linear(hidden, width))
            for width in (hidden, hidden, heads)
        )

    def forward(self, offsets: Tensor) -> Tensor:
        x: Tensor = self.pos_proj(offsets)
        for layer in (self.pos1, self.pos2):
            x = x + layer(x) if self.residual else layer(x)
        return self.pos3(x)

    def pairs(self, group: tuple[int, int]) -> Tensor:
        """Return the bias of every query and key of a group, ``(heads, N, N)``."""
        weight = self.pos_proj.weight
        high, wide = (
            torch.arange(1 - side, side, dtype=weight.dtype, device=weight.device) for side in group
        )
        table = self(torch.cartesian_prod(high, wide)).unflatten(0, (len(high), len(wide)))
        # A window of the table over all keys starts at each query; keys run against the offset.
        pairs = table.unfold(0, group[0], 1).unfold(1, group[1], 1).flip(3, 4)
        return pairs.permute(2, 0, 1, 3, 4).flatten(3).flatten(1, 2)


class Grouping(NamedTuple):
    """How a map is cut: sides of a group, steps between its cells, cells added around the map."""

    group: tuple[int, int]
    interval: int
    pads: tuple[int, int, int, int]
    """Left, right, top, bottom."""

    def cut(self, x: Tensor) -> Tensor:
        """Return ``(B, groups, heads, N, C)`` of a padded map ``(B, H, W, heads, C)``."""
        (high, wide), step = self.group, self.interval
        x = x.unflatten(2, (-1, wide, step)).unflatten(1, (-1, high, step))
        return x.permute(0, 1, 4, 3, 6, 7, 2, 5, 8).flatten(6, 7).flatten(1, 4)

    def join(self, groups: Tensor, sides: tuple[int, int]) -> Tensor:
        """Undo `cut` for a map of `sides`, and merge heads: ``(B, H, W, heads · C)``."""
        (high, wide), step = self.group, self.interval
        grid = (sides[0] // (high * step), sides[1] // (wide * step), step, step)
        x = groups.unflatten(3, (high, wide)).unflatten(1, grid)
        x = x.permute(0, 1, 6, 3, 2, 7, 4, 5, 8).flatten(7)
        return x.flatten(4, 6).flatten(1, 3)

    def outside(self, height: int, width: int, like: Tensor) -> Tensor:
        """Return what is added to the logits of every key, ``(groups, 1, 1, N)``."""
        inside = like.new_zeros(height, width)
        padded = F.pad(inside, self.pads, value=_OUTSIDE)
        return self.cut(padded[None, :, :, None, None])[0].transpose(-1, -2)


class GroupAttention(nn.Module):
    """Attention inside groups of cells: ``(B, H, W, C)`` to the same.

    Args:
        dim: Channels.
        heads: Heads.
        group: Cells of a group's side; a map that is not larger is one group.
        interval: Steps between the cells of a group: 1 among neighbours; 0: such that one group
            spans the map.
        padding: Where cells are added to a map that is no multiple of group × interval.
        masked: Whether added cells are left out of attention.
        qkv_bias: Biases for queries, keys and values.
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        *,
        group: int,
        interval: int,
        padding: str,
        masked: bool,
        qkv_bias: bool,
    ) -> None:
        super().__init__()
        if dim % heads:
            raise UsageError(f"width {dim} cannot be split into {heads} heads")
        if dim < _LEAST:
            raise UsageError(f"width {dim} is too small for the position bias: {_LEAST} or more")
        if padding not in PADDINGS:
            raise UsageError(f"padding {padding!r} is none of {', '.join(PADDINGS)}")
        self.heads, self.group, self.interval = heads, group, interval
        self.padding, self.masked = padding, masked
        self.pos = PositionBias(dim // 4, heads)
        self.qkv = nn.Linear(dim, 3 * dim, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[1:3]
        grouping = self.grouping(height, width)
        left, right, top, bottom = grouping.pads
        around = (0, 0, *grouping.pads)
        # Padded before the projection, added cells have its bias as keys and values.
        qkv = F.pad(self.qkv(x), around) if self.masked else self.qkv(F.pad(x, around))
        query, key, value = (
            grouping.cut(part) for part in qkv.unflatten(-1, (3, self.heads, -1)).unbind(3)
        )
        bias, folded = self.pos.pairs(grouping.group), (0, 1)
        if self.masked and any(grouping.pads):
            # The mask differs between groups, not between images: groups join the heads.
            bias, folded = (bias + grouping.outside(height, width, bias)).flatten(0, 1), (1, 2)
        mixed = F.scaled_dot_product_attention(
            query.flatten(*folded), key.flatten(*folded), value.flatten(*folded), bias[None]
        ).view_as(value)
        whole = grouping.join(mixed, (height + top + bottom, width + left + right))
        return self.proj(whole[:, top : top + height, left : left + width])

    def grouping(self, height: int, width: int) -> Grouping:
        """Return how a map of this size is cut."""
        if min(height, width) <= self.group:
            # The reference pads to a square and masks; without either the result is the same.
            return Grouping((height, width), 1, (0, 0, 0, 0))
        interval = self.interval or -(-max(height, width) // self.group)
        down, right = (-side % (self.group * interval) for side in (height, width))
        top, left = (down // 2, right // 2) if self.padding == "both" else (0, 0)
        return Grouping((self.group, self.group), interval, (left, right - left, top, down - top))
