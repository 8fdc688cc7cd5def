"""Where a row of tokens is cut into patches.

A patch ends at a position whose next value is hard to predict, so that the surprise opens the next
patch (EntroPE, arXiv:2509.26157, section 3.2). Patches are counted over L + 1 positions: the last
one is the value to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from tk.errors import UsageError

Rule = Literal["quantile", "rise", "absolute", "static"]


@dataclass(frozen=True)
class Boundaries:
    """Which positions end a patch.

    Attributes:
        rule: ``quantile``: entropy above the row's own q-quantile. ``rise``: its increase above the
            q-quantile of the row's increases. ``absolute``: entropy above ``threshold`` and its
            increase above ``increase``, in nats (the paper's rule). ``static``: every
            ``max_length`` positions, whatever the entropy.
        quantile: q of the first two rules, 0..1.
        threshold: Nats, for ``absolute``.
        increase: Nats, for ``absolute``.
        max_length: Longer patches are split.
    """

    rule: Rule = "quantile"
    quantile: float = 0.95
    threshold: float = 0.2
    increase: float = 0.01
    max_length: int = 32

    def __post_init__(self) -> None:
        if self.rule not in get_args(Rule):
            raise UsageError(f"rule {self.rule!r} is none of {', '.join(get_args(Rule))}")
        if self.max_length < 1:
            raise UsageError(f"max_length is {self.max_length}; it must be 1 or more")
        if not 0 <= self.quantile <= 1:
            raise UsageError(f"quantile is {self.quantile}; it must lie between 0 and 1")

    def patch_ids(self, entropies: Tensor) -> Tensor:
        """Return the patch of each of the L + 1 positions, ``(N, L + 1)`` int64, rising from 0.

        Args:
            entropies: ``(N, L)``, nats; column t tells of the value at t + 1.
        """
        rows, length = entropies.shape
        if self.rule == "static":
            position = torch.arange(length + 1, device=entropies.device)
            return (position // self.max_length).expand(rows, -1)
        opens = torch.zeros(rows, length + 1, dtype=torch.bool, device=entropies.device)
        opens[:, 1:] = self._ends(entropies)
        return _split(opens, self.max_length)

    def _ends(self, entropies: Tensor) -> Tensor:
        rise = entropies.diff(dim=1)
        if self.rule == "quantile":
            level = torch.quantile(entropies.float(), self.quantile, dim=1, keepdim=True)
            return entropies > level.to(entropies.dtype)
        if self.rule == "rise":
            level = torch.quantile(rise.float(), self.quantile, dim=1, keepdim=True)
            ends, first = (
                rise > level.to(rise.dtype),
                torch.ones_like(rise[:, :1], dtype=torch.bool),
            )
            return torch.cat([first, ends], dim=1)
        ends = (entropies[:, 1:] > self.threshold) & (rise > self.increase)
        return torch.cat([torch.zeros_like(ends[:, :1]), ends], dim=1)


def _split(opens: Tensor, most: int) -> Tensor:
    """Number the patches of ``(N, L + 1)`` opening marks, cutting those longer than ``most``."""
    position = torch.arange(opens.shape[1], device=opens.device).expand_as(opens)
    start = torch.where(opens, position, 0).cummax(dim=1).values
    opens = opens | ((position > start) & ((position - start) % most == 0))
    return opens.long().cumsum(dim=1)


def patch_lengths(patch_ids: Tensor) -> Tensor:
    """Return how many positions each patch holds, ``(N, P)`` int64; 0 where a row has fewer.

    Args:
        patch_ids: ``(N, L + 1)``; the last position, the value to come, is counted.
    """
    patches = int(patch_ids.max()) + 1
    lengths = patch_ids.new_zeros(patch_ids.shape[0], patches)
    return lengths.scatter_add_(1, patch_ids, torch.ones_like(patch_ids))


def ids_of(lengths: Tensor) -> Tensor:
    """Return the patch of each position, ``(N, L + 1)``, from lengths ``(N, P)`` of one sum."""
    total = int(lengths[0].sum())
    position = torch.arange(total, device=lengths.device)
    ends = lengths.cumsum(dim=1)
    return torch.searchsorted(ends, position.expand(len(lengths), -1).contiguous(), right=True)
