"""The layers of EntroPE: rotary blocks and cross attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tk.errors import UsageError
from tk_timeseries.entrope.swiglu import SwiGLU

_EPS = 1e-5


def rotary(length: int, width: int, *, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Return cosines and sines ``(2, L, width / 2)`` of rotary position embedding, base 10⁴."""
    pair = torch.arange(0, width, 2, device=device, dtype=torch.float64) / width
    angle = torch.outer(torch.arange(length, device=device, dtype=torch.float64), 1e4**-pair)
    return torch.stack([angle.cos(), angle.sin()]).to(dtype)


def rotate(x: Tensor, table: Tensor) -> Tensor:
    """Turn neighbouring pairs of channels of ``(…, L, width)`` by their position's angle."""
    cos, sin = table
    even, odd = x.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)


class Attention(nn.Module):
    """Multi-head attention without biases; queries ``(N, Q, d)``, context ``(N, K, d)``."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads or width // heads % 2:
            raise UsageError(f"width {width} must be an even multiple of {heads} heads")
        self.heads = heads
        self.wq, self.wk, self.wv, self.wo = (nn.Linear(width, width, bias=False) for _ in range(4))

    def attend(
        self,
        queries: Tensor,
        context: Tensor,
        *,
        table: Tensor | None = None,
        mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """Return ``(N, Q, d)``; ``table`` turns queries and keys, ``mask`` is ``(N, 1, Q, K)``."""
        q, k, v = (
            layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer, x in ((self.wq, queries), (self.wk, context), (self.wv, context))
        )
        if table is not None:
            q, k = rotate(q, table), rotate(k, table)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=is_causal)
        return self.wo(mixed.transpose(1, 2).flatten(2))


class RotaryBlock(nn.Module):
    """Pre-norm self-attention with rotary positions, then SwiGLU."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.feed_forward = SwiGLU(width, hidden)
        self.attention_norm = nn.RMSNorm(width, eps=_EPS)
        self.ffn_norm = nn.RMSNorm(width, eps=_EPS)

    def forward(self, x: Tensor, *, mask: Tensor | None = None, is_causal: bool = False) -> Tensor:
        width = x.shape[-1] // self.attention.heads
        table = rotary(x.shape[1], width, device=x.device, dtype=x.dtype)
        normed = self.attention_norm(x)
        x = x + self.attention.attend(normed, normed, table=table, mask=mask, is_causal=is_causal)
        return x + self.feed_forward(self.ffn_norm(x))


class CrossAttention(Attention):
    """Attention from one normed sequence to another; the normed queries are added once more."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__(width, heads)
        self.cross_attn_norm_q = nn.RMSNorm(width, eps=_EPS)
        self.cross_attn_norm_kv = nn.RMSNorm(width, eps=_EPS)

    def forward(self, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        """Return ``x + norm(x) + attention`` of queries ``(N, Q, d)``; mask ``(N, 1, Q, K)``."""
        normed = self.cross_attn_norm_q(queries)
        return queries + normed + self.attend(normed, self.cross_attn_norm_kv(context), mask=mask)
