"""Mamba-2 (arXiv:2405.21060): a recurrence over tokens, computed by matrix products in chunks.

Inside a chunk the recurrence is a masked product, as in attention; from chunk to chunk only a state
of fixed size goes on. Time and memory are linear in the number of tokens.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from tk.errors import UsageError

_SPAN = 4096
"""Tokens whose inner channels and products are in memory at once."""


def scan(
    x: Tensor,
    step: Tensor,
    rate: Tensor,
    b: Tensor,
    c: Tensor,
    *,
    state: Tensor | None = None,
    chunk: int = 64,
) -> tuple[Tensor, Tensor]:
    """Return every ``y_t = s_t c_t`` and the last ``s_t`` of the recurrence.

    It is ``s_t = exp(step_t · rate) s_(t-1) + step_t x_t b_tᵀ``, for each head.

    Args:
        x: ``(B, L, H, P)``: heads of P channels.
        step: ``(B, L, H)``, above 0.
        rate: ``(H,)``, below 0.
        b: ``(B, L, S)``: where an input goes in the state of S places; the same for all heads.
        c: ``(B, L, S)``: where an output comes from.
        state: What went before, ``(B, H, P, S)``; nothing by default.
        chunk: Tokens of one product; results do not depend on it.

    Returns:
        ``(B, L, H, P)`` and ``(B, H, P, S)``.
    """
    length = x.shape[1]
    x, step, b, c = (_in_chunks(each, chunk) for each in (x, step, b, c))
    inputs = (x * step[..., None]).transpose(2, 3)  # (B, n, H, Q, P)
    logs = (step * rate).transpose(2, 3)  # (B, n, H, Q)
    b, c = b[:, :, None], c[:, :, None]  # (B, n, 1, Q, S)
    decay = _decay(logs)
    inside = ((c @ b.mT) * decay) @ inputs
    added = (inputs * decay[..., -1, :, None]).mT @ b  # (B, n, H, P, S)
    since = logs.cumsum(-1).exp()  # of what was there before the chunk
    state = torch.zeros_like(added[:, 0]) if state is None else state
    before = []
    for number in range(added.shape[1]):  # 64 chunks of a span
        before.append(state)
        state = state * since[:, number, :, -1, None, None] + added[:, number]
    y = inside + (c @ torch.stack(before, 1).mT) * since[..., None]
    return y.transpose(2, 3).flatten(1, 2)[:, :length], state


def _in_chunks(tokens: Tensor, chunk: int) -> Tensor:
    """Return ``(B, n, Q, …)``; what fills up the last chunk are steps of length 0: no change."""
    missing = -tokens.shape[1] % chunk
    filled = F.pad(tokens, [0, 0] * (tokens.ndim - 2) + [0, missing]) if missing else tokens
    return filled.unflatten(1, (-1, chunk))


def _decay(logs: Tensor) -> Tensor:
    """Return what is left at a chunk's i-th token of the j-th one's input, ``(…, Q, Q)``.

    Each column is summed by itself: differences of one running sum lose digits where decay is
    fast (five times the error, measured at 2,000 tokens).
    """
    size = logs.shape[-1]
    is_later = torch.ones(size, size, dtype=torch.bool, device=logs.device).tril(-1)
    summed = (logs[..., None] * is_later).cumsum(-2)
    return summed.exp().tril()


class Mamba2(nn.Module):
    """Mix each token with those before it: ``(B, L, C)`` to the same (section 7 of the paper).

    Tensor names are the reference's. One group, no biases on the projections. Long sequences pass
    span by span; for gradients a span is computed again instead of kept.

    Args:
        dim: Channels.
        expand: Inner channels over channels.
        state: Places S of a head's state.
        head_dim: Channels P of a head.
        width: Tokens that the convolution sees.
        chunk: Tokens of one product; changes speed alone.
    """

    def __init__(
        self,
        dim: int,
        *,
        expand: int = 2,
        state: int = 64,
        head_dim: int = 64,
        width: int = 4,
        chunk: int = 64,
    ) -> None:
        super().__init__()
        inner = expand * dim
        if inner % head_dim:
            raise UsageError(f"{inner} inner channels cannot be split into heads of {head_dim}")
        heads, mixed = inner // head_dim, inner + 2 * state
        self.head_dim, self.chunk = head_dim, chunk
        self.projected, self.mixed = [inner, mixed, heads], [inner, state, state]
        self.in_proj = nn.Linear(dim, sum(self.projected), bias=False)
        self.conv1d = nn.Conv1d(mixed, mixed, width, groups=mixed)
        self.dt_bias = nn.Parameter(_steps(heads))
        self.A_log = nn.Parameter(torch.empty(heads).uniform_(1, 16).log())
        self.D = nn.Parameter(torch.ones(heads))
        self.norm = nn.RMSNorm(inner, eps=1e-5)
        self.out_proj = nn.Linear(inner, dim, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        spans = tokens.split(_SPAN, dim=1)
        is_kept = len(spans) == 1 or not torch.is_grad_enabled()
        found, tail, state = [], None, None
        for span in spans:
            if is_kept:
                y, tail, state = self._mix(span, tail, state)
            else:
                y, tail, state = checkpoint(self._mix, span, tail, state, use_reentrant=False)
            found.append(y)
        return torch.cat(found, dim=1)

    def _mix(
        self, tokens: Tensor, tail: Tensor | None, state: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Mix one span, after the last inputs of the convolution and the state before it."""
        gate, mixed, step = self.in_proj(tokens).split(self.projected, dim=-1)
        width = self.conv1d.kernel_size[0]
        if tail is None:
            tail = mixed.new_zeros(len(mixed), width - 1, mixed.shape[-1])
        seen = torch.cat([tail, mixed], dim=1)
        mixed = F.silu(self.conv1d(seen.transpose(1, 2)).transpose(1, 2))
        wide = torch.promote_types(step.dtype, torch.float32)  # sums of many steps
        x, b, c = mixed.to(wide).split(self.mixed, dim=-1)
        x = x.unflatten(-1, (-1, self.head_dim))
        step = F.softplus(step.to(wide) + self.dt_bias)
        rate = -self.A_log.to(wide).exp()
        y, state = scan(x, step, rate, b, c, state=state, chunk=self.chunk)
        y = (y + self.D[:, None] * x).flatten(2) * F.silu(gate)
        out = self.out_proj(self.norm(y.to(self.norm.weight)))
        return out, seen[:, seen.shape[1] - width + 1 :], state


def _steps(heads: int) -> Tensor:
    """Return biases whose softplus is spread from 0.001 to 0.1 by its logarithm."""
    low, high = math.log(1e-3), math.log(0.1)
    steps = torch.empty(heads).uniform_(low, high).exp().clamp(min=1e-4)
    return steps + (-torch.expm1(-steps)).log()
