"""ResFormer (arXiv:2212.00776): a vision transformer whose positions follow the image's size.

There is no table of positions. Sines of the relative place pass through a depth-wise convolution
once (global, section 3.3), and the values of every attention through another one (local), so the
same weights take any number of patches. `tk_vision.multi_resolution` trains at several sizes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from tk.errors import UsageError
from tk.nn import (
    DropPath,
    Mlp,
    Model,
    PatchEmbed,
    Renames,
    Variants,
    count,
    drop_rates,
    taps,
    tokens_to_map,
)

Grid = tuple[int, int]
"""Rows and columns of patches."""

_EPS = 1e-6


class GlobalPosition(nn.Module):
    """What is added to every patch: a 3 × 3 convolution, channel by channel, of `sines`."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.embed_layer = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)

    def forward(self, grid: Grid) -> Tensor:
        """Return ``(1, rows · columns, C)``."""
        found = self.embed_layer(sines(grid, like=self.embed_layer.weight))
        return found.flatten(2).transpose(1, 2)


def sines(grid: Grid, *, like: Tensor) -> Tensor:
    """Return sines and cosines of each patch's place, ``(1, len(like), rows, columns)``.

    A place is its number, from 1, over that of the last one on its axis, times 2π. The first half
    of the channels tells the row, the other one the column.
    """
    half = len(like) // 2
    frequency = 10000 ** (2 * (torch.arange(half, dtype=torch.float64) // 2) / half)
    rows, columns = grid
    maps = []
    for side in grid:
        place = torch.arange(1, side + 1, dtype=torch.float64) / (side + _EPS) * 2 * math.pi
        angle = place[:, None] / frequency
        maps.append(
            torch.stack([angle[:, 0::2].sin(), angle[:, 1::2].cos()], -1).flatten(1).to(like)
        )
    down, right = maps
    both = [down[:, None].expand(-1, columns, -1), right[None].expand(rows, -1, -1)]
    return torch.cat(both, dim=-1).permute(2, 0, 1)[None]


class Attention(nn.Module):
    """Self-attention plus a convolution of the values: ``(B, 1 + N, C)`` to the same.

    All heads share one set of kernels; the class token, which has no place, gets none of it.
    """

    def __init__(self, dim: int, heads: int, bias: bool) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=bias)
        self.get_v = nn.Conv2d(dim // heads, dim // heads, 3, padding=1, groups=dim // heads)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        query, key, value = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(query, key, value)
        maps = value[:, :, 1:].transpose(2, 3).unflatten(-1, grid)
        local = self.get_v(maps.flatten(0, 1)).view_as(maps).flatten(3).transpose(2, 3)
        mixed = torch.cat([mixed[:, :, :1], mixed[:, :, 1:] + local], dim=2)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention, then MLP, each normed before: ``(B, 1 + N, C)`` to the same."""

    def __init__(self, dim: int, heads: int, *, hidden: int, bias: bool, rate: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=_EPS)
        self.attn = Attention(dim, heads, bias)
        self.norm2 = nn.LayerNorm(dim, eps=_EPS)
        self.mlp = Mlp(dim, hidden)
        self.drop_path = DropPath(rate)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        x = x + self.drop_path(self.attn(self.norm1(x), grid))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class ResFormer(Model):
    """Classify images of any size by a class token.

    The published weights want ImageNet's mean and deviation. Where an image is not square, each
    axis has places of its own (the reference takes square ones only).

    Args:
        dim: Channels.
        depth: Blocks.
        heads: Heads of each attention.
        patch: Side of a patch; images have multiples of it.
        channels: Channels of the image.
        mlp_ratio: Hidden width over width.
        qkv_bias: Biases for queries, keys and values.
        representation: Width of a tanh layer before the head; 0: none.
        num_classes: Classes.
        drop_path: Stochastic depth of the last block, linear from 0.
    """

    variants: ClassVar[Variants] = {
        "resformer-t": {"dim": 192, "depth": 12, "heads": 3},
        "resformer-s": {"dim": 384, "depth": 12, "heads": 6},
        "resformer-b": {"dim": 768, "depth": 12, "heads": 12},
    }
    renames: ClassVar[Renames] = ()
    no_decay: ClassVar[Sequence[str]] = ("*pos_embed*", "*get_v*", "*cls_token*")

    def __init__(
        self,
        *,
        dim: int,
        depth: int,
        heads: int,
        patch: int = 16,
        channels: int = 3,
        mlp_ratio: float = 4.0,
        qkv_bias: bool = True,
        representation: int = 0,
        num_classes: int = 1000,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        if dim % 4:
            raise UsageError(f"width {dim} is no multiple of 4: two axes, each sines and cosines")
        if dim % heads:
            raise UsageError(f"width {dim} cannot be split into {heads} heads")
        self.patch_embed = PatchEmbed(patch, dim, channels=channels)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = GlobalPosition(dim)
        hidden = int(dim * mlp_ratio)
        self.blocks = nn.ModuleList(
            Block(dim, heads, hidden=hidden, bias=qkv_bias, rate=rate)
            for rate in drop_rates(drop_path, depth)
        )
        self.norm = nn.LayerNorm(dim, eps=_EPS)
        self.pre_logits = nn.Sequential()
        if representation:
            self.pre_logits.add_module("fc", nn.Linear(dim, representation))
            self.pre_logits.add_module("act", nn.Tanh())
        self.head = nn.Linear(representation or dim, num_classes)
        self.strides, self.widths = [patch] * 4, [dim] * 4
        self.apply(_initialise)
        nn.init.trunc_normal_(self.cls_token, std=0.02)

    def embed(self, image: Tensor) -> tuple[Tensor, Grid]:
        """Return the class token and patches with positions, ``(B, 1 + N, C)``, and their grid."""
        patches = self.patch_embed(image)
        height, width = image.shape[-2:]
        grid = height // self.patch_embed.patch, width // self.patch_embed.patch
        cls_token = self.cls_token.expand(len(image), -1, -1)
        return torch.cat([cls_token, patches + self.pos_embed(grid)], dim=1), grid

    def tokens(self, image: Tensor) -> Tensor:
        """Return all tokens after the last norm, ``(B, 1 + N, C)``; the class token is first."""
        x, grid = self.embed(image)
        for block in self.blocks:
            x = block(x, grid)
        return self.norm(x)

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return the patches after four blocks at equal distances, ``(B, C, rows, columns)``."""
        x, grid = self.embed(image)
        states = []
        for block in self.blocks:
            x = block(x, grid)
            states.append(x[:, 1:])
        return [tokens_to_map(states[number - 1], grid) for number in taps(len(states))]

    def features(self, image: Tensor) -> Tensor:
        """Return the class token's last state, ``(B, C)``."""
        return self.pre_logits(self.tokens(image)[:, 0])

    def forward(self, image: Tensor) -> Tensor:
        """Return logits ``(B, classes)`` of images ``(B, channels, H, W)``.

        Raises:
            InputError: A side is no multiple of the patch.
        """
        return self.head(self.features(image))

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read everything: the shared kernels tell the width of a head."""
        dim, channels, patch, _ = tensors["patch_embed.proj.weight"].shape
        return {
            "dim": dim,
            "depth": count(tensors, "blocks.*.attn.get_v.weight"),
            "heads": dim // len(tensors["blocks.0.attn.get_v.weight"]),
            "patch": patch,
            "channels": channels,
            "mlp_ratio": len(tensors["blocks.0.mlp.fc1.bias"]) / dim,
            "qkv_bias": "blocks.0.attn.qkv.bias" in tensors,
            "representation": len(tensors.get("pre_logits.fc.bias", ())),
            "num_classes": len(tensors["head.bias"]),
        }


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, Attention):
        for each in module.get_v.parameters():
            nn.init.zeros_(each)
