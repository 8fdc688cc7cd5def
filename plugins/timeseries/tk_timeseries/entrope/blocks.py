"""The layers of EntroPE: rotary blocks and cross attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tk.errors import UsageError
from tk_timeseries.entrope.attention import attend
from tk_timeseries.entrope.swiglu import SwiGLU

_EPS = 1e-5


def rotary(length: int, width: int, *, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Return cosines and sines ``(2, width, L)`` of rotary position embedding, base 10⁴."""
    pair = torch.arange(0, width, 2, device=device, dtype=torch.float64) / width
    angle = torch.outer(1e4**-pair, torch.arange(length, device=device, dtype=torch.float64))
    angle = angle.repeat_interleave(2, dim=0)
    return torch.stack([angle.cos(), angle.sin()]).to(dtype)


def quarter_turn(weight: Tensor) -> Tensor:
    """Return the map ``(d, …)`` that gives what `weight` gives with each pair (a, b) as (-b, a)."""
    first, second = weight[0::2], weight[1::2]
    return torch.stack([-second, first], dim=1).flatten(0, 1)


class Attention(nn.Module):
    """Multi-head attention without biases; queries ``(N, Q, d)``, context ``(N, K, d)``."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads or width // heads % 2:
            raise UsageError(f"width {width} must be an even multiple of {heads} heads")
        self.heads = heads
        self.wq, self.wk, self.wv, self.wo = (nn.Linear(width, width, bias=False) for _ in range(4))

    def among(self, x: Tensor, *, mask: Tensor | None = None, is_causal: bool = False) -> Tensor:
        """Return ``(N, L, d)``: self-attention with rotary positions; ``mask`` as for `attend`.

        Turning a pair of channels by an angle is ``cos · x + sin · (x a quarter turn on)``, and the
        quarter turn is a map of its own, so one product gives all parts.
        """
        q, k, v = self.wq.weight, self.wk.weight, self.wv.weight
        maps = torch.cat([q, k, quarter_turn(q), quarter_turn(k), v])
        width = x.shape[-1]
        plain, turned, values = _project(maps, x).split([2 * width, 2 * width, width], dim=1)
        table = rotary(x.shape[1], width // self.heads, device=x.device, dtype=x.dtype)
        cos, sin = table.repeat(1, 2 * self.heads, 1)
        queries, keys = torch.addcmul(plain * cos, turned, sin).chunk(2, dim=1)
        heads = (self._heads(part) for part in (queries, keys, values))
        return self._out(attend(*heads, mask=mask, is_causal=is_causal))

    def across(self, x: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        """Return ``(N, Q, d)``: what queries ``(N, Q, d)`` read in the context."""
        queries = _project(self.wq.weight, x)
        maps = torch.cat([self.wk.weight, self.wv.weight])
        keys, values = _project(maps, context).chunk(2, dim=1)
        heads = (self._heads(part) for part in (queries, keys, values))
        return self._out(attend(*heads, mask=mask))

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(1, (self.heads, -1))

    def _out(self, mixed: Tensor) -> Tensor:
        return _project(self.wo.weight, mixed.flatten(1, 2).mT).mT


def _project(weight: Tensor, x: Tensor) -> Tensor:
    """Return ``(N, out, L)`` of ``(N, L, in)``: positions last, as `attend` wants them."""
    return torch.bmm(weight.expand(len(x), -1, -1), x.mT)


class RotaryBlock(nn.Module):
    """Pre-norm self-attention with rotary positions, then SwiGLU."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.feed_forward = SwiGLU(width, hidden)
        self.attention_norm = nn.RMSNorm(width, eps=_EPS)
        self.ffn_norm = nn.RMSNorm(width, eps=_EPS)

    def forward(self, x: Tensor, *, mask: Tensor | None = None, is_causal: bool = False) -> Tensor:
        x = x + self.attention.among(self.attention_norm(x), mask=mask, is_causal=is_causal)
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
        return queries + normed + self.across(normed, self.cross_attn_norm_kv(context), mask)
