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
"""Tokens in memory at once with their chunk's products; the rest waits or is computed again."""


def scan(
    x: Tensor, step: Tensor, rate: Tensor, b: Tensor, c: Tensor, *, chunk: int = 64
) -> tuple[Tensor, Tensor]:
    """Return ``y`` and the last state of ``s_t = exp(step_t rate) s + step_t x_t b_t^T``.

    ``y_t = s_t c_t``, and the state begins at zero. Results do not depend on `chunk`. In training
    spans are computed again for the gradient instead of kept.

    Args:
        x: ``(B, L, H, P)``: heads of P channels.
        step: ``(B, L, H)``, above 0.
        rate: ``(H,)``, below 0.
        b: ``(B, L, S)``: where an input goes in the state of S places; the same for all heads.
        c: ``(B, L, S)``: where an output comes from.
        chunk: Tokens of one product.

    Returns:
        ``(B, L, H, P)`` and ``(B, H, P, S)``.
    """
    batch, length, heads, channels = x.shape
    missing = -length % chunk  # steps of length 0 change nothing
    x, step = F.pad(x, (0, 0, 0, 0, 0, missing)), F.pad(step, (0, 0, 0, missing))
    b, c = F.pad(b, (0, 0, 0, missing)), F.pad(c, (0, 0, 0, missing))
    state = x.new_zeros(batch, heads, channels, b.shape[-1])
    span = max(_SPAN // chunk, 1) * chunk
    is_kept = x.shape[1] <= span or not torch.is_grad_enabled()
    found = []
    for part in zip(*(each.split(span, dim=1) for each in (x, step, b, c)), strict=True):
        if is_kept:
            y, state = _scan_span(state, rate, part, chunk)
        else:
            y, state = checkpoint(_scan_span, state, rate, part, chunk, use_reentrant=False)
        found.append(y)
    return torch.cat(found, dim=1)[:, :length], state


def _scan_span(
    state: Tensor, rate: Tensor, part: tuple[Tensor, ...], chunk: int
) -> tuple[Tensor, Tensor]:
    """Scan whole chunks, all at once but for the states between them."""
    x, step, b, c = part
    inputs = (x * step[..., None]).unflatten(1, (-1, chunk)).transpose(2, 3)  # (B, n, H, Q, P)
    logs = (step * rate).unflatten(1, (-1, chunk)).transpose(2, 3)  # (B, n, H, Q)
    b, c = (each.unflatten(1, (-1, chunk))[:, :, None] for each in (b, c))  # (B, n, 1, Q, S)
    decay = _decay(logs)
    inside = ((c @ b.mT) * decay) @ inputs
    added = (inputs * decay[..., -1, :, None]).mT @ b  # (B, n, H, P, S)
    since = logs.cumsum(-1).exp()  # of what was there before the chunk
    before = []
    for number in range(added.shape[1]):  # at most 64 chunks of a span
        before.append(state)
        state = state * since[:, number, :, -1, None, None] + added[:, number]
    y = inside + (c @ torch.stack(before, 1).mT) * since[..., None]
    return y.transpose(2, 3).flatten(1, 2), state


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

    Tensor names are the reference's. One group, no biases on the projections.

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
        self.state, self.head_dim, self.chunk = state, head_dim, chunk
        self.sizes = [inner, mixed, heads]
        self.in_proj = nn.Linear(dim, sum(self.sizes), bias=False)
        self.conv1d = nn.Conv1d(mixed, mixed, width, padding=width - 1, groups=mixed)
        self.dt_bias = nn.Parameter(_steps(heads))
        self.A_log = nn.Parameter(torch.empty(heads).uniform_(1, 16).log())
        self.D = nn.Parameter(torch.ones(heads))
        self.norm = nn.RMSNorm(inner, eps=1e-5)
        self.out_proj = nn.Linear(inner, dim, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        gate, mixed, step = self.in_proj(tokens).split(self.sizes, dim=-1)
        # The convolution is padded on both sides; the last tokens see beyond the end: cut off.
        mixed = self.conv1d(mixed.transpose(1, 2))[..., : tokens.shape[1]].transpose(1, 2)
        x, b, c = F.silu(mixed).split([self.sizes[0], self.state, self.state], dim=-1)
        x = x.unflatten(-1, (-1, self.head_dim))
        wide = torch.promote_types(step.dtype, torch.float32)  # sums of many steps
        step = F.softplus(step.to(wide) + self.dt_bias)
        y, _ = scan(
            x.to(wide), step, -self.A_log.to(wide).exp(), b.to(wide), c.to(wide), chunk=self.chunk
        )
        y = (y + self.D[:, None] * x).flatten(2) * F.silu(gate)
        return self.out_proj(self.norm(y.to(self.norm.weight)))


def _steps(heads: int) -> Tensor:
    """Return biases whose softplus is spread from 0.001 to 0.1 by its logarithm."""
    low, high = math.log(1e-3), math.log(0.1)
    steps = torch.empty(heads).uniform_(low, high).exp().clamp(min=1e-4)
    return steps + (-torch.expm1(-steps)).log()
