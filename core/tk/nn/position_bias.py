"""Learned bias by relative position inside a window (Swin, arXiv:2103.14030, eq. 4)."""

import torch
from torch import Tensor, nn


class RelativePositionBias(nn.Module):
    """A table of ``(prod(2 s - 1), heads)`` from which attention logits get their bias.

    Works for windows of any number of axes. `index` is computed, not saved; checkpoints that have
    ``relative_position_index`` leave it out in their renames.
    """

    index: Tensor

    def __init__(self, window: tuple[int, ...], *, heads: int) -> None:
        super().__init__()
        rows = int(torch.tensor([2 * side - 1 for side in window]).prod())
        self.table = nn.Parameter(torch.zeros(rows, heads))
        nn.init.trunc_normal_(self.table, std=0.02)
        self.register_buffer("index", relative_index(window), persistent=False)

    def forward(self) -> Tensor:
        """Return ``(heads, N, N)`` for the N places of the window."""
        return self.table[self.index].permute(2, 0, 1)


def relative_index(window: tuple[int, ...]) -> Tensor:
    """Return the table's row for every query and key, ``(N, N)``; places count row by row.

    Offsets run from ``1 - s`` to ``s - 1`` on each axis, query minus key, last axis fastest.
    """
    places = torch.cartesian_prod(*[torch.arange(side) for side in window])
    places = places.view(-1, len(window))
    index = torch.zeros(len(places), len(places), dtype=torch.long)
    for axis, side in enumerate(window):  # two or three axes
        offset = places[:, None, axis] - places[None, :, axis] + side - 1
        index = index * (2 * side - 1) + offset
    return index
