"""The entropy model of EntroPE: a small causal language model over quantised values.

GPT-2's block with weights but no biases: pre-norm, learned positions, exact GELU, input and output
tables tied (arXiv:2509.26157, section 3.2). It says how uncertain the next value is, in nats.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tk.nn import Model, Renames, Variants, count
from tk_timeseries.entrope.token_loss import token_loss

_ROWS = 64
"""Rows at a time: logits of 896 rows are 88 MB, and take nearly twice the time a row."""


class CausalSelfAttention(nn.Module):
    """Multi-head causal self-attention with one joint projection, ``(N, L, d)`` to the same."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.c_attn = nn.Linear(width, 3 * width, bias=False)
        self.c_proj = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in self.c_attn(x).chunk(3, dim=-1)
        )
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(mixed.transpose(1, 2).flatten(2))


class EntropyBlock(nn.Module):
    """Pre-norm attention and a GELU MLP four times as wide."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, eps=1e-5, bias=False)
        self.attn = CausalSelfAttention(width, heads)
        self.ln_2 = nn.LayerNorm(width, eps=1e-5, bias=False)
        self.mlp = nn.ModuleDict(
            {
                "c_fc": nn.Linear(width, 4 * width, bias=False),
                "c_proj": nn.Linear(4 * width, width, bias=False),
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x))))


class EntropyModel(Model):
    """Predict the next token of quantised rows.

    Args:
        vocabulary: Number of token ids V.
        length: Most tokens in a row.
        width: Channels d.
        heads: Attention heads.
        layers: Blocks.
    """

    variants: ClassVar[Variants] = {"entrope-entropy": {"heads": 4}}
    renames: ClassVar[Renames] = ((r"^lm_head\.weight$", None), (r"^transformer\.", ""))

    def __init__(
        self,
        *,
        heads: int,
        vocabulary: int = 256,
        length: int = 96,
        width: int = 32,
        layers: int = 2,
    ) -> None:
        super().__init__()
        self.wte = nn.Embedding(vocabulary, width)
        self.wpe = nn.Embedding(length, width)
        self.h = nn.ModuleList(EntropyBlock(width, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width, eps=1e-5, bias=False)
        for name, weight in self.named_parameters():  # GPT-2's start
            if weight.dim() == 2:
                std = 0.02 / math.sqrt(2 * layers) if name.endswith("c_proj.weight") else 0.02
                nn.init.normal_(weight, std=std)

    def forward(self, ids: Tensor, targets: Tensor | None = None) -> Tensor:
        """Return next-token logits ``(N, L, V)``; with targets their mean cross-entropy in nats.

        Args:
            ids: ``(N, L)`` int64 in 0..V-1.
            targets: The tokens that come next, ``(N, L)``.
        """
        x = self.wte(ids) + self.wpe.weight[: ids.shape[1]]
        for block in self.h:
            x = block(x)
        x = self.ln_f(x)
        if targets is not None:
            return token_loss(x, self.wte.weight, targets)
        return F.linear(x, self.wte.weight)

    @torch.no_grad()
    def entropies(self, ids: Tensor, *, dtype: torch.dtype | None = None) -> Tensor:
        """Return ``(N, L)``: how uncertain the token after each position is, nats in 0..ln V.

        Args:
            ids: ``(N, L)`` int64.
            dtype: What to compute in; by default that of the weights, which stay as they are.
        """
        weights = {name: weight.to(dtype) for name, weight in self.state_dict().items()}
        return torch.cat([self._entropies(rows, weights) for rows in ids.split(_ROWS)])

    def _entropies(self, ids: Tensor, weights: dict[str, Tensor]) -> Tensor:
        log_p = F.log_softmax(torch.func.functional_call(self, weights, (ids,)), dim=-1)
        return -(log_p.exp() * log_p).sum(-1)

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but the number of heads."""
        return {
            "vocabulary": len(tensors["wte.weight"]),
            "length": len(tensors["wpe.weight"]),
            "width": tensors["wte.weight"].shape[1],
            "layers": count(tensors, "h.*.ln_1.weight"),
        }
