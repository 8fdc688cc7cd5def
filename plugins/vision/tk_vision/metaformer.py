"""MetaFormer and PoolFormer (arXiv:2111.11418): a transformer's layout with any token mixer.

All is channel-first, ``(B, C, H, W)``. The published hybrids mix by pooling in early stages and by
attention or linear maps in late ones; `PoolFormer` mixes by pooling alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tk.errors import InputError, UsageError
from tk.nn import DropPath, Model, Renames, Variants, count, drop_rates
from tk_vision.metaformer_mixers import Mixer, make_mixer

NORMS = ("group", "channel")
_LETTERS = {"i": "identity", "p": "pool", "a": "attention", "f": "spatial"}
_STRIDE = 4
_LEAST = 32


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
        self,
        dim: int,
        mixer: nn.Module,
        *,
        norm: str,
        hidden: int,
        scale: float | None,
        rate: float,
    ) -> None:
        super().__init__()
        self.norm1, self.norm2 = make_norm(norm, dim), make_norm(norm, dim)
        self.token_mixer = mixer
        self.mlp = ConvMlp(dim, hidden)
        self.layer_scale_1, self.layer_scale_2 = (
            None if scale is None else nn.Parameter(torch.full((dim,), scale)) for _ in range(2)
        )
        self.drop_path = DropPath(rate)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_path(_scaled(self.layer_scale_1, self.token_mixer(self.norm1(x))))
        return x + self.drop_path(_scaled(self.layer_scale_2, self.mlp(self.norm2(x))))


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


class Backbone(Model):
    """What classifier and dense backbone share: the stem and the stages.

    `network` is a flat list as in the reference: stage, what halves the map, table, stage, ….
    """

    renames: ClassVar[Renames] = ((r"^patch_embed\.proj\.", "stem."),)

    def __init__(
        self,
        *,
        depths: Sequence[int],
        dims: Sequence[int],
        mixers: Sequence[Mixer],
        norm: str,
        positions: Sequence[int],
        mlp_ratios: Sequence[float],
        downsamples: Sequence[bool],
        head_dim: int,
        sides: Sequence[int],
        pool: int,
        scale: float | None,
        channels: int,
        drop_path: float,
    ) -> None:
        super().__init__()
        _check(norm, len(depths), dims=dims, mixers=mixers, positions=positions, sides=sides)
        _check(norm, len(depths), mlp_ratios=mlp_ratios, downsamples=downsamples)
        rates = iter(drop_rates(drop_path, sum(depths)))
        self.dims, reduction = list(dims), _STRIDE
        self.stem = nn.Conv2d(channels, dims[0], 7, _STRIDE, 2)
        self.network = nn.ModuleList()
        self.stages: list[int] = []
        self.reductions: list[int] = []
        for stage, dim in enumerate(dims):
            if stage and (downsamples[stage - 1] or dim != dims[stage - 1]):
                self.network.append(_Down(dims[stage - 1], dim))
                reduction *= 2
            if positions[stage]:
                self.network.append(Position(dim, positions[stage]))
            self.stages.append(len(self.network))
            self.reductions.append(reduction)
            blocks = [
                Block(
                    dim,
                    make_mixer(mixers[stage], dim, head_dim=head_dim, side=sides[stage], pool=pool),
                    norm=norm,
                    hidden=int(dim * mlp_ratios[stage]),
                    scale=scale,
                    rate=next(rates),
                )
                for _ in range(depths[stage])
            ]
            self.network.append(nn.Sequential(*blocks))

    @property
    def strides(self) -> list[int]:
        """Pixels of the image, in each direction, for one cell of each map of `pyramid`."""
        return list(self.reductions)

    @property
    def widths(self) -> list[int]:
        """Channels of each map of `pyramid`."""
        return list(self.dims)

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return the map after each stage, ``(B, C, H / s, W / s)`` for s = 4, 8, 16, 32.

        Raises:
            InputError: The image is smaller than 32 × 32, or not of the size that ``spatial``
                was made for.
        """
        if min(image.shape[2:]) < _LEAST:
            raise InputError(f"images are {tuple(image.shape)}; sides must be {_LEAST} or more")
        x, maps = self.stem(image), []
        for index, layer in enumerate(self.network):
            x = layer(x)
            if index in self.stages:
                maps.append(x)
        return maps

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but mixers without weights, the norm, and pooling's size."""
        numbers = sorted({int(n.split(".")[1]) for n in tensors if n.endswith(".0.norm1.weight")})
        stages = [f"network.{number}" for number in numbers]
        dims = [len(tensors[f"{stage}.0.norm1.weight"]) for stage in stages]
        hidden = [len(tensors[f"{stage}.0.mlp.fc1.bias"]) for stage in stages]
        tables = [tensors.get(f"network.{number - 1}.pos_embed") for number in numbers]
        maps = [tensors.get(f"{stage}.0.token_mixer.fc.weight") for stage in stages]
        downs = [any(f"network.{n - i}.proj.weight" in tensors for i in (1, 2)) for n in numbers]
        options: dict[str, Any] = {
            "depths": [count(tensors, f"{stage}.*.norm1.weight") for stage in stages],
            "dims": dims,
            "positions": [0 if table is None else table.shape[-1] for table in tables],
            "mlp_ratios": [wide / dim for wide, dim in zip(hidden, dims, strict=True)],
            "sides": [0 if each is None else round(len(each) ** 0.5) for each in maps],
            "channels": tensors["stem.weight"].shape[1],
        }
        if not all(downs[1:]):
            options["downsamples"] = [*downs[1:], True]
        if "network.0.0.layer_scale_1" not in tensors:
            options["scale"] = None
        return options


class MetaFormer(Backbone):
    """Classify images, or return the maps of all stages (`pyramid`).

    Tensors show neither mixers without weights nor the norm: they come from the variant.

    Args:
        depths: Blocks of each stage.
        dims: Channels of each stage.
        mixers: Token mixer of each stage: ``pool``, ``identity``, ``attention``, ``spatial``, or
            what makes a module of your own from the number of channels. Such a model is saved
            with the mixer's name alone: give `mixers` again to load it.
        norm: ``group``: one mean and spread for a whole image; ``channel``: for every cell.
        positions: Side of the table of positions before each stage; 0: none.
        mlp_ratios: Hidden width over width, of each stage.
        downsamples: Whether the map is halved after each stage (it always is where channels
            change); the last does nothing.
        head_dim: Channels of a head of ``attention``.
        sides: Side of the map of each stage, which ``spatial`` needs.
        pool: Side of the neighbourhood of ``pool``, odd.
        scale: What the layers' scales start from; none: blocks have no scales.
        channels: Channels of the image.
        num_classes: Classes.
        drop_path: Stochastic depth of the last block, linear from 0.
    """

    variants: ClassVar[Variants] = {
        f"metaformer-{name}": {
            "depths": [2, 2, 6, 2],
            "dims": [64, 128, 320, 512],
            "mixers": [_LETTERS[letter] for letter in letters],
            "norm": norm,
            "positions": positions,
            "sides": sides,
        }
        for name, letters, norm, positions, sides in (
            ("id-s12", "iiii", "group", [0] * 4, [0] * 4),
            ("pppa-s12-224", "pppa", "channel", [0, 0, 0, 7], [0] * 4),
            ("ppaa-s12-224", "ppaa", "channel", [0, 0, 14, 0], [0] * 4),
            ("pppf-s12-224", "pppf", "group", [0] * 4, [0, 0, 0, 7]),
            ("ppff-s12-224", "ppff", "group", [0] * 4, [0, 0, 14, 7]),
        )
    }

    def __init__(
        self,
        *,
        depths: Sequence[int],
        dims: Sequence[int],
        mixers: Sequence[Mixer] = ("pool",) * 4,
        norm: str = "group",
        positions: Sequence[int] = (0,) * 4,
        mlp_ratios: Sequence[float] = (4.0,) * 4,
        downsamples: Sequence[bool] = (True,) * 4,
        head_dim: int = 32,
        sides: Sequence[int] = (0,) * 4,
        pool: int = 3,
        scale: float | None = 1e-5,
        channels: int = 3,
        num_classes: int = 1000,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__(
            depths=depths,
            dims=dims,
            mixers=mixers,
            norm=norm,
            positions=positions,
            mlp_ratios=mlp_ratios,
            downsamples=downsamples,
            head_dim=head_dim,
            sides=sides,
            pool=pool,
            scale=scale,
            channels=channels,
            drop_path=drop_path,
        )
        self.mixers = list(mixers)
        self.norm = make_norm(norm, dims[-1])
        self.head = nn.Linear(dims[-1], num_classes)
        nn.init.trunc_normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    @property
    def options(self) -> dict[str, Any]:
        """The arguments that this model was built with; mixers of the caller's by name."""
        names = [getattr(mixer, "__name__", str(mixer)) for mixer in self.mixers]
        return {**super().options, "mixers": names}

    def features(self, image: Tensor) -> Tensor:
        """Return the mean of the last map's normed cells, ``(B, C)``."""
        return self.norm(self.pyramid(image)[-1]).mean((2, 3))

    def forward(self, image: Tensor) -> Tensor:
        """Return logits ``(B, classes)`` of images ``(B, channels, H, W)``. Raises as `pyramid`."""
        return self.head(self.features(image))

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but mixers without weights, the norm, and pooling's size."""
        seen = super().config_from_state_dict(tensors)
        return {**seen, "num_classes": len(tensors["head.bias"])}


class _Down(nn.Module):
    """Halve the map and change its channels."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(before, after, 3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x)


def make_norm(kind: str, dim: int) -> nn.Module:
    """Make the norm called `kind`, one of `NORMS`, for maps of `dim` channels."""
    return nn.GroupNorm(1, dim) if kind == "group" else ChannelNorm(dim)


def _scaled(scale: Tensor | None, x: Tensor) -> Tensor:
    return x if scale is None else scale[:, None, None] * x


def _check(norm: str, stages: int, **options: Sequence[object]) -> None:
    if norm not in NORMS:
        raise UsageError(f"norm {norm!r} is none of {', '.join(NORMS)}")
    for name, values in options.items():
        if len(values) != stages:
            raise UsageError(f"{name} is {list(values)}; {stages} values are needed")
