"""Attention for heads of a few channels, in pieces that stay in the processor's cache.

With four channels a head, scores are six times as many values as go in and come out, and the
products are too narrow for the usual kernels. Here positions are the fastest dimension, so that
every product is wide, and scores of a piece are made again on the way back.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn import functional as F

_VALUES = 262_144
"""Scores in a piece: a megabyte in float32."""
_WIDE = 64
"""Channels of a head from which on torch's own kernel is taken. At 32 a step here took 168 ms, with
the same layout there 268 ms; at 4 it was 50 against 214, or 84 where channels are fastest."""


def attend(
    q: Tensor, k: Tensor, v: Tensor, *, mask: Tensor | None = None, is_causal: bool = False
) -> Tensor:
    """Return ``(N, heads, e, Q)``: softmax attention of queries over keys, scaled by ``1/√e``.

    Args:
        q: ``(N, heads, e, Q)``, positions last.
        k: ``(N, heads, e, K)``.
        v: ``(N, heads, e, K)``.
        mask: ``(N, 1, Q, K)`` or ``(N, 1, 1, K)``, True where a query sees a key.
        is_causal: Query i sees keys up to i.
    """
    if q.device.type != "cpu" or torch.is_autocast_enabled("cpu") or q.shape[2] >= _WIDE:
        return F.scaled_dot_product_attention(
            q.mT, k.mT, v.mT, attn_mask=mask, is_causal=is_causal
        ).mT
    sees = torch.ones(1, 1, q.shape[3], k.shape[3], dtype=torch.bool)
    sees = sees.tril() if is_causal else sees
    sees = sees if mask is None else sees & mask
    bias = torch.where(sees.mT, 0.0, -math.inf).to(q.dtype)
    out: Tensor = _Pieces.apply(q * q.shape[2] ** -0.5, k, v, bias)
    return out


class _Pieces(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(q, k, v, bias)
        out = torch.empty(q.shape, dtype=q.dtype)
        for rows in _pieces(q, k):
            queries, keys, values = (_joined(x[rows]) for x in (q, k, v))
            weights = _weights(queries, keys, _of(bias, rows, q))
            torch.bmm(values, weights, out=_joined(out[rows]))
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: FunctionCtx, d_out: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        q, k, v, bias = ctx.saved_tensors  # type: ignore[attr-defined]  # torch's
        d_q, d_k, d_v = (torch.empty(x.shape, dtype=x.dtype) for x in (q, k, v))
        for rows in _pieces(q, k):
            queries, keys, values, d = (_joined(x[rows]) for x in (q, k, v, d_out))
            weights = _weights(queries, keys, _of(bias, rows, q))
            torch.bmm(d, weights.mT, out=_joined(d_v[rows]))
            d_scores = _d_softmax(values, d, weights)
            torch.bmm(keys, d_scores, out=_joined(d_q[rows]))
            torch.bmm(queries, d_scores.mT, out=_joined(d_k[rows]))
        return d_q, d_k, d_v, None


# Weights are (n, K, Q) for the products, and in memory the longer of both is the fastest: softmax
# along eight keys that lie beside each other takes four times as long.


def _weights(queries: Tensor, keys: Tensor, bias: Tensor) -> Tensor:
    if keys.shape[2] < queries.shape[2]:
        return torch.baddbmm(bias, keys.mT, queries).softmax(1)
    return torch.baddbmm(bias.mT, queries.mT, keys).softmax(2).mT


def _d_softmax(values: Tensor, d: Tensor, weights: Tensor) -> Tensor:
    if values.shape[2] < d.shape[2]:
        return torch._softmax_backward_data(values.mT @ d, weights, 1, d.dtype)
    return torch._softmax_backward_data(d.mT @ values, weights.mT, 2, d.dtype).mT


def _joined(x: Tensor) -> Tensor:
    """Return ``(N, heads, …)`` as ``(N · heads, …)``."""
    return x.flatten(0, 1)


def _of(bias: Tensor, rows: slice, q: Tensor) -> Tensor:
    """Return the bias of a piece ``(n · heads, K, Q)``, or one for all."""
    if len(bias) == 1:
        return bias[0]
    return _joined(bias[rows].expand(-1, q.shape[1], -1, -1))


def _pieces(q: Tensor, k: Tensor) -> list[slice]:
    step = max(_VALUES // (q.shape[1] * q.shape[3] * k.shape[3]), 1)
    return [slice(start, start + step) for start in range(0, len(q), step)]
