"""What CrossViT is built of: patches, blocks of one branch, and visits to the other.

Maps and tokens of both branches are channels-last, ``(B, N, C)``, class token first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tk.errors import UsageError
from tk.nn import Attention, DropPath, Mlp

STEMS = ("patch", "conv")
_CONV_STRIDES = {12: (3, 1), 16: (2, 2)}
"""Of the second and the third convolution of a stem, by patch; the first has 4."""


def grid_of(image: int, patch: int, stem: str) -> int:
    """Return patches along a side, as the stem's convolutions count them."""
    if stem not in STEMS:
        raise UsageError(f"stem {stem!r} is none of {', '.join(STEMS)}")
    if stem == "conv" and patch not in _CONV_STRIDES:
        raise UsageError(f"stem 'conv' makes patches of 12 or 16, not of {patch}")
    if image < patch:
        raise UsageError(f"an image of {image} has no patch of {patch}")
    if stem == "patch":
        return image // patch
    quarter = (image - 1) // 4 + 1
    return quarter // 3 if patch == 12 else ((quarter - 1) // 2) // 2 + 1


class Embedding(nn.Module):
    """Patches of an image that is resized to the branch's own square: ``(B, N, C)``, row by row.

    ``conv`` is the stem of the models with a dagger: three convolutions instead of one.
    """

    def __init__(self, image: int, patch: int, dim: int, *, channels: int, stem: str) -> None:
        super().__init__()
        self.image = image
        self.grid = grid_of(image, patch, stem)
        if stem == "patch":
            self.proj: nn.Module = nn.Conv2d(channels, dim, patch, patch)
            return
        strides = _CONV_STRIDES[patch]
        self.proj = nn.Sequential(
            nn.Conv2d(channels, dim // 4, 7, 4, 3),
            nn.ReLU(),
            nn.Conv2d(dim // 4, dim // 2, 3, strides[0], int(strides[0] < 3)),
            nn.ReLU(),
            nn.Conv2d(dim // 2, dim, 3, strides[1], 1),
        )

    def forward(self, image: Tensor) -> Tensor:
        size = (self.image, self.image)
        if image.shape[2:] != size:
            image = F.interpolate(image, size=size, mode="bicubic")
        return self.proj(image).flatten(2).transpose(1, 2)


class Block(nn.Module):
    """Pre-norm attention and perceptron of one branch: ``(B, N, C)`` to the same."""

    def __init__(
        self,
        dim: int,
        heads: int,
        *,
        hidden: int,
        qkv_bias: bool,
        eps: float,
        dropout: float,
        rate: float,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps)
        self.attn = Attention(dim, heads=heads, qkv_bias=qkv_bias, dropout=dropout)
        self.norm2 = nn.LayerNorm(dim, eps)
        self.mlp = Mlp(dim, hidden, dropout=dropout)
        self.drop_path = DropPath(rate)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class CrossAttention(nn.Module):
    """The first token asks all tokens (eq. 5): ``(B, N, C)`` to ``(B, 1, C)``."""

    def __init__(self, dim: int, heads: int, *, qkv_bias: bool, dropout: float) -> None:
        super().__init__()
        if dim % heads:
            raise UsageError(f"width {dim} cannot be split into {heads} heads")
        self.heads = heads
        self.wq = nn.Linear(dim, dim, bias=qkv_bias)
        self.wk = nn.Linear(dim, dim, bias=qkv_bias)
        self.wv = nn.Linear(dim, dim, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (
            each.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for each in (self.wq(x[:, :1]), self.wk(x), self.wv(x))
        )
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.dropout(self.proj(mixed.transpose(1, 2).flatten(2)))


class CrossBlock(nn.Module):
    """The first token after it has asked all, with its residual and no perceptron."""

    def __init__(
        self, dim: int, heads: int, *, qkv_bias: bool, eps: float, dropout: float, rate: float
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps)
        self.attn = CrossAttention(dim, heads, qkv_bias=qkv_bias, dropout=dropout)
        self.drop_path = DropPath(rate)

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :1] + self.drop_path(self.attn(self.norm1(x)))


class MultiScaleBlock(nn.Module):
    """Blocks of each branch, then both class tokens visit the other branch at once (fig. 3d)."""

    def __init__(
        self,
        dims: Sequence[int],
        heads: Sequence[int],
        depth: Sequence[int],
        *,
        mlp_ratios: Sequence[float],
        rates: Sequence[float],
        **shape: Any,  # noqa: ANN401 - what both kinds of block take
    ) -> None:
        super().__init__()
        self.blocks, self.projs = nn.ModuleList(), nn.ModuleList()
        self.fusion, self.revert_projs = nn.ModuleList(), nn.ModuleList()
        for own, other in ((0, 1), (1, 0)):
            dim, hidden = dims[own], int(dims[own] * mlp_ratios[own])
            self.blocks.append(
                nn.Sequential(
                    *(
                        Block(dim, heads[own], hidden=hidden, rate=rates[i], **shape)
                        for i in range(depth[own])
                    )
                )
            )
            crossings = [
                CrossBlock(dims[other], heads[other], rate=rates[-1], **shape)
                for _ in range(depth[2] or 1)
            ]
            # Without a number the reference names one crossing without a stack around it.
            self.fusion.append(nn.Sequential(*crossings) if depth[2] else crossings[0])
            self.projs.append(_bridge(dim, dims[other], shape["eps"]))
            self.revert_projs.append(_bridge(dims[other], dim, shape["eps"]))

    def forward(self, small: Tensor, large: Tensor) -> tuple[Tensor, Tensor]:
        small, large = self.blocks[0](small), self.blocks[1](large)
        return self._visit(0, small, large), self._visit(1, large, small)

    def _visit(self, own: int, home: Tensor, away: Tensor) -> Tensor:
        """Replace the class token of `home` by what it brings back from the patches of `away`."""
        guest = self.projs[own](home[:, :1])
        met = self.fusion[own](torch.cat([guest, away[:, 1:]], dim=1))
        return torch.cat([self.revert_projs[own](met), home[:, 1:]], dim=1)


class Heads(nn.ModuleList):
    """One linear map for each branch, and the mean of their logits."""

    def forward(self, features: Tensor) -> Tensor:
        """Return ``(B, classes)`` of both branches' features, joined: ``(B, C0 + C1)``."""
        parts = features.split([head.in_features for head in self], dim=-1)
        return torch.stack([head(x) for head, x in zip(self, parts, strict=True)]).mean(0)


def _bridge(before: int, after: int, eps: float) -> nn.Sequential:
    """From one branch's width to the other's: norm, GELU, linear map, in this order."""
    return nn.Sequential(nn.LayerNorm(before, eps), nn.GELU(), nn.Linear(before, after))
