"""From a pyramid of maps to the tokens of regions: grouping, and the token of all scales.

A region is one cell of the coarsest map with everything that finer maps show of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tk.errors import InputError

# Batch, row, column, two places inside the region, channel; of (B, C, row, i, column, j).
_BY_ROWS = (0, 2, 4, 3, 5, 1)
_BY_COLUMNS = (0, 2, 4, 5, 3, 1)


def group_regions(maps: Sequence[Tensor]) -> Tensor:
    """Return ``(B, h · w, 1 + 4 + 16 + …, C)``: each region's cells, the coarsest map's first.

    Args:
        maps: Coarse to fine, ``(B, C, h, w)``, ``(B, C, 2h, 2w)``, ….

    Raises:
        InputError: The sides of a map are not twice those of the one before.
    """
    rows, columns = maps[0].shape[2:]
    groups = []
    for level, each in enumerate(maps):
        side = 2**level
        if each.shape[2:] != (rows * side, columns * side):
            shapes = ", ".join(f"{one.shape[2]} × {one.shape[3]}" for one in maps)
            raise InputError(
                f"maps are {shapes}; each must be twice as high and wide as the one before: "
                "resize the images to multiples of the coarsest map's stride"
            )
        cells = each.unflatten(3, (columns, side)).unflatten(2, (rows, side))
        groups.append(cells.permute(_order(level)).flatten(3, 4).flatten(1, 2))
    return torch.cat(groups, dim=2)


def ungroup_regions(tokens: Tensor, grid: tuple[int, int]) -> list[Tensor]:
    """Undo `group_regions`: the maps, coarse to fine, of ``(B, h · w, T, C)``."""
    maps, start = list[Tensor](), 0
    cells = tokens.unflatten(1, grid)
    while start < tokens.shape[2]:
        level = len(maps)
        side = 2**level
        part = cells[:, :, :, start : start + side**2].unflatten(3, (side, side))
        start += side**2
        back = [_order(level).index(axis) for axis in range(6)]
        maps.append(part.permute(back).flatten(4, 5).flatten(2, 3))
    return maps


def _order(level: int) -> tuple[int, ...]:
    """Return in which order a region's cells come; the published one turns at 2 × 2 only."""
    return _BY_COLUMNS if level == 1 else _BY_ROWS


class ChannelToken(nn.Module):
    """One token for each region, from all four maps: ``(B, h · w, 1, dim)``.

    Args:
        widths: Channels of the maps, fine to coarse.
        dim: Channels of the token.
    """

    def __init__(self, widths: Sequence[int], dim: int) -> None:
        super().__init__()
        self.finest = nn.Sequential(_halve(widths[0]), _halve(widths[0]))
        self.finer = _halve(widths[1])
        self.mix = nn.ModuleList(_Mix(dim if n else sum(widths), dim) for n in range(4))

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Mix the four maps, given fine to coarse, at the size of the last."""
        shrunk = (self.finest(maps[0]), self.finer(maps[1]), maps[2])
        x = torch.cat([*(nn.functional.max_pool2d(each, 2) for each in shrunk), maps[3]], dim=1)
        for layer in self.mix:
            x = layer(x)
        return x.flatten(2).transpose(1, 2).unsqueeze(2)


class _Mix(nn.Module):
    """A 3 × 3 convolution, batch norm and ReLU."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, 1, 1)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x)).relu()


def _halve(width: int) -> nn.Conv2d:
    return nn.Conv2d(width, width, 3, 2, 1)
