"""From real values to the tokens of a small vocabulary, and which value range it covers.

A row of values is divided by its mean absolute value and each quotient put into one of ``V - 5``
equal bins between two quantiles of the training data (EntroPE, arXiv:2509.26157, section 3.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tk.errors import InputError, UsageError

SPECIAL = 4
"""Ids 0..3 stand for padding and three marks that no value takes."""
_FAR = 1e20
_MOST_VALUES = 10_000_000


@dataclass(frozen=True)
class Tokeniser:
    """Puts values into bins.

    Attributes:
        vocabulary: Number of ids, the four special ones among them.
        low: Centre of the lowest bin, in units of a row's mean absolute value.
        high: Centre of the highest bin.
        is_bfloat16: Round the bins' edges to bfloat16, as the published code does without meaning
            to (loading its entropy net changes the process's default type).
    """

    vocabulary: int = 256
    low: float = -2.5
    high: float = 2.5
    is_bfloat16: bool = False

    def __post_init__(self) -> None:
        if self.vocabulary < SPECIAL + 3:
            raise UsageError(f"vocabulary is {self.vocabulary}; it must be {SPECIAL + 3} or more")
        if not self.low < self.high:
            raise UsageError(f"low {self.low} must lie below high {self.high}")

    def edges(self) -> Tensor:
        """Return the edges between bins, rising, ``(V - 4,)``; the outermost lie at ±1e20."""
        dtype = torch.bfloat16 if self.is_bfloat16 else torch.float32
        centres = torch.linspace(self.low, self.high, self.vocabulary - SPECIAL - 1, dtype=dtype)
        far = torch.tensor([_FAR], dtype=dtype)
        return torch.cat([-far, (centres[1:] + centres[:-1]) / 2, far]).float()

    def encode(self, values: Tensor, *, scaled_by: Tensor | None = None) -> Tensor:
        """Return the ids of values ``(N, L)`` as int64 of the same shape, 5..V-1; NaN becomes 0.

        Args:
            values: Rows.
            scaled_by: The rows whose mean absolute values are the units; by default `values`.
        """
        rows = values if scaled_by is None else scaled_by
        scale = rows.abs().nanmean(dim=-1, keepdim=True)
        scale = torch.where(scale > 0, scale, 1.0)
        edges = self.edges().to(values.device, values.dtype)
        ids = torch.bucketize((values / scale).contiguous(), edges, right=True) + SPECIAL
        return torch.where(values.isnan(), 0, ids.clamp(0, self.vocabulary - 1))


def quantile_range(values: Tensor, *, outside: float = 0.025) -> tuple[float, float]:
    """Return the quantiles ``outside`` and ``1 - outside`` of values of any shape.

    At most ten million values are looked at; the first ones, in the order given.
    """
    flat = values.flatten()[:_MOST_VALUES].double().sort().values
    flat = flat[~flat.isnan()]
    if not len(flat):
        raise InputError("no values to take a range from")
    at = torch.tensor([outside, 1 - outside], dtype=torch.float64) * (len(flat) - 1)
    below, share = at.floor().long(), at.frac()
    above = at.ceil().long()
    low, high = (flat[below] + (flat[above] - flat[below]) * share).tolist()
    return low, high
