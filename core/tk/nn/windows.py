"""Cut maps into windows and put them together again (Swin, arXiv:2103.14030, section 3.2).

Maps are channels-last with any number of axes: ``(B, H, W, C)``, ``(B, D, H, W, C)``.
"""

import torch
from torch import Tensor


def split_windows(x: Tensor, window: tuple[int, ...]) -> Tensor:
    """Return ``(B * windows, places, C)``; sides must be multiples of the window's."""
    n = len(window)
    batch, channels = x.shape[0], x.shape[-1]
    shape = [size for side, w in zip(x.shape[1:-1], window, strict=True) for size in (side // w, w)]
    x = x.reshape(batch, *shape, channels)
    order = [0, *range(1, 2 * n, 2), *range(2, 2 * n + 1, 2), 2 * n + 1]
    return x.permute(order).flatten(n + 1, 2 * n).flatten(0, n)


def join_windows(windows: Tensor, window: tuple[int, ...], sides: tuple[int, ...]) -> Tensor:
    """Undo `split_windows`: ``(B * windows, places, C)`` to ``(B, *sides, C)``."""
    n = len(window)
    grid = [side // w for side, w in zip(sides, window, strict=True)]
    x = windows.reshape(-1, *grid, *window, windows.shape[-1])
    order = [0, *(axis for i in range(n) for axis in (1 + i, 1 + n + i)), 2 * n + 1]
    return x.permute(order).reshape(-1, *sides, windows.shape[-1])


def shift_mask(sides: tuple[int, ...], window: tuple[int, ...], shift: tuple[int, ...]) -> Tensor:
    """Return the bias that keeps neighbours apart which only rolling a map brought together.

    Shape ``(windows, places, places)``: 0 where query and key were neighbours, -100 elsewhere, as
    in Swin. The map is rolled by ``-shift`` before it is cut.
    """
    region = torch.zeros(sides, dtype=torch.long)
    for axis, (side, w, s) in enumerate(zip(sides, window, shift, strict=True)):
        place = torch.arange(side)
        part = (place >= side - w).long() + (place >= side - s).long() if s else place * 0
        region = region * 3 + part.view([-1 if i == axis else 1 for i in range(len(sides))])
    flat = split_windows(region[None, ..., None], window).squeeze(-1)
    return (flat[:, :, None] != flat[:, None, :]) * -100.0
