"""What TNT is built of: a block of two levels, words and sentences, and the way between them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from tk.errors import UsageError
from tk.nn import DropPath, Mlp

_GATE_RATIO = 0.25
"""Hidden width over width of a gate."""


class Attention(nn.Module):
    """Self-attention whose values have a map of their own: ``(B, N, C)`` to the same."""

    def __init__(self, dim: int, heads: int, *, bias: bool, dropout: float) -> None:
        super().__init__()
        if dim % heads:
            raise UsageError(f"width {dim} cannot be split into {heads} heads")
        self.heads = heads
        self.qk = nn.Linear(dim, 2 * dim, bias=bias)
        self.v = nn.Linear(dim, dim, bias=bias)
        self.proj = nn.Linear(dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        query, key = self.qk(x).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        value = self.v(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        mixed = scaled_dot_product_attention(query, key, value)
        return self.dropout(self.proj(mixed.transpose(1, 2).flatten(2)))


class Level(nn.Module):
    """One transformer block, of words or of sentences: ``(B, N, C)`` to the same.

    With `gated`, what the perceptron says is raised or lowered per channel by a look at its mean
    over all tokens.
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        *,
        mlp_ratio: float,
        bias: bool,
        dropout: float,
        rate: float,
        gated: bool = False,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = Attention(dim, heads, bias=bias, dropout=dropout)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, int(dim * mlp_ratio), dropout=dropout)
        self.drop_path = DropPath(rate)
        hidden = int(dim * _GATE_RATIO)
        self.gate = (
            nn.Sequential(
                nn.LayerNorm(dim),
                nn.Linear(dim, hidden),
                nn.ReLU(),
                nn.Linear(hidden, dim),
                nn.Tanh(),
            )
            if gated
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_path(self.attn(self.norm1(x)))
        said = self.mlp(self.norm2(x))
        if self.gate is not None:
            said = said + self.gate(said.mean(1, keepdim=True)) * said
        return x + self.drop_path(said)


class Fusion(nn.Module):
    """The words of each patch as one vector: ``(B · N, m, c)`` to ``(B, N, d)``."""

    def __init__(self, words: int, inner: int, outer: int, *, bias: bool) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(words * inner)
        self.proj = nn.Linear(words * inner, outer, bias=bias)
        self.norm2 = nn.LayerNorm(outer)

    def forward(self, words: Tensor, batch: int) -> Tensor:
        joined = words.flatten(1).unflatten(0, (batch, -1))
        return self.norm2(self.proj(self.norm1(joined)))


class Block(nn.Module):
    """Words, their fusion into sentences, sentences; the class token gets no words."""

    def __init__(self, inner: Level, fusion: Fusion, outer: Level) -> None:
        super().__init__()
        self.inner, self.fusion, self.outer = inner, fusion, outer

    def forward(self, words: Tensor, sentences: Tensor) -> tuple[Tensor, Tensor]:
        words = self.inner(words)
        fused = sentences[:, 1:] + self.fusion(words, len(sentences))
        return words, self.outer(torch.cat([sentences[:, :1], fused], dim=1))
