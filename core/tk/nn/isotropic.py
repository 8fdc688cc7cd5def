"""What vision models of one width and one stride share: learned positions, maps from tokens."""

from math import isqrt

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from tk.errors import UsageError


def taps(depth: int, *, maps: int = 4) -> list[int]:
    """Return after how many blocks each map of a pyramid is taken: evenly spaced, the last at end.

    ``taps(12)`` is ``[3, 6, 9, 12]``; a model of fewer blocks than maps gives some map twice.
    """
    return [-(-depth * part // maps) for part in range(1, maps + 1)]


def tokens_to_map(tokens: Tensor, grid: tuple[int, ...]) -> Tensor:
    """Return tokens ``(B, H · W, C)``, row by row, as a map ``(B, C, H, W)``; any axes will do."""
    batch, _, channels = tokens.shape
    return tokens.transpose(1, 2).reshape(batch, channels, *grid)


def resize_positions(
    table: Tensor,
    grid: tuple[int, int],
    *,
    prefix: int = 1,
    own: tuple[int, int] | None = None,
) -> Tensor:
    """Stretch a learned table of one grid to another, as DeiT and MAE do: bicubic.

    Args:
        table: ``(1, prefix + cells, C)``, row by row.
        grid: Rows and columns of the new grid; the table's own returns it untouched.
        prefix: Rows before the grid's, for class tokens; they stay as they are.
        own: Rows and columns of the table's grid; a square where they are not given.

    Raises:
        UsageError: The table's grid is not square, or another one than is said.
    """
    cells = table.shape[1] - prefix
    side = isqrt(max(cells, 0))
    rows, columns = own or (side, side)
    if rows * columns != cells or not cells:
        what = f"{rows} × {columns} grid" if own else "square grid"
        raise UsageError(f"a table of {cells} positions is no {what}")
    if grid == (rows, columns):
        return table
    square = tokens_to_map(table[:, prefix:], (rows, columns))
    resized = interpolate(square, size=grid, mode="bicubic", align_corners=False)
    return torch.cat([table[:, :prefix], resized.flatten(2).transpose(1, 2)], dim=1)
