"""Adventurer (arXiv:2410.07599): Mamba-2 on patches down to single pixels (arXiv:2502.03738).

Tokens are mixed in one direction, with their mean put before them and the class token last; cost is
linear in tokens, so that 224 × 224 pixels can be 50,176 of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tk.errors import NotFoundError, UsageError
from tk.nn import (
    DropPath,
    Model,
    PatchEmbed,
    Renames,
    Variants,
    count,
    drop_rates,
    resize_positions,
    taps,
    tokens_to_map,
)
from tk_vision.mamba2 import Mamba2

Flips = Literal["once", "pairs"]
ClassRow = Literal["last", "first"]
Norm = Literal["rms", "layer"]
Grid = tuple[int, int]

_EPS = 1e-5
_SPAN = 4096
_SIZES = {"tiny": (256, 12), "small": (512, 12), "base": (768, 12), "large": (1024, 24)}
_TRUNCATED = 0.8796256610342398
"""Deviation of a normal distribution cut off at two deviations."""


class SwiGlu(nn.Module):
    """Gated perceptron (arXiv:2002.05202): ``(…, C)`` to the same."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.w1, self.w2 = nn.Linear(dim, hidden), nn.Linear(dim, hidden)
        self.w3 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        spans = x.split(_SPAN, dim=1)  # so that few hidden channels are in memory at once
        return torch.cat([self.w3(F.silu(self.w1(span)) * self.w2(span)) for span in spans], dim=1)


class Block(nn.Module):
    """Mixer, then perceptron, each normed before: ``(B, N + 1, C)`` to the same.

    The mixer starts with the tokens' mean, so that the first ones know of all; a flipped block
    reads the patches backwards.
    """

    def __init__(self, mixer: Mamba2, *, dim: int, norm: Norm, flips: bool, rate: float) -> None:
        super().__init__()
        self.flips = flips
        self.norm, self.norm_mlp = _norm(norm, dim), _norm(norm, dim)
        self.mixer = mixer
        self.mlp = SwiGlu(dim, int(2.5 * dim))
        self.drop_path = DropPath(rate)

    def forward(self, x: Tensor) -> Tensor:
        normed = self._turned(self.norm(x))
        headed = torch.cat([normed.mean(1, keepdim=True), normed], dim=1)
        x = x + self.drop_path(self._turned(self.mixer(headed)[:, 1:]))
        return x + self.drop_path(self.mlp(self.norm_mlp(x)))

    def _turned(self, x: Tensor) -> Tensor:
        return torch.cat([x[:, :-1].flip(1), x[:, -1:]], dim=1) if self.flips else x


class Adventurer(Model):
    """Classify images by a class token at the end of all patches.

    The table of positions is for images of one side; for others it is stretched (bicubic).

    Args:
        dim: Channels.
        depth: Blocks.
        image: Side of the images that the table of positions is for.
        patch: Side of a patch; 1: every pixel is a token.
        channels: Channels of the image.
        expand: The mixer's inner channels over channels.
        state: Places of a head's state.
        head_dim: Inner channels of a head.
        width: Tokens that the mixer's convolution sees.
        norm: ``rms`` or ``layer``.
        flips: Which blocks read backwards: ``once``, the third and the fourth, as published
            weights do; ``pairs``, every second pair, as was probably meant.
        class_row: Which row is the class token's where the table is stretched: ``last``, where it
            is; ``first``, which the published loader takes, one off.
        num_classes: Classes.
        dropout: Of tokens with positions.
        drop_path: Stochastic depth, linear; the last block stays one step below it.
        chunk: Tokens of one product of the scan; changes speed alone.
    """

    variants: ClassVar[Variants] = {
        f"adventurer-{name}{ending}": {"dim": dim, "depth": depth, "patch": patch}
        for ending, patch in (("", 16), ("-pixel", 1))
        for name, (dim, depth) in _SIZES.items()
    }
    renames: ClassVar[Renames] = ()
    no_decay: ClassVar[Sequence[str]] = ("pos_embed", "cls_token", "*.dt_bias", "*.A_log", "*.D")

    def __init__(
        self,
        *,
        dim: int,
        depth: int,
        image: int = 224,
        patch: int = 16,
        channels: int = 3,
        expand: int = 2,
        state: int = 64,
        head_dim: int = 64,
        width: int = 4,
        norm: Norm = "rms",
        flips: Flips = "once",
        class_row: ClassRow = "last",
        num_classes: int = 1000,
        dropout: float = 0.0,
        drop_path: float = 0.0,
        chunk: int = 64,
    ) -> None:
        super().__init__()
        if image % patch:
            raise UsageError(f"image {image} is no multiple of patch {patch}")
        for name, value, known in (
            ("norm", norm, Norm),
            ("flips", flips, Flips),
            ("class_row", class_row, ClassRow),
        ):
            if value not in get_args(known):
                raise NotFoundError(name, value, get_args(known))
        self.patch, self.side, self.class_row = patch, image // patch, class_row
        self.patch_embed = PatchEmbed(patch, dim, channels=channels)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, self.side**2 + 1, dim))
        self.dropout = nn.Dropout(dropout)
        options = {"state": state, "head_dim": head_dim, "width": width, "chunk": chunk}
        rates = [0.0, *drop_rates(drop_path, depth)][:depth]
        pairs = (1,) if flips == "once" else range(1, depth, 2)
        self.layers = nn.ModuleList(
            Block(
                Mamba2(dim, expand=expand, **options),
                dim=dim,
                norm=norm,
                flips=number // 2 in pairs,
                rate=rate,
            )
            for number, rate in enumerate(rates)
        )
        self.norm_f = _norm(norm, dim)
        self.head = nn.Linear(dim, num_classes)
        self.strides, self.widths = [patch] * 4, [dim] * 4
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)
            elif isinstance(module, Mamba2):
                with torch.no_grad():
                    module.out_proj.weight /= math.sqrt(len(self.layers))
        for table in (self.cls_token, self.pos_embed, self.head.weight):
            nn.init.trunc_normal_(table, std=0.02)
        patches = self.patch_embed.proj
        spread = patches.weight[0].numel() ** -0.5 / _TRUNCATED
        nn.init.trunc_normal_(patches.weight, std=spread, a=-2 * spread, b=2 * spread)
        if patches.bias is not None:
            nn.init.zeros_(patches.bias)

    def embed(self, image: Tensor) -> tuple[Tensor, Grid]:
        """Return patches with positions and the class token last, ``(B, N + 1, C)``, their grid."""
        patches = self.patch_embed(image)
        grid = image.shape[-2] // self.patch, image.shape[-1] // self.patch
        cls_token = self.cls_token.expand(len(image), -1, -1)
        table = stretch(self.pos_embed, grid, class_row=self.class_row)
        return self.dropout(torch.cat([patches, cls_token], dim=1) + table), grid

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return the patches after four blocks at equal distances, ``(B, C, rows, columns)``."""
        x, grid = self.embed(image)
        states = []
        for layer in self.layers:
            x = layer(x)
            states.append(x[:, :-1])
        return [tokens_to_map(states[number - 1], grid) for number in taps(len(states))]

    def features(self, image: Tensor) -> Tensor:
        """Return the class token's last state, ``(B, C)``."""
        x, _ = self.embed(image)
        for layer in self.layers:
            x = layer(x)
        return self.norm_f(x[:, -1])

    def forward(self, image: Tensor) -> Tensor:
        """Return logits ``(B, classes)`` of images ``(B, channels, H, W)``.

        Raises:
            InputError: A side is no multiple of the patch.
        """
        return self.head(self.features(image))

    def resized(self, image: int) -> Self:
        """Return the same model for images of another side, to be trained at it."""
        other = type(self)(**{**self.options, "image": image}).to(self.pos_embed)
        grid = (other.side, other.side)
        table = stretch(self.pos_embed.detach(), grid, class_row=self.class_row)
        other.load_state_dict({**self.state_dict(), "pos_embed": table})
        return other.train(self.training)

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but which blocks read backwards."""
        dim, channels, patch, _ = tensors["patch_embed.proj.weight"].shape
        inner = tensors["layers.0.mixer.out_proj.weight"].shape[1]
        mixed, _, width = tensors["layers.0.mixer.conv1d.weight"].shape
        return {
            "dim": dim,
            "depth": count(tensors, "layers.*.mixer.A_log"),
            "image": patch * math.isqrt(tensors["pos_embed"].shape[1] - 1),
            "patch": patch,
            "channels": channels,
            "expand": inner // dim,
            "state": (mixed - inner) // 2,
            "head_dim": inner // len(tensors["layers.0.mixer.A_log"]),
            "width": width,
            "norm": "layer" if "norm_f.bias" in tensors else "rms",
            "num_classes": len(tensors["head.bias"]),
        }


def stretch(table: Tensor, grid: Grid, *, class_row: ClassRow = "last") -> Tensor:
    """Return a table of positions ``(1, N + 1, C)`` of a square grid for another grid.

    Args:
        table: Row by row, the class token's own after all others.
        grid: Rows and columns.
        class_row: Which row is left alone. The published loader takes the ``first``, a patch's;
            it then stretches a grid that is off by one and ends in the class token's row.
    """
    if class_row == "first":
        return resize_positions(table, grid)
    return resize_positions(table.roll(1, dims=1), grid).roll(-1, dims=1)


def _norm(kind: Norm, dim: int) -> nn.Module:
    return nn.RMSNorm(dim, eps=_EPS) if kind == "rms" else nn.LayerNorm(dim, eps=_EPS)
