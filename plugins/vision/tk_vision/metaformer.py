"""MetaFormer and PoolFormer (arXiv:2111.11418): a transformer's layout with any token mixer.

All is channel-first, ``(B, C, H, W)``. PoolFormer mixes by average pooling alone (eq. 4); the
hybrids mix by pooling in early stages and by attention in late ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tk.errors import InputError, UsageError
from tk.nn import DropPath, Model, Renames, Variants, count, drop_rates

MIXERS = ("pool", "identity", "attention", "spatial")
NORMS = ("group", "channel")
_LEAST = 32


class Pooling(nn.Module):
    """Mean of the neighbours inside the image, less the cell itself, which the residual adds."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        mean = F.avg_pool2d(x, self.size, 1, self.size // 2, count_include_pad=False)
        return mean - x


class AttentionMixer(nn.Module):
    """Self-attention among all cells."""

    def __init__(self, dim: int, head_dim: int) -> None:
        super().__init__()
        if dim % head_dim:
            raise UsageError(f"width {dim} cannot be split into heads of {head_dim}")
        self.head_dim = head_dim
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        cells = x.flatten(2).transpose(1, 2)
        query, key, value = (
            self.qkv(cells).unflatten(-1, (3, -1, self.head_dim)).permute(2, 0, 3, 1, 4)
        )
        mixed = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        return self.proj(mixed).transpose(1, 2).view_as(x)


class SpatialMixer(nn.Module):
    """One linear map among the cells of a map of fixed size, the same for all channels."""

    def __init__(self, cells: int) -> None:
        super().__init__()
        self.fc = nn.Linear(cells, cells, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x.flatten(2)).view_as(x)


class ChannelNorm(nn.Module):
    """Layer norm over the channels of every cell."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim))

    def forward(self, x: Tensor) -> Tensor:
        last = x.permute(0, 2, 3, 1)
        return F.layer_norm(last, self.weight.shape, self.weight, self.bias).permute(0, 3, 1, 2)


class ConvMlp(nn.Module):
    """Two 1 × 1 convolutions with a GELU between them."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(dim, hidden, 1)
        self.fc2 = nn.Conv2d(hidden, dim, 1)
        for layer in (self.fc1, self.fc2):
            nn.init.trunc_normal_(layer.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """Token mixer, then MLP, each normed before and scaled per channel after (eq. 2 and 3)."""

    def __init__(
        self, dim: int, mixer: nn.Module, *, norm: str, hidden: int, scale: float, rate: float
    ) -> None:
        super().__init__()
        self.norm1, self.norm2 = _norm(norm, dim), _norm(norm, dim)
        self.token_mixer = mixer
        self.mlp = ConvMlp(dim, hidden)
        self.layer_scale_1 = nn.Parameter(torch.full((dim,), scale))
        self.layer_scale_2 = nn.Parameter(torch.full((dim,), scale))
        self.drop_path = DropPath(rate)

    def forward(self, x: Tensor) -> Tensor:
        first, second = (s[:, None, None] for s in (self.layer_scale_1, self.layer_scale_2))
        x = x + self.drop_path(first * self.token_mixer(self.norm1(x)))
        return x + self.drop_path(second * self.mlp(self.norm2(x)))


class Position(nn.Module):
    """A learnt table added to every cell, stretched to the map's size."""

    def __init__(self, dim: int, side: int) -> None:
        super().__init__()
        self.pos_embed = nn.Parameter(torch.zeros(1, dim, side, side))
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        table: Tensor = self.pos_embed
        if table.shape[2:] != x.shape[2:]:
            table = F.interpolate(table, size=x.shape[2:], mode="bilinear")
        return x + table


class MetaFormer(Model):
    """Classify images, or return the maps of all four stages (`pyramid`).

    Args:
        depths: Blocks of each stage.
        dims: Channels of each stage.
        mixers: Token mixer of each stage: ``pool``, ``identity``, ``attention`` or ``spatial``.
        norm: ``group``: one mean and spread for a whole image; ``channel``: for every cell.
        positions: Side of the table of positions before each stage; 0: none.
        mlp_ratios: Hidden width over width, of each stage.
        head_dim: Channels of a head of ``attention``.
        sides: Side of the map of each stage, which ``spatial`` needs.
        pool: Side of the neighbourhood of ``pool``, odd.
        scale: What the layers' scales start from.
        num_classes: Classes.
        drop_path: Stochastic depth of the last block, linear from 0.
    """

    variants: ClassVar[Variants] = {
        name: {"depths": depths, "dims": dims, "scale": scale}
        for name, depths, dims, scale in (
            ("poolformer-s12", [2, 2, 6, 2], [64, 128, 320, 512], 1e-5),
            ("poolformer-s24", [4, 4, 12, 4], [64, 128, 320, 512], 1e-5),
            ("poolformer-s36", [6, 6, 18, 6], [64, 128, 320, 512], 1e-6),
            ("poolformer-m36", [6, 6, 18, 6], [96, 192, 384, 768], 1e-6),
            ("poolformer-m48", [8, 8, 24, 8], [96, 192, 384, 768], 1e-6),
        )
    } | {  # ours, for pictures of 32 to 96 pixels and a few of them; not the paper's
        "poolformer-mini": {"depths": [2, 2, 4, 2], "dims": [32, 64, 128, 192], "scale": 0.1}
    }
    renames: ClassVar[Renames] = ((r"^patch_embed\.proj\.", "stem."),)

    def __init__(
        self,
        *,
        depths: Sequence[int],
        dims: Sequence[int],
        mixers: Sequence[str] = ("pool",) * 4,
        norm: str = "group",
        positions: Sequence[int] = (0,) * 4,
        mlp_ratios: Sequence[float] = (4.0,) * 4,
        head_dim: int = 32,
        sides: Sequence[int] = (56, 28, 14, 7),
        pool: int = 3,
        scale: float = 1e-5,
        num_classes: int = 1000,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        _check(mixers, norm, pool)
        rates = iter(drop_rates(drop_path, sum(depths)))
        self.stem = nn.Conv2d(3, dims[0], 7, 4, 2)
        self.network = nn.ModuleList()
        self.stages: list[int] = []
        for stage, dim in enumerate(dims):
            if stage:
                self.network.append(_Down(dims[stage - 1], dim))
            if positions[stage]:
                self.network.append(Position(dim, positions[stage]))
            self.stages.append(len(self.network))
            self.network.append(
                nn.Sequential(
                    *(
                        Block(
                            dim,
                            _mixer(mixers[stage], dim, head_dim, sides[stage] ** 2, pool),
                            norm=norm,
                            hidden=int(dim * mlp_ratios[stage]),
                            scale=scale,
                            rate=next(rates),
                        )
                        for _ in range(depths[stage])
                    )
                )
            )
        self.norm = _norm(norm, dims[-1])
        self.head = nn.Linear(dims[-1], num_classes)
        nn.init.trunc_normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    @property
    def strides(self) -> list[int]:
        """Pixels to a cell of each map of `pyramid`."""
        return [4 * 2**stage for stage in range(len(self.stages))]

    @property
    def widths(self) -> list[int]:
        """Channels of each map of `pyramid`."""
        return list(self.options["dims"])

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return the map after each stage, ``(B, C, H / s, W / s)`` for s = 4, 8, 16, 32.

        Raises:
            InputError: The image is smaller than 32 × 32.
        """
        if min(image.shape[2:]) < _LEAST:
            raise InputError(f"images are {tuple(image.shape)}; sides must be {_LEAST} or more")
        x, maps = self.stem(image), []
        for index, layer in enumerate(self.network):
            x = layer(x)
            if index in self.stages:
                maps.append(x)
        return maps

    def features(self, image: Tensor) -> Tensor:
        """Return the mean of the last map's normed cells, ``(B, C)``."""
        return self.norm(self.pyramid(image)[-1]).mean((2, 3))

    def forward(self, image: Tensor) -> Tensor:
        """Return logits ``(B, classes)`` of images ``(B, 3, H, W)``. Raises as `pyramid`."""
        return self.head(self.features(image))

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read depths, widths and mixers with weights; not the norm, and not pooling's size."""
        numbers = sorted({int(n.split(".")[1]) for n in tensors if n.endswith(".0.norm1.weight")})
        stages = [f"network.{number}" for number in numbers]
        dims = [len(tensors[f"{stage}.0.norm1.weight"]) for stage in stages]
        hidden = [len(tensors[f"{stage}.0.mlp.fc1.bias"]) for stage in stages]
        tables = [tensors.get(f"network.{number - 1}.pos_embed") for number in numbers]
        options: dict[str, Any] = {
            "depths": [count(tensors, f"{stage}.*.norm1.weight") for stage in stages],
            "dims": dims,
            "positions": [0 if table is None else table.shape[-1] for table in tables],
            "mlp_ratios": [wide / dim for wide, dim in zip(hidden, dims, strict=True)],
            "num_classes": len(tensors["head.bias"]),
        }
        return options


class _Down(nn.Module):
    """Halve the map and change its channels."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(before, after, 3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x)


def _norm(kind: str, dim: int) -> nn.Module:
    return nn.GroupNorm(1, dim) if kind == "group" else ChannelNorm(dim)


def _mixer(kind: str, dim: int, head_dim: int, cells: int, pool: int) -> nn.Module:
    match kind:
        case "pool":
            return Pooling(pool)
        case "attention":
            return AttentionMixer(dim, head_dim)
        case "spatial":
            return SpatialMixer(cells)
        case _:
            return nn.Identity()


def _check(mixers: Sequence[str], norm: str, pool: int) -> None:
    unknown = [mixer for mixer in mixers if mixer not in MIXERS]
    if unknown:
        raise UsageError(f"mixer {unknown[0]!r} is none of {', '.join(MIXERS)}")
    if norm not in NORMS:
        raise UsageError(f"norm {norm!r} is none of {', '.join(NORMS)}")
    if pool % 2 == 0:
        raise UsageError(f"pool is {pool}; it must be odd")
